//! Every facade, driven over real sockets by the clients that are written for the original.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests, too")]

mod backend;
mod lnd_streams;
mod nwc_client;
mod raw;
/// Shared with the tests of wallets.
#[path = "../../../l402-wallets/tests/end_to_end/trade.rs"]
mod trade;

use std::time::Duration;

use backend::{Backend, all};
use l402_core::Msat;
use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{BackendErrorKind, Invoice, NewInvoice, PayOutcome, PayRequest};
use l402_dev::InvoiceStatus;
use l402_dev::fault::{InvoiceFault, PaymentFault};
use trade::Trade;

const PRICE: Msat = Msat::from_sat(10);
const FEE_LIMIT: Msat = Msat::from_sat(1);

#[tokio::test]
async fn what_is_sold_is_paid_and_both_sides_can_prove_it() {
    for backend in all().await {
        let name = backend.name;
        let own = backend.payer.wallet();
        let buyer = backend.wallet.as_deref().unwrap_or(&own);
        let (seller, too_dear) = (&*backend.provider, Msat::from_sat(5_000_000));
        trade::check(Trade { name, seller, buyer, price: PRICE, too_dear }).await;

        let paid = backend.node.payments();
        let sum = paid.iter().map(|payment| payment.amount.as_msat()).sum();
        assert_eq!((paid.len(), backend.payee.balance()), (2, Msat::from_msat(sum)), "{name}");
        assert_eq!(buyer.balance().await.unwrap(), backend.payer.balance(), "{name}");
    }
}

#[tokio::test]
async fn a_payment_fails_for_the_reason_there_is() {
    use BackendErrorKind::NoRoute;
    for backend in wallets().await {
        let name = backend.name;
        let invoice = backend.invoice(PRICE).await.unwrap();
        backend.node.faults().payments().next(PaymentFault::Fail(NoRoute));
        let outcome = backend.pay(&invoice.bolt11).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Failed(NoRoute)), "{name}: {outcome:?}");
        assert_eq!(backend.node.payments(), [], "{name}");
        let outcome = backend.pay(&invoice.bolt11).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Paid(_)), "{name}: after a failure: {outcome:?}");
    }
}

#[tokio::test]
async fn a_payment_in_flight_is_pending_until_it_ends() {
    for backend in wallets().await {
        let name = backend.name;
        let wallet = backend.wallet.as_ref().unwrap();
        for (fault, paid) in [("stuck-then-settle=2s", true), ("stuck-then-fail=2s", false)] {
            let invoice = backend.invoice(PRICE).await.unwrap();
            backend.node.faults().payments().next(fault.parse().unwrap());
            let outcome = pay_hastily(&backend, &invoice).await;
            assert!(matches!(outcome, PayOutcome::Pending), "{name} {fault}: {outcome:?}");
            let found = wallet.lookup(invoice.payment_hash).await.unwrap();
            assert!(matches!(found, PayOutcome::Pending), "{name} {fault}: {found:?}");
            backend.clock.advance(Duration::from_secs(2));
            let found = wallet.lookup(invoice.payment_hash).await.unwrap();
            assert_eq!(matches!(found, PayOutcome::Paid(_)), paid, "{name} {fault}: {found:?}");
            // lightningd calls a payment failed between two attempts, too: its wallet waits longer than this test.
            let believed = !paid && !name.starts_with("cln");
            assert_eq!(matches!(found, PayOutcome::Failed(_)), believed, "{name} {fault}: {found:?}");
        }
        assert_eq!(backend.node.payments().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_wrong_or_zero_preimage_is_noticed() {
    for backend in wallets().await {
        for fault in [PaymentFault::WrongPreimage, PaymentFault::ZeroPreimage] {
            let invoice = backend.invoice(PRICE).await.unwrap();
            backend.node.faults().payments().of(invoice.payment_hash, fault);
            let outcome = backend.pay(&invoice.bolt11).await;
            assert!(!matches!(outcome, Ok(PayOutcome::Paid(_))), "{} {fault}: {outcome:?}", backend.name);
            assert!(!matches!(outcome, Ok(PayOutcome::Failed(_))), "{}: the money is spent", backend.name);
        }
    }
}

#[tokio::test]
async fn an_invoice_that_is_not_what_was_ordered_is_refused() {
    for backend in all().await {
        for fault in [InvoiceFault::WrongAmount, InvoiceFault::WrongNetwork] {
            backend.node.faults().invoices().next(fault);
            let answer = backend.invoice(PRICE).await;
            assert!(answer.is_err(), "{} {fault}", backend.name);
        }
        if backend.tells_the_hash {
            backend.node.faults().invoices().next(InvoiceFault::WrongHash);
            let answer = backend.invoice(PRICE).await;
            assert!(answer.is_err(), "{} wrong hash", backend.name);
        }
    }
}

#[tokio::test]
async fn a_node_that_is_down_or_overrun_looks_so() {
    for backend in all().await {
        let name = backend.name;
        let invoice = backend.invoice(PRICE).await.unwrap();
        backend.node.faults().take_down();
        let (provider, wallet) = match &backend.impatient {
            Some((provider, wallet)) => (provider, Some(wallet)),
            None => (&backend.provider, backend.wallet.as_ref()),
        };
        assert!(provider.create_invoice(order(PRICE)).await.is_err(), "{name}");
        assert!(provider.settlement(invoice.lookup_id.clone()).await.is_err(), "{name}");
        if let Some(wallet) = wallet {
            assert!(wallet.lookup(invoice.payment_hash).await.is_err(), "{name}");
            let outcome = wallet.pay(request(&invoice.bolt11, Duration::from_millis(200))).await;
            assert!(!matches!(outcome, Ok(PayOutcome::Paid(_))), "{name}: {outcome:?}");
        }
        backend.node.faults().clear();
        assert_eq!(backend.node.payments(), [], "{name}");
    }
}

#[tokio::test]
async fn a_key_opens_its_own_account_and_a_receiving_key_cannot_spend() {
    for backend in wallets().await.into_iter().filter(|backend| backend.over_http) {
        let name = backend.name;
        let invoice = backend.invoice(PRICE).await.unwrap();
        let limited = backend.wallet_with_key(&backend.payer.receive_key());
        let outcome = limited.pay(request(&invoice.bolt11, Duration::from_secs(5))).await;
        assert!(!matches!(outcome, Ok(PayOutcome::Paid(_))), "{name}: {outcome:?}");
        let nobody = backend.wallet_with_key(&"ab".repeat(32));
        let error = nobody.balance().await.unwrap_err();
        assert!(
            matches!(error.kind(), BackendErrorKind::Auth | BackendErrorKind::Forbidden),
            "{name}: {error}"
        );
        assert_eq!(backend.node.payments(), [], "{name}");
    }
}

/// Pays, and does not wait long for the end. How soon a payment is sent is up to the machine, so this takes more and more time
/// until one was.
async fn pay_hastily(backend: &Backend, invoice: &Invoice) -> PayOutcome {
    let wallet = backend.wallet.as_ref().unwrap();
    for timeout in [200, 1_000, 5_000, 25_000] {
        let request = request(&invoice.bolt11, Duration::from_millis(timeout));
        let outcome = wallet.pay(request).await.unwrap();
        if backend.node.invoice(invoice.payment_hash).unwrap().status != InvoiceStatus::Open {
            return outcome;
        }
    }
    panic!("{}: never sent", backend.name)
}

async fn wallets() -> Vec<Backend> {
    all().await.into_iter().filter(|backend| backend.wallet.is_some()).collect()
}

fn order(amount: Msat) -> NewInvoice {
    NewInvoice::new(amount, "one report".to_owned(), Duration::from_secs(600))
}

fn request(bolt11: &str, timeout: Duration) -> PayRequest {
    let hash = bolt11.parse::<InvoiceFacts>().unwrap().payment_hash;
    PayRequest::new(bolt11.to_owned(), hash, FEE_LIMIT, timeout)
}
