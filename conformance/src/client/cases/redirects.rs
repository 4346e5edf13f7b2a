//! Servers that send the client elsewhere.

use super::{SAFETY, must, should};
use crate::case::Source;
use crate::check::Check;
use crate::client::context::{Context, Stage};
use crate::client::options::{HTTPS, NETWORK, REDIRECTS};
use crate::client::origin::{Answer, Request};
use crate::client::shop::{CONTENT, Script, Shop, content};
use crate::outcome::{CaseResult, Outcome};

const OTHERS: &str =
    "A client that follows a redirect removes the credential unless the origin stays the same.";
const HTTP: Source = Source::new("RFC 9110", "§15.4");
const PLAIN: &str = "Credentials must not be sent over unencrypted HTTP; loopback is no network.";
const TLS: Source = Source::protocol("§9.1");

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: must(
            "client/redirect/credential-to-port",
            "the credential does not follow a redirect to another port",
            OTHERS,
            HTTP,
        ),
        run: |cx| Box::pin(credential_to_port(cx)),
    },
    Check {
        case: must(
            "client/redirect/credential-to-host",
            "the credential does not follow a redirect to another host name",
            OTHERS,
            HTTP,
        ),
        run: |cx| Box::pin(credential_to_host(cx)),
    },
    Check {
        case: must(
            "client/redirect/credential-to-http",
            "the credential does not follow a redirect from https to plain http",
            OTHERS,
            HTTP,
        )
        .needing(&[HTTPS]),
        run: |cx| Box::pin(credential_to_http(cx)),
    },
    Check {
        case: must(
            "client/redirect/credential-back",
            "what the target of a redirect sold is not shown to where it came from",
            "A credential is sent to the origin that sold it, and to no other.",
            SAFETY,
        ),
        run: |cx| Box::pin(credential_back(cx)),
    },
    Check {
        case: should(
            "client/redirect/stranger",
            "the target of a redirect to another origin is not paid",
            "Who the money goes to is the caller's to say; a redirect does not choose another payee.",
            SAFETY,
        ),
        run: |cx| Box::pin(stranger(cx)),
    },
    Check {
        case: should(
            "client/redirect/downgrade",
            "nothing is paid where a redirect leads from https to plain http",
            "Who redirects from https to plain http may be anybody on the way: the same host and port are another origin.",
            SAFETY,
        )
        .needing(&[HTTPS]),
        run: |cx| Box::pin(downgrade(cx)),
    },
    Check {
        case: should(
            "client/redirect/same-origin",
            "a redirect within the origin is followed, and paid for",
            "A redirect within an origin changes nothing about who is paid.",
            SAFETY,
        )
        .needing(&[REDIRECTS]),
        run: |cx| Box::pin(same_origin(cx)),
    },
    Check {
        case: should(
            "client/redirect/circle",
            "a circle of redirects ends",
            "A client detects redirects that never end.",
            HTTP,
        ),
        run: |cx| Box::pin(circle(cx)),
    },
    Check {
        case: must("client/plain-http", "nothing is bought over plain http from another machine", PLAIN, TLS)
            .needing(&[NETWORK]),
        run: |cx| Box::pin(plain_http(cx)),
    },
    Check {
        case: must(
            "client/redirect/plain-http",
            "nothing is bought over plain http where a redirect leads to",
            PLAIN,
            TLS,
        )
        .needing(&[NETWORK]),
        run: |cx| Box::pin(redirect_to_plain_http(cx)),
    },
];

fn redirect(status: u16, to: &str) -> Answer {
    Answer::new(status).header("Location", to).body("text/plain", "elsewhere\n")
}

async fn credential_to_port(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let other = stage.origin("another port", Box::new(|_| content())).await?;
    for (name, status) in [("a shop that answers 302", 302), ("a shop that answers 307", 307)] {
        let to = other.url("/elsewhere");
        let shop = stage.sell_as(name, Script::honest().paid(move |_, _| redirect(status, &to))).await?;
        stage.run(&shop.url("/report")).await?;
        stage.nothing_of(&shop, &other).await?;
    }
    Ok(())
}

/// The same port, so that only the name is another.
async fn credential_to_host(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let script = Script::honest().first(|request, _| (request.path() == "/elsewhere").then(content)).paid(
        |request, _| {
            let host = request.value("host").unwrap_or_default().replace("127.0.0.1", "localhost");
            redirect(307, &format!("{}://{host}/elsewhere", request.scheme()))
        },
    );
    let shop = stage.sell(script).await?;
    stage.run(&shop.url("/report")).await?;
    nothing_elsewhere(&stage, &shop).await
}

/// The same host and port, so that only the scheme is another.
async fn credential_to_http(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let script = Script::honest()
        .first(|request, _| (request.path() == "/elsewhere").then(content))
        .paid(|request, _| redirect(307, &unencrypted(request, "/elsewhere")));
    let shop = stage.sell_over_both(script).await?;
    stage.run(&shop.url("/report")).await?;
    nothing_elsewhere(&stage, &shop).await
}

/// The URL of `path` over plain http, at the host that was asked.
fn unencrypted(request: &Request, path: &str) -> String {
    format!("http://{}{path}", request.value("host").unwrap_or_default())
}

async fn nothing_elsewhere(stage: &Stage<'_>, shop: &Shop) -> CaseResult {
    let elsewhere: Vec<_> =
        shop.requests().into_iter().filter(|request| request.path() == "/elsewhere").collect();
    stage.no_secret_in(shop, &elsewhere).await
}

async fn credential_back(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell_as("the target", Script::honest()).await?;
    let to = shop.url("/report");
    let first = stage.origin("the origin that redirects", Box::new(move |_| redirect(307, &to))).await?;
    stage.run(&first.url("/report")).await?;
    stage.paid_at_most(1)?;
    stage.nothing_of(&shop, &first).await
}

async fn stranger(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell_as("a stranger", Script::honest()).await?;
    let to = shop.url("/report");
    let first = stage.origin("the origin that redirects", Box::new(move |_| redirect(302, &to))).await?;
    stage.run(&first.url("/report")).await?;
    stage.ordered_nothing("nobody asked for anything of this origin")
}

async fn downgrade(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let script = Script::honest()
        .first(|request, _| request.is_encrypted.then(|| redirect(307, &unencrypted(request, "/report"))));
    let shop = stage.sell_over_both(script).await?;
    stage.run(&shop.url("/report")).await?;
    stage.ordered_nothing("the challenge came over plain http, which nobody asked for")
}

async fn same_origin(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let script = Script::honest()
        .first(|request, _| (request.path() == "/old").then(|| redirect(307, "/report?from=old")));
    let shop = stage.sell(script).await?;
    let run = stage.run(&shop.url("/old")).await?;
    stage.bought(&shop)?;
    stage.delivered_text(&run, CONTENT)
}

async fn circle(cx: &Context) -> CaseResult {
    const MANY: usize = 100;
    let stage = cx.stage().await?;
    let origin = stage.origin("a circle", Box::new(|_| redirect(302, "/again"))).await?;
    let run = stage.run(&origin.url("/again")).await?;
    let asked = origin.requests().len();
    if asked > MANY {
        return Err(Outcome::fail(format!("at most {MANY} requests"), format!("{asked}")));
    }
    stage.ended(&run)
}

async fn plain_http(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell_in_network(Script::honest()).await?;
    stage.run(&shop.url("/report")).await?;
    stage.nothing_of(&shop, &shop).await?;
    stage.ordered_nothing("the credential could not be shown over plain http")
}

async fn redirect_to_plain_http(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell_in_network(Script::honest()).await?;
    let to = shop.url("/report");
    let first = stage.origin("the origin that redirects", Box::new(move |_| redirect(307, &to))).await?;
    stage.run(&first.url("/report")).await?;
    stage.nothing_of(&shop, &shop).await?;
    stage.ordered_nothing("the credential could not be shown over plain http")
}
