//! A wallet from a closure.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::time::Duration;

use l402_core::ports::{
    BackendErrorKind, InvoiceProvider, NewInvoice, PayOutcome, PayRequest, PortFuture, Wallet,
};
use l402_core::{Msat, Network};
use l402_dev::DevNode;
use l402_wallets::FnWallet;

async fn bill(node: &DevNode) -> PayRequest {
    let wanted = NewInvoice::new(Msat::from_sat(10), String::new(), Duration::from_secs(600));
    let invoice = node.provider().create_invoice(wanted).await.unwrap();
    PayRequest::new(invoice.bolt11, invoice.payment_hash, Msat::from_sat(1), Duration::from_secs(5))
}

#[tokio::test]
async fn it_pays_and_returns_the_proof() {
    let node = DevNode::new().unwrap();
    let request = bill(&node).await;
    let (hash, payer) = (request.payment_hash, node.wallet());
    let wallet = FnWallet::new("my-node", Network::Regtest, move |request: PayRequest| payer.pay(request));
    let PayOutcome::Paid(payment) = wallet.pay(request).await.unwrap() else { panic!("not paid") };
    assert_eq!(payment.preimage.payment_hash(), hash);
    assert_eq!(node.payments().len(), 1);
}

#[tokio::test]
async fn it_says_what_it_cannot_do() {
    let node = DevNode::new().unwrap();
    let hash = bill(&node).await.payment_hash;
    let wallet = FnWallet::new("my-node", Network::Bitcoin, |_: PayRequest| {
        PortFuture::ready(Ok(PayOutcome::Pending))
    });
    assert_eq!(wallet.network(), Network::Bitcoin);
    assert!(wallet.capabilities().preimage_on_pay && !wallet.capabilities().can_lookup);
    assert_eq!(wallet.lookup(hash).await.unwrap_err().kind(), BackendErrorKind::Unsupported);
    assert_eq!(wallet.balance().await.unwrap_err().backend(), "my-node");
    assert_eq!(format!("{wallet:?}"), "FnWallet(my-node, bitcoin)");
}
