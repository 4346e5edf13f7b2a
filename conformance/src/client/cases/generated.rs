//! Challenges and bills that nobody has thought of.

use lightning_invoice::SiPrefix;
use proptest::strategy::{BoxedStrategy, Strategy};
use serde::{Deserialize, Serialize};

use super::bills::{AMOUNT, REASONABLE, foreign};
use super::challenges::buys;
use super::must;
use crate::case::Source;
use crate::check::{CaseFuture, Check};
use crate::client::context::Context;
use crate::client::options::LIMIT;
use crate::client::origin::Answer;
use crate::client::shop::{Draft, Script};
use crate::generate::amount::{Amount, dear};
use crate::generate::challenge::{Challenge, challenge};
use crate::generate::{Trial, try_all};

/// What fails by itself is not reported once more.
pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: must(
            "client/generated/challenges",
            "a challenge is understood however it is written",
            "The scheme name is case-insensitive; clients MUST ignore unknown key=value parameters in the challenge header, to \
             allow future extensions to the protocol.",
            Source::protocol_with_version("Server Flow"),
        )
        .after(&[
            "client/challenge/twins",
            "client/challenge/lower-case",
            "client/challenge/two-spaces",
            "client/challenge/more-after",
            "client/challenge/field-name",
        ]),
        run: |cx| Box::pin(try_all::<Written, _>(cx)),
    },
    Check {
        case: must("client/generated/amounts", "no invoice above the limit is paid", REASONABLE, AMOUNT)
            .needing(&[LIMIT])
            .after(&["client/limit/pico", "client/limit/milli", "client/whole-bitcoin"]),
        run: |cx| Box::pin(try_all::<Dear, _>(cx)),
    },
];

/// A challenge of an honest shop.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Written {
    challenge: Challenge,
}

impl Trial<Context> for Written {
    fn strategy() -> BoxedStrategy<Self> {
        challenge().prop_map(|challenge| Self { challenge }).boxed()
    }

    fn run<'a>(&'a self, cx: &'a Context) -> CaseFuture<'a> {
        let challenge = self.challenge.clone();
        let script = Script::honest().unpaid(move |_, offer| {
            let fields = challenge.fields(&offer.macaroon, &offer.invoice);
            fields.into_iter().fold(Answer::new(402), |answer, (name, value)| answer.header(name, value))
        });
        Box::pin(buys(cx, script))
    }
}

/// An invoice that costs more than the client may spend.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Dear {
    amount: Amount,
}

impl Trial<Context> for Dear {
    fn strategy() -> BoxedStrategy<Self> {
        dear().prop_map(|amount| Self { amount }).boxed()
    }

    fn run<'a>(&'a self, cx: &'a Context) -> CaseFuture<'a> {
        let Amount { number, multiplier } = self.amount;
        let prefix = match multiplier {
            Some('m') => Some(SiPrefix::Milli),
            Some('u') => Some(SiPrefix::Micro),
            Some('n') => Some(SiPrefix::Nano),
            Some(_) => Some(SiPrefix::Pico),
            None => None,
        };
        Box::pin(foreign(cx, Draft::of(number, prefix), "it costs more than the limit of 100 satoshi"))
    }
}
