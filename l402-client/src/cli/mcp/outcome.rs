//! [`Outcome`]: what every tool returns, refusals included.

use l402_client::{ClientError, Denial, Receipt, Spent};
use l402_core::Msat;
use l402_core::ports::StoreError;
use rmcp::model::CallToolResult;
use rmcp::schemars::{self, JsonSchema};
use serde::Serialize;

use crate::cli::budget::period;
use crate::cli::failure::with_causes;

/// What a tool returns, with the same fields whether it worked or not.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Outcome<T> {
    /// What was asked for. Null when there is none; `refusal` says why.
    result: Option<T>,
    /// What this call has cost.
    cost: Cost,
    /// Why there is no result.
    refusal: Option<Refusal>,
}

impl<T> Outcome<T> {
    pub(super) const fn free(result: T) -> Self {
        Self { result: Some(result), cost: Cost::NOTHING, refusal: None }
    }

    pub(super) fn paid(result: T, receipt: Option<&Receipt>) -> Self {
        let cost = receipt.map_or(Cost::NOTHING, Cost::paid);
        Self { result: Some(result), cost, refusal: None }
    }

    /// There is something in the answer, and yet not what was asked for.
    pub(super) fn after(receipt: Option<&Receipt>, refusal: Refusal) -> Self {
        Self { result: None, cost: receipt.map_or(Cost::NOTHING, Cost::paid), refusal: Some(refusal) }
    }
}

impl<T> From<Refusal> for Outcome<T> {
    fn from(refusal: Refusal) -> Self {
        Self { result: None, cost: Cost::NOTHING, refusal: Some(refusal) }
    }
}

impl<T> From<ClientError> for Outcome<T> {
    fn from(error: ClientError) -> Self {
        Self { result: None, cost: Cost::of(&error.spent()), refusal: Some(Refusal::from(&error)) }
    }
}

impl<T> From<StoreError> for Outcome<T> {
    fn from(error: StoreError) -> Self {
        Refusal::from(error).into()
    }
}

impl<T: Serialize> From<Outcome<T>> for CallToolResult {
    fn from(outcome: Outcome<T>) -> Self {
        let is_error = outcome.refusal.is_some();
        // Nothing in it can fail to be JSON: names are text and numbers are whole.
        let json = serde_json::to_value(outcome).unwrap_or_default();
        if is_error { Self::structured_error(json) } else { Self::structured(json) }
    }
}

/// What a call has cost.
#[derive(Debug, Serialize, JsonSchema)]
struct Cost {
    /// Whether money was spent in this call: `unknown` is money that may be spent, and is reserved until that is known.
    spent: Money,
    /// The price, in millisatoshi (1000 are one sat).
    amount_msat: Option<u64>,
    /// The routing fee on top, in millisatoshi, where the wallet tells it.
    fee_msat: Option<u64>,
    /// Names the payment in the history.
    payment_hash: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Money {
    Nothing,
    Paid,
    Unknown,
}

impl Cost {
    const NOTHING: Self =
        Self { spent: Money::Nothing, amount_msat: None, fee_msat: None, payment_hash: None };

    fn paid(receipt: &Receipt) -> Self {
        Self {
            spent: Money::Paid,
            amount_msat: Some(receipt.amount.as_msat()),
            fee_msat: receipt.fee.map(Msat::as_msat),
            payment_hash: Some(receipt.payment_hash.to_string()),
        }
    }

    fn of(spent: &Spent) -> Self {
        match spent {
            Spent::Paid(receipt) => Self::paid(receipt),
            Spent::Unknown { payment_hash, amount } => Self {
                spent: Money::Unknown,
                amount_msat: Some(amount.as_msat()),
                fee_msat: None,
                payment_hash: Some(payment_hash.to_string()),
            },
            _ => Self::NOTHING,
        }
    }
}

/// Why a tool did not do what it was asked for.
///
/// # Security
/// Our own words and numbers: a server has no say in it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Refusal {
    /// A stable name, such as `over_request_cap`, `over_day_cap`, `host_not_allowed`, `not_approved`, `payment_failed`.
    code: &'static str,
    /// What it means.
    reason: String,
    /// What to do now.
    advice: String,
    /// The cap that would have been exceeded.
    cap: Option<OverCap>,
}

/// A cap of the budget, and what would have gone over it, in millisatoshi.
#[derive(Debug, Serialize, JsonSchema)]
struct OverCap {
    /// `request`, `hour`, `day` or `total`.
    period: &'static str,
    limit_msat: u64,
    /// Spent or reserved already.
    used_msat: u64,
    /// The price and the highest fee of this call.
    asked_msat: u64,
}

const ASK_THE_OWNER: &str = "do not try again; tell the user, who can change the configuration of `l402`";

impl Refusal {
    pub(super) fn new(code: &'static str, reason: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), advice: advice.into(), cap: None }
    }

    pub(super) fn wrong_arguments(reason: impl Into<String>) -> Self {
        Self::new("wrong_arguments", reason, "correct the arguments and call again")
    }

    pub(super) fn host_not_allowed(host: &str) -> Self {
        let denial = Denial::HostNotAllowed { host: host.to_owned() };
        Self::new(denial.code(), denial.to_string(), ASK_THE_OWNER)
    }

    pub(super) fn cut_off(error: &dyn std::error::Error) -> Self {
        let reason = format!("the answer was cut off: {}", with_causes(error));
        Self::new("answer_cut_off", reason, "call again: what was paid for is used first, if it still can be")
    }
}

impl From<&ClientError> for Refusal {
    fn from(error: &ClientError) -> Self {
        let advice = match error {
            ClientError::Denied(Denial::NotApproved { .. }) => {
                "do not try again unless the user wants it: the payment was not agreed to"
            }
            ClientError::Denied(_) => ASK_THE_OWNER,
            ClientError::PaymentFailed { .. } => {
                "tell the user, whose wallet did not pay; `l402 wallet doctor` examines it"
            }
            ClientError::PaymentPending { .. }
            | ClientError::PreimageMismatch { .. }
            | ClientError::EarlierPaymentOpen { .. } => {
                "money may be spent; the same call later finds out and never pays twice, and so does `l402 resume`"
            }
            ClientError::PaidRequestFailed { .. } => "call again: the same call uses what was paid for",
            ClientError::StillPaymentRequired { .. } | ClientError::Unusable { .. } => {
                "do not call again: the server took the money and did not deliver; tell the user"
            }
            ClientError::AlreadyKnown { .. }
            | ClientError::Abandoned { .. }
            | ClientError::Expired { .. } => "call again for a new invoice",
            ClientError::Http(_) => "the server cannot be reached, or not in time; try later",
            ClientError::Store(_) => {
                "tell the user: the record of payments cannot be written, so nothing is paid"
            }
            ClientError::AuthorizationInUse => "call again without the Authorization header",
            ClientError::NotConfidential { .. } => "use the https address of the server",
            _ => "do not try again: the server's bill is wrong, and nothing that it says changes that",
        };
        // Causes may quote the server; those of the network and of our own store do not.
        let reason = match error {
            ClientError::Http(_) | ClientError::Store(_) => with_causes(error),
            error => error.to_string(),
        };
        let cap = match error {
            ClientError::Denied(Denial::OverCap { cap, used, asked }) => Some(OverCap {
                period: period(cap.period),
                limit_msat: cap.limit.as_msat(),
                used_msat: used.as_msat(),
                asked_msat: asked.as_msat(),
            }),
            _ => None,
        };
        Self { code: error.code(), reason, advice: advice.to_owned(), cap }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::new("store", with_causes(&error), "tell the user: the record of payments cannot be read")
    }
}
