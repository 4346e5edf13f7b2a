//! Nostr Wallet Connect on both sides: one wallet, two connections of its own, a real relay.

use std::time::Duration;

use l402_core::Msat;
use l402_core::ports::{
    BackendErrorKind, InvoiceProvider, NewInvoice, PayOutcome, PayRequest, Settlement, Wallet,
};
use l402_dev::DevNode;
use l402_providers::nwc::NwcProvider;
use l402_wallets::nwc::{NwcUri, NwcWallet};
use serde_json::{Value, json};

use crate::shop;
use crate::wallet_service::{Say, WalletService};

/// A wallet that has a dev node for its node, and answers as Alby Hub does.
async fn wallet_of(node: &DevNode) -> WalletService {
    let node = node.clone();
    WalletService::start(move |method, params| vec![answer(&node, method, params)]).await
}

fn answer(node: &DevNode, method: &str, params: &Value) -> Say {
    match method {
        "make_invoice" => {
            let amount = Msat::from_msat(params["amount"].as_u64().unwrap());
            let expiry = Duration::from_secs(params["expiry"].as_u64().unwrap());
            let wanted = NewInvoice::new(amount, params["description"].as_str().unwrap().to_owned(), expiry);
            let made = node.provider().create_invoice(wanted).into_ready().unwrap().unwrap();
            Say::Result(json!({
                "type": "incoming", "state": "pending", "invoice": made.bolt11, "preimage": "", "description": "",
                "payment_hash": made.payment_hash.to_string(), "amount": amount.as_msat(), "settled_at": null,
            }))
        }
        "pay_invoice" => {
            let bolt11 = params["invoice"].as_str().unwrap();
            let facts: l402_core::bolt11::InvoiceFacts = bolt11.parse().unwrap();
            if node.wallet().lookup(facts.payment_hash).into_ready().unwrap().is_ok() {
                return Say::Error("INTERNAL", "this invoice has already been paid".to_owned());
            }
            let pay = PayRequest::new(bolt11.to_owned(), facts.payment_hash, Msat::ZERO, Duration::ZERO);
            match node.wallet().pay(pay).into_ready().unwrap() {
                Ok(PayOutcome::Paid(paid)) => {
                    Say::Result(json!({"preimage": paid.preimage.expose_hex(), "fees_paid": 0}))
                }
                other => Say::Error("PAYMENT_FAILED", format!("{other:?}")),
            }
        }
        "lookup_invoice" => {
            let hash = params["payment_hash"].as_str().unwrap();
            match node.wallet().lookup(hash.parse().unwrap()).into_ready().unwrap() {
                Ok(PayOutcome::Paid(paid)) => Say::Result(json!({
                    "type": "outgoing", "state": "settled", "preimage": paid.preimage.expose_hex(), "fees_paid": 0,
                    "payment_hash": hash, "amount": 10_000, "settled_at": 1_700_000_000,
                })),
                _ => Say::Error("NOT_FOUND", String::new()),
            }
        }
        "get_balance" => {
            let balance = node.wallet().balance().into_ready().unwrap().unwrap();
            Say::Result(json!({"balance": balance.as_msat()}))
        }
        _ => Say::Error("NOT_IMPLEMENTED", String::new()),
    }
}

#[tokio::test]
async fn a_report_is_sold_once() {
    let node = DevNode::new().unwrap();
    let (seller, buyer) = (wallet_of(&node).await, wallet_of(&node).await);
    let provider =
        NwcProvider::new(NwcUri::parse(&seller.uri).unwrap()).unwrap().with_network(DevNode::NETWORK);
    let wallet = NwcWallet::new(NwcUri::parse(&buyer.uri).unwrap()).unwrap().with_network(DevNode::NETWORK);
    let (provider, wallet) = (provider.checked().await.unwrap(), wallet.checked().await.unwrap());
    let unknown = wallet.lookup(l402_core::PaymentHash::from_bytes([7; 32])).await.unwrap_err();
    assert_eq!(unknown.kind(), BackendErrorKind::NotFound);
    assert!(matches!(provider.settlement("00".repeat(32)).await.unwrap(), Settlement::NotFound));
    shop::a_report_is_sold_once(provider, wallet).await;
    // One for each report, and one with the refusal of the used token.
    assert_eq!((seller.count("make_invoice"), buyer.count("make_invoice")), (3, 0));
}
