//! LND's streams, line by line.

use std::time::Duration;

use l402_core::Msat;
use l402_core::ports::{InvoiceProvider as _, Wallet as _};
use l402_dev::facade;
use l402_dev::fault::PaymentFault;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::backend::{node, serve};
use crate::{order, request};

/// The lines of a stream as they come.
struct Lines {
    response: Response,
    rest: Vec<u8>,
}

impl Lines {
    fn of(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        Self { response, rest: Vec::new() }
    }

    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.rest.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                return Some(serde_json::from_slice(&line).unwrap());
            }
            self.rest.extend_from_slice(&self.response.chunk().await.unwrap()?);
        }
    }
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

#[tokio::test]
async fn subscribers_hear_of_their_invoices_when_added_and_when_settled() {
    let (node, _) = node();
    let url = serve(facade::lnd::router(&node)).await;
    let earlier = node.provider().create_invoice(order(Msat::from_sat(1))).await.unwrap();
    let macaroon = node.account("payee").unwrap().receive_key();
    let subscribe = |query: &str| {
        let request = client().get(format!("{url}/v1/invoices/subscribe{query}"));
        request.header("grpc-metadata-macaroon", &macaroon).send()
    };
    let mut lines = Lines::of(subscribe("").await.unwrap());
    let foreign = node.account("payer").unwrap().provider().create_invoice(order(Msat::from_sat(2))).await;
    let invoice = node.provider().create_invoice(order(Msat::from_sat(3))).await.unwrap();
    let added = lines.next().await.unwrap();
    assert_eq!(added["result"]["payment_request"], invoice.bolt11, "{foreign:?} is another account's");
    assert_eq!(added["result"]["state"], "OPEN");
    node.wallet().pay(request(&earlier.bolt11, Duration::from_secs(5))).await.unwrap();
    node.wallet().pay(request(&invoice.bolt11, Duration::from_secs(5))).await.unwrap();
    for (bolt11, amount) in [(earlier.bolt11, "1000"), (invoice.bolt11, "3000")] {
        let settled = lines.next().await.unwrap();
        assert_eq!(settled["result"]["payment_request"], bolt11);
        assert_eq!(settled["result"]["state"], "SETTLED");
        assert_eq!(settled["result"]["amt_paid_msat"], amount);
    }
    let mut replayed = Lines::of(subscribe("?settle_index=1").await.unwrap());
    assert_eq!(replayed.next().await.unwrap()["result"]["value_msat"], "3000");
}

#[tokio::test]
async fn a_payment_is_in_flight_then_ends_and_can_be_tracked() {
    let (node, clock) = node();
    let url = serve(facade::lnd::router(&node)).await;
    let invoice = node.provider().create_invoice(order(Msat::from_sat(3))).await.unwrap();
    node.faults().payments().next(PaymentFault::StuckThenSettle(Duration::from_secs(5)));
    let macaroon = node.account("payer").unwrap().spend_key();
    let send = |body: Value| {
        let request =
            client().post(format!("{url}/v2/router/send")).header("grpc-metadata-macaroon", &macaroon);
        request.header("content-type", "application/json").body(body.to_string()).send()
    };
    let body = json!({"payment_request": invoice.bolt11, "fee_limit_msat": "0", "timeout_seconds": 60});
    let mut lines = Lines::of(send(body.clone()).await.unwrap());
    let first = lines.next().await.unwrap();
    assert_eq!(
        (&first["result"]["status"], first["result"]["payment_preimage"].as_str()),
        (&json!("IN_FLIGHT"), Some(&*"0".repeat(64)))
    );
    let again = send(body).await.unwrap();
    assert_eq!(again.status(), 409);
    assert!(again.text().await.unwrap().contains("payment is in transition"));

    clock.advance(Duration::from_secs(5));
    let last = lines.next().await.unwrap();
    assert_eq!(last["result"]["status"], "SUCCEEDED");
    assert_eq!(lines.next().await, None, "the stream ends");

    let id = base64_simd::URL_SAFE.encode_to_string(invoice.payment_hash.as_bytes());
    let track = client().get(format!("{url}/v2/router/track/{id}?no_inflight_updates=true"));
    let tracked = track.header("grpc-metadata-macaroon", &macaroon).send().await.unwrap();
    assert_eq!(Lines::of(tracked).next().await, Some(last));
}
