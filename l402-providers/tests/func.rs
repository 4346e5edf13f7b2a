//! A provider from a closure, behind a real gate.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::time::Duration;

use l402_core::ports::{BackendError, BackendErrorKind, Invoice, InvoiceProvider, NewInvoice};
use l402_core::{Msat, Network};
use l402_dev::DevNode;
use l402_providers::FnProvider;
use l402_server::{BuildError, Decision, Gate, QuoteError, Reply, RequestParts};

fn provider(node: &DevNode) -> impl InvoiceProvider + 'static {
    let node = node.clone();
    FnProvider::new("my-node", Network::Regtest, move |wanted: NewInvoice| {
        let node = node.clone();
        async move { node.provider().create_invoice(wanted).await }
    })
}

fn gate(provider: impl InvoiceProvider + 'static, price: Msat) -> Result<Gate, BuildError> {
    Gate::builder(provider).ephemeral_root_key().price(price).build()
}

async fn ask(gate: &Gate) -> Reply {
    let headers: &[(&str, &[u8])] = &[];
    match gate.decide(&RequestParts::new("GET", "/report", &headers)).await {
        Decision::Answer(reply) => reply,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_gate_sells_with_it() {
    let node = DevNode::new().unwrap();
    let reply = ask(&gate(provider(&node), Msat::from_sat(10)).unwrap()).await;
    assert_eq!(reply.status, 402);
    assert_eq!(node.invoices().len(), 1);
    assert_eq!(node.invoices()[0].amount, Msat::from_sat(10));
}

#[tokio::test]
async fn an_error_of_the_closure_sells_nothing() {
    let broken = FnProvider::new("my-node", Network::Regtest, |_| async {
        Err::<Invoice, _>(BackendError::new("my-node", BackendErrorKind::Auth))
    });
    assert_eq!(ask(&gate(broken, Msat::from_sat(10)).unwrap()).await.status, 503);
}

#[tokio::test]
async fn a_closure_for_another_network_than_it_says_sells_nothing() {
    let node = DevNode::new().unwrap();
    let liar = FnProvider::new("my-node", Network::Bitcoin, move |wanted: NewInvoice| {
        let node = node.clone();
        async move { node.provider().create_invoice(wanted).await }
    });
    assert_eq!(ask(&gate(liar, Msat::from_sat(10)).unwrap()).await.status, 503);
}

#[tokio::test]
async fn it_says_what_it_cannot_do() {
    let node = DevNode::new().unwrap();
    let provider = provider(&node);
    assert!(!provider.capabilities().can_lookup);
    let error = provider.settlement("id".to_owned()).await.unwrap_err();
    assert_eq!((error.backend(), error.kind()), ("my-node", BackendErrorKind::Unsupported));
}

#[test]
fn whole_satoshi_are_asked_for_when_the_gate_is_built() {
    let create = |_| async { Err::<Invoice, _>(BackendError::new("my-node", BackendErrorKind::Unavailable)) };
    let whole = || FnProvider::new("my-node", Network::Regtest, create).whole_sats_only();
    assert_eq!(
        gate(whole(), Msat::from_msat(1_500)).unwrap_err(),
        BuildError::Quote(QuoteError::NotWholeSat)
    );
    assert!(gate(whole(), Msat::from_sat(2)).is_ok());
    let wanted = NewInvoice::new(Msat::from_sat(1), String::new(), Duration::from_secs(60));
    assert!(whole().create_invoice(wanted).into_ready().is_err(), "a closure is waited for");
}
