//! [`SCENES`]: shops by name, to try a client by hand.

use std::time::Duration;

use lightning_invoice::{Currency, SiPrefix};

use super::{bills, endings, limits, strain};
use crate::client::origin::Answer;
use crate::client::shop::{Draft, Form, Script, content};

/// A shop that can be served for itself.
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) script: fn() -> Script,
}

macro_rules! scenes {
    ($($name:literal: $summary:literal => $script:expr,)*) => {
        /// The first is the honest one.
        pub(crate) const SCENES: &[Scene] = &[$(Scene { name: $name, summary: $summary, script: || $script },)*];
    };
}

scenes! {
    "honest": "sells tokens that can be used again and again" => Script::honest(),
    "single-use": "sells tokens that are good for one request" => Script::honest().uses(1),
    "twins": "writes an LSAT challenge before the L402 one" => Script::honest().written(Form::Twins),
    "lsat-only": "writes an LSAT challenge alone" => Script::honest().written(Form::LsatOnly),
    "lower-case": "writes `l402`" => Script::honest().written(Form::LowerCase),
    "more-after": "adds `version` and `token`" => Script::honest().written(Form::MoreAfter),
    "token-only": "writes `token` for `macaroon`" => Script::honest().written(Form::TokenOnly),
    "swapped": "writes the invoice first" => Script::honest().written(Form::Swapped),
    "unquoted": "writes no quotes" => Script::honest().written(Form::Unquoted),
    "others-before": "writes challenges of other schemes first" => Script::honest().written(Form::OthersBefore),
    "joined": "writes all challenges in one line" => Script::honest().written(Form::Joined),
    "json-only": "writes the challenge into the body alone" => Script::honest().written(Form::JsonOnly),
    "overcharge": "asks for 5000 satoshi" => Script::priced(limits::DEAR_MSAT),
    "overcharge-in-capitals": "asks for 5000 satoshi, in capitals" => limits::dear_in_capitals(),
    "cheap-body": "asks for 5000 satoshi, and says 1 in the body" => limits::cheap_in_body(),
    "amountless": "asks for any amount" => foreign(Draft { amount: None, ..Draft::GOOD }),
    "zero": "asks for nothing" => foreign(Draft::of(0, Some(SiPrefix::Milli))),
    "whole-bitcoin": "asks for a bitcoin" => foreign(Draft::of(1, None)),
    "overflow": "asks for more than there is" => foreign(Draft::of(u64::MAX, None)),
    "pico": "asks for 5000 satoshi in pico-bitcoin" => foreign(Draft::of(50_000_000, Some(SiPrefix::Pico))),
    "mainnet": "asks for bitcoin of the main network" => foreign(Draft { currency: Currency::Bitcoin, ..Draft::GOOD }),
    "forged": "has an invoice that somebody else signed" => foreign(Draft { forged: true, ..Draft::GOOD }),
    "expired": "has an invoice that expired a minute ago" => {
        foreign(Draft { expired_for: Some(Duration::from_secs(60)), ..Draft::GOOD })
    },
    "no-invoice": "has a text that is no invoice" => bills::rewritten(|_| "DEV:61e6a404b2f1619e".to_owned()),
    "hash-mismatch": "has a macaroon for another payment" => bills::mismatched(),
    "broken-macaroon": "has half a macaroon" => bills::broken_macaroon(),
    "two-offers": "makes two offers at once" => bills::offering_twice(),
    "two-invoices": "has two invoices in one challenge" => bills::two_invoices(),
    "status-200": "sends a challenge with a 200" => with_status(200),
    "status-401": "sends a challenge with a 401" => with_status(401),
    "paid-then-402": "asks again and again" => Script::honest().uses(0),
    "paid-then-same-macaroon": "asks again with the same macaroon" => endings::same_macaroon(),
    "paid-then-401": "answers 401 when it is paid" => endings::then_challenge(401),
    "paid-then-500": "breaks when it is paid" => Script::honest().paid(|_, _| endings::broken()),
    "paid-then-nothing": "hangs up when it is paid" => Script::honest().paid(|_, _| Answer::hang_up()),
    "slow-content": "takes a second to deliver" => Script::honest().paid(|_, _| content().slowly()),
    "cut-content": "cuts its content off" => Script::honest().paid(|_, _| content().cut_off()),
    "cut-challenge": "cuts its challenge off" => strain::cutting_challenge(),
    "long-field": "sends a field of 16 megabytes" => strain::with_field("X-Long", 1, 16 * 1024 * 1024),
    "endless-402": "sends a 402 without end" => Script::honest().unpaid(|_, offer| strain::plain(offer).flood()),
    "dripping-402": "sends a 402 byte by byte" => Script::honest().unpaid(|_, offer| strain::plain(offer).drip()),
    "silent-402": "promises a body that never comes" => {
        Script::honest().unpaid(|_, offer| strain::plain(offer).silence())
    },
    "injection": "has line breaks in its token" => strain::injecting(),
    "cookies": "sets cookies for others" => strain::setting_cookies(),
}

fn foreign(draft: Draft) -> Script {
    Script::honest().offering(move |till| till.offer_foreign(&draft))
}

fn with_status(status: u16) -> Script {
    Script::honest().unpaid(move |_, offer| Form::Plain.answer(status, offer))
}
