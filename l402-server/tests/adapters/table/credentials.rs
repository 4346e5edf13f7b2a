//! How credentials are written.

use crate::ask::get;
use crate::row;
use crate::row::{Row, buy};
use crate::token::{Dialect, Token};

/// One token, each spelling of which is the same token: the first is let in, all others are a replay.
fn spelled(name: &'static str, dialect: Dialect) -> Row {
    Row::new(
        name,
        vec![
            buy(get("/report")),
            get("/report").written(dialect).gives(200, "the report").invoices(1).into(),
            get("/report").token().refused(402, "token_used").invoices(2).into(),
        ],
    )
}

/// After the plain spelling was used, this one is a replay.
fn replayed(name: &'static str, dialect: Dialect) -> Row {
    Row::new(
        name,
        vec![
            buy(get("/report")),
            get("/report").token().gives(200, "the report").into(),
            get("/report").written(dialect).refused(402, "token_used").into(),
        ],
    )
}

fn one(value: String) -> Vec<String> {
    vec![value]
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        spelled("credential: L402", |token| one(token.header())),
        spelled("credential: LSAT", |token| one(format!("LSAT {}:{}", token.macaroon, token.preimage))),
        spelled("credential: scheme in lower case", |token| {
            one(format!("l402 {}:{}", token.macaroon, token.preimage))
        }),
        spelled("credential: scheme in mixed case and spaces", |token| {
            one(format!("lSaT   {}:{}  ", token.macaroon, token.preimage))
        }),
        spelled("credential: in quotes", |token| {
            one(format!("L402 \"{}:{}\"", token.macaroon, token.preimage))
        }),
        spelled("credential: macaroon= and preimage=", |token| {
            one(format!("L402 macaroon=\"{}\", preimage=\"{}\"", token.macaroon, token.preimage))
        }),
        spelled("credential: token= and preimage=, in the other order", |token| {
            one(format!("L402 preimage=\"{}\", token=\"{}\"", token.preimage, token.macaroon))
        }),
        spelled("credential: URL-safe base64", |token| {
            one(format!("L402 {}:{}", token.url_safe(), token.preimage))
        }),
        spelled("credential: base64 without padding", |token| {
            one(format!("L402 {}:{}", token.bare(), token.preimage))
        }),
        spelled("credential: preimage in upper case", |token| {
            one(format!("L402 {}:{}", token.macaroon, token.preimage.to_uppercase()))
        }),
        spelled("credential: preimage as a caveat", |token| {
            let paid = token.with_caveat(&format!("preimage={}", token.preimage));
            one(format!("L402 {}", paid.macaroon))
        }),
        spelled("credential: LSAT and L402 twins in two fields", |token| {
            vec![format!("LSAT {}:{}", token.macaroon, token.preimage), token.header()]
        }),
        spelled("credential: twins in one field", |token| {
            one(format!("{}, LSAT {}:{}", token.header(), token.macaroon, token.preimage))
        }),
        spelled("credential: next to a Bearer in another field", |token| {
            vec!["Bearer something.of.another.scheme".to_owned(), token.header()]
        }),
        spelled("credential: next to a Basic in the same field", |token| {
            one(format!("Basic dXNlcjpwYXNz, {}", token.header()))
        }),
        replayed("replay: LSAT", |token| one(format!("LSAT {}:{}", token.macaroon, token.preimage))),
        replayed("replay: preimage in upper case", |token| {
            one(format!("L402 {}:{}", token.macaroon, token.preimage.to_uppercase()))
        }),
        replayed("replay: URL-safe base64", |token| {
            one(format!("L402 {}:{}", token.url_safe(), token.preimage))
        }),
        replayed("replay: with a caveat more", |token| one(token.with_caveat("note=again").header())),
        replayed("replay: twins", |token| vec![token.header(), token.header()]),
        row!(
            "credential: two different ones in two fields are refused and cost nothing",
            buy(get("/report")),
            buy(get("/report")),
            get("/report")
                .written(|token| {
                    let other = token.with_caveat("note=other");
                    vec![token.header(), other.header()]
                })
                .refused(401, "ambiguous_credentials")
                .with("www-authenticate", "L402")
                .invoices(2),
            get("/report").token_no(0).gives(200, "the report"),
            get("/report").token_no(1).gives(200, "the report"),
        ),
        row!(
            "credential: two different ones in one field are refused",
            buy(get("/report")),
            get("/report")
                .written(|token| {
                    one(format!("{}, {}", token.header(), token.with_caveat("note=other").header()))
                })
                .refused(401, "ambiguous_credentials"),
            get("/report").token().gives(200, "the report"),
        ),
        row!(
            "credential: another scheme alone is none",
            get("/report").authorization("Bearer a.b.c").refused(402, "payment_required").invoices(1),
            get("/report").authorization("Basic dXNlcjpwYXNz").refused(402, "payment_required").invoices(2),
        ),
        hostile(),
        row!(
            "credential: too long",
            get("/report")
                .authorization([b"L402 ".as_slice(), &[b'A'; 12_000]].concat())
                .refused(401, "credential_too_long")
                .invoices(0),
        ),
        row!(
            "credential: hundreds of caveats",
            buy(get("/report")),
            get("/report")
                .written(|token| one(flooded(token).header()))
                .refused(401, "malformed_credential")
                .invoices(1),
            get("/report").token().gives(200, "the report"),
        ),
    ]
}

fn flooded(token: &Token) -> Token {
    (0..100).fold(token.clone(), |token, number| token.with_caveat(&format!("n{number}=1")))
}

/// Garbage gets 401 and no invoice, and the server lives.
fn hostile() -> Row {
    let values: [&[u8]; 12] = [
        b"L402",
        b"L402 x",
        b"L402 :",
        b"L402 ::::",
        b"L402 \"",
        b"L402 \t:\t",
        b"L402 macaroon=\"\", preimage=\"\"",
        b"L402 \xff\xfe\xfd:\xfc",
        b"L402 AgEE:zz",
        b"L402 AgEE",
        b"LSAT =:=",
        b"L402 ,,,,",
    ];
    let mut steps: Vec<_> = values
        .into_iter()
        .map(|value| {
            get("/report").authorization(value).refused(401, "malformed_credential").invoices(0).into()
        })
        .collect();
    steps.push(buy(get("/report")));
    steps.push(get("/report").token().gives(200, "the report").into());
    Row::new("credential: garbage gets 401 and no invoice", steps)
}
