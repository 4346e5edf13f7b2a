//! The commands.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{BackendErrorKind, NewInvoice, PayOutcome};
use l402_core::{Msat, PaymentHash};
use serde_json::{Value, json};

use super::error::{RpcError, broken, pay_error};
use super::labels::Labels;
use super::params::Params;
use crate::account::DevAccount;
use crate::facade::desk::{Sent, Watch};
use crate::ledger::InvoiceStatus;

const DEFAULT_EXPIRY: u64 = 604_800;
const DEFAULT_RETRY_FOR: u64 = 60;

pub(super) struct Desk {
    account: DevAccount,
    labels: Mutex<Labels>,
}

impl Desk {
    pub(super) fn new(account: DevAccount) -> Self {
        Self { account, labels: Mutex::default() }
    }

    pub(super) async fn run(&self, method: &str, given: &Value) -> Result<Value, RpcError> {
        let params = |names| Params { given, names };
        match method {
            "invoice" => self.invoice(params(&["amount_msat", "label", "description", "expiry"])).await,
            "listinvoices" => self.list_invoices(params(&["label", "invstring", "payment_hash"])).await,
            "waitinvoice" => self.wait_invoice(params(&["label"])).await,
            "xpay" => self.xpay(params(&["invstring", "amount_msat", "maxfee", "layers", "retry_for"])).await,
            "pay" => self.pay(params(&["bolt11", "amount_msat", "label", "riskfactor"])).await,
            "listpays" => self.list_pays(params(&["bolt11", "payment_hash", "status"])).await,
            "decode" => decode(params(&["string"])),
            "getinfo" => Ok(self.info()),
            "listpeerchannels" => {
                let msat = self.account.balance().as_msat();
                Ok(json!({"channels": [{"state": "CHANNELD_NORMAL", "spendable_msat": msat}]}))
            }
            "listfunds" => {
                let msat = self.account.balance().as_msat();
                let channel = json!({"state": "CHANNELD_NORMAL", "our_amount_msat": msat});
                Ok(json!({"outputs": [], "channels": [channel]}))
            }
            _ => Err(RpcError::unknown_command(method)),
        }
    }

    async fn invoice(&self, params: Params<'_>) -> Result<Value, RpcError> {
        let amount = params.msat("amount_msat")?.ok_or_else(|| RpcError::missing("amount_msat"))?;
        let label = params.text("label")?;
        let description = params.text("description")?;
        let expiry = Duration::from_secs(params.integer("expiry")?.unwrap_or(DEFAULT_EXPIRY));
        let taken = || RpcError::new(900, format!("Duplicate label '{label}'"));
        if self.labels().hash(&label).is_some() {
            return Err(taken());
        }
        let order = NewInvoice::new(amount, description, expiry);
        let invoice = self.account.sell(order).await.map_err(|kind| broken(-1, kind))?;
        if !self.labels().put(&label, invoice.payment_hash) {
            return Err(taken()); // by another order, meanwhile
        }
        let expires_at = invoice.bolt11.parse::<InvoiceFacts>().map(|facts| facts.expires_at.as_secs());
        Ok(json!({
            "payment_hash": invoice.payment_hash.to_string(), "bolt11": invoice.bolt11,
            "expires_at": expires_at.unwrap_or_default(),
            "created_index": self.account.ledger().invoice_count(),
        }))
    }

    async fn list_invoices(&self, params: Params<'_>) -> Result<Value, RpcError> {
        let hashes = if params.get("payment_hash").is_some() {
            vec![hash(&params.text("payment_hash")?)?]
        } else if params.get("invstring").is_some() {
            vec![facts(&params.text("invstring")?)?.payment_hash]
        } else if params.get("label").is_some() {
            self.labels().hash(&params.text("label")?).into_iter().collect()
        } else {
            self.account.ledger().invoices_since(0)
        };
        let mut invoices = Vec::new();
        for hash in hashes {
            invoices.extend(self.invoice_json(hash).await?);
        }
        Ok(json!({"invoices": invoices}))
    }

    async fn invoice_json(&self, hash: PaymentHash) -> Result<Option<Value>, RpcError> {
        let found = self.account.received(hash).await.map_err(|kind| broken(-1, kind))?;
        let Some((record, preimage)) = found else { return Ok(None) };
        let label = self.labels().label(hash).map(str::to_owned);
        let mut invoice = json!({
            "label": label.unwrap_or_else(|| hash.to_string()), "bolt11": record.bolt11,
            "payment_hash": hash.to_string(), "amount_msat": record.amount.as_msat(),
            "description": record.description, "expires_at": record.expires_at.as_secs(),
            "status": match record.status {
                InvoiceStatus::Paid => "paid",
                InvoiceStatus::Expired => "expired",
                InvoiceStatus::Open | InvoiceStatus::InFlight => "unpaid",
            },
        });
        if let Some(at) = record.settled_at {
            invoice["paid_at"] = at.as_secs().into();
            invoice["amount_received_msat"] = record.amount.as_msat().into();
            invoice["payment_preimage"] = preimage.expose_hex().into();
        }
        Ok(Some(invoice))
    }

    async fn wait_invoice(&self, params: Params<'_>) -> Result<Value, RpcError> {
        let label = params.text("label")?;
        let hash = self.labels().hash(&label).ok_or_else(|| RpcError::new(-1, "Label not found"))?;
        let mut watch = Watch::new(self.account.ledger());
        loop {
            let invoice = self.invoice_json(hash).await?.unwrap_or_default();
            match invoice["status"].as_str() {
                Some("paid") => return Ok(invoice),
                Some("expired") => return Err(RpcError::new(903, "Invoice expired during wait")),
                _ => watch.changed().await,
            }
        }
    }

    async fn xpay(&self, params: Params<'_>) -> Result<Value, RpcError> {
        let sent = self.send("xpay", &params.text("invstring")?, &params).await?;
        match &sent.outcome {
            PayOutcome::Paid(payment) => {
                let amount = sent.invoice.amount.as_msat();
                let fee = payment.fee.unwrap_or(Msat::ZERO).as_msat();
                Ok(json!({
                    "payment_preimage": payment.preimage.expose_hex(), "amount_msat": amount,
                    "amount_sent_msat": amount.saturating_add(fee), "failed_parts": 0, "successful_parts": 1,
                }))
            }
            PayOutcome::Failed(kind) => Err(pay_error(*kind)),
            _ => Err(RpcError::new(209, "Timed out after parts in flight; see listpays")),
        }
    }

    async fn pay(&self, params: Params<'_>) -> Result<Value, RpcError> {
        let sent = self.send("pay", &params.text("bolt11")?, &params).await?;
        match &sent.outcome {
            PayOutcome::Paid(payment) => {
                let amount = sent.invoice.amount.as_msat();
                let fee = payment.fee.unwrap_or(Msat::ZERO).as_msat();
                Ok(json!({
                    "payment_preimage": payment.preimage.expose_hex(),
                    "payment_hash": sent.invoice.payment_hash.to_string(),
                    "created_at": sent.invoice.created_at.as_secs(), "parts": 1, "amount_msat": amount,
                    "amount_sent_msat": amount.saturating_add(fee), "status": "complete",
                }))
            }
            PayOutcome::Failed(kind) => Err(pay_error(*kind)),
            _ => Err(RpcError::new(200, "Payment is still in progress")),
        }
    }

    /// Pays and waits. `pay` gives the same answer again, `xpay` an error.
    async fn send(&self, command: &str, bolt11: &str, params: &Params<'_>) -> Result<Sent, RpcError> {
        let max_fee = params.msat("maxfee")?.unwrap_or(Msat::MAX);
        let retry_for = Duration::from_secs(params.integer("retry_for")?.unwrap_or(DEFAULT_RETRY_FOR));
        let hash = facts(bolt11)?.payment_hash;
        match self.account.buy(bolt11, max_fee, retry_for).await {
            Err(BackendErrorKind::AlreadyPaid) if command == "pay" => {}
            Err(kind) => return Err(pay_error(kind)),
            Ok((_, PayOutcome::Pending)) => drop(self.account.ended(hash, retry_for).await),
            Ok((_, PayOutcome::Failed(kind))) => return Err(pay_error(kind)),
            Ok(_) => {}
        }
        let ledger = self.account.ledger();
        let outcome = ledger.outcome(self.account.id(), hash);
        let sent = ledger.invoice(hash).zip(outcome).map(|(invoice, outcome)| Sent { invoice, outcome });
        sent.ok_or_else(|| pay_error(BackendErrorKind::NoRoute))
    }

    async fn list_pays(&self, params: Params<'_>) -> Result<Value, RpcError> {
        let hash = if params.get("payment_hash").is_some() {
            hash(&params.text("payment_hash")?)?
        } else {
            facts(&params.text("bolt11")?)?.payment_hash
        };
        let sent = self.account.sent(hash).await.map_err(|kind| broken(-1, kind))?;
        let pays: Vec<Value> = sent.iter().map(pay_json).collect();
        Ok(json!({"pays": pays}))
    }

    fn info(&self) -> Value {
        let id = hex_simd::encode_to_string(self.account.ledger().node_id(), hex_simd::AsciiCase::Lower);
        json!({"id": id, "alias": "l402-dev", "network": "regtest", "version": "v25.09-l402-dev",
            "num_peers": 1, "num_active_channels": 1, "blockheight": 101})
    }

    fn labels(&self) -> MutexGuard<'_, Labels> {
        self.labels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Here the field is not called `payment_preimage`.
fn pay_json(sent: &Sent) -> Value {
    let Sent { invoice, outcome } = sent;
    let mut pay = json!({
        "bolt11": invoice.bolt11, "payment_hash": invoice.payment_hash.to_string(), "status": "pending",
        "created_at": invoice.created_at.as_secs(), "amount_msat": invoice.amount.as_msat(),
    });
    match outcome {
        PayOutcome::Paid(payment) => {
            let fee = payment.fee.unwrap_or(Msat::ZERO).as_msat();
            pay["status"] = "complete".into();
            pay["preimage"] = payment.preimage.expose_hex().into();
            pay["amount_sent_msat"] = invoice.amount.as_msat().saturating_add(fee).into();
            pay["completed_at"] = invoice.settled_at.map_or(0, |at| at.as_secs()).into();
        }
        PayOutcome::Failed(_) => pay["status"] = "failed".into(),
        _ => {}
    }
    pay
}

fn decode(params: Params<'_>) -> Result<Value, RpcError> {
    let text = params.text("string")?;
    let facts = facts(&text)?;
    Ok(json!({
        "type": "bolt11 invoice", "valid": true, "payment_hash": facts.payment_hash.to_string(),
        "amount_msat": facts.amount.map(Msat::as_msat),
    }))
}

fn facts(bolt11: &str) -> Result<InvoiceFacts, RpcError> {
    bolt11.trim().parse().map_err(|_| RpcError::bad("bolt11", "a valid BOLT11 invoice of this network"))
}

fn hash(text: &str) -> Result<PaymentHash, RpcError> {
    text.parse().map_err(|_| RpcError::bad("payment_hash", "a 32 byte hex value"))
}
