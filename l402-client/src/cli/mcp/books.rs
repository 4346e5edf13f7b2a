//! The tools `balance`, `history` and `budget`: what there is, what was paid, and what may be.

use l402_client::store::Record;
use l402_client::{Period, Usage};
use l402_core::Msat;
use rmcp::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

use super::Desk;
use super::outcome::{Outcome, Refusal};
use crate::cli::budget::{period, scope};

/// More would fill the model's memory with the past.
const LONGEST_HISTORY: usize = 100;

/// Nothing to give.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoInput {}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Balance {
    /// What the wallet holds, in millisatoshi. The budget may allow less.
    balance_msat: u64,
}

pub(super) async fn balance(desk: &Desk, NoInput {}: NoInput) -> Outcome<Balance> {
    match desk.client.wallet().balance().await {
        Ok(balance) => Outcome::free(Balance { balance_msat: balance.as_msat() }),
        Err(error) => {
            let reason = format!("the wallet does not tell its balance: {}", error.kind());
            Refusal::new("no_balance", reason, "go on without: `budget` says what may be spent").into()
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryInput {
    /// How many payments, the newest first: 20 unless said otherwise, and at most 100.
    count: Option<usize>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct History {
    /// The newest first.
    payments: Vec<Paid>,
}

/// A payment, without its secrets.
#[derive(Debug, Serialize, JsonSchema)]
struct Paid {
    payment_hash: String,
    /// `intent` (reserved), `paying` (the money may be spent), `paid`, `delivered`, or `failed` (nothing was spent).
    state: &'static str,
    /// The price, in millisatoshi.
    amount_msat: u64,
    /// The routing fee, in millisatoshi, where it is known.
    fee_msat: Option<u64>,
    /// What counts against the budget, in millisatoshi.
    cost_msat: u64,
    method: String,
    /// Scheme, host and port.
    origin: String,
    path: String,
    /// When it began, in seconds since 1970.
    begun_at: u64,
    /// How often the server delivered for it.
    uses: u32,
}

pub(super) async fn history(desk: &Desk, input: HistoryInput) -> Outcome<History> {
    let count = input.count.unwrap_or(20).min(LONGEST_HISTORY);
    match desk.client.history(count).await {
        Ok(records) => Outcome::free(History { payments: records.iter().map(Paid::from).collect() }),
        Err(error) => error.into(),
    }
}

impl From<&Record> for Paid {
    fn from(record: &Record) -> Self {
        let (intent, purpose) = (&record.intent, &record.intent.purpose);
        Self {
            payment_hash: intent.payment_hash.to_string(),
            state: record.state.name(),
            amount_msat: intent.amount.as_msat(),
            fee_msat: record.fee.map(Msat::as_msat),
            cost_msat: record.cost().as_msat(),
            method: purpose.method.clone(),
            origin: purpose.origin.clone(),
            path: purpose.path.clone(),
            begun_at: intent.begun_at.as_secs(),
            uses: record.used,
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BudgetInput {
    /// With the caps on each host, as they are for this one, such as `api.example.com`.
    host: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Budget {
    /// All of them hold at once. Fees count.
    caps: Vec<Cap>,
    /// The only hosts that may be asked and paid; null when any may be.
    allowed_hosts: Option<Vec<String>>,
    /// What may cost more is asked of the user, in millisatoshi; null when nothing is.
    ask_above_msat: Option<u64>,
}

/// One limit, in millisatoshi.
#[derive(Debug, Serialize, JsonSchema)]
struct Cap {
    /// `request` (one call), `hour`, `day` or `total`.
    period: &'static str,
    /// `all`, `each host`, or the name of a host.
    scope: String,
    limit_msat: u64,
    /// Spent or reserved; null for a cap on single calls.
    used_msat: Option<u64>,
    left_msat: u64,
}

pub(super) async fn budget(desk: &Desk, input: BudgetInput) -> Outcome<Budget> {
    let usage = match &input.host {
        Some(host) => desk.client.usage_for(&host.to_ascii_lowercase()).await,
        None => desk.client.usage().await,
    };
    let usage = match usage {
        Ok(usage) => usage,
        Err(error) => return error.into(),
    };
    let budget = desk.settings.budget();
    let single = budget.caps().filter(|cap| cap.period == Period::Request).map(|cap| Cap {
        period: period(cap.period),
        scope: scope(&cap.scope),
        limit_msat: cap.limit.as_msat(),
        used_msat: None,
        left_msat: cap.limit.as_msat(),
    });
    let caps = single.chain(usage.iter().map(Cap::from)).collect();
    Outcome::free(Budget {
        caps,
        allowed_hosts: desk.settings.allowed_hosts().map(<[String]>::to_vec),
        ask_above_msat: desk.settings.ask_above().map(Msat::as_msat),
    })
}

impl From<&Usage> for Cap {
    fn from(usage: &Usage) -> Self {
        Self {
            period: period(usage.cap.period),
            scope: scope(&usage.cap.scope),
            limit_msat: usage.cap.limit.as_msat(),
            used_msat: Some(usage.used.as_msat()),
            left_msat: usage.left().as_msat(),
        }
    }
}
