//! What the client tells its operator: events and metrics. No secret goes through here, and of payment hashes only
//! the beginning: enough to find a payment in a log, not enough to look it up.

use l402_core::{Msat, PaymentHash};

use crate::error::{ClientError, Spent};
use crate::receipt::Receipt;

pub(crate) fn paying(payment_hash: &PaymentHash, amount: Msat, max_fee: Msat) {
    tracing::debug!(
        payment_hash = prefix(payment_hash),
        amount_msat = amount.as_msat(),
        max_fee_msat = max_fee.as_msat(),
        "l402: paying"
    );
}

pub(crate) fn paid(payment_hash: &PaymentHash, amount: Msat, fee: Option<Msat>) {
    tracing::info!(
        payment_hash = prefix(payment_hash),
        amount_msat = amount.as_msat(),
        fee_msat = fee.map(Msat::as_msat),
        "l402: paid"
    );
    count_by("l402_client_payments_total", "outcome", "paid");
    count_spent(amount, fee);
}

pub(crate) fn not_paid(payment_hash: &PaymentHash, error: &ClientError) {
    tracing::info!(payment_hash = prefix(payment_hash), %error, "l402: not paid, or not provably");
    let outcome = if matches!(error, ClientError::PaymentFailed { .. }) { "failed" } else { "unknown" };
    count_by("l402_client_payments_total", "outcome", outcome);
}

/// A bill or an invoice was not paid, and the wallet was not asked to. What it was asked for is counted as a payment.
pub(crate) fn not_bought(error: &ClientError) {
    if error.spent() != Spent::Nothing || matches!(error, ClientError::PaymentFailed { .. }) {
        return;
    }
    tracing::debug!(%error, "l402: a challenge was refused");
    count_by("l402_client_refused_total", "code", error.code());
}

pub(crate) fn answered_after_payment(payment_hash: &PaymentHash, status: u16) {
    tracing::debug!(payment_hash = prefix(payment_hash), status, "l402: answered after payment");
}

pub(crate) fn token_hit() {
    count("l402_client_token_hits_total", 1);
}

pub(crate) fn token_dropped(payment_hash: &PaymentHash, status: u16) {
    tracing::debug!(
        payment_hash = prefix(payment_hash),
        status,
        "l402: the server does not accept a token any more"
    );
    count("l402_client_tokens_dropped_total", 1);
}

/// What became of a payment that was open: the receipt, if it was made.
pub(crate) fn resolved(payment_hash: &PaymentHash, receipt: Option<&Receipt>) {
    let outcome = if receipt.is_some() { "paid" } else { "failed" };
    tracing::info!(
        payment_hash = prefix(payment_hash),
        outcome,
        "l402: a payment of unknown outcome was looked up"
    );
    count_by("l402_client_resolved_total", "outcome", outcome);
    if let Some(receipt) = receipt {
        count_spent(receipt.amount, receipt.fee);
    }
}

/// The journal is behind what happened; what it stands for is found out again by [`crate::L402Client::resume`].
pub(crate) fn journal_failed(payment_hash: &PaymentHash, error: &l402_core::ports::StoreError) {
    tracing::error!(payment_hash = prefix(payment_hash), %error, "l402: the journal cannot be written");
}

fn count_spent(amount: Msat, fee: Option<Msat>) {
    let spent = amount.checked_add(fee.unwrap_or(Msat::ZERO)).unwrap_or(amount);
    count("l402_client_spent_msat_total", spent.as_msat());
}

fn prefix(payment_hash: &PaymentHash) -> String {
    payment_hash.to_string().chars().take(8).collect()
}

#[cfg(feature = "metrics")]
fn count(name: &'static str, by: u64) {
    metrics::counter!(name).increment(by);
}

#[cfg(feature = "metrics")]
fn count_by(name: &'static str, label: &'static str, value: &'static str) {
    metrics::counter!(name, label => value).increment(1);
}

#[cfg(not(feature = "metrics"))]
const fn count(_: &'static str, _: u64) {}

#[cfg(not(feature = "metrics"))]
const fn count_by(_: &'static str, _: &'static str, _: &'static str) {}
