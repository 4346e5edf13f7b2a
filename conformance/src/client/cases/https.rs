//! Servers that are not who they say they are.

use super::PAYS;
use crate::case::{Case, Source, Suite};
use crate::check::Check;
use crate::client::context::Context;
use crate::client::options::HTTPS;
use crate::client::shop::Script;
use crate::client::tls::Certificate;
use crate::outcome::{CaseResult, Outcome};

const fn must(id: &'static str, title: &'static str) -> Case {
    let requirement = "If the certificate is not valid for the target URI's origin, a user agent MUST either obtain confirmation \
                       from the user before proceeding or terminate the connection with a bad certificate error.";
    Suite::Client
        .must(id, title, requirement, Source::new("RFC 9110", "§4.3.4"))
        .needing(&[HTTPS])
        .after(PAYS)
}

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: must(
            "client/https/unknown-authority",
            "nothing is asked of a server that nobody trusted vouches for",
        ),
        run: |cx| {
            Box::pin(hangs_up(
                cx,
                Certificate::OfNobody,
                "nobody that the client trusts signed its certificate",
            ))
        },
    },
    Check {
        case: must("client/https/other-name", "nothing is asked of a server with the certificate of another"),
        run: |cx| Box::pin(hangs_up(cx, Certificate::OtherName, "its certificate is for shop.example")),
    },
    Check {
        case: must("client/https/expired", "nothing is asked of a server whose certificate has expired"),
        run: |cx| Box::pin(hangs_up(cx, Certificate::Expired, "its certificate expired yesterday")),
    },
];

async fn hangs_up(cx: &Context, certificate: Certificate, why: &str) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell_certified(certificate, Script::honest()).await?;
    stage.run(&shop.url("/report")).await?;
    if let Some(request) = shop.requests().first() {
        let actual = format!("{} {}", request.method, request.target);
        return Err(Outcome::fail(format!("no request to the shop, because {why}"), actual));
    }
    stage.ordered_nothing(why)
}
