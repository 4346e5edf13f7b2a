//! Changes to every byte of one token.

use serde_json::json;

use super::needs::{PARSE, READS_V2, VERIFY};
use super::{READS, SUITE, VALID};
use crate::case::Source;
use crate::check::Check;
use crate::generate::Bytes;
use crate::generate::token::{NOW, SERVICE, Token};
use crate::outcome::CaseResult;
use crate::outcome::Outcome;
use crate::verifier::context::Context;
use crate::verifier::protocol::Request;
use crate::wire::hex;
use crate::wire::macaroon::sample_positions;

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: SUITE
            .must(
                "verifier/token/every-byte",
                "a change of any byte is noticed",
                "The server MUST verify the cryptographic integrity of the macaroon (HMAC chain \
                 verification against the root key).",
                Source::protocol("§6.1"),
            )
            .needing(&[VERIFY, READS_V2])
            .after(&[VALID]),
        run: |context| Box::pin(every_byte(context)),
    },
    Check {
        case: SUITE
            .must(
                "verifier/v2/cut-anywhere",
                "no part of a macaroon is one",
                "The fields of a macaroon stand in their order, each once: what lacks one is none.",
                Source::macaroon("Serialization"),
            )
            .needing(&[PARSE, READS_V2])
            .after(&[READS]),
        run: |context| Box::pin(cut_anywhere(context)),
    },
];

/// A token that nobody has seen, with caveats that hold.
fn fresh(context: &Context) -> Token {
    let chance = || Bytes(context.chance.bytes().to_vec());
    let caveats = ["services=api:0", "api_capabilities=read", "x_note=1"];
    Token {
        root_key: chance(),
        preimage: chance(),
        token_id: chance(),
        location: "lsat".to_owned(),
        caveats: caveats.map(|caveat| Bytes(caveat.as_bytes().to_vec())).to_vec(),
    }
}

fn verify(token: &Token, bytes: &[u8]) -> Request {
    let fields = json!({
        "format": "v2",
        "macaroon": hex(bytes),
        "root_key": hex(&token.root_key.0),
        "preimage": hex(&token.preimage.0),
        "now": NOW,
        "context": { "service": SERVICE, "capability": "read" },
    });
    Request::new("verify", fields)
}

/// One bit of each byte, or all of them.
async fn every_byte(context: &Context) -> CaseResult {
    let token = fresh(context);
    let bytes = token.to_v2();
    context.expect_ok("the token that is going to be changed", &verify(&token, &bytes), None).await?;
    let bits = if context.exhaustive { (0..8).collect() } else { vec![context.chance.below(8)] };
    for at in sample_positions(&bytes, usize::MAX).map_err(Outcome::error)? {
        for bit in &bits {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let what = format!("a token of which bit {bit} of byte {at} of {} was changed", changed.len());
            context.expect_refused(&what, &verify(&token, &changed)).await?;
        }
    }
    Ok(())
}

async fn cut_anywhere(context: &Context) -> CaseResult {
    let bytes = fresh(context).to_v2();
    for end in 0..bytes.len() {
        let fields = json!({ "format": "v2", "macaroon": hex(&bytes[..end]) });
        let what = format!("the first {end} bytes of a macaroon of {}", bytes.len());
        context.expect_refused(&what, &Request::new("parse", fields)).await?;
    }
    Ok(())
}
