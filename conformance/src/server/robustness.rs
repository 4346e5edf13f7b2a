//! Requests that were known to stop some server. Whatever the answer is, the next client must be served.

use super::SUITE;
use super::context::Context;
use crate::case::{Case, Source};
use crate::check::Check;
use crate::http::Request;
use crate::outcome::{CaseResult, Outcome};
use crate::wire::macaroon::{l402_identifier, packet, push};
use crate::wire::{base64, hex};

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: survives("robustness/long-credential", "the server outlives credentials of any length"),
        run: |cx| Box::pin(long_credential(cx)),
    },
    Check {
        case: survives("robustness/many-packets", "the server outlives macaroons of many small packets"),
        run: |cx| Box::pin(many_packets(cx)),
    },
    Check {
        case: survives("robustness/many-caveats", "the server outlives macaroons of many caveats"),
        run: |cx| Box::pin(many_caveats(cx)),
    },
    Check {
        case: survives("robustness/lying-lengths", "the server outlives macaroons whose lengths are lies"),
        run: |cx| Box::pin(lying_lengths(cx)),
    },
    Check {
        case: survives("robustness/many-credentials", "the server outlives many credentials at once"),
        run: |cx| Box::pin(many_credentials(cx)),
    },
    Check {
        case: survives("robustness/odd-bytes", "the server outlives every byte in a credential"),
        run: |cx| Box::pin(odd_bytes(cx)),
    },
];

const fn survives(id: &'static str, title: &'static str) -> Case {
    let requirement = "The server MUST reply with HTTP 402 (Payment Required) - to the next client, too, \
                       whatever the last one sent.";
    SUITE.must(id, title, requirement, Source::protocol("§6.1")).after(&["challenge/status-402"])
}

/// Sends each, and looks after each whether the server still makes offers. No answer is fine, a 2xx is not.
async fn survive(cx: &Context, attempts: Vec<(String, Request)>) -> CaseResult {
    if cx.expect_alive("an earlier case").await.is_err() {
        return Err(Outcome::skip("the server made no offers any more before this case began"));
    }
    let mut broken = Ok(());
    for (what, request) in attempts {
        match cx.try_send(&request).await? {
            Ok(response) if response.is_success() => {
                return Err(Outcome::fail("a refusal", format!("status {} for {what}", response.status)));
            }
            Ok(response) if response.status >= 500 && response.status != 503 => {
                broken = Err(Outcome::warn("a 4xx status", format!("status {} for {what}", response.status)));
            }
            _ => {}
        }
        cx.expect_alive(&what).await?;
    }
    broken
}

/// From the length of a real one to the longest that may be sent.
fn sizes(cx: &Context) -> impl Iterator<Item = usize> {
    let most = cx.target.max_header_bytes;
    [2 * 1024, 16 * 1024, 64 * 1024].into_iter().filter(move |size| *size < most).chain([most])
}

fn credential(token: &str) -> String {
    format!("L402 {token}:{}", "0".repeat(64))
}

/// A token of at most so many bytes of base64, whose middle is repeated as often as it fits.
fn stuffed(size: usize, start: &[u8], middle: &[u8], end: &[u8]) -> String {
    let room = (size / 4 * 3).saturating_sub(start.len() + end.len() + 80);
    base64::encode(&[start, &middle.repeat(room / middle.len()), end].concat())
}

async fn long_credential(cx: &Context) -> CaseResult {
    let mut attempts = Vec::new();
    for size in sizes(cx) {
        let letters = "A".repeat(size - 80);
        attempts.push((format!("{size} bytes of base64"), cx.with_authorization(credential(&letters))));
        let digits = "0".repeat(size - 80);
        attempts.push((
            format!("{size} digits of a preimage"),
            cx.with_authorization(format!("L402 AAAA:{digits}")),
        ));
        let spaces = " ".repeat(size - 80);
        attempts.push((format!("{size} spaces"), cx.with_authorization(format!("L402{spaces}AAAA:00"))));
    }
    survive(cx, attempts).await
}

/// V1 packets, of which some parsers recurse into each.
async fn many_packets(cx: &Context) -> CaseResult {
    let mut attempts = Vec::new();
    for size in sizes(cx) {
        let identifier = packet(b"identifier", hex(&cx.random()).as_bytes());
        let signature = packet(b"signature", &[0; 32]);
        for (what, middle) in [("packets", packet(b"cid", b"")), ("nameless packets", b"0007a \n".to_vec())] {
            let token = stuffed(size, &identifier, &middle, &signature);
            attempts.push((format!("{size} bytes of {what}"), cx.with_authorization(credential(&token))));
            let bare = stuffed(size, b"", &middle, b"");
            attempts
                .push((format!("{size} bytes of {what} alone"), cx.with_authorization(credential(&bare))));
        }
    }
    survive(cx, attempts).await
}

async fn many_caveats(cx: &Context) -> CaseResult {
    let mut start = vec![2];
    push(&mut start, 2, &l402_identifier(cx.random(), cx.random()));
    start.push(0);
    let mut end = vec![0];
    push(&mut end, 6, &[0; 32]);
    let mut caveat = Vec::new();
    push(&mut caveat, 2, b"a=b");
    caveat.push(0);
    let mut attempts = Vec::new();
    for size in sizes(cx) {
        for (what, caveat) in [("caveats", caveat.as_slice()), ("empty caveats", &[2, 0, 0])] {
            let token = stuffed(size, &start, caveat, &end);
            attempts.push((format!("{size} bytes of {what}"), cx.with_authorization(credential(&token))));
        }
        let list = "AAAA,".repeat((size - 80) / 5);
        attempts.push((format!("{size} bytes of a list"), cx.with_authorization(credential(&list))));
        let json = base64::encode("[".repeat((size - 80) / 4 * 3).as_bytes());
        attempts.push((format!("{size} bytes of brackets"), cx.with_authorization(credential(&json))));
    }
    survive(cx, attempts).await
}

async fn lying_lengths(cx: &Context) -> CaseResult {
    let lengths: [&[u8]; 5] = [
        &[0xff, 0xff, 0xff, 0xff, 0x07],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        &[0x80; 12],
        &[0x80, 0x80, 0x80, 0x00],
        &[0x7f],
    ];
    let mut attempts = Vec::new();
    for length in lengths {
        for (what, start) in
            [("a location", &[2u8, 1][..]), ("an identifier", &[2, 2]), ("a caveat", &[2, 2, 1, 0, 0, 2])]
        {
            let token = base64::encode(&[start, length].concat());
            let what = format!("{what} of length {}", hex(length));
            attempts.push((what, cx.with_authorization(credential(&token))));
        }
    }
    for start in ["ffff", "0000", "0001", "fffflocation ", "0004", "-001", "zzzz"] {
        let token = base64::encode(start.as_bytes());
        attempts
            .push((format!("a packet that starts with {start}"), cx.with_authorization(credential(&token))));
    }
    survive(cx, attempts).await
}

async fn many_credentials(cx: &Context) -> CaseResult {
    let mut attempts = Vec::new();
    for count in [2, 16, 90] {
        let mut request = cx.request("GET");
        for _ in 0..count {
            let value = credential(&base64::encode(&cx.random()));
            request = request.with_header("Authorization", value);
        }
        attempts.push((format!("{count} credentials"), request));
    }
    survive(cx, attempts).await
}

/// But CR and LF, which would be another header.
async fn odd_bytes(cx: &Context) -> CaseResult {
    let bytes = (0..=0xff_u8).filter(|byte| !matches!(byte, b'\r' | b'\n' | b' '..=b'~'));
    let attempts = bytes.step_by(if cx.exhaustive { 1 } else { 11 }).map(|byte| {
        let value = [b"L402 AA", [byte].as_slice(), b"A:00"].concat();
        (format!("the byte {byte:#04x}"), cx.with_authorization(value))
    });
    survive(cx, attempts.collect()).await
}
