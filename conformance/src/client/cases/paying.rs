//! Paying an honest server.

use super::PAYS;
use crate::case::{Source, Suite};
use crate::check::Check;
use crate::client::command::Call;
use crate::client::context::{Context, Stage};
use crate::client::judge::credentials;
use crate::client::options::{BODY, STDOUT};
use crate::client::origin::{Answer, Request};
use crate::client::process::Run;
use crate::client::shop::{PRICE_MSAT, Script, Shop, Spelled};
use crate::outcome::{CaseResult, Outcome};
use crate::wire::unhex32;

/// Of the client in the HTTP protocol.
const FLOW: Source = Source::protocol_with_version("Client Flow");

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: Suite::Client.must(
            "client/pays",
            "a 402 is paid once, and the content arrives",
            "The client MUST pay the invoice over the LN to receive the payment pre-image `r`. [...] The client then \
             re-issues the original HTTP request with the attached L402 `Authorization` header.",
            FLOW,
        ),
        run: |cx| Box::pin(pays(cx)),
    },
    Check {
        case: Suite::Client
            .must(
                "client/credential-form",
                "the credential is `L402 <macaroon>:<preimage>` in Authorization",
                "The client then constructs a valid `Authorization` header with the following form: `Authorization: L402 \
                 <base64(token)>:<hex(preimage)>`",
                FLOW,
            ),
        run: |cx| Box::pin(credential_form(cx)),
    },
    Check {
        case: Suite::Client
            .must(
                "client/macaroon-as-issued",
                "the macaroon is sent back as it was issued",
                "`token`: The authentication token, encoded as base64. [...] the token that the client MUST include for each \
                 of its authorized requests",
                FLOW,
            )
            .after(PAYS),
        run: |cx| Box::pin(macaroon_as_issued(cx)),
    },
    Check {
        case: Suite::Client
            .must(
                "client/macaroon-with-any-text",
                "a macaroon whose text has the name of a scheme in it is sent back whole",
                "`token`: The authentication token, encoded as base64. [...] the token that the client MUST include for each \
                 of its authorized requests",
                FLOW,
            )
            .after(&["client/macaroon-as-issued"]),
        run: |cx| Box::pin(macaroon_with_any_text(cx)),
    },
    Check {
        case: Suite::Client
            .must(
                "client/same-request",
                "the paid request has the method, path and query of the first",
                "The client then re-issues the original HTTP request with the attached L402 `Authorization` header.",
                FLOW,
            )
            .after(PAYS),
        run: |cx| Box::pin(same_request(cx)),
    },
    Check {
        case: Suite::Client
            .must(
                "client/post",
                "a POST is paid for and repeated with its body",
                "The client then re-issues the original HTTP request with the attached L402 `Authorization` header.",
                FLOW,
            )
            .needing(&[BODY])
            .after(PAYS),
        run: |cx| Box::pin(with_body(cx, "POST")),
    },
    Check {
        case: Suite::Client
            .must(
                "client/put",
                "a PUT is paid for and repeated with its body",
                "The client then re-issues the original HTTP request with the attached L402 `Authorization` header.",
                FLOW,
            )
            .needing(&[BODY])
            .after(PAYS),
        run: |cx| Box::pin(with_body(cx, "PUT")),
    },
    Check {
        case: Suite::Client
            .should(
                "client/long-content",
                "content that is long and comes in chunks arrives whole",
                "A client delivers what was paid for, all of it.",
                super::SAFETY,
            )
            .needing(&[STDOUT])
            .after(PAYS),
        run: |cx| Box::pin(long_content(cx)),
    },
    Check {
        case: Suite::Client
            .should(
                "client/slow-content",
                "content that comes bit by bit arrives whole",
                "A client delivers what was paid for, all of it.",
                super::SAFETY,
            )
            .needing(&[STDOUT])
            .after(PAYS),
        run: |cx| Box::pin(slow_content(cx)),
    },
    Check {
        case: Suite::Client
            .should(
                "client/secrets-unshown",
                "the preimage is not printed",
                "A client prints and logs no preimage: whoever reads it has the token.",
                super::SAFETY,
            )
            .after(PAYS),
        run: |cx| Box::pin(secrets_unshown(cx)),
    },
    Check {
        case: Suite::Client
            .should(
                "client/exit-status",
                "the exit status is 0 for content alone",
                "A program that got no content does not end as if it had.",
                super::SAFETY,
            )
            .after(PAYS),
        run: |cx| Box::pin(exit_status(cx)),
    },
];

async fn pays(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let (shop, run) = buy(&stage, Script::honest().uses(1)).await?;
    stage.bought(&shop)?;
    stage.delivered(&run)
}

async fn buy(stage: &Stage<'_>, script: Script) -> Result<(Shop, Run), Outcome> {
    let shop = stage.sell(script).await?;
    let run = stage.run(&shop.url("/report")).await?;
    Ok((shop, run))
}

/// The first request with a credential.
fn paid_request(shop: &Shop) -> Result<Request, Outcome> {
    let paid = shop.requests().into_iter().find(|request| !credentials(request).is_empty());
    paid.ok_or_else(|| Outcome::fail("a request with a credential", "there was none"))
}

async fn credential_form(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let (shop, _) = buy(&stage, Script::honest()).await?;
    let request = paid_request(&shop)?;
    let is_right = |value: &str| {
        let rest = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("L402"));
        let pair = rest.and_then(|(_, rest)| rest.trim_start_matches(' ').split_once(':'));
        pair.is_some_and(|(macaroon, preimage)| !macaroon.contains(' ') && unhex32(preimage).is_some())
    };
    // An `LSAT` twin beside it does no harm.
    if request.values("authorization").any(is_right) {
        return Ok(());
    }
    let shown = format!("{:?}", credentials(&request));
    Err(Outcome::fail("Authorization: L402 <macaroon>:<64 hex digits>", shown))
}

async fn macaroon_as_issued(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let (shop, _) = buy(&stage, Script::honest()).await?;
    is_as_issued(&shop)
}

fn is_as_issued(shop: &Shop) -> CaseResult {
    let request = paid_request(shop)?;
    let issued = |value: &&str| {
        let token = value.rsplit_once(' ').map_or(*value, |(_, token)| token);
        let macaroon = token.rsplit_once(':').map_or(token, |(macaroon, _)| macaroon);
        shop.offers().iter().any(|offer| offer.macaroon == macaroon)
    };
    let shown = credentials(&request);
    if shown.iter().all(issued) {
        return Ok(());
    }
    let issued = shop.offers().first().map(|offer| offer.macaroon.clone()).unwrap_or_default();
    Err(Outcome::fail(format!("the macaroon {issued}"), format!("{shown:?}")))
}

/// Base64 may spell anything.
async fn macaroon_with_any_text(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let script = Script::honest().offering(|till| till.offer_spelled(PRICE_MSAT, Spelled::WithSchemes));
    let (shop, _) = buy(&stage, script).await?;
    is_as_issued(&shop)
}

async fn same_request(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell(Script::honest()).await?;
    stage.run(&shop.url("/a%20report/of%2Fmine?b=1&a=%26&b=&c")).await?;
    let (paid, requests) = (paid_request(&shop)?, shop.requests());
    let first = requests.first().map(|first| (first.method.as_str(), first.target.as_str()));
    if first == Some((&paid.method, &paid.target)) {
        return Ok(());
    }
    Err(Outcome::fail(format!("{first:?} again"), format!("{} {}", paid.method, paid.target)))
}

async fn with_body(cx: &Context, method: &'static str) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell(Script::honest()).await?;
    let body = r#"{"order": "two of them", "note": "zwölf"}"#;
    let url = shop.url("/orders");
    let run = stage.call(&Call { method, body, ..Call::get(&url) }).await?;
    let paid = paid_request(&shop)?;
    if (paid.method.as_str(), &paid.body[..]) != (method, body.as_bytes()) {
        let actual = format!("{} with {:?}", paid.method, String::from_utf8_lossy(&paid.body));
        return Err(Outcome::fail(format!("{method} with {body:?}"), actual));
    }
    stage.bought(&shop)?;
    stage.delivered(&run)
}

async fn long_content(cx: &Context) -> CaseResult {
    let content: String = (0..20_000).map(|number| format!("line {number}\n")).collect();
    let body = content.clone();
    let stage = cx.stage().await?;
    let script =
        Script::honest().paid(move |_, _| Answer::new(200).body("text/plain", body.clone()).chunked());
    let (_, run) = buy(&stage, script).await?;
    stage.delivered_text(&run, &content)
}

/// As an answer that is made while it is sent, such as a stream of events.
async fn slow_content(cx: &Context) -> CaseResult {
    let content: String = (0..50).map(|number| format!("data: {number}\n\n")).collect();
    let body = content.clone();
    let stage = cx.stage().await?;
    let answer =
        move |_: &Request, _| Answer::new(200).body("text/event-stream", body.clone()).chunked().slowly();
    let (_, run) = buy(&stage, Script::honest().paid(answer)).await?;
    stage.delivered_text(&run, &content)
}

async fn secrets_unshown(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let broken = Script::honest().paid(|_, _| Answer::new(500).body("text/plain", "broken\n"));
    for (script, when) in [(Script::honest(), "when all is well"), (broken, "when the server breaks")] {
        let (_, run) = buy(&stage, script).await?;
        let printed =
            String::from_utf8_lossy(&[&run.stdout[..], &run.stderr[..]].concat()).to_ascii_lowercase();
        if stage.preimages().await.iter().any(|preimage| printed.contains(preimage.as_str())) {
            let actual = format!("it prints the preimage {when}");
            return Err(Outcome::fail("no preimage in what the client prints", actual));
        }
    }
    Ok(())
}

async fn exit_status(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let broken = Script::honest().paid(|_, _| Answer::new(500).body("text/plain", "broken\n"));
    for (name, script) in [
        ("a shop that breaks after it is paid", broken),
        ("a shop that asks again and again", Script::honest().uses(0)),
    ] {
        let shop = stage.sell_as(name, script).await?;
        let run = stage.run(&shop.url("/report")).await?;
        if run.succeeded() {
            return Err(Outcome::fail("an exit status that is not 0", format!("0, at {name}")));
        }
    }
    Ok(())
}
