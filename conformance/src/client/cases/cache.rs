//! Clients that keep their tokens.

use std::io::ErrorKind;

use super::SAFETY;
use crate::case::{Case, Source, Suite};
use crate::check::Check;
use crate::client::context::{Context, Stage};
use crate::client::kept::readable_by_others;
use crate::client::options::{CACHE, HTTPS};
use crate::client::origin::{Answer, Request};
use crate::client::shop::{Script, Shop, content};
use crate::outcome::{CaseResult, Outcome};
use crate::wire::unhex32;

const REUSE: &str = "L402 credentials are intended to be reused until they are revoked and the server issues a new challenge in \
                     response to a client request containing a newly invalid L402.";
const REUSING: Source = Source::protocol_with_version("Reusing Credentials");

const fn should(id: &'static str, title: &'static str, requirement: &'static str, source: Source) -> Case {
    Suite::Client.should(id, title, requirement, source).needing(&[CACHE])
}

const fn of_origin(id: &'static str, title: &'static str) -> Case {
    let requirement = "A credential is sent to the origin that sold it, which is scheme, host and port.";
    Suite::Client.must(id, title, requirement, SAFETY).needing(&[CACHE]).after(&["client/cached"])
}

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: should("client/cached", "a token is used again in the next run", REUSE, REUSING)
            .after(super::PAYS),
        run: |cx| Box::pin(cached(cx)),
    },
    Check {
        case: should("client/cached/used-up", "a token that a 402 refuses is replaced", REUSE, REUSING)
            .after(&["client/cached"]),
        run: |cx| Box::pin(used_up(cx)),
    },
    Check {
        case: should(
            "client/cached/refused",
            "a token that a 401 refuses does not lock the client out",
            "A client that shows a kept token and is refused asks without it, in this run or in the next.",
            SAFETY,
        )
        .after(&["client/cached"]),
        run: |cx| Box::pin(refused(cx)),
    },
    Check {
        case: of_origin("client/cached/other-port", "a kept token is not shown at another port"),
        run: |cx| Box::pin(other_port(cx)),
    },
    Check {
        case: of_origin("client/cached/other-host", "a kept token is not shown at another host name"),
        run: |cx| Box::pin(other_host(cx)),
    },
    Check {
        case: of_origin("client/cached/other-scheme", "a kept token of https is not shown over http")
            .needing(&[CACHE, HTTPS]),
        run: |cx| Box::pin(other_scheme(cx)),
    },
    Check {
        case: should(
            "client/cached/private",
            "a kept token can be read by its owner alone",
            "Whoever reads a token has what it paid for: it is kept where other users of the machine cannot read it.",
            SAFETY,
        )
        .after(&["client/cached"]),
        run: |cx| Box::pin(private(cx)),
    },
];

async fn cached(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell(Script::honest()).await?;
    for _ in 0..2 {
        let run = stage.run(&shop.url("/report")).await?;
        stage.delivered(&run)?;
    }
    stage.bought(&shop)
}

async fn used_up(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell(Script::honest().uses(1)).await?;
    for _ in 0..2 {
        let run = stage.run(&shop.url("/report")).await?;
        stage.delivered(&run)?;
    }
    stage.paid_at_most(2)
}

/// As l402kit answers a token that was used.
async fn refused(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let script = Script::honest().paid(|_, shown| match shown {
        1 => content(),
        _ => Answer::new(401).body("application/json", "{\"error\":\"Token already used\"}"),
    });
    let shop = stage.sell(script).await?;
    let url = shop.url("/report");
    let first = stage.run(&url).await?;
    stage.delivered(&first)?;
    for _ in 0..2 {
        if stage.run(&url).await?.succeeded() {
            return stage.paid_at_most(2);
        }
    }
    Err(Outcome::fail("the content in the second run, or in the third", "both failed"))
}

async fn other_port(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell(Script::honest()).await?;
    let other = stage.sell_as("another port", Script::honest()).await?;
    stage.run(&shop.url("/report")).await?;
    stage.run(&other.url("/report")).await?;
    // The other one sells to the client, too, so its own secrets are there by right.
    let macaroons: Vec<String> = shop.offers().into_iter().map(|offer| offer.macaroon).collect();
    let leak = |request: &Request| macaroons.iter().any(|macaroon| request.contains(macaroon));
    if other.requests().iter().any(leak) {
        return Err(Outcome::fail("a credential at the port that sold it", "it is shown at another port"));
    }
    Ok(())
}

async fn other_host(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell(Script::honest()).await?;
    let is_shown = is_shown_at(&stage, &shop, &shop.url_as("localhost", "/report")).await?;
    if is_shown {
        return Err(Outcome::fail("a credential at the host that sold it", "it is shown at another name"));
    }
    Ok(())
}

/// The same port, so that only the scheme is another.
async fn other_scheme(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell_over_both(Script::honest()).await?;
    let is_shown = is_shown_at(&stage, &shop, &shop.plain_url("/report")).await?;
    if is_shown {
        return Err(Outcome::fail(
            "a credential that was bought over https, over https",
            "it is shown over http",
        ));
    }
    Ok(())
}

async fn private(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell(Script::honest()).await?;
    stage.run(&shop.url("/report")).await?;
    let mut secrets: Vec<Vec<u8>> =
        shop.offers().into_iter().map(|offer| offer.macaroon.into_bytes()).collect();
    for preimage in stage.preimages().await {
        secrets.extend(unhex32(&preimage).map(|bytes| bytes.to_vec()));
        secrets.push(preimage.into_bytes());
    }
    let readable = readable_by_others(&stage.dir()).map_err(|error| match error.kind() {
        ErrorKind::Unsupported => Outcome::unsupported("files with modes, as Unix has them"),
        _ => Outcome::error(error),
    })?;
    for file in readable {
        let text = std::fs::read(&file).map_err(Outcome::error)?;
        if secrets.iter().any(|secret| text.windows(secret.len().max(1)).any(|window| window == secret)) {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            return Err(Outcome::fail(
                "files that only their owner can read",
                format!("{name} in {{dir}} has a token, and others may read it"),
            ));
        }
    }
    Ok(())
}

/// Whether what was bought at the usual URL is shown at `other`, in the next run.
async fn is_shown_at(stage: &Stage<'_>, shop: &Shop, other: &str) -> Result<bool, Outcome> {
    stage.run(&shop.url("/report")).await?;
    let sold = shop.offers();
    let before = shop.requests().len();
    stage.run(other).await?;
    let later = shop.requests().split_off(before);
    Ok(later.iter().any(|request| sold.iter().any(|offer| request.contains(&offer.macaroon))))
}
