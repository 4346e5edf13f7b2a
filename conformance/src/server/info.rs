//! Cases that ask for nothing: they tell what the server does.

use super::challenge::form::challenges;
use super::context::{Context, credential};
use super::{PAYER, SUITE, paid};
use crate::case::{Case, Source};
use crate::check::Check;
use crate::outcome::CaseResult;
use crate::wire::invoice::Invoice;
use crate::wire::macaroon::{Macaroon, identifier_payment_hash};
use crate::wire::{base64, hex};

pub(super) const CHECKS: &[Check<Context>] = &[
    Check { case: told("info/challenge", "how the challenge is written"), run: |cx| Box::pin(challenge(cx)) },
    Check { case: told("info/macaroon", "what the macaroon says"), run: |cx| Box::pin(macaroon(cx)) },
    Check { case: told("info/invoice", "what the invoice says"), run: |cx| Box::pin(invoice(cx)) },
    Check { case: told("info/refusal", "how a bad credential is answered"), run: |cx| Box::pin(refusal(cx)) },
    Check {
        case: paid(told("info/use-policy", "how often a token can be used")).needing(&[PAYER]),
        run: |cx| Box::pin(use_policy(cx)),
    },
    Check {
        case: paid(told("info/list", "how a list of macaroons is answered")).needing(&[PAYER]),
        run: |cx| Box::pin(list(cx)),
    },
];

const fn told(id: &'static str, title: &'static str) -> Case {
    SUITE
        .info(id, title, "Nothing is required; this is what was seen.", Source::PRACTICE)
        .after(&["challenge/parameters"])
}

async fn challenge(cx: &Context) -> CaseResult {
    let response = cx.send(&cx.request("GET")).await?;
    let headers: Vec<String> = response.values("www-authenticate").map(str::to_owned).collect();
    cx.note(format!("{} WWW-Authenticate fields, status {}", headers.len(), response.status));
    for (_, found) in challenges(&headers) {
        let names: Vec<&str> = found.names().collect();
        cx.note(format!("{} with {}", found.scheme, names.join(", ")));
    }
    let body = response.values("content-type").next().unwrap_or("no type");
    cx.note(format!("a body of {} bytes, {body}", response.body.len()));
    if let Some(server) = response.values("server").next() {
        cx.note(format!("Server: {server}"));
    }
    Ok(())
}

async fn macaroon(cx: &Context) -> CaseResult {
    let text = cx.offer().await?.macaroon;
    let form = match (base64::decode_strict(&text), base64::decode_any(&text)) {
        (Some(_), _) => "standard base64",
        (None, Some(_)) => "another base64",
        (None, None) => "no base64",
    };
    cx.note(format!("{} characters, {form}", text.len()));
    let Some(bytes) = base64::decode_any(&text) else { return Ok(()) };
    let Ok(macaroon) = Macaroon::parse(&bytes) else {
        let format = match bytes.first() {
            Some(b'{') => "JSON",
            Some(b'0'..=b'9' | b'a'..=b'f') => "packets of V1",
            _ => "no known format",
        };
        cx.note(format!("{} bytes, {format}", bytes.len()));
        return Ok(());
    };
    let location = macaroon.location.as_deref().unwrap_or_default().escape_ascii();
    cx.note(format!("V2, location \"{location}\", an identifier of {} bytes", macaroon.identifier.len()));
    if let Err(reason) = identifier_payment_hash(&macaroon.identifier) {
        cx.note(reason);
    }
    for caveat in &macaroon.first_party_caveats {
        cx.note(format!("caveat {}", caveat.escape_ascii()));
    }
    Ok(())
}

async fn invoice(cx: &Context) -> CaseResult {
    match Invoice::parse(&cx.offer().await?.invoice) {
        Ok(invoice) => {
            let amount = invoice.amount_msat.map_or("any amount".to_owned(), |msat| format!("{msat} msat"));
            let (network, seconds) = (&invoice.network, invoice.seconds_left());
            cx.note(format!("{amount}, network {network}, {seconds} seconds to pay"));
        }
        Err(reason) => cx.note(format!("no BOLT11: {reason}")),
    }
    Ok(())
}

async fn refusal(cx: &Context) -> CaseResult {
    let offer = cx.offer().await?;
    for (what, value) in [
        ("a wrong preimage", credential(&offer.macaroon, &cx.random())),
        ("garbage", "L402 garbage".to_owned()),
        ("another scheme", format!("Bearer {}", hex(&cx.random()))),
    ] {
        let response = cx.send(&cx.with_authorization(value)).await?;
        let challenge = match response.values("www-authenticate").next() {
            Some(_) => "with a challenge",
            None => "without a challenge",
        };
        cx.note(format!("{what}: {} {challenge}", response.status));
    }
    Ok(())
}

async fn use_policy(cx: &Context) -> CaseResult {
    let request = cx.with_authorization(cx.buy().await?.credential());
    let mut uses = 0;
    while uses < MOST && cx.send(&request).await?.is_success() {
        uses += 1;
    }
    cx.note(match uses {
        0 => "not even once".to_owned(),
        1 => "once".to_owned(),
        MOST => format!("{MOST} times or more"),
        uses => format!("{uses} times"),
    });
    Ok(())
}

const MOST: usize = 6;

/// The grammar has lists, for discharges of third-party caveats.
async fn list(cx: &Context) -> CaseResult {
    let token = cx.buy().await?;
    let other = cx.offer().await?.macaroon;
    let preimage = hex(&token.preimage);
    for (what, value) in [
        ("an unpaid macaroon behind it", format!("L402 {},{other}:{preimage}", token.macaroon)),
        ("itself behind it", format!("L402 {0},{0}:{preimage}", token.macaroon)),
    ] {
        let status = cx.send(&cx.with_authorization(value)).await?.status;
        cx.note(format!("a paid macaroon with {what}: {status}"));
    }
    Ok(())
}
