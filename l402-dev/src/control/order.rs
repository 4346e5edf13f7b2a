//! What is asked of a node as JSON: the same types on both sides.

use serde::{Deserialize, Serialize};

/// Which invoice a node should create.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::exhaustive_structs, reason = "made by callers, field by field")]
pub struct InvoiceOrder {
    /// What it costs, in millisatoshi.
    pub amount_msat: u64,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// How long it can be paid, in seconds. Default: 3600.
    #[serde(default = "one_hour")]
    pub expires_in: u64,
    /// The account that is paid. Default: `payee`.
    #[serde(default)]
    pub account: Option<String>,
}

const fn one_hour() -> u64 {
    3600
}

#[derive(Serialize, Deserialize)]
pub(super) struct InvoiceCreated {
    pub(super) bolt11: String,
    pub(super) payment_hash: String,
}

/// Which [fault](crate::fault) a node should have, and when: at the next `times` calls, at every call about
/// `payment_hash`, or, with neither, at every call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::exhaustive_structs, reason = "made by callers, field by field")]
pub struct FaultOrder {
    /// `invoice`, `payment` or `lookup`.
    pub operation: String,
    /// The fault as text, such as `stuck`.
    pub fault: String,
    /// At this many calls.
    #[serde(default)]
    pub times: Option<u32>,
    /// 64 hex digits.
    #[serde(default)]
    pub payment_hash: Option<String>,
}
