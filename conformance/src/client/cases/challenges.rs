//! Every form in which servers write a challenge.

use super::{PAYS, must, should};
use crate::case::{Case, Source, Suite};
use crate::check::Check;
use crate::client::context::Context;
use crate::client::origin::{Answer, Request};
use crate::client::shop::{Form, Offer, PRICE_MSAT, Script, Spelled};
use crate::outcome::{CaseResult, Outcome};
use crate::wire::macaroon::Macaroon;
use crate::wire::{base64, hex};

const SCHEME: &str = "Note that the scheme name is case-insensitive.";
const SPACES: &str = "l402-challenge = \"L402\" 1*SP macaroon-param \",\" SP invoice-param";
const UNKNOWN: &str = "Clients MUST ignore unknown key=value parameters in the challenge header, to allow future extensions to \
                       the protocol";
const FIELD: &str = "The name of a field is case-insensitive.";
const SEVERAL: &str = "A user agent takes care in parsing the field: it may have several challenges, in one line or in several.";
const TWINS: &str = "A server sends a challenge for LSAT and one for L402, and either can be used.";
const FORMERLY: &str = "Anywhere `L402` is used within HTTP headers or requests, a valid protocol flow with the string `LSAT` \
                        should also be accepted.";
const TOKEN: &str = "Clients SHOULD accept both `token=` and `macaroon=` when parsing `WWW-Authenticate` challenge headers from \
                     servers.";
const ANY_ORDER: &str =
    "The parameters of a challenge may come in any order, quoted or not, with or without a space.";

const LSAT: Source = Source::protocol("§10");
const COMPATIBLE: Source = Source::protocol_with_version("Backwards Compatibility");
const GRAMMAR: Source = Source::protocol("§5.3");
const VERSIONED: Source = Source::protocol_with_version("Server Flow");
const HTTP: Source = Source::new("RFC 9110", "§11");
const HTTP_FIELDS: Source = Source::new("RFC 9110", "§5.1");
const DEPLOYED: Source = Source::new("l402-conformance", "forms in use");

const fn may(id: &'static str, title: &'static str, requirement: &'static str, source: Source) -> Case {
    Suite::Client.may(id, title, requirement, source).after(PAYS)
}

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: must("client/challenge/twins", "an LSAT line before the L402 line is understood", TWINS, LSAT),
        run: |cx| Box::pin(written(cx, Form::Twins)),
    },
    Check {
        case: should(
            "client/challenge/lsat",
            "a challenge for LSAT alone is understood",
            FORMERLY,
            COMPATIBLE,
        ),
        run: |cx| Box::pin(written(cx, Form::LsatOnly)),
    },
    Check {
        case: must("client/challenge/lower-case", "`l402` is understood", SCHEME, Source::protocol("§5")),
        run: |cx| Box::pin(written(cx, Form::LowerCase)),
    },
    Check {
        case: must(
            "client/challenge/two-spaces",
            "two spaces after the scheme are understood",
            SPACES,
            GRAMMAR,
        ),
        run: |cx| Box::pin(written(cx, Form::TwoSpaces)),
    },
    Check {
        case: must(
            "client/challenge/more-after",
            "parameters after those of L402 are ignored",
            UNKNOWN,
            VERSIONED,
        ),
        run: |cx| Box::pin(written(cx, Form::MoreAfter)),
    },
    Check {
        case: should(
            "client/challenge/more-before",
            "parameters before those of L402 are ignored",
            UNKNOWN,
            VERSIONED,
        ),
        run: |cx| Box::pin(written(cx, Form::MoreBefore)),
    },
    Check {
        case: should("client/challenge/token", "`token` without `macaroon` is understood", TOKEN, COMPATIBLE),
        run: |cx| Box::pin(written(cx, Form::TokenOnly)),
    },
    Check {
        case: must(
            "client/challenge/field-name",
            "the field may be called WWW-AUTHENTICATE",
            FIELD,
            HTTP_FIELDS,
        ),
        run: |cx| Box::pin(written(cx, Form::CapitalName)),
    },
    Check {
        case: should(
            "client/challenge/after-others",
            "challenges of other schemes in lines before are passed over",
            SEVERAL,
            HTTP,
        ),
        run: |cx| Box::pin(written(cx, Form::OthersBefore)),
    },
    Check {
        case: should(
            "client/challenge/joined",
            "challenges of other schemes before it in the same line are passed over",
            SEVERAL,
            HTTP,
        ),
        run: |cx| Box::pin(written(cx, Form::Joined)),
    },
    Check {
        case: should("client/challenge/swapped", "the invoice may come first", ANY_ORDER, HTTP),
        run: |cx| Box::pin(written(cx, Form::Swapped)),
    },
    Check {
        case: should("client/challenge/no-space", "no space after the comma is understood", ANY_ORDER, HTTP),
        run: |cx| Box::pin(written(cx, Form::NoSpaceAfterComma)),
    },
    Check {
        case: may("client/challenge/unquoted", "values without quotes are understood", ANY_ORDER, HTTP),
        run: |cx| Box::pin(written(cx, Form::Unquoted)),
    },
    Check {
        case: may(
            "client/challenge/json",
            "a challenge in the JSON body alone is understood",
            "Servers of l402kit put invoice and macaroon into the JSON body, and some put them nowhere else.",
            DEPLOYED,
        ),
        run: |cx| Box::pin(written(cx, Form::JsonOnly)),
    },
    Check {
        case: should(
            "client/challenge/url-safe-base64",
            "a macaroon in the URL alphabet without padding is sent back like that",
            "Servers write macaroons in either alphabet of base64, with or without padding.",
            DEPLOYED,
        ),
        run: |cx| Box::pin(respelled(cx)),
    },
    Check {
        case: may(
            "client/challenge/v1-macaroon",
            "a macaroon in the packets of V1 is bought and sent back",
            "To the client a token is a text, whatever a server makes its tokens of.",
            DEPLOYED,
        ),
        run: |cx| Box::pin(v1_macaroon(cx)),
    },
    Check {
        case: may(
            "client/challenge/opaque-token",
            "a token that is no macaroon is bought and sent back",
            "To the client a token is a text, whatever a server makes its tokens of.",
            DEPLOYED,
        ),
        run: |cx| Box::pin(opaque_token(cx)),
    },
    Check {
        case: should(
            "client/challenge/capital-invoice",
            "an invoice in capitals is understood",
            "A reader must accept an invoice in capitals, as QR codes have it.",
            Source::new("BOLT 11", "Encoding Overview"),
        ),
        run: |cx| Box::pin(capital_invoice(cx)),
    },
    Check {
        case: should(
            "client/challenge/long-body",
            "a 402 with a long page as its body is understood",
            "The body of a 402 is for people; it may be a page of some hundred kilobytes.",
            DEPLOYED,
        ),
        run: |cx| Box::pin(long_body(cx)),
    },
];

/// A shop with single tokens, so that nothing but the purchase itself opens it.
pub(super) async fn buys(cx: &Context, script: Script) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell(script.uses(1)).await?;
    let run = stage.run(&shop.url("/report")).await?;
    stage.bought(&shop)?;
    stage.delivered(&run)?;
    let macaroons: Vec<String> = shop.offers().into_iter().map(|offer| offer.macaroon).collect();
    let whole = |request: &Request| macaroons.iter().any(|text| request.contains(text));
    if shop.requests().iter().any(whole) {
        return Ok(());
    }
    Err(Outcome::fail("the macaroon as it was issued", "another text"))
}

async fn written(cx: &Context, form: Form) -> CaseResult {
    buys(cx, Script::honest().written(form)).await
}

async fn respelled(cx: &Context) -> CaseResult {
    let script = Script::honest().offering(|till| {
        let (invoice, payment_hash) = till.invoice(PRICE_MSAT);
        let macaroon = base64::encode(&till.macaroon(payment_hash, Spelled::Anyhow));
        till.add(Offer { macaroon: base64::respell_for_urls(&macaroon), invoice, payment_hash })
    });
    buys(cx, script).await
}

/// As the crate `macaroon` writes them, with the bare payment hash as the identifier.
async fn v1_macaroon(cx: &Context) -> CaseResult {
    let script = Script::honest().offering(|till| {
        let (invoice, payment_hash) = till.invoice(PRICE_MSAT);
        let macaroon = Macaroon {
            location: Some(b"L402".to_vec()),
            identifier: payment_hash.to_vec(),
            first_party_caveats: vec![b"RequestPath = /report".to_vec()],
            ..Macaroon::default()
        };
        let bytes = macaroon.signed_with(b"any key will do").to_v1_bytes();
        let macaroon = base64::encode(&bytes).replace('+', "-").replace('/', "_");
        till.add(Offer { macaroon, invoice, payment_hash })
    });
    buys(cx, script).await
}

/// As l402kit makes them.
async fn opaque_token(cx: &Context) -> CaseResult {
    let script = Script::honest().offering(|till| {
        let (invoice, payment_hash) = till.invoice(PRICE_MSAT);
        let token = format!("{{\"hash\": \"{}\", \"exp\": 9999999999999}}", hex(&payment_hash));
        till.add(Offer { macaroon: base64::encode(token.as_bytes()), invoice, payment_hash })
    });
    buys(cx, script).await
}

async fn capital_invoice(cx: &Context) -> CaseResult {
    let script = Script::honest().unpaid(|_, offer| {
        let offer = Offer { invoice: offer.invoice.to_uppercase(), ..offer.clone() };
        Form::Plain.answer(402, &offer)
    });
    buys(cx, script).await
}

async fn long_body(cx: &Context) -> CaseResult {
    let script = Script::honest().unpaid(|_, offer| {
        let lines = Form::Plain.lines(offer);
        let answer =
            lines.into_iter().fold(Answer::new(402), |answer, line| answer.header("WWW-Authenticate", line));
        answer.body("text/html", "<p>Please pay.</p>\n".repeat(15_000))
    });
    buys(cx, script).await
}
