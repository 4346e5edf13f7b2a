//! Nostr Wallet Connect with a client that others wrote, which knows NIP-04 only.

use l402_core::Preimage;
use l402_dev::facade::nwc::Nwc;
use l402_dev::fault::PaymentFault;
use nwc::NWC;
use nwc::prelude::{LookupInvoiceRequest, MakeInvoiceRequest, NostrWalletConnectURI, PayInvoiceRequest};

use crate::backend::node;

fn client(served: &Nwc, account: &str) -> NWC {
    let uri: NostrWalletConnectURI = served.uri(account).unwrap().parse().unwrap();
    NWC::new(uri)
}

#[tokio::test]
async fn the_crate_nwc_sells_and_buys() {
    let (node, _) = node();
    let served = Nwc::start(&node).await.unwrap();
    let (payee, payer) = (client(&served, "payee"), client(&served, "payer"));
    assert_eq!(payee.get_info().await.unwrap().alias.as_deref(), Some("l402-dev"));

    let order = MakeInvoiceRequest {
        amount: 21_000,
        description: Some("tea".to_owned()),
        description_hash: None,
        expiry: Some(600),
    };
    let invoice = payee.make_invoice(order).await.unwrap();
    let paid = payer.pay_invoice(PayInvoiceRequest::new(&invoice.invoice)).await.unwrap();
    let preimage: Preimage = paid.preimage.parse().unwrap();
    assert_eq!(Some(preimage.payment_hash().to_string()), invoice.payment_hash);
    assert_eq!(payee.get_balance().await.unwrap(), 21_000);

    let lookup = LookupInvoiceRequest { payment_hash: invoice.payment_hash, invoice: None };
    let found = payee.lookup_invoice(lookup).await.unwrap();
    assert_eq!((found.preimage, found.amount), (Some(paid.preimage), 21_000));

    node.faults().payments().next(PaymentFault::Fail(l402_core::ports::BackendErrorKind::NoRoute));
    let order = MakeInvoiceRequest { amount: 1_000, description: None, description_hash: None, expiry: None };
    let invoice = payee.make_invoice(order).await.unwrap();
    let failure = payer.pay_invoice(PayInvoiceRequest::new(&invoice.invoice)).await.unwrap_err();
    assert!(failure.to_string().contains("no route"), "{failure}");
}
