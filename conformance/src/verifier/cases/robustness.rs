//! Input that is large, deep or nonsense: what matters is that an answer comes, and the next one, too.

use serde_json::json;

use super::needs::{AUTHORIZE, CHALLENGE, PARSE, READS_JSON, READS_V2, VERIFY};
use super::{HELLO, READS, SUITE, VALID};
use crate::case::{Case, Source};
use crate::check::Check;
use crate::outcome::CaseResult;
use crate::verifier::context::Context;
use crate::verifier::protocol::Request;
use crate::wire::hex;

const SURVIVAL: &str = "Whatever a stranger sends, a verifier answers it, and the next one.";

const fn survival(id: &'static str, title: &'static str) -> Case {
    SUITE.must(id, title, SURVIVAL, Source::PRACTICE)
}

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: survival("verifier/survives/deep-packets", "60 000 packets of seven bytes are refused")
            .needing(&[PARSE, READS_V2])
            .after(&[READS]),
        run: |context| Box::pin(deep_packets(context)),
    },
    Check {
        case: survival("verifier/survives/many-caveats", "50 000 caveats are answered")
            .needing(&[PARSE, READS_V2])
            .after(&[READS]),
        run: |context| Box::pin(many_caveats(context)),
    },
    Check {
        case: survival("verifier/survives/large-fields", "fields of 400 000 bytes are answered")
            .needing(&[PARSE, READS_V2, VERIFY])
            .after(&[READS, VALID]),
        run: |context| Box::pin(large_fields(context)),
    },
    Check {
        case: survival("verifier/survives/deep-json", "200 000 brackets are refused")
            .needing(&[PARSE, READS_JSON])
            .after(&["verifier/v2-json/read"]),
        run: |context| Box::pin(deep_json(context)),
    },
    Check {
        case: survival(
            "verifier/survives/long-credentials",
            "Authorization values of 450 000 characters are answered",
        )
        .needing(&[AUTHORIZE])
        .after(&[HELLO]),
        run: |context| Box::pin(long_credentials(context)),
    },
    Check {
        case: survival(
            "verifier/survives/long-challenges",
            "WWW-Authenticate values of 450 000 characters are answered",
        )
        .needing(&[CHALLENGE])
        .after(&[HELLO]),
        run: |context| Box::pin(long_challenges(context)),
    },
];

fn parse(format: &str, macaroon: &[u8]) -> Request {
    Request::new("parse", json!({ "format": format, "macaroon": hex(macaroon) }))
}

async fn deep_packets(context: &Context) -> CaseResult {
    let packets = b"0007a \n".repeat(60_000);
    for format in ["v2", "v1"] {
        if context.hello()?.has("parse", Some(format)) {
            context.expect_refused(&format!("60 000 packets, as {format}"), &parse(format, &packets)).await?;
        }
    }
    Ok(())
}

async fn many_caveats(context: &Context) -> CaseResult {
    let caveats = [2, 1, b'c', 0].repeat(50_000);
    let macaroon = [&[2, 2, 1, b'i', 0], caveats.as_slice(), &[0, 6, 32], &[0; 32]].concat();
    context.expect_answer(&parse("v2", &macaroon)).await
}

async fn large_fields(context: &Context) -> CaseResult {
    let large = [&[2, 0x80, 0xb5, 0x18], vec![b'x'; 400_000].as_slice(), &[0]].concat();
    let identifier = [&[2], large.as_slice(), &[0, 6, 32], &[0; 32]].concat();
    let caveat = [&[2, 2, 1, b'i', 0], large.as_slice(), &[0, 6, 32], &[0; 32]].concat();
    for macaroon in [identifier, caveat] {
        context.expect_answer(&parse("v2", &macaroon)).await?;
        let fields = json!({
            "format": "v2",
            "macaroon": hex(&macaroon),
            "root_key": "07".repeat(32),
            "preimage": "09".repeat(32),
            "now": 1_900_000_000,
            "context": { "service": "api", "capability": null },
        });
        context.expect_refused("a large token that nobody signed", &Request::new("verify", fields)).await?;
    }
    Ok(())
}

async fn deep_json(context: &Context) -> CaseResult {
    let depth = 200_000;
    let text = format!(r#"{{"v":2,"i":"id","c":{}{},"s64":"AAAA"}}"#, "[".repeat(depth), "]".repeat(depth));
    context.expect_refused("200 000 brackets", &parse("v2-json", text.as_bytes())).await
}

/// What long values are made of, to be repeated.
const REPEATED: [&str; 6] = ["A", ",", " ", "\"", "\\\"", "a=b,"];

async fn long_credentials(context: &Context) -> CaseResult {
    for part in REPEATED {
        let value = format!("L402 {}:{}", part.repeat(450_000 / part.len()), "09".repeat(32));
        let fields =
            json!({ "value": value, "root_key": "07".repeat(32), "now": 1_900_000_000, "context": {} });
        let what = format!("{part:?}, many times");
        context.expect_refused(&what, &Request::new("authorize", fields)).await?;
    }
    Ok(())
}

async fn long_challenges(context: &Context) -> CaseResult {
    for part in REPEATED {
        let value = format!("L402 macaroon=\"AgEE\"{}", part.repeat(450_000 / part.len()));
        let what = format!("{part:?}, many times, and no invoice");
        context.expect_refused(&what, &Request::new("challenge", json!({ "value": value }))).await?;
    }
    Ok(())
}
