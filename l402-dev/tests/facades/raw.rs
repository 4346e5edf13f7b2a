//! What the clients of this workspace do not look at: statuses, headers and words on the wire.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use l402_core::Msat;
use l402_core::ports::InvoiceProvider as _;
use l402_dev::fault::InvoiceFault;
use l402_dev::{DevNode, facade};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use crate::backend::{node, serve};
use crate::order;

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

async fn json(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

#[tokio::test]
async fn a_rate_limit_says_when_to_come_back() {
    let (node, _) = node();
    let url = serve(facade::lnbits::router(&node)).await;
    node.faults().invoices().next(InvoiceFault::RateLimited(Some(Duration::from_secs(7))));
    let key = node.account("payee").unwrap().receive_key();
    let request = client().post(format!("{url}/api/v1/payments")).header("x-api-key", key);
    let response = request.body(json!({"out": false, "amount": 1}).to_string());
    let response = response.header("content-type", "application/json").send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (429, &"7".parse().unwrap())
    );
}

#[tokio::test]
async fn orders_over_a_facade_are_told_even_if_they_are_refused() {
    let orders = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&orders);
    let observe = move |payer: &str, text: &str| seen.lock().unwrap().push(format!("{payer} {text}"));
    let node = DevNode::builder().on_pay_order(observe).build().unwrap();
    let url = serve(facade::phoenixd::router(&node)).await;
    let key = node.account("payer").unwrap().spend_key();
    let request = client().post(format!("{url}/payinvoice")).basic_auth("", Some(key));
    let response = request.form(&[("invoice", "lnbcrt1nothing")]).send().await.unwrap();
    assert_eq!(response.status(), 400);
    assert_eq!(*orders.lock().unwrap(), ["payer lnbcrt1nothing"]);
}

/// Each line as it was seen on a real LNbits 1.6.2 with its FakeWallet.
#[tokio::test]
async fn lnbits_refuses_in_the_words_of_lnbits() {
    let (node, _) = node();
    let url = serve(facade::lnbits::router(&node)).await;
    let payments = format!("{url}/api/v1/payments");
    let payer = node.account("payer").unwrap();
    let (admin, invoice) = (payer.spend_key(), payer.receive_key());
    let post = |key: Option<&str>, body: Value| {
        let mut request = client().post(&payments).header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("x-api-key", key);
        }
        json(request.body(body.to_string()))
    };
    let foreign = DevNode::new().unwrap().provider().create_invoice(order(Msat::from_sat(1))).await.unwrap();
    let out = |bolt11: &str| json!({"out": true, "bolt11": bolt11});
    let cases = [
        (None, json!({}), 401, "No Api Key provided."),
        (Some("ab"), json!({}), 404, "Wallet not found."),
        (Some(&*invoice), out("lnbcrt1"), 403, "Invoice (or Admin) key required."),
        (Some(&*admin), json!({"out": true}), 400, "Missing BOLT11 invoice"),
        (Some(&*admin), out("lnbcrt1"), 520, "Bolt11 decoding failed."),
        (Some(&*admin), out(&foreign.bolt11), 520, "Payment failed: Only internal invoices can be used"),
        (Some(&*invoice), json!({"out": false, "amount": 0}), 520, "Amountless invoices not supported."),
        (Some(&*invoice), json!({"out": false, "amount": -1}), 400, "greater than or equal to 0"),
        (Some(&*invoice), json!({"out": false, "amount": 1, "unit": "msat"}), 400, "unit is not supported"),
    ];
    for (key, body, status, words) in cases {
        let (seen, answer) = post(key, body.clone()).await;
        assert_eq!(seen, status, "{body}: {answer}");
        assert!(answer["detail"].as_str().unwrap().contains(words), "{body}: {answer}");
    }
    let (status, sold) = post(Some(&invoice), json!({"out": false, "amount": 1.5, "memo": "m"})).await;
    assert_eq!((status, sold["amount"].as_u64()), (201, Some(1000)), "cut, not refused: {sold}");

    // The preimage is the payee's secret before the payment, and everybody's after.
    let hash = sold["payment_hash"].as_str().unwrap();
    let look = |key: Option<&str>| {
        let request = client().get(format!("{payments}/{hash}"));
        json(if let Some(key) = key { request.header("x-api-key", key) } else { request })
    };
    assert_eq!(look(None).await, (200, json!({"paid": false, "preimage": null})));
    let (_, owner) = look(Some(&invoice)).await;
    assert_eq!(owner["details"]["preimage"], sold["preimage"]);
    let other = node.open_account("other", Msat::from_sat(10)).unwrap();
    assert_eq!(look(Some(&other.spend_key())).await.0, 404);
    let (status, _) = post(Some(&other.spend_key()), out(sold["bolt11"].as_str().unwrap())).await;
    assert_eq!(status, 201);
    assert_eq!(look(None).await, (200, json!({"paid": true, "preimage": sold["preimage"]})));
    let (status, again) = post(Some(&payer.spend_key()), out(sold["bolt11"].as_str().unwrap())).await;
    assert_eq!((status, &again["detail"]), (520, &json!("Internal invoice already paid.")));
}

#[tokio::test]
async fn lnd_decodes_invoices_and_tells_of_itself() {
    let (node, _) = node();
    let url = serve(facade::lnd::router(&node)).await;
    let macaroon = node.account("payee").unwrap().receive_key();
    let get =
        |path: &str| json(client().get(format!("{url}{path}")).header("grpc-metadata-macaroon", &macaroon));
    let invoice = node.provider().create_invoice(order(Msat::from_msat(12_345))).await.unwrap();
    let (status, decoded) = get(&format!("/v1/payreq/{}", invoice.bolt11)).await;
    assert_eq!(status, 200, "{decoded}");
    assert_eq!(decoded["num_msat"], "12345");
    assert_eq!(decoded["payment_hash"], invoice.payment_hash.to_string());
    assert_eq!((&decoded["description"], &decoded["expiry"]), (&json!("one report"), &json!("600")));
    let (_, info) = get("/v1/getinfo").await;
    assert_eq!(info["identity_pubkey"], decoded["destination"]);
    assert_eq!(info["chains"][0]["network"], "regtest");
    assert_eq!(get("/v1/payreq/lnbcrt1nonsense").await.0, 500);
    assert_eq!(get(&format!("/v1/invoice/{}", "00".repeat(32))).await.0, 404);
    let (status, answer) = json(client().get(format!("{url}/v1/getinfo"))).await;
    assert_eq!((status, &answer["message"]), (500, &json!("expected 1 macaroon, got 0")));
}

#[tokio::test]
async fn a_blink_query_that_is_not_known_is_refused_and_a_status_needs_no_key() {
    let (node, _) = node();
    let url = serve(facade::blink::router(&node)).await;
    let ask = |query: &str, variables: Value| {
        let body = json!({"query": query, "variables": variables}).to_string();
        json(client().post(format!("{url}/graphql")).header("content-type", "application/json").body(body))
    };
    assert_eq!(ask("query { realtimePrice { id } }", Value::Null).await.0, 400);
    let (status, answer) = ask("query { me { defaultAccount { id } } }", Value::Null).await;
    assert_eq!((status, &answer["errors"][0]["message"]), (200, &json!("Not authorized")));
    let invoice = node.provider().create_invoice(order(Msat::from_sat(1))).await.unwrap();
    let query = "query S($input: X!) { lnInvoicePaymentStatusByPaymentRequest(input: $input) { status } }";
    let (_, answer) = ask(query, json!({"input": {"paymentRequest": invoice.bolt11}})).await;
    assert_eq!(answer["data"]["lnInvoicePaymentStatusByPaymentRequest"]["status"], "PENDING");
}

/// The commands of the socket, several on one connection, split and glued as a stream may be.
#[tokio::test]
async fn lightningd_keeps_labels_and_waits_for_invoices() {
    let (node, clock) = node();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lightning-rpc");
    let payee = node.account("payee").unwrap();
    tokio::spawn(facade::cln::serve(facade::cln::bind(&path).unwrap(), payee));
    let mut socket = UnixStream::connect(&path).await.unwrap();

    let order = json!({"amount_msat": 10_000, "label": "l1", "description": "one"});
    let invoice = call(&mut socket, "invoice", order.clone()).await;
    let bolt11 = invoice["result"]["bolt11"].as_str().unwrap().to_owned();
    assert_eq!(call(&mut socket, "invoice", order).await["error"]["code"], 900, "the label is taken");
    let positional = call(&mut socket, "invoice", json!(["20sat", "l2", "two", 5])).await;
    assert!(positional["result"]["bolt11"].as_str().unwrap().starts_with("lnbcrt200n1"), "{positional}");
    let missing = call(&mut socket, "invoice", json!({"label": "l3"})).await;
    assert_eq!(missing["error"]["code"], -32602);
    assert_eq!(call(&mut socket, "frobnicate", json!({})).await["error"]["code"], -32601);
    assert_eq!(call(&mut socket, "waitinvoice", json!(["nobody"])).await["error"]["code"], -1);

    let listed = call(&mut socket, "listinvoices", json!({"label": "l1"})).await;
    assert_eq!(listed["result"]["invoices"][0]["status"], "unpaid");
    assert_eq!(listed["result"]["invoices"][0].get("payment_preimage"), None);

    let waiting = tokio::spawn({
        let path = path.clone();
        async move {
            let mut socket = UnixStream::connect(&path).await.unwrap();
            call(&mut socket, "waitinvoice", json!(["l1"])).await
        }
    });
    let request = crate::request(&bolt11, Duration::from_secs(5));
    l402_core::ports::Wallet::pay(&node.wallet(), request).await.unwrap();
    let paid = waiting.await.unwrap();
    assert_eq!(paid["result"]["status"], "paid");
    assert_eq!(paid["result"]["payment_preimage"].as_str().unwrap().len(), 64);

    clock.advance(Duration::from_secs(5));
    assert_eq!(call(&mut socket, "waitinvoice", json!(["l2"])).await["error"]["code"], 903);

    // Half a request, then its end together with a whole one.
    socket.write_all(br#"{"jsonrpc":"2.0","id":1,"method":"get"#).await.unwrap();
    socket.write_all(br#"info","params":{}} {"id":2,"method":"getinfo","params":[]}"#).await.unwrap();
    assert_eq!(reply(&mut socket).await["id"], 1);
    assert_eq!(reply(&mut socket).await["result"]["network"], "regtest");
}

async fn call(socket: &mut UnixStream, method: &str, params: Value) -> Value {
    let request = json!({"jsonrpc": "2.0", "id": "t", "method": method, "params": params}).to_string();
    socket.write_all(request.as_bytes()).await.unwrap();
    let reply = reply(socket).await;
    assert_eq!(reply["id"], "t");
    reply
}

async fn reply(socket: &mut UnixStream) -> Value {
    let mut text = Vec::new();
    while !text.ends_with(b"\n\n") {
        text.push(socket.read_u8().await.unwrap());
    }
    serde_json::from_slice(&text).unwrap()
}

#[tokio::test]
async fn clnrest_looks_at_the_rune_first_and_has_one_status_for_all_errors_of_commands() {
    let (node, _) = node();
    let url = serve(facade::cln::router(&node)).await;
    let payee = node.account("payee").unwrap();
    let (spend, receive) = (payee.spend_key(), payee.receive_key());
    let give = |rune: Option<&str>, command: &str, params: Value| {
        let mut request =
            client().post(format!("{url}/v1/{command}")).header("content-type", "application/json");
        if let Some(rune) = rune {
            request = request.header("rune", rune);
        }
        json(request.body(params.to_string()))
    };
    let stranger = "ab".repeat(32);
    let order = || json!({"amount_msat": 10_000, "label": "l1", "description": "one"});
    let (status, invoice) = give(Some(&receive), "invoice", order()).await;
    assert_eq!(status, 201, "{invoice}");
    let cases = [
        (None, "frobnicate", json!({}), 403, 1501, "Missing rune"),
        (Some(&*stranger), "frobnicate", json!({}), 401, 1502, "Not authorized"),
        (Some(&*receive), "xpay", json!({"invstring": invoice["bolt11"]}), 401, 1502, "Not permitted"),
        (Some(&*spend), "frobnicate", json!({}), 404, -32601, "Unknown command"),
        (Some(&*receive), "invoice", order(), 500, 900, "Duplicate label"),
        (Some(&*receive), "invoice", json!({}), 500, -32602, "amount_msat"),
        (Some(&*spend), "xpay", json!({"invstring": "lnbcrt1"}), 500, -32602, "BOLT11"),
        (Some(&*receive), "waitinvoice", json!({"label": "nobody"}), 500, -1, "Label not found"),
    ];
    for (rune, command, params, status, code, words) in cases {
        let (seen, answer) = give(rune, command, params).await;
        assert_eq!((seen, answer["code"].as_i64()), (status, Some(code)), "{command}: {answer}");
        assert!(answer["message"].as_str().unwrap().contains(words), "{command}: {answer}");
    }

    // An account has its own labels and invoices.
    let payer = node.account("payer").unwrap();
    let (status, other) = give(Some(&payer.receive_key()), "invoice", order()).await;
    assert_eq!(status, 201, "{other}");
    let (_, listed) =
        give(Some(&receive), "listinvoices", json!({"payment_hash": other["payment_hash"]})).await;
    assert_eq!(listed, json!({"invoices": []}));
    let (_, listed) =
        give(Some(&receive), "listinvoices", json!({"payment_hash": invoice["payment_hash"]})).await;
    assert_eq!(
        (&listed["invoices"][0]["label"], &listed["invoices"][0]["status"]),
        (&json!("l1"), &json!("unpaid"))
    );

    // No parameters, none that can be read, no command.
    let post = |path: &str| client().post(format!("{url}{path}")).header("rune", &spend);
    assert_eq!(json(post("/v1/getinfo")).await.1["network"], "regtest");
    let (status, answer) = json(post("/v1/getinfo").body("{")).await;
    assert_eq!((status, &answer["code"]), (500, &json!(-32602)), "{answer}");
    assert_eq!(json(client().get(format!("{url}/v1/getinfo")).header("rune", &spend)).await.0, 405);
    node.faults().take_down();
    assert_eq!(
        give(Some(&receive), "invoice", json!({"amount_msat": 1, "label": "l9", "description": ""})).await.0,
        503
    );
}
