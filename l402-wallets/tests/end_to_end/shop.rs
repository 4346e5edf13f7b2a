//! A shop that sells one report, and everything that buyers try with it.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use l402_axum::{Gate, L402Layer, Msat, Paid};
use l402_client::{Budget, L402Client, Receipt};
use l402_core::bolt11::InvoiceFacts;
use l402_core::header::{ChallengeRef, Scheme, credential_header_value};
use l402_core::ports::{InvoiceProvider, PayOutcome, PayRequest, Wallet};
use l402_core::{Limits, Preimage};
use reqwest::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use tokio::net::TcpListener;

pub(crate) const PRICE: Msat = Msat::from_sat(10);

/// More than any backend takes for 10 sat between neighbours.
const MAX_FEE: Msat = Msat::from_sat(5);

/// The demo's walk: refused without payment, served with it, refused the second time, and bought by the client.
pub(crate) async fn a_report_is_sold_once(
    provider: impl InvoiceProvider + 'static,
    wallet: impl Wallet + 'static,
) {
    let url = open(provider).await;
    let wallet: Arc<dyn Wallet> = Arc::new(wallet);
    let before = wallet.balance().await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();

    let (macaroon, invoice) = challenge(&http, &url).await;
    let unpaid = credential_header_value(Scheme::L402, &macaroon, &Preimage::from_bytes([7; 32]));
    assert_eq!(status(&http, &url, &unpaid).await, 401, "a preimage that is none");
    let preimage = pay(&wallet, &invoice).await;
    let paid = credential_header_value(Scheme::L402, &macaroon, &preimage);
    assert_eq!(status(&http, &url, &paid).await, 200);
    assert_eq!(status(&http, &url, &paid).await, 402, "the same payment again");

    let budget = Budget::default().per_request(PRICE.checked_add(MAX_FEE).unwrap());
    let client = L402Client::builder(Arc::clone(&wallet)).budget(budget).max_fee(MAX_FEE).build().unwrap();
    let answer = client.get(&url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let receipt = Receipt::of(&answer).unwrap().clone();
    assert_eq!((receipt.amount, receipt.fee.unwrap_or(Msat::ZERO)), (PRICE, Msat::ZERO));
    assert_eq!(answer.text().await.unwrap(), format!("report for {}", receipt.payment_hash));

    let after = wallet.balance().await.unwrap();
    assert_eq!(before.checked_sub(after), Some(Msat::from_sat(20)), "two reports were paid");
}

/// Opens the shop, and returns where the report is.
async fn open(provider: impl InvoiceProvider + 'static) -> String {
    let gate = Gate::builder(provider).ephemeral_root_key().price(PRICE).build().unwrap();
    let report = |paid: Paid| async move { format!("report for {}", paid.payment_hash) };
    let app = Router::new().route("/report", get(report).route_layer(L402Layer::new(gate)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/report", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, app).into_future());
    url
}

async fn challenge(http: &reqwest::Client, url: &str) -> (String, String) {
    let answer = http.get(url).send().await.unwrap();
    let status = answer.status();
    let header = answer.headers().get(WWW_AUTHENTICATE).cloned();
    assert_eq!(status, 402, "{}", answer.text().await.unwrap());
    let header = header.unwrap();
    let challenge = ChallengeRef::parse_all(header.as_bytes(), &Limits::default()).next().unwrap().unwrap();
    (challenge.macaroon.to_owned(), challenge.invoice.to_owned())
}

async fn pay(wallet: &impl Wallet, bolt11: &str) -> Preimage {
    let facts: InvoiceFacts = bolt11.parse().unwrap();
    assert_eq!(facts.amount, Some(PRICE));
    let timeout = Duration::from_secs(60);
    let request = PayRequest::new(bolt11.to_owned(), facts.payment_hash, MAX_FEE, timeout);
    let PayOutcome::Paid(payment) = wallet.pay(request.clone()).await.unwrap() else { panic!("not paid") };
    assert_eq!(payment.preimage.payment_hash(), facts.payment_hash);
    // Asked twice, paid once.
    let PayOutcome::Paid(again) = wallet.pay(request).await.unwrap() else { panic!("not found again") };
    assert_eq!(again.preimage.payment_hash(), facts.payment_hash);
    payment.preimage
}

async fn status(http: &reqwest::Client, url: &str, credential: &str) -> u16 {
    http.get(url).header(AUTHORIZATION, credential).send().await.unwrap().status().as_u16()
}
