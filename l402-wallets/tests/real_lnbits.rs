//! Both sides of LNbits against a real instance with two wallets: `make test-real` starts one.
//!
//! `LNBITS_URL`, `LNBITS_ADMIN_KEY` (of the payer) and `LNBITS_INVOICE_KEY` (of the payee) name it. What they trade is in
//! `end_to_end`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]
#![cfg(feature = "lnbits")]

use std::env::var;
use std::time::Duration;

use l402_core::ports::{
    BackendErrorKind as Kind, Invoice, InvoiceProvider, NewInvoice, PayOutcome, PayRequest, Settlement,
    Wallet,
};
use l402_core::{Msat, Network};
use l402_dev::DevNode;
use l402_providers::lnbits::LnbitsProvider;
use l402_wallets::Endpoint;
use l402_wallets::lnbits::LnbitsWallet;

const STRANGER: &str = "00000000000000000000000000000000";

fn needed(name: &str) -> String {
    var(name).unwrap_or_else(|_| panic!("{name} is not set; run `make test-real`"))
}

fn endpoint() -> Endpoint {
    Endpoint::new(&needed("LNBITS_URL")).unwrap()
}

fn payee() -> LnbitsProvider {
    LnbitsProvider::new(endpoint(), needed("LNBITS_INVOICE_KEY")).unwrap()
}

fn payer() -> LnbitsWallet {
    LnbitsWallet::new(endpoint(), needed("LNBITS_ADMIN_KEY")).unwrap()
}

fn wanted(sats: u64) -> NewInvoice {
    NewInvoice::new(Msat::from_sat(sats), "one report".to_owned(), Duration::from_secs(600))
}

fn request(invoice: Invoice) -> PayRequest {
    PayRequest::new(invoice.bolt11, invoice.payment_hash, Msat::from_sat(3), Duration::from_secs(20))
}

#[tokio::test]
#[ignore = "make test-real"]
async fn keys_that_are_wrong() {
    let stranger = LnbitsProvider::new(endpoint(), STRANGER).unwrap();
    assert_eq!(stranger.create_invoice(wanted(1)).await.unwrap_err().kind(), Kind::Auth);
    let invoice = payee().create_invoice(wanted(1)).await.unwrap();
    let stranger = LnbitsWallet::new(endpoint(), STRANGER).unwrap();
    assert_eq!(stranger.pay(request(invoice.clone())).await.unwrap_err().kind(), Kind::Auth);
    assert_eq!(stranger.balance().await.unwrap_err().kind(), Kind::Auth);
    let wallet_of_payee = LnbitsWallet::new(endpoint(), needed("LNBITS_INVOICE_KEY")).unwrap();
    let error = wallet_of_payee.pay(request(invoice)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Forbidden, "an invoice key cannot pay");
}

#[tokio::test]
#[ignore = "make test-real"]
async fn orders_that_cannot_be_filled() {
    for (amount, expected) in [(Msat::from_msat(1_500), Kind::Unsupported), (Msat::ZERO, Kind::Unavailable)] {
        let order = NewInvoice::new(amount, String::new(), Duration::from_secs(600));
        let error = payee().create_invoice(order).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{amount}: {error:?}");
    }
    let error = payee().with_network(Network::Signet).create_invoice(wanted(1)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Protocol, "its invoices are for the main network");
    let long = NewInvoice::new(Msat::from_sat(1), "ő".repeat(2_000), Duration::from_secs(600));
    payee().create_invoice(long).await.unwrap();
}

#[tokio::test]
#[ignore = "make test-real"]
async fn invoices_that_cannot_be_paid() {
    let dear = payee().create_invoice(wanted(5_000_000)).await.unwrap();
    let outcome = payer().pay(request(dear.clone())).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Failed(_)), "{outcome:?}");
    // LNbits keeps no record of it.
    assert_eq!(payer().lookup(dear.payment_hash).await.unwrap_err().kind(), Kind::NotFound);

    // The fake source pays nobody outside, and LNbits records that it failed.
    let foreign = DevNode::new().unwrap().provider().create_invoice(wanted(3)).await.unwrap();
    let abroad = payer().with_network(Network::Regtest);
    let outcome = abroad.pay(request(foreign.clone())).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Failed(_)), "{outcome:?}");
    let outcome = abroad.lookup(foreign.payment_hash).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Failed(_)), "{outcome:?}");
}

/// Whoever knows the hash can ask without a key: a preimage proves nothing there.
#[tokio::test]
#[ignore = "make test-real"]
async fn a_preimage_is_no_proof_here_and_the_provider_says_so() {
    assert!(payee().capabilities().needs_settlement_check);
    let invoice = payee().create_invoice(wanted(1)).await.unwrap();
    let url = format!("{}/api/v1/payments/{}", needed("LNBITS_URL"), invoice.payment_hash);
    let key = needed("LNBITS_INVOICE_KEY");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.get(url).header("x-api-key", key).send().await.unwrap();
    let answer: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(answer["paid"], false);
    let shown = answer["details"]["preimage"].as_str().unwrap().parse::<l402_core::Preimage>().unwrap();
    assert_eq!(shown.payment_hash(), invoice.payment_hash, "the preimage before payment");
    assert!(matches!(payee().settlement(invoice.lookup_id).await.unwrap(), Settlement::Open));
}
