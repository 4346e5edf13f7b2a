//! Whole exchanges with servers that want more than they say, or money for nothing: each ends in the documented error,
//! with exactly the documented amount spent.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use base64_simd::STANDARD;
use l402_client::{ClientError, L402Client, Receipt, Spent, reqwest};
use l402_core::header::ChallengeParseError;
use l402_core::{ManualClock, Msat};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::support::till::Till;
use crate::support::{
    Bill, NOW, PRICE, RAW_GOODS, Shop, TestWallet, accept, answer, builder, client, preimage, preimage_hex,
    raw_402, raw_server,
};

/// l402kit's token.
fn json_bill() -> Bill {
    let text = format!(r#"{{"hash":"{}","exp":1900000600000}}"#, preimage().payment_hash());
    Bill { macaroon: STANDARD.encode_to_string(text), ..Bill::good() }
}

fn body_of(bill: &Bill) -> Value {
    json!({"error": "Payment Required", "price_sats": 10, "invoice": bill.invoice, "macaroon": bill.macaroon})
}

/// A shop whose bill is in the body alone.
async fn shop_with_body(bill: &Bill, body: ResponseTemplate) -> Shop {
    Shop::answering(bill, body, ResponseTemplate::new(200)).await
}

#[tokio::test]
async fn a_bill_in_the_body_is_paid() {
    let mut rows = vec![(body_of(&json_bill()), json_bill()), (body_of(&Bill::good()), Bill::good())];
    let mut camel = body_of(&json_bill());
    camel.as_object_mut().unwrap().remove("price_sats");
    camel["priceSats"] = 10.into();
    rows.push((camel, json_bill()));
    let mut bare = body_of(&json_bill());
    bare.as_object_mut().unwrap().remove("price_sats");
    rows.push((bare, json_bill()));
    for (body, bill) in rows {
        for kind in ["application/json", "Application/JSON; charset=utf-8", "application/problem+json"] {
            let wallet = TestWallet::obedient();
            let unpaid = ResponseTemplate::new(402).set_body_raw(body.to_string(), kind);
            let shop = shop_with_body(&bill, unpaid).await;
            let response = client(&wallet).get(shop.url("/")).send().await.unwrap();
            assert_eq!(
                (response.status().as_u16(), Receipt::of(&response).unwrap().amount),
                (200, PRICE),
                "{body}"
            );
            let requests = shop.requests().await;
            assert_eq!(requests[1].headers["authorization"], bill.credential());
        }
    }
}

/// The invoice is what counts, and a body that says otherwise is not trusted with money.
#[tokio::test]
async fn a_bill_in_the_body_that_does_not_add_up_is_not_paid() {
    let with = |key: &str, value: Value| {
        let mut body = body_of(&json_bill());
        body[key] = value;
        body
    };
    let is_mismatch =
        |error: &ClientError| matches!(error, ClientError::PriceMismatch { invoice: PRICE, .. });
    let is_none = |error: &ClientError| matches!(error, ClientError::NoChallenge);
    let unreadable = |error: &ClientError| matches!(error, ClientError::UnreadableChallenge(_));
    type Check<'a> = &'a dyn Fn(&ClientError) -> bool;
    let rows: Vec<(Value, Check<'_>)> = vec![
        (with("price_sats", 1.into()), &is_mismatch),
        (with("price_sats", 0.into()), &is_mismatch),
        (with("price_sats", (-10).into()), &is_mismatch),
        (with("price_sats", 10.5.into()), &is_mismatch),
        (with("price_sats", u64::MAX.into()), &is_mismatch),
        (with("price_sats", "10".into()), &is_none),
        (with("invoice", 7.into()), &is_none),
        (with("invoice", Value::Null), &|e| {
            matches!(e, ClientError::UnreadableChallenge(ChallengeParseError::MissingInvoice))
        }),
        (with("macaroon", Value::Null), &|e| {
            matches!(e, ClientError::UnreadableChallenge(ChallengeParseError::MissingMacaroon))
        }),
        (with("macaroon", "\", invoice=\"x".into()), &unreadable),
        (with("macaroon", "a\nb".into()), &unreadable),
        (with("macaroon", "".into()), &unreadable),
        (with("macaroon", "A".repeat(9_000).into()), &|e| matches!(e, ClientError::UnreadableMacaroon(_))),
        (with("invoice", format!("DEV:{}", preimage().payment_hash()).into()), &|e| {
            matches!(e, ClientError::UnreadableInvoice(_))
        }),
        (json!({"error": "Payment Required"}), &is_none),
        (json!([1, 2]), &is_none),
        (json!("text"), &is_none),
        (with("padding", "x".repeat(20_000).into()), &is_none),
    ];
    for (body, check) in rows {
        let wallet = TestWallet::obedient();
        let unpaid = ResponseTemplate::new(402).set_body_json(&body);
        let shop = shop_with_body(&json_bill(), unpaid).await;
        let error = client(&wallet).get(shop.url("/")).send().await.unwrap_err();
        assert!(check(&error), "{error:?} for {body}");
        assert_eq!((error.spent(), wallet.payments().len()), (Spent::Nothing, 0), "{body}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_not_read() {
    for unpaid in [
        ResponseTemplate::new(402),
        ResponseTemplate::new(402).set_body_string(body_of(&json_bill()).to_string()),
        ResponseTemplate::new(402).set_body_raw("{", "application/json"),
        ResponseTemplate::new(402).set_body_raw("[".repeat(10_000), "application/json"),
    ] {
        let wallet = TestWallet::obedient();
        let shop = shop_with_body(&json_bill(), unpaid).await;
        let error = client(&wallet).get(shop.url("/")).send().await.unwrap_err();
        assert!(matches!(error, ClientError::NoChallenge), "{error:?}");
        assert_eq!(wallet.payments(), []);
    }
}

/// A field that is there is what counts, whatever the body says.
#[tokio::test]
async fn a_body_does_not_outbid_the_field() {
    let wallet = TestWallet::obedient();
    let cheap = Bill::with_amount(Msat::from_sat(1));
    let unpaid = answer(402, &[Bill::good().challenge()]).set_body_json(body_of(&cheap));
    let shop = shop_with_body(&Bill::good(), unpaid).await;
    let response = client(&wallet).get(shop.url("/")).send().await.unwrap();
    assert_eq!(Receipt::of(&response).unwrap().amount, PRICE);
    assert_eq!(shop.requests().await.len(), 2);
}

/// Of two offers the one that may be paid is taken.
#[tokio::test]
async fn a_good_offer_after_a_bad_one_is_paid() {
    for bad in [Bill::with_amount(Msat::ZERO), Bill::with_amount(Msat::from_sat(1_000_000))] {
        let wallet = TestWallet::obedient();
        let bill = Bill::good();
        let shop = Shop::asking(&bill, 402, &[bad.challenge(), bill.challenge()]).await;
        let response = client(&wallet).get(shop.url("/")).send().await.unwrap();
        assert_eq!(Receipt::of(&response).unwrap().amount, PRICE);
    }
}

/// Sends an answer whose body never ends, a little at a time or all at once, until the client has enough.
fn endless(head: &'static str, chunk: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        while stream.write_all(chunk).is_ok() {}
    });
    url
}

#[tokio::test]
async fn a_body_without_end_is_not_read_to_the_end() {
    let wallet = TestWallet::obedient();
    let head = "HTTP/1.1 402 Payment Required\r\ncontent-type: application/json\r\n\r\n{\"error\": \"";
    let error = client(&wallet).get(endless(head, &[b'x'; 4096])).send().await.unwrap_err();
    assert!(matches!(error, ClientError::NoChallenge), "{error:?}");
    assert_eq!(wallet.payments(), []);
}

#[tokio::test]
async fn header_fields_without_end_are_an_error() {
    let wallet = TestWallet::obedient();
    let head = "HTTP/1.1 402 Payment Required\r\n";
    let error = client(&wallet).get(endless(head, b"www-authenticate: x\r\n")).send().await.unwrap_err();
    assert!(matches!(error, ClientError::Http(_)), "{error:?}");
    assert_eq!(wallet.payments(), []);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_or_no_challenge() {
    let wallet = TestWallet::obedient();
    let answer = "HTTP/1.1 402 Payment Required\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"inv";
    let error = client(&wallet).get(raw_server(vec![answer.to_owned()])).send().await.unwrap_err();
    assert!(matches!(error, ClientError::Http(_)), "{error:?}");
    assert_eq!((error.spent(), wallet.payments().len()), (Spent::Nothing, 0));
}

/// Cookies are not kept, so none can mark who has paid before.
#[tokio::test]
async fn cookies_are_not_sent_back() {
    let wallet = TestWallet::obedient();
    let bill = Bill::good();
    let unpaid = answer(402, &[bill.challenge()]).append_header("set-cookie", "payer=7; Path=/");
    let shop = Shop::answering(&bill, unpaid, ResponseTemplate::new(200)).await;
    client(&wallet).get(shop.url("/")).send().await.unwrap();
    assert!(shop.requests().await.iter().all(|request| !request.headers.contains_key("cookie")));
}

/// Another origin by its scheme or port alone is another origin, before and after paying.
#[tokio::test]
async fn redirects_to_another_port_or_scheme_get_neither_money_nor_proof() {
    for after_payment in [false, true] {
        let bill = Bill::good();
        let other = Shop::selling(&bill).await;
        for target in
            [other.url("/"), other.url("/").replace("http:", "https:"), "//other.example/".to_owned()]
        {
            let wallet = TestWallet::obedient();
            let redirect = ResponseTemplate::new(302).insert_header("location", target.as_str());
            let unpaid = if after_payment { answer(402, &[bill.challenge()]) } else { redirect.clone() };
            let shop = Shop::answering(&bill, unpaid, redirect).await;
            let response = client(&wallet).get(shop.url("/")).send().await.unwrap();
            assert_eq!(response.status(), 302, "{target}");
            assert_eq!(Receipt::of(&response).is_some(), after_payment);
            assert_eq!(wallet.payments().len(), usize::from(after_payment));
        }
        assert_eq!(other.requests().await.len(), 0);
    }
}

/// With a client that follows redirects anywhere, a token at hand does not go along.
#[tokio::test]
async fn a_token_at_hand_does_not_follow_a_redirect_elsewhere() {
    let till = Till::new();
    let other = Shop::with(|_| ResponseTemplate::new(402)).await;
    let target = other.url("/");
    let shop = Shop::with({
        let till = till.clone();
        move |request| match request.url.path() {
            "/away" => ResponseTemplate::new(307).insert_header("location", target.as_str()),
            _ => till.serve(request),
        }
    })
    .await;
    till.selling(["services=all:0"]);
    let client = L402Client::builder(till.clone())
        .clock(ManualClock::at(NOW))
        .http_client(reqwest::Client::new())
        .build()
        .unwrap();
    client.get(shop.url("/")).send().await.unwrap();
    let error = client.get(shop.url("/away")).send().await.unwrap_err();
    assert!(matches!(error, ClientError::NoChallenge | ClientError::OtherOrigin { .. }), "{error:?}");
    let requests = other.requests().await;
    assert!(requests.iter().all(|request| !request.headers.contains_key("authorization")), "{requests:?}");
    assert_eq!(till.payments(), 1);
    client.get(shop.url("/")).send().await.unwrap();
    assert_eq!(till.payments(), 1, "what another origin answers says nothing about the token");
}

/// A server that refuses what it sold and asks for ever more is paid once a call, whatever it answers.
#[tokio::test]
async fn a_server_that_is_never_content_is_paid_once_a_call() {
    let till = Till::new();
    let shop = Shop::with({
        let till = till.clone();
        move |request| {
            let mut request = request.clone();
            request.headers.remove("authorization");
            till.serve(&request)
        }
    })
    .await;
    let client = L402Client::builder(till.clone()).clock(ManualClock::at(NOW)).build().unwrap();
    for calls in 1..=3 {
        let error = client.get(shop.url("/")).send().await.unwrap_err();
        assert!(matches!(error, ClientError::StillPaymentRequired { .. }), "{error:?}");
        let Spent::Paid(receipt) = error.spent() else { panic!("{error:?}") };
        assert_eq!((receipt.amount, till.payments()), (PRICE, calls));
    }
    assert_eq!(shop.requests().await.len(), 6);
}

/// The macaroon is not searched for words: it goes back as it is.
#[tokio::test]
async fn a_token_with_the_scheme_in_it_goes_back_unchanged() {
    let till = Till::new();
    let shop = till.selling(["note=LSAT L402 lsat"]).open().await;
    let client = L402Client::builder(till.clone()).clock(ManualClock::at(NOW)).build().unwrap();
    assert_eq!(client.get(shop.url("/")).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_server_that_answers_the_payment_too_late_leaves_a_token() {
    let till = Till::new();
    let bill = raw_402(&till.raw_bill());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (arrived, has_arrived) = mpsc::channel();
    std::thread::spawn(move || {
        let next = || accept(&listener, b"\r\n\r\n");
        next().write_all(bill.as_bytes()).unwrap();
        let _unanswered = next();
        arrived.send(()).unwrap();
        next().write_all(RAW_GOODS).unwrap();
    });
    let client = L402Client::builder(till.clone()).clock(ManualClock::at(NOW)).build().unwrap();
    let call = tokio::spawn(client.get(&url).timeout(Duration::from_secs(30)).send());
    while has_arrived.try_recv().is_err() {
        tokio::task::yield_now().await;
    }
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(30)).await;
    tokio::time::resume();
    let error = call.await.unwrap().unwrap_err();
    let ClientError::PaidRequestFailed { receipt, source } = &error else { panic!("{error:?}") };
    assert!(source.is_timeout());
    assert_eq!((receipt.amount, error.spent()), (PRICE, Spent::Paid(receipt.clone())));
    let again = client.get(&url).send().await.unwrap();
    assert_eq!((again.status().as_u16(), Receipt::of(&again)), (200, None), "what was paid for is delivered");
    assert_eq!(till.payments(), 1);
}

/// What goes to the server is the preimage of its own payment, and nothing that a hostile one could want.
#[tokio::test]
async fn the_proof_goes_to_the_server_that_sold_and_nowhere_else() {
    let wallet = TestWallet::obedient();
    let (shop, twin) = (Shop::selling(&Bill::good()).await, Shop::selling(&Bill::good()).await);
    let client = builder(&wallet).build().unwrap();
    client.get(shop.url("/")).send().await.unwrap();
    client.get(twin.url("/")).send().await.unwrap_err();
    for request in twin.requests().await {
        assert!(!format!("{:?}", request.headers).contains(&preimage_hex()));
    }
}
