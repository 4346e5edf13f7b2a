//! No preimage, macaroon, credential or query reaches an error or an event.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

#[allow(dead_code, reason = "shared with the other tests")]
mod support;

use std::cell::RefCell;
use std::error::Error;
use std::io::{self, Write};
use std::sync::Once;

use l402_client::store::{Step, Store, Wanted};
use l402_client::{Approval, L402Client, MemoryStore, Receipt, reqwest};
use l402_core::ports::{BackendError, BackendErrorKind, PayOutcome, Payment};
use l402_core::{ManualClock, Preimage};

use crate::support::till::{Answer, Till};
use crate::support::{Bill, NOW, Shop, TestWallet, answer, client, preimage, preimage_hex, raw_server};

thread_local! {
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Keeps every event of this thread, down to the most talkative level, from now on.
///
/// The subscriber is the process's own: one a thread would race with threads that have none, which is also why
/// these tests are a program of their own and all begin with this.
fn start_log() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(|| ThreadLog)
            .init();
    });
    LOG.take();
}

fn log() -> String {
    LOG.with_borrow(|log| String::from_utf8(log.clone()).unwrap())
}

struct ThreadLog;

impl Write for ThreadLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `Debug`, and `Display` of the error and of all its sources.
fn all_texts_of(error: &dyn Error) -> String {
    let mut text = format!("{error:?}");
    let mut next = Some(error);
    while let Some(error) = next {
        text += &format!("\n{error}");
        next = error.source();
    }
    text
}

fn assert_no_secrets(text: &str, bill: &Bill) {
    let hex = preimage_hex();
    let decimal = "90, 90, 90"; // the preimage's bytes, as a derived Debug would print them
    for secret in [&hex, &hex.to_uppercase(), &bill.macaroon, decimal, "hush"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn a_payment_leaves_a_trace_without_secrets() {
    start_log();
    let bill = Bill::good();
    let shop = Shop::selling(&bill).await;
    let client = client(&TestWallet::obedient());
    let request = client.post(shop.url("/report?key=hush")).header("x-key", "hush").body("hush");
    let debug = format!("{client:?} {request:?} {:?}", L402Client::builder(TestWallet::obedient()));

    let response = request.send().await.unwrap();

    assert_no_secrets(&debug, &bill);
    assert_no_secrets(&format!("{:?}", Receipt::of(&response)), &bill);
    let events = log();
    assert_no_secrets(&events, &bill);
    let hash = preimage().payment_hash().to_string();
    for expected in ["l402: paying", "l402: paid", "l402: answered after payment", &hash[..8]] {
        assert!(events.contains(expected), "{expected} not in {events}");
    }
    assert!(!events.contains(&hash[..9]), "more of the payment hash than its prefix: {events}");
}

#[tokio::test]
async fn failures_leave_a_trace_without_secrets() {
    let bill = Bill::good();
    let pay = |preimage: Preimage| move || Ok(PayOutcome::Paid(Payment::new(preimage.clone(), None)));
    let unreadable = bill.challenge_as(r#"L402 macaroon="M", macaroon="hush", invoice="I""#);
    let garbage = bill.challenge_as(r#"L402 macaroon="M!", invoice="I""#);
    let unpaid = async |challenge: &str| Shop::asking(&bill, 402, &[challenge.to_owned()]).await;
    let greedy =
        || Shop::answering(&bill, answer(402, &[bill.challenge()]), answer(402, &[bill.challenge()]));
    let wrong = Preimage::from_bytes([0x5b; 32]);
    let down = || Err(BackendError::new("test", BackendErrorKind::Unavailable));
    for (event, shop, wallet) in [
        ("a challenge was refused", unpaid("Bearer hush").await, TestWallet::obedient()),
        ("a challenge was refused", unpaid(&unreadable).await, TestWallet::obedient()),
        ("a challenge was refused", unpaid(&garbage).await, TestWallet::obedient()),
        ("not paid, or not provably", Shop::selling(&bill).await, TestWallet::answering(pay(wrong))),
        ("not paid, or not provably", Shop::selling(&bill).await, TestWallet::answering(down)),
        ("answered after payment", greedy().await, TestWallet::obedient()),
    ] {
        start_log();
        let request = client(&wallet).get(shop.url("/?key=hush"));
        let error = request.send().await.unwrap_err();
        assert_no_secrets(&all_texts_of(&error), &bill);
        assert_no_secrets(&log(), &bill);
        assert!(!log().contains(&"5b".repeat(32)) && !format!("{error:?}").contains(&"5b".repeat(32)));
        assert!(log().contains(event), "{event} not in {}", log());
    }
}

/// The errors that have seen a URL or a credential.
#[tokio::test]
async fn errors_of_http_hold_no_secrets() {
    start_log();
    let bill = Bill::good();
    let wallet = TestWallet::obedient();
    let payment_required = format!(
        "HTTP/1.1 402 Payment Required\r\nwww-authenticate: {}\r\nconnection: close\r\n\r\n",
        bill.challenge()
    );
    let other = client(&wallet); // the same bill is not paid twice by one
    let client = client(&wallet);
    let hung_up = other.get(raw_server(vec![payment_required.clone(), String::new()]) + "/?key=hush");
    let garbled = client.get(raw_server(vec![payment_required, "hush".repeat(9)]) + "/?key=hush");
    let refused = client.get("http://127.0.0.1:1/?key=hush");
    let no_http = client.get("ftp://user:hush@127.0.0.1/?key=hush#hush");
    let no_header = client.get("http://127.0.0.1/").header("authorization", "hush\n");
    let stream = reqwest::Body::wrap(reqwest::Body::from("hush"));
    let shop = Shop::selling(&bill).await;
    let streamed = client.post(shop.url("/?key=hush")).body(stream);
    let authorized = client.get(shop.url("/?key=hush")).header("authorization", "Bearer hush");
    for request in [hung_up, garbled, refused, no_http, no_header, streamed, authorized] {
        let error = request.send().await.unwrap_err();
        assert_no_secrets(&all_texts_of(&error), &bill);
    }
    assert_no_secrets(&log(), &bill);
    assert_eq!(wallet.payments().len(), 2, "the first two were paid");
}

/// Tokens that are kept, refused, looked up after a crash, and what all of these are printed as.
#[tokio::test]
async fn tokens_and_records_are_kept_without_showing_them() {
    start_log();
    let till = Till::new();
    let shop = till.selling([]).refusing_with(401).open().await;
    let store = MemoryStore::new();
    let client = L402Client::builder(till.clone())
        .store(store.clone())
        .clock(ManualClock::at(NOW))
        .approve(|proposal| {
            tracing::info!(?proposal, "asked");
            std::future::ready(Approval::Granted)
        })
        .build()
        .unwrap();
    let url = shop.url("/?key=hush");
    let mut texts = vec![format!("{:?}", client.get(&url).quote().await.unwrap())];
    client.get(&url).send().await.unwrap();
    client.get(&url).send().await.unwrap();
    till.forget_tokens();
    client.get(&url).send().await.unwrap();
    till.wallet_answers(Answer::PendingAndPaid);
    let pending = client.get(shop.url("/other?key=hush")).send().await.unwrap_err();
    texts.push(all_texts_of(&pending));
    texts.push(format!("{:?}", client.resume().await.unwrap()));

    let records = store.find(Wanted::Latest(100)).await.unwrap();
    assert_eq!(records.len(), 3, "one was refused, one is good, one was looked up");
    texts.push(format!("{records:?} {store:?} {client:?} {:?}", client.usage().await));
    texts.push(format!("{:?}", records[0].intent));
    let steps =
        records.iter().map(|record| Step::Paid { preimage: record.preimage.clone().unwrap(), fee: None });
    texts.push(format!("{:?}", steps.collect::<Vec<_>>()));
    texts.push(format!("{:?}", client.credential(&reqwest::Method::GET, &url.parse().unwrap()).unwrap()));
    let events = log();
    for expected in
        ["asked", "l402: the server does not accept a token", "l402: a payment of unknown outcome"]
    {
        assert!(events.contains(expected), "{expected} not in {events}");
    }
    texts.push(events);
    for record in &records {
        let preimage = record.preimage.as_ref().unwrap();
        let bytes = format!("{:?}", preimage.expose());
        for secret in [&preimage.expose_hex(), &record.intent.macaroon, &bytes, &"hush".to_owned()] {
            for text in &texts {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
    }
}
