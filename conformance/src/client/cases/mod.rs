//! Every case for clients.

mod bills;
mod cache;
mod challenges;
mod endings;
mod generated;
mod https;
mod limits;
mod paying;
mod redirects;
mod scenes;
mod statuses;
mod strain;
mod wallets;

pub(super) use scenes::{SCENES, Scene};

use super::context::Context;
use crate::case::{Case, Source, Suite};
use crate::check::Check;

/// Rules that no specification states and without which a client loses its owner's money or tokens.
const SAFETY: Source = Source::new("l402-conformance", "client safety");

/// Every case, in the order they run.
pub(super) fn checks() -> Vec<Check<Context>> {
    [
        paying::CHECKS,
        challenges::CHECKS,
        limits::CHECKS,
        bills::CHECKS,
        statuses::CHECKS,
        cache::CHECKS,
        endings::CHECKS,
        redirects::CHECKS,
        https::CHECKS,
        wallets::CHECKS,
        strain::CHECKS,
        generated::CHECKS,
    ]
    .concat()
}

/// What every other case depends on.
const PAYS: &[&str] = &["client/pays"];

const fn must(id: &'static str, title: &'static str, requirement: &'static str, source: Source) -> Case {
    Suite::Client.must(id, title, requirement, source).after(PAYS)
}

const fn should(id: &'static str, title: &'static str, requirement: &'static str, source: Source) -> Case {
    Suite::Client.should(id, title, requirement, source).after(PAYS)
}
