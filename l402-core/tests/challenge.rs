//! `WWW-Authenticate`, written in one form and read in every form that deployed servers write.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod common;

use common::token;
use l402_core::Limits;
use l402_core::header::{Challenge, ChallengeParseError, ChallengeRef, Scheme};

const M: &str = "AgEEbHNhdA==";
const I: &str = "lnbcrt100n1p3qqkyg";

/// Everything in a value up to the first error, which comes last.
fn parse(value: impl AsRef<[u8]>) -> Vec<Result<(Scheme, String, String), ChallengeParseError>> {
    ChallengeRef::parse_all(value.as_ref(), &Limits::default())
        .map(|found| found.map(|found| (found.scheme, found.macaroon.to_owned(), found.invoice.to_owned())))
        .collect()
}

fn found(scheme: Scheme) -> Result<(Scheme, String, String), ChallengeParseError> {
    Ok((scheme, M.to_owned(), I.to_owned()))
}

/// Fills in `$M` and `$I`.
fn fill(form: &str) -> String {
    form.replace("$M", M).replace("$I", I)
}

#[test]
fn the_output_is_exactly_one_form() {
    let macaroon = token();
    let challenge = Challenge::new(macaroon.clone(), I.to_owned()).unwrap();
    let m = base64_simd::STANDARD.encode_to_string(macaroon.as_bytes());
    assert_eq!(
        challenge.to_header_value(),
        format!(r#"L402 macaroon="{m}", invoice="{I}", version="0", token="{m}""#)
    );
}

#[test]
fn the_output_is_read_back() {
    let macaroon = token();
    let value = Challenge::new(macaroon.clone(), I.to_owned()).unwrap().to_header_value();
    assert_eq!(parse(value), [Ok((Scheme::L402, macaroon.to_base64(), I.to_owned()))]);
}

/// The first two are what the reference client and its command-line sibling look for by regular expression: the
/// scheme, one space, `macaroon` first, `invoice` second, each quoted, a comma and one space in between.
#[test]
fn the_output_begins_as_the_regular_expressions_in_the_field_want_it() {
    let value = Challenge::new(token(), I.to_owned()).unwrap().to_header_value();
    let rest = value.strip_prefix(r#"L402 macaroon=""#).unwrap();
    let (macaroon, rest) = rest.split_once('"').unwrap();
    assert_eq!(macaroon, token().to_base64());
    assert!(rest.starts_with(&format!(r#", invoice="{I}""#)), "{rest}");
    assert!(value.is_ascii() && !value.contains(['\r', '\n']));
}

#[test]
fn every_form_in_the_field_is_read() {
    let forms = [
        // The protocol notes, section 1.1.
        r#"L402 macaroon="$M", invoice="$I""#,
        r#"L402 macaroon="$M",invoice="$I""#,
        r#"l402 macaroon="$M", invoice="$I""#,
        r#"L402 invoice="$I", macaroon="$M""#,
        r#"L402 version="0", token="$M", invoice="$I""#,
        r#"L402 version="0", macaroon="$M", invoice="$I""#,
        r#"L402 realm="x", macaroon="$M", invoice="$I""#,
        "L402 macaroon=$M, invoice=$I",
        r#"L402 macaroon="$M", invoice="$I", version="0", token="$M""#,
        // The peers, section 2.
        r#"L402 version="0", token="$M", macaroon="$M", invoice="$I""#,
        r#"L402 macaroon="$M" invoice="$I""#,
        "L402 macaroon=$M invoice=$I",
        r#"L402 token="$M", invoice="$I", version="0""#,
        // RFC 9110: spaces, tabs, empty list elements, names in any case, unknown parameters anywhere.
        r#"  L402   macaroon="$M",  invoice="$I"  "#,
        "L402\tmacaroon=\"$M\"\t,\tinvoice=\"$I\"",
        r#"L402 macaroon = "$M" , invoice = "$I""#,
        r#"L402 MACAROON="$M", Invoice="$I""#,
        r#", , L402 macaroon="$M",, invoice="$I", ,"#,
        r#"L402 macaroon="$M", invoice="$I", realm="a, \"b\", L402 macaroon=x", x=y"#,
        r#"L402 macaroon=$M, invoice="$I""#,
        r#"L402 macaroon="$M", macaroon="$M", invoice="$I", invoice="$I""#,
        r#"L402 macaroon="$M", invoice="$I", note="\x""#,
    ];
    for form in forms {
        assert_eq!(parse(fill(form)), [found(Scheme::L402)], "{form}");
        let legacy = form.replacen("L402 ", "LSAT ", 1).replacen("L402\t", "lsAt\t", 1);
        if legacy != form && !form.contains(", L402") {
            assert_eq!(parse(fill(&legacy)), [found(Scheme::Lsat)], "{legacy}");
        }
    }
}

/// What servers put into the two values besides base64 and BOLT11. A client needs the text as it was written.
#[test]
fn values_are_handed_out_as_written() {
    let values = [
        ("eyJoYXNoIjogIjYx.f86da265", "lnbc1"),
        ("AgEE-_8=", "DEV:61e6a404b2f1"),
        ("AgEE+/8=", "LNBC10U1PWT6NK9"),
        ("not-base64***", "not-a-bolt11-invoice"),
        ("a b", "c, d"),
        ("abLSATcd", "L402"),
        ("=", "="),
    ];
    for (macaroon, invoice) in values {
        let value = format!(r#"L402 macaroon="{macaroon}", invoice="{invoice}""#);
        assert_eq!(parse(value), [Ok((Scheme::L402, macaroon.to_owned(), invoice.to_owned()))]);
    }
}

#[test]
fn other_schemes_around_it_are_skipped() {
    let challenge = fill(r#"L402 macaroon="$M", invoice="$I""#);
    let others = [
        "Basic",
        "Negotiate YIIB6wYGKwYBBQUCoIIB3zCCAdug==",
        "Negotiate YIIB/wYG+wYBBQUCoII=",
        "Negotiate a/b==",
        "NTLM TlRMTVNTUAACAAAA",
        r#"Basic realm="simple""#,
        r#"Newauth realm="apps", type=1, title="Login to \"apps\", please""#,
        r#"Payment id="x", realm="y", method="lightning", request="eyJhbW91bnQiOiIxMDAifQ""#,
        r#"Bearer realm="L402 macaroon=\"no\", invoice=\"no\"", error="invalid_token""#,
        r#"X-Old macaroon="other", invoice="other""#,
        "L402x macaroon=a, invoice=b",
        "Digest",
    ];
    for other in others {
        assert_eq!(parse(other), [], "{other}");
        for value in [format!("{other}, {challenge}"), format!("{challenge}, {other}")] {
            assert_eq!(parse(&value), [found(Scheme::L402)], "{value}");
        }
    }
    let all = [&others[..], &[&challenge], &others[..]].concat().join(", ");
    assert_eq!(parse(all), [found(Scheme::L402)]);
}

#[test]
fn several_challenges_in_one_field_come_in_order() {
    let value = fill(r#"LSAT macaroon="$M", invoice="$I", Payment id="x", L402 macaroon="$M", invoice="$I""#);
    assert_eq!(parse(value), [found(Scheme::Lsat), found(Scheme::L402)]);

    let value = r#"L402 macaroon="a", invoice="b", L402 macaroon="c", invoice="d""#;
    let texts: Vec<_> = parse(value).into_iter().map(|found| found.unwrap()).collect();
    assert_eq!(texts[0], (Scheme::L402, "a".to_owned(), "b".to_owned()));
    assert_eq!(texts[1], (Scheme::L402, "c".to_owned(), "d".to_owned()));
}

#[test]
fn malformed_challenges_have_exact_errors() {
    use ChallengeParseError::{
        Ambiguous, MacaroonAndTokenDiffer, MissingInvoice, MissingMacaroon, Syntax, TooLong,
    };
    let long = format!(r#"L402 macaroon="{}", invoice="i""#, "A".repeat(10_000));
    let cases: [(&[u8], _); 31] = [
        (b"L402", MissingMacaroon),
        (b"L402 ", MissingMacaroon),
        (b"LSAT,", MissingMacaroon),
        (b"L402 AgEE", MissingMacaroon),
        (br#"L402 invoice="i""#, MissingMacaroon),
        (br#"L402 macaroon="", invoice="i""#, MissingMacaroon),
        (br#"L402 macaroon=""#, Syntax),
        (br#"L402 macaroon="m""#, MissingInvoice),
        (br#"L402 macaroon="m", invoice="""#, MissingInvoice),
        (br#"L402 token="m""#, MissingInvoice),
        // An escape, a control character or anything but ASCII is nothing that this protocol writes.
        (br#"L402 macaroon="m\"", invoice="i""#, MissingMacaroon),
        (b"L402 macaroon=\"m\0\", invoice=\"i\"", MissingMacaroon),
        (b"L402 macaroon=\"m\", invoice=\"i\r\n\"", MissingInvoice),
        (b"L402 macaroon=\"m\", invoice=\"\xff\"", MissingInvoice),
        ("L402 macaroon=\"m\", invoice=\"ü\"".as_bytes(), MissingInvoice),
        (b"L402 macaroon=\"m\", invoice=\"i\ti\"", MissingInvoice),
        (br#"L402 macaroon="m, invoice=i"#, Syntax),
        (br#"L402 macaroon="m\"#, Syntax),
        (b"L402 =m, invoice=i", Syntax),
        (b"\0", Syntax),
        (b"\"L402\"", Syntax),
        ("ü".as_bytes(), Syntax),
        (b"L402 macaroon=\0, invoice=i", Syntax),
        (br#"L402 macaroon="m", macaroon="n", invoice="i""#, Ambiguous),
        (br#"L402 macaroon="m", invoice="i", token="n""#, MacaroonAndTokenDiffer),
        (br#"L402 token="m", macaroon="n", invoice="i""#, MacaroonAndTokenDiffer),
        (br#"L402 macaroon="m", invoice="i", token="""#, MacaroonAndTokenDiffer),
        (br#"L402 macaroon="m", invoice="i", token="m ""#, MacaroonAndTokenDiffer),
        (br#"L402 macaroon="m", invoice="i", invoice="j""#, Ambiguous),
        (br#"L402 token="m", token="n", invoice="i""#, Ambiguous),
        (long.as_bytes(), TooLong),
    ];
    for (value, error) in cases {
        assert_eq!(parse(value), [Err(error)], "{}", String::from_utf8_lossy(value));
    }
}

#[test]
fn an_error_ends_the_iteration() {
    let value = fill(r#"L402 macaroon="m", L402 macaroon="$M", invoice="$I""#);
    assert_eq!(parse(value), [Err(ChallengeParseError::MissingInvoice)]);

    let value =
        fill(r#"LSAT macaroon="$M", invoice="$I", L402 macaroon="m", LSAT macaroon="$M", invoice="$I""#);
    assert_eq!(parse(value), [found(Scheme::Lsat), Err(ChallengeParseError::MissingInvoice)]);
}

#[test]
fn the_length_limit_is_exact() {
    let value = fill(r#"L402 macaroon="$M", invoice="$I""#);
    let parse = |limit| {
        ChallengeRef::parse_all(value.as_bytes(), &Limits::default().with_header_bytes(limit))
            .next()
            .unwrap()
            .map(|found| found.scheme)
    };
    assert_eq!(parse(value.len()), Ok(Scheme::L402));
    assert_eq!(parse(value.len() - 1), Err(ChallengeParseError::TooLong));
}

#[test]
fn an_invoice_that_would_break_the_header_is_refused() {
    let bad = [
        "",
        " ",
        "ln bc1",
        " lnbc1",
        "lnbc1 ",
        "lnbc1\n",
        "lnbc1\r\nSet-Cookie: a=b",
        "lnbc1\0",
        "lnbc1\t",
        "lnbc1\"",
        "lnbc1\\",
        "lnbc1,",
        "lnbc1;",
        "lnbc1=",
        "DEV:00",
        "lnbc1\u{7f}",
        "lnbc1\u{85}",
        "lnbcü1",
        "lnbc\u{ff11}",
        "lightning:lnbc1",
    ];
    for invoice in bad {
        assert!(Challenge::new(token(), invoice.to_owned()).is_err(), "{invoice:?}");
    }
    for byte in 0..=0x7f_u8 {
        let invoice = format!("lnbc1{}", char::from(byte));
        let accepted = Challenge::new(token(), invoice).is_ok();
        assert_eq!(accepted, byte.is_ascii_alphanumeric(), "{byte:#04x}");
    }
    for invoice in ["lnbc1", "LNBC10U1PWT6NK9", I] {
        assert!(Challenge::new(token(), invoice.to_owned()).is_ok(), "{invoice}");
    }
}
