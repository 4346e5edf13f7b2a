//! Bills that are good: paid once, whatever form they come in.

use std::time::Duration;

use base64_simd::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use l402_client::{Budget, L402Client, Receipt, reqwest};
use l402_core::header::{Challenge, CredentialRef};
use l402_core::ports::{InvoiceProvider, NewInvoice};
use l402_core::{Identifier, Limits, Macaroon, ManualClock, Msat, RootKey, TokenId};
use l402_dev::DevNode;
use lightning_invoice::Currency;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::support::till::Till;
use crate::support::{
    Bill, CAP, INVOICE_EXPIRY, NOW, PRICE, Shop, TestWallet, answer, builder, client, invoice, macaroon_for,
    preimage, sign,
};

/// With the dev node on both sides, and a shop that checks the credential as a server does.
#[tokio::test]
async fn a_bill_of_the_dev_node_is_paid_and_the_goods_are_delivered() {
    let clock = ManualClock::at(NOW);
    let node = DevNode::builder().seed([7; 32]).clock(clock.clone()).build().unwrap();
    let asked = NewInvoice::new(PRICE, "a report".to_owned(), INVOICE_EXPIRY);
    let invoice = node.provider().create_invoice(asked).await.unwrap();
    let payment_hash = invoice.payment_hash;
    let identifier = Identifier { payment_hash, token_id: TokenId::from_bytes([2; 32]) };
    let key = RootKey::new(&[1; 32]).unwrap();
    let macaroon = Macaroon::new(&key, &identifier.to_bytes(), b"lsat").unwrap();
    let challenge = Challenge::new(macaroon, invoice.bolt11).unwrap().to_header_value();
    let shop = Shop::with(move |request| match request.headers.get("authorization") {
        None => answer(402, std::slice::from_ref(&challenge)),
        Some(value) => {
            let (limits, mut buffer) = (Limits::default(), Vec::new());
            let credential = CredentialRef::parse_all(value.as_bytes(), &limits).next().unwrap().unwrap();
            let unverified = credential.decode_into(&mut buffer, &limits).unwrap();
            let authentic = unverified.authenticate(std::slice::from_ref(&key)).unwrap();
            let _paid = authentic.prove_payment().unwrap();
            ResponseTemplate::new(200).set_body_string("the goods")
        }
    })
    .await;

    let client = L402Client::builder(node.wallet()).clock(clock).build().unwrap();
    let response = client.get(shop.url("/report")).send().await.unwrap();

    let receipt = Receipt::of(&response).unwrap().clone();
    assert_eq!((receipt.amount, receipt.fee), (PRICE, Some(Msat::ZERO)));
    assert_eq!((receipt.payment_hash, receipt.paid_at), (payment_hash, NOW));
    assert_eq!(response.text().await.unwrap(), "the goods");
    assert_eq!(node.payments().len(), 1);
}

#[tokio::test]
async fn what_is_free_is_not_paid_for() {
    let wallet = TestWallet::obedient();
    let shop = Shop::with(|_| ResponseTemplate::new(200).set_body_string("free")).await;

    let response = client(&wallet).get(shop.url("/")).send().await.unwrap();

    assert_eq!(Receipt::of(&response), None);
    assert_eq!(response.text().await.unwrap(), "free");
    assert_eq!(wallet.payments(), []);
    let requests = shop.requests().await;
    assert!(requests[0].headers["user-agent"].to_str().unwrap().starts_with("l402-client/"));
    assert!(!requests[0].headers.contains_key("authorization"));
}

/// Buys from a shop that sends these fields, and checks that one payment bought the goods with the macaroon as
/// issued.
async fn assert_buys(bill: &Bill, challenges: &[String]) {
    let wallet = TestWallet::obedient();
    let shop = Shop::asking(bill, 402, challenges).await;

    let response = client(&wallet).get(shop.url("/report")).send().await.unwrap();

    assert_eq!(response.status(), 200, "{challenges:?}");
    assert_eq!(Receipt::of(&response).unwrap().amount, PRICE);
    let payments = wallet.payments();
    assert_eq!(payments.len(), 1);
    assert_eq!(payments[0].bolt11, bill.invoice);
    assert_eq!(payments[0].payment_hash, preimage().payment_hash());
    let requests = shop.requests().await;
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1].headers.get_all("authorization").iter().collect::<Vec<_>>(), [&bill.credential()]);
}

#[tokio::test]
async fn every_form_of_a_challenge_is_understood() {
    let bill = Bill::good();
    for form in [
        r#"L402 macaroon="M", invoice="I""#,
        r#"L402 macaroon="M", invoice="I", version="0", token="M""#,
        r#"l402 macaroon="M", invoice="I""#,
        r#"L402   macaroon="M",invoice="I""#,
        r#"L402 macaroon=M, invoice=I"#,
        r#"L402 invoice="I", macaroon="M""#,
        r#"L402 version="0", token="M", invoice="I""#,
        r#"L402 macaroon="M" invoice="I""#,
        r#"L402 realm="a, b", macaroon="M", invoice="I", unknown=7"#,
        r#"Payment id="x", method="lightning", L402 macaroon="M", invoice="I""#,
        r#"L402 macaroon="M", invoice="I", Bearer realm="x""#,
        r#"LSAT macaroon="M", invoice="I", L402 macaroon="M", invoice="I""#,
    ] {
        assert_buys(&bill, &[bill.challenge_as(form)]).await;
    }
}

/// A server that knows only the old name does not take the new one back.
#[tokio::test]
async fn a_server_that_says_lsat_hears_lsat() {
    let bill = Bill { scheme: "LSAT", ..Bill::good() };
    for form in [r#"LSAT macaroon="M", invoice="I""#, r#"Lsat   invoice="I",macaroon="M""#] {
        assert_buys(&bill, &[bill.challenge_as(form)]).await;
    }
}

#[tokio::test]
async fn the_challenge_may_stand_in_any_field() {
    let bill = Bill::good();
    let usual = bill.challenge();
    let lsat = bill.challenge_as(r#"LSAT macaroon="M", invoice="I""#);
    for fields in [
        vec![lsat, usual.clone()],
        vec![r#"Payment id="x", intent="charge""#.to_owned(), usual.clone()],
        vec!["Bearer".to_owned(), usual.clone()],
        vec![r#"L402 macaroon="M""#.to_owned(), usual.clone()],
        vec!["=".to_owned(), usual],
    ] {
        assert_buys(&bill, &fields).await;
    }
}

#[tokio::test]
async fn the_macaroon_goes_back_as_issued_in_every_dialect_of_base64() {
    let macaroon = macaroon_for(preimage().payment_hash());
    for dialect in [STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
        let bill = Bill { macaroon: dialect.encode_to_string(&macaroon), ..Bill::good() };
        assert_ne!(bill.macaroon, Bill::good().macaroon, "the dialects must differ for this macaroon");
        assert_buys(&bill, &[bill.challenge()]).await;
    }
}

#[tokio::test]
async fn an_invoice_in_capitals_is_the_same_invoice() {
    let mut bill = Bill::good();
    bill.invoice.make_ascii_uppercase();
    assert_buys(&bill, &[bill.challenge()]).await;
}

#[tokio::test]
async fn the_cap_itself_may_be_paid() {
    let wallet = TestWallet::obedient();
    let bill = Bill::with_amount(CAP);
    let shop = Shop::selling(&bill).await;
    let response = client(&wallet).get(shop.url("/")).send().await.unwrap();
    assert_eq!(Receipt::of(&response).unwrap().amount, CAP);
}

#[tokio::test]
async fn the_default_cap_is_a_thousand_sat() {
    let wallet = TestWallet::obedient();
    let client = L402Client::builder(wallet.clone()).clock(ManualClock::at(NOW)).build().unwrap();
    let shop = Shop::selling(&Bill::with_amount(Msat::from_sat(1_000))).await;
    client.get(shop.url("/")).send().await.unwrap();
    let shop = Shop::selling(&Bill::with_amount(Msat::from_msat(1_000_001))).await;
    client.get(shop.url("/")).send().await.unwrap_err();
    assert_eq!(wallet.payments().len(), 1);
}

#[tokio::test]
async fn an_invoice_may_be_paid_until_ten_seconds_before_it_expires() {
    let clock = ManualClock::at(NOW);
    clock.advance(INVOICE_EXPIRY - Duration::from_secs(11));
    let wallet = TestWallet::obedient();
    let shop = Shop::selling(&Bill::good()).await;
    builder(&wallet).clock(clock).build().unwrap().get(shop.url("/")).send().await.unwrap();
    assert_eq!(wallet.payments().len(), 1);
}

#[tokio::test]
async fn the_wallet_is_told_what_it_may_spend() {
    for (amount, set, expected) in [
        (Msat::from_sat(10), None, Msat::from_sat(10)),
        (Msat::from_sat(1_000), None, Msat::from_sat(10)),
        (Msat::from_sat(5_000), None, Msat::from_sat(50)),
        (Msat::from_sat(5_000), Some(Msat::ZERO), Msat::ZERO),
        (Msat::from_sat(10), Some(Msat::from_sat(3)), Msat::from_sat(3)),
    ] {
        let wallet = TestWallet::obedient();
        let mut builder = builder(&wallet).budget(Budget::unlimited());
        if let Some(fee) = set {
            builder = builder.max_fee(fee).pay_timeout(Duration::from_secs(5));
        }
        let shop = Shop::selling(&Bill::with_amount(amount)).await;
        builder.build().unwrap().get(shop.url("/")).send().await.unwrap();
        let payment = &wallet.payments()[0];
        assert_eq!(payment.max_fee, expected, "{amount}");
        assert_eq!(payment.timeout, Duration::from_secs(if set.is_some() { 5 } else { 60 }));
    }
}

#[tokio::test]
async fn the_fee_stands_in_the_receipt() {
    let wallet = TestWallet::obedient();
    let shop = Shop::selling(&Bill::good()).await;
    let response = client(&wallet).get(shop.url("/")).send().await.unwrap();
    assert_eq!(Receipt::of(&response).unwrap().fee, Some(Msat::from_msat(1_500)));
}

#[tokio::test]
async fn a_request_is_repeated_as_it_was() {
    let wallet = TestWallet::obedient();
    let shop = Shop::selling(&Bill::good()).await;
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("text/plain"));

    let response = client(&wallet)
        .post(shop.url("/report?lang=en"))
        .query(&[("page", "2")])
        .headers(headers)
        .header("x-trace", "7")
        .json(&json!({"title": "sats"}))
        .timeout(Duration::from_secs(30))
        .send()
        .await
        .unwrap();

    assert_eq!(response.text().await.unwrap(), "the goods");
    let requests = shop.requests().await;
    let [first, second] = &requests[..] else { panic!("{requests:?}") };
    for request in [first, second] {
        assert_eq!(request.method, "POST");
        assert_eq!(request.url.path(), "/report");
        assert_eq!(request.url.query(), Some("lang=en&page=2"));
        assert_eq!(request.body, br#"{"title":"sats"}"#);
        assert_eq!(request.headers["content-type"], "application/json");
        assert_eq!(request.headers["accept"], "text/plain");
        assert_eq!(request.headers["x-trace"], "7");
    }
    let mut without_credential = second.headers.clone();
    without_credential.remove("authorization");
    assert_eq!(without_credential, first.headers);
}

#[tokio::test]
async fn every_method_and_kind_of_body_can_be_paid_for() {
    let till = Till::new();
    let shop = till.open().await;
    let client = L402Client::builder(till.clone()).clock(ManualClock::at(NOW)).build().unwrap();
    let url = shop.url("/");
    let built = reqwest::Client::new().get(&url).build().unwrap();
    let responses = [
        client.get(&url).send().await,
        client.post(&url).form(&[("a", "1")]).send().await,
        client.put(&url).body(vec![0, 1, 2]).send().await,
        client.patch(&url).body("text").send().await,
        client.delete(&url).send().await,
        client.head(&url).send().await,
        client.request(reqwest::Method::OPTIONS, &url).send().await,
        client.get(&url).map(|request| request.version(reqwest::Version::HTTP_11)).send().await,
        client.execute(built).await,
    ];
    for response in &responses {
        assert!(Receipt::of(response.as_ref().unwrap()).is_some(), "{response:?}");
    }
    assert_eq!(till.paid(), vec![1; responses.len()]);
    let requests = shop.requests().await;
    let paid: Vec<_> = requests.iter().skip(1).step_by(2).map(|r| (r.method.as_str(), &r.body[..])).collect();
    assert_eq!(paid[..4], [("GET", &b""[..]), ("POST", b"a=1"), ("PUT", &[0, 1, 2]), ("PATCH", b"text")]);
    assert_eq!(paid[4..7], [("DELETE", &b""[..]), ("HEAD", b""), ("OPTIONS", b"")]);
}

/// Two clones at once share the wallet, and each call pays for itself.
#[tokio::test]
async fn calls_do_not_disturb_each_other() {
    let till = Till::new();
    let shop = till.open().await;
    let one = L402Client::builder(till.clone()).clock(ManualClock::at(NOW)).build().unwrap();
    let (other, url) = (one.clone(), shop.url("/"));
    let (first, second) = tokio::join!(one.get(&url).send(), other.get(&url).send());
    for response in [first.unwrap(), second.unwrap()] {
        assert_eq!(response.status(), 200);
        assert!(Receipt::of(&response).is_some());
    }
    assert_eq!(till.paid(), [1, 1]);
}

#[tokio::test]
async fn what_the_server_answers_to_a_payment_is_delivered_with_the_receipt() {
    let bill = Bill::with_invoice(sign(invoice(Some(PRICE), Currency::Regtest)));
    for status in [201, 204, 304, 401, 403, 404, 500, 503] {
        let wallet = TestWallet::obedient();
        let paid = ResponseTemplate::new(status);
        let shop = Shop::answering(&bill, answer(402, &[bill.challenge()]), paid).await;
        let response = client(&wallet).get(shop.url("/")).send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(Receipt::of(&response).unwrap().amount, PRICE, "{status}");
        assert_eq!(wallet.payments().len(), 1);
    }
}
