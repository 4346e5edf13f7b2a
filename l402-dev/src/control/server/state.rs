//! `GET /state`: everything at a glance.

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};

use super::invoices::InvoiceJson;
use crate::ledger::{AccountRecord, PaymentRecord};
use crate::node::DevNode;

#[derive(Deserialize)]
pub(super) struct Newest {
    #[serde(default = "hundred")]
    newest: usize,
}

const fn hundred() -> usize {
    100
}

#[derive(Serialize)]
pub(super) struct StateJson {
    node_id: String,
    network: &'static str,
    now: u64,
    accounts: Vec<AccountJson>,
    /// How many there are; the lists have the newest only, newest first.
    invoice_count: usize,
    invoices: Vec<InvoiceJson>,
    payment_count: usize,
    payments: Vec<PaymentJson>,
    faults: Vec<String>,
}

pub(super) async fn state(
    State(node): State<DevNode>,
    Query(Newest { newest }): Query<Newest>,
) -> Json<StateJson> {
    let ledger = node.ledger();
    Json(StateJson {
        node_id: hex_simd::encode_to_string(node.node_id(), hex_simd::AsciiCase::Lower),
        network: "regtest",
        now: node.now().as_secs(),
        accounts: node.accounts().into_iter().map(AccountJson::from).collect(),
        invoice_count: ledger.invoice_count(),
        invoices: ledger.newest_invoices(newest).into_iter().map(InvoiceJson::from).collect(),
        payment_count: ledger.payment_count(),
        payments: ledger.newest_payments(newest).into_iter().map(PaymentJson::from).collect(),
        faults: node.faults().list(),
    })
}

#[derive(Serialize)]
struct AccountJson {
    name: String,
    balance_msat: u64,
}

impl From<AccountRecord> for AccountJson {
    fn from(record: AccountRecord) -> Self {
        Self { name: record.name.to_string(), balance_msat: record.balance.as_msat() }
    }
}

#[derive(Serialize)]
struct PaymentJson {
    payment_hash: String,
    payer: String,
    amount_msat: u64,
    fee_msat: u64,
    paid_at: u64,
}

impl From<PaymentRecord> for PaymentJson {
    fn from(record: PaymentRecord) -> Self {
        Self {
            payment_hash: record.payment_hash.to_string(),
            payer: record.payer.to_string(),
            amount_msat: record.amount.as_msat(),
            fee_msat: record.fee.as_msat(),
            paid_at: record.paid_at.as_secs(),
        }
    }
}
