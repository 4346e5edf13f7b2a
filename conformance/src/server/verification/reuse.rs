//! What is used up stays so.

use super::super::context::{Context, Token};
use super::super::{SUITE, paid};
use crate::case::Source;
use crate::check::Check;
use crate::http::Request;
use crate::outcome::{CaseResult, Outcome};
use crate::wire::macaroon::Macaroon;
use crate::wire::{base64, hex};

pub(in crate::server) const CHECKS: &[Check<Context>] = &[
    Check {
        case: paid(SUITE.may(
            "verification/used-again",
            "a token is refused the second time, if the server sells single calls",
            "Replay protection comes from the caveat and revocation mechanisms: expiry caveats, \
             usage-count tracking, and root key deletion all limit the window in which a stolen \
             credential is useful.",
            Source::protocol("Replay Protection"),
        )),
        run: |cx| Box::pin(used_again(cx)),
    },
    Check {
        case: paid(SUITE.must(
            "verification/used-again-respelled",
            "a token that is used up stays so, however it is written",
            USED_UP,
            Source::protocol("Credential Reuse and Revocation"),
        )),
        run: |cx| Box::pin(used_again_respelled(cx)),
    },
    Check {
        case: paid(SUITE.must(
            "verification/used-again-changed",
            "a token that is used up stays so with what anybody can change about it",
            USED_UP,
            Source::protocol("Credential Reuse and Revocation"),
        ))
        .after(&["challenge/macaroon-v2", "credential/accepted"]),
        run: |cx| Box::pin(used_again_changed(cx)),
    },
];

const USED_UP: &str = "Possible revocation conditions include: [...] Exceeded usage count [...] When a \
     credential is revoked, the server issues a fresh 402 challenge and the client repeats the payment \
     flow.";

async fn used_again(cx: &Context) -> CaseResult {
    let token = cx.buy().await?;
    let request = cx.with_authorization(token.credential());
    cx.expect_served(&request).await?;
    if cx.send(&request).await?.is_success() {
        return Err(Outcome::fail(
            "a refusal, unless tokens are meant to be used more than once",
            "served a second time",
        ));
    }
    Ok(())
}

async fn expect_all_refused(cx: &Context, attempts: Vec<(&str, Request)>) -> CaseResult {
    for (what, request) in attempts {
        if cx.send(&request).await?.is_success() {
            return Err(Outcome::fail(
                "the refusal that the same credential got before",
                format!("served, written with {what}"),
            ));
        }
    }
    Ok(())
}

async fn used_again_respelled(cx: &Context) -> CaseResult {
    let token = cx.buy_and_use_up().await?;
    let (macaroon, preimage) = (&token.macaroon, hex(&token.preimage));
    let (start, end) = macaroon.split_at(macaroon.len() / 2);
    let for_urls = base64::respell_for_urls(macaroon);
    let digit = preimage.find(|c: char| c.is_ascii_lowercase()).unwrap_or_default();
    let one_digit = format!(
        "{}{}",
        &preimage[..digit],
        preimage[digit..].replacen(|_: char| true, &preimage[digit..=digit].to_uppercase(), 1)
    );
    let mut attempts: Vec<(&str, Request)> = [
        ("upper-case hex", format!("L402 {macaroon}:{}", preimage.to_uppercase())),
        ("one digit in upper case", format!("L402 {macaroon}:{one_digit}")),
        ("the scheme LSAT", format!("LSAT {macaroon}:{preimage}")),
        ("a lower-case scheme", format!("l402 {macaroon}:{preimage}")),
        ("two spaces", format!("L402  {macaroon}:{preimage}")),
        ("a tab", format!("L402\t{macaroon}:{preimage}")),
        ("a space at the end", format!("L402 {macaroon}:{preimage} ")),
        ("base64 without padding, for URLs", format!("L402 {for_urls}:{preimage}")),
        ("base64 without padding", format!("L402 {}:{preimage}", macaroon.trim_end_matches('='))),
        ("more padding", format!("L402 {macaroon}=:{preimage}")),
        ("no preimage", format!("L402 {macaroon}")),
        ("an empty preimage", format!("L402 {macaroon}:")),
        ("a second colon", format!("L402 {macaroon}:{preimage}:")),
        ("a colon in the macaroon", format!("L402 {start}:{end}:{preimage}")),
        ("the macaroon twice", format!("L402 {macaroon},{macaroon}:{preimage}")),
        ("another list item", format!("L402 {macaroon}:{preimage}, Bearer x")),
    ]
    .into_iter()
    .map(|(what, value)| (what, cx.with_authorization(value)))
    .collect();
    let credential = token.credential();
    let twice = cx.with_authorization(credential.clone()).with_header("Authorization", credential.clone());
    attempts.push(("the same field twice", twice));
    let twins = cx
        .with_authorization(credential.replacen("L402", "LSAT", 1))
        .with_header("Authorization", credential);
    attempts.push(("an LSAT field before it", twins));
    let elsewhere = format!("{macaroon}:{preimage}");
    attempts.push(("the field X-Payment", cx.request("GET").with_header("X-Payment", elsewhere)));
    expect_all_refused(cx, attempts).await
}

async fn used_again_changed(cx: &Context) -> CaseResult {
    let token = cx.buy_and_use_up().await?;
    let preimage_caveat = format!("preimage={}", hex(&token.preimage));
    let mut attempts = Vec::new();
    for (what, caveat) in
        [("a caveat more", "l402-conformance=1"), ("the preimage as a caveat", &preimage_caveat)]
    {
        let changed = token.attenuated(&[caveat.as_bytes()])?;
        attempts.push((what, cx.with_authorization(changed.credential())));
    }
    let macaroon = token.parse()?;
    for (what, location) in [("another location", Some(b"elsewhere".to_vec())), ("no location", None)] {
        let moved = Macaroon { location, ..macaroon.clone() }.to_bytes();
        let changed = Token { macaroon: base64::encode(&moved), ..token.clone() };
        attempts.push((what, cx.with_authorization(changed.credential())));
    }
    for (what, bytes) in [
        ("the packets of V1", macaroon.to_v1_bytes()),
        ("V2-JSON", macaroon.to_json().into_bytes()),
        ("a byte behind it", [token.macaroon_bytes()?, vec![0]].concat()),
    ] {
        let changed = Token { macaroon: base64::encode(&bytes), ..token.clone() };
        attempts.push((what, cx.with_authorization(changed.credential())));
    }
    for field in ["Macaroon", "Grpc-Metadata-Macaroon"] {
        attempts.push((field, cx.request("GET").with_header(field, token.as_field()?)));
    }
    expect_all_refused(cx, attempts).await
}
