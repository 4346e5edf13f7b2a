//! The macaroon of an offer.

use super::super::SUITE;
use super::super::context::Context;
use crate::case::Source;
use crate::check::Check;
use crate::outcome::{CaseResult, Outcome};
use crate::wire::hex;
use crate::wire::invoice::Invoice;
use crate::wire::macaroon::{identifier_payment_hash, identifier_token_id};

pub(in crate::server) const CHECKS: &[Check<Context>] = &[
    Check {
        case: SUITE
            .must(
                "challenge/macaroon-v2",
                "the macaroon is in the V2 binary format, as go-macaroon writes it",
                "L402 uses the V2 compact binary format for macaroon serialization.",
                Source::macaroon("Macaroon V2 Binary Format"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(macaroon_v2(cx)),
    },
    Check {
        case: SUITE
            .must(
                "challenge/identifier",
                "the identifier has 66 bytes, version 0 and the invoice's payment hash",
                "The macaroon MUST commit to the payment hash `H` of the invoice `P` in its identifier.",
                Source::protocol("§6.1, and macaroon-spec, Version 0 Format"),
            )
            .after(&["challenge/macaroon-v2", "challenge/invoice"]),
        run: |cx| Box::pin(identifier(cx)),
    },
    Check {
        case: SUITE
            .must(
                "challenge/fresh",
                "every challenge has a macaroon and an invoice of its own",
                "The server MUST mint a new macaroon `M` for the client.",
                Source::protocol("§6.1"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(fresh(cx)),
    },
    Check {
        case: SUITE
            .should(
                "challenge/token-id",
                "every macaroon has a random token id of its own",
                "`token_id`: 32 random bytes, unique per credential.",
                Source::macaroon("Version 0 Format"),
            )
            .after(&["challenge/identifier", "challenge/fresh"]),
        run: |cx| Box::pin(token_id(cx)),
    },
];

async fn macaroon_v2(cx: &Context) -> CaseResult {
    cx.offer().await?.parse().map(drop)
}

async fn identifier(cx: &Context) -> CaseResult {
    let offer = cx.offer().await?;
    let invoice_hash = Invoice::parse(&offer.invoice).map_err(Outcome::error)?.payment_hash;
    let hash = identifier_payment_hash(&offer.parse()?.identifier)
        .map_err(|actual| Outcome::fail("an identifier of 66 bytes and version 0", actual))?;
    if hash == invoice_hash {
        return Ok(());
    }
    Err(Outcome::fail(
        format!("the payment hash of the invoice, {}", hex(&invoice_hash)),
        format!("the payment hash {} in the identifier", hex(&hash)),
    ))
}

async fn fresh(cx: &Context) -> CaseResult {
    let (first, second) = (cx.offer().await?, cx.offer().await?);
    for (what, same) in
        [("macaroon", first.macaroon == second.macaroon), ("invoice", first.invoice == second.invoice)]
    {
        if same {
            return Err(Outcome::fail(format!("another {what} each time"), format!("the same {what} twice")));
        }
    }
    Ok(())
}

async fn token_id(cx: &Context) -> CaseResult {
    let mut ids: Vec<[u8; 32]> = Vec::new();
    for _ in 0..3 {
        let identifier = cx.offer().await?.parse()?.identifier;
        let id = identifier_token_id(&identifier)
            .map_err(|actual| Outcome::fail("an identifier of 66 bytes and version 0", actual))?;
        // 32 random bytes have fewer than 12 different ones less than once in 2^64 times.
        let mut bytes = id.to_vec();
        bytes.sort_unstable();
        bytes.dedup();
        if bytes.len() < 12 {
            return Err(Outcome::fail("32 random bytes", format!("the token id {}", hex(&id))));
        }
        if ids.contains(&id) {
            return Err(Outcome::fail("another token id each time", format!("{} twice", hex(&id))));
        }
        ids.push(id);
    }
    Ok(())
}
