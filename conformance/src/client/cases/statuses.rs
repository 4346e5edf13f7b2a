//! Only a 402 asks for money.

use super::PAYS;
use crate::case::{Case, Source, Suite};
use crate::check::Check;
use crate::client::context::Context;
use crate::client::shop::{Form, Script};
use crate::outcome::CaseResult;

const fn only_402(id: &'static str, title: &'static str) -> Case {
    let requirement = "402 says that payment is required; a challenge with another status is not to be paid.";
    Suite::Client.must(id, title, requirement, Source::protocol("§4.1")).after(PAYS)
}

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: only_402("client/status-200", "a challenge with a 200 is not paid"),
        run: |cx| Box::pin(not_paid(cx, 200)),
    },
    Check {
        case: only_402("client/status-401", "a challenge with a 401 is not paid"),
        run: |cx| Box::pin(not_paid(cx, 401)),
    },
    Check {
        case: only_402("client/status-403", "a challenge with a 403 is not paid"),
        run: |cx| Box::pin(not_paid(cx, 403)),
    },
    Check {
        case: only_402("client/status-500", "a challenge with a 500 is not paid"),
        run: |cx| Box::pin(not_paid(cx, 500)),
    },
];

async fn not_paid(cx: &Context, status: u16) -> CaseResult {
    let stage = cx.stage().await?;
    let script = Script::honest().unpaid(move |_, offer| Form::Plain.answer(status, offer));
    let shop = stage.sell(script).await?;
    stage.run(&shop.url("/report")).await?;
    stage.ordered_nothing(&format!("the status is {status}"))
}
