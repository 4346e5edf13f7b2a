//! What the tests of this crate share.
#![allow(clippy::unwrap_used, dead_code, reason = "test helpers, of which not every test crate needs all")]

use std::time::Duration;

use bitcoin_hashes::{Hash, sha256};
use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{
    BackendErrorKind, Invoice, InvoiceProvider, NewInvoice, PayOutcome, PayRequest, Payment, PortFuture,
    Wallet,
};
use l402_core::{ManualClock, Msat, PaymentHash, UnixTime};
use l402_dev::{DevNode, DevWallet};
use lightning_invoice::{Currency, InvoiceBuilder, PaymentSecret};
use secp256k1::{Secp256k1, SecretKey};

pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_900_000_000);
pub(crate) const EXPIRY: Duration = Duration::from_secs(600);

/// A node with a seed, and its clock.
pub(crate) fn node() -> (DevNode, ManualClock) {
    let clock = ManualClock::at(NOW);
    (DevNode::builder().seed([7; 32]).clock(clock.clone()).build().unwrap(), clock)
}

/// The answer of a port, which must be there at once.
pub(crate) fn now<T>(future: PortFuture<T>) -> T {
    future.into_ready().unwrap()
}

pub(crate) fn order(amount: Msat) -> NewInvoice {
    NewInvoice::new(amount, "one report".to_owned(), EXPIRY)
}

pub(crate) fn invoice(node: &DevNode, amount: Msat) -> Invoice {
    now(node.provider().create_invoice(order(amount))).unwrap()
}

/// Pays a text as an honest caller does: with the hash that stands in it.
pub(crate) fn pay(wallet: &DevWallet, bolt11: &str) -> PayOutcome {
    pay_as(wallet, bolt11, bolt11.parse::<InvoiceFacts>().unwrap().payment_hash)
}

pub(crate) fn pay_as(wallet: &DevWallet, bolt11: &str, hash: PaymentHash) -> PayOutcome {
    now(wallet.pay(PayRequest::new(bolt11.to_owned(), hash, Msat::ZERO, Duration::from_secs(5)))).unwrap()
}

#[track_caller]
pub(crate) fn paid(outcome: PayOutcome) -> Payment {
    match outcome {
        PayOutcome::Paid(payment) => payment,
        other => panic!("not paid: {other:?}"),
    }
}

#[track_caller]
pub(crate) fn failed(outcome: PayOutcome) -> BackendErrorKind {
    match outcome {
        PayOutcome::Failed(kind) => kind,
        other => panic!("not failed: {other:?}"),
    }
}

pub(crate) fn balance(wallet: &DevWallet) -> Msat {
    now(wallet.balance()).unwrap()
}

/// An invoice for `hash` that another node signed.
pub(crate) fn foreign(currency: Currency, hash: PaymentHash, amount: Msat) -> String {
    let key = SecretKey::from_slice(&[9; 32]).unwrap();
    InvoiceBuilder::new(currency)
        .amount_milli_satoshis(amount.as_msat())
        .description("one report".to_owned())
        .payment_hash(sha256::Hash::from_byte_array(*hash.as_bytes()))
        .payment_secret(PaymentSecret([1; 32]))
        .duration_since_epoch(Duration::from_secs(NOW.as_secs()))
        .expiry_time(EXPIRY)
        .min_final_cltv_expiry_delta(18)
        .build_signed(|message| Secp256k1::signing_only().sign_ecdsa_recoverable(message, &key))
        .unwrap()
        .to_string()
}
