//! Two LDK nodes with a real channel, on a chain in memory.

mod chain;
mod pair;

use std::sync::Arc;
use std::time::Duration;

use l402_core::ports::{
    BackendErrorKind, InvoiceProvider, NewInvoice, PayOutcome, PayRequest, Settlement, Wallet,
};
use l402_core::{Msat, Network};
use l402_providers::ldk::{LdkProvider, discard_events};
use l402_wallets::ldk::LdkWallet;

use crate::shop;
use crate::trade::{self, Trade};
use pair::Pair;

const MINUTE: Duration = Duration::from_secs(60);

fn order(amount: Msat, expires_in: Duration) -> NewInvoice {
    NewInvoice::new(amount, "one report".to_owned(), expires_in)
}

/// One pair for everything: opening a channel is most of the work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_with_a_channel() {
    let pair = Pair::start().await;
    let seller = LdkProvider::new(Arc::clone(&pair.seller)).unwrap();
    let buyer = LdkWallet::new(Arc::clone(&pair.buyer)).unwrap();
    let events = [&pair.buyer, &pair.seller].map(|node| tokio::spawn(discard_events(Arc::clone(node))));
    assert_eq!((seller.network(), buyer.network()), (Network::Regtest, Network::Regtest));

    // Parts of a satoshi, and more than the channel holds.
    let (price, too_dear) = (Msat::from_msat(21_001), Msat::from_sat(900_000));
    trade::check(Trade { name: "ldk", seller: &seller, buyer: &buyer, price, too_dear }).await;
    what_is_told_of_payments(&seller, &buyer).await;
    its_own_invoice_is_not_paid(&pair, &buyer).await;
    a_payment_that_takes_longer_is_pending(&seller, &buyer).await;
    shop::a_report_is_sold_once(seller.clone(), buyer.clone()).await;

    for events in events {
        events.abort();
    }
    pair.stop().await;
    a_node_that_is_stopped_says_so(&buyer).await;
}

async fn what_is_told_of_payments(seller: &LdkProvider, buyer: &LdkWallet) {
    assert!(matches!(seller.settlement("7".to_owned()).await.unwrap(), Settlement::NotFound));
    let invoice = seller.create_invoice(order(Msat::from_msat(1_001), MINUTE)).await.unwrap();
    let request = PayRequest::new(invoice.bolt11, invoice.payment_hash, Msat::ZERO, MINUTE);
    let PayOutcome::Paid(payment) = buyer.pay(request).await.unwrap() else { panic!("not paid") };
    assert_eq!(payment.fee, Some(Msat::ZERO), "between neighbours");
    let settled = seller.settlement(invoice.lookup_id).await.unwrap();
    assert!(matches!(settled, Settlement::Settled { settled_at: Some(_), .. }), "{settled:?}");

    let dear = seller.create_invoice(order(Msat::from_sat(900_000), MINUTE)).await.unwrap();
    let request = PayRequest::new(dear.bolt11, dear.payment_hash, Msat::ZERO, MINUTE);
    assert!(matches!(buyer.pay(request).await.unwrap(), PayOutcome::Failed(_)));
    assert!(matches!(buyer.lookup(dear.payment_hash).await.unwrap(), PayOutcome::Failed(_)));
}

async fn its_own_invoice_is_not_paid(pair: &Pair, buyer: &LdkWallet) {
    let own = LdkProvider::new(Arc::clone(&pair.buyer)).unwrap();
    let invoice = own.create_invoice(order(Msat::from_sat(1), MINUTE)).await.unwrap();
    let request = PayRequest::new(invoice.bolt11, invoice.payment_hash, Msat::ZERO, MINUTE);
    let outcome = buyer.pay(request).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Failed(BackendErrorKind::SelfPayment)), "{outcome:?}");
    // The node knows this hash, as an invoice and not as a payment.
    assert_eq!(buyer.lookup(invoice.payment_hash).await.unwrap_err().kind(), BackendErrorKind::NotFound);
}

async fn a_payment_that_takes_longer_is_pending(seller: &LdkProvider, buyer: &LdkWallet) {
    let invoice = seller.create_invoice(order(Msat::from_sat(3), MINUTE)).await.unwrap();
    let id = invoice.lookup_id.clone();
    let mut request =
        PayRequest::new(invoice.bolt11, invoice.payment_hash, Msat::ZERO, Duration::from_millis(1));
    let outcome = buyer.pay(request.clone()).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Pending), "{outcome:?}");
    // Asking again does not pay again; it waits for the first.
    request.timeout = MINUTE;
    let PayOutcome::Paid(payment) = buyer.pay(request).await.unwrap() else { panic!("not paid") };
    assert_eq!(payment.preimage.payment_hash(), invoice.payment_hash);
    assert!(matches!(seller.settlement(id).await.unwrap(), Settlement::Settled { .. }));
}

async fn a_node_that_is_stopped_says_so(buyer: &LdkWallet) {
    let stranger = l402_dev::DevNode::new().unwrap();
    let invoice = stranger.provider().create_invoice(order(Msat::from_sat(1), MINUTE)).await.unwrap();
    let request = PayRequest::new(invoice.bolt11, invoice.payment_hash, Msat::ZERO, MINUTE);
    let outcome = buyer.pay(request).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Failed(BackendErrorKind::Unavailable)), "{outcome:?}");
}
