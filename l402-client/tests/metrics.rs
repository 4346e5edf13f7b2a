//! Every counter moves as the documentation of the crate says, and no other does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail")]

#[allow(dead_code, reason = "shared with the other tests")]
mod support;

use std::collections::BTreeMap;

use l402_client::{Budget, L402Client, Settlement};
use l402_core::{ManualClock, Msat};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

use crate::support::till::{Answer, Till};
use crate::support::{NOW, Shop};

/// A client whose counters are this thread's, with a shop and a wallet.
struct Setting {
    till: Till,
    shop: Shop,
    client: L402Client,
    counters: Snapshotter,
}

impl Setting {
    async fn new() -> Self {
        let recorder: &'static DebuggingRecorder = Box::leak(Box::new(DebuggingRecorder::new()));
        // For this thread, on which the client runs, until the next test comes and takes its place.
        std::mem::forget(metrics::set_default_local_recorder(recorder));
        let till = Till::new();
        let client = L402Client::builder(till.clone())
            .clock(ManualClock::at(NOW))
            .budget(Budget::default().per_request(Msat::from_sat(25)))
            .build()
            .unwrap();
        Self { shop: till.open().await, till, client, counters: recorder.snapshotter() }
    }

    async fn get(&self, path: &str) -> Result<u16, &'static str> {
        let sent = self.client.get(self.shop.url(path)).send().await;
        sent.map(|response| response.status().as_u16()).map_err(|error| error.code())
    }

    /// All that moved since the last time.
    #[track_caller]
    fn expect(&self, expected: &[(&str, u64)]) {
        let snapshot = self.counters.snapshot().into_vec().into_iter();
        let moved: BTreeMap<String, u64> = snapshot
            .filter_map(|(key, _, _, value)| {
                let key = key.key();
                let labels = key.labels().map(|label| format!(" {}={}", label.key(), label.value()));
                let name = key.name().to_owned() + &labels.collect::<String>();
                let DebugValue::Counter(count) = value else { panic!("{name} is no counter") };
                (count > 0).then_some((name, count))
            })
            .collect();
        let expected = expected.iter().map(|(name, count)| (format!("l402_client_{name}"), *count)).collect();
        assert_eq!(moved, expected);
    }
}

#[tokio::test]
async fn payments_tokens_and_what_they_cost() {
    let setting = Setting::new().await;
    setting.till.selling(["uses=2"]);
    assert_eq!(setting.get("/").await, Ok(200));
    setting.expect(&[("payments_total outcome=paid", 1), ("spent_msat_total", 10_007)]);
    assert_eq!(setting.get("/").await, Ok(200));
    setting.expect(&[("token_hits_total", 1)]);
    assert_eq!(setting.get("/").await, Ok(200));
    setting.expect(&[("payments_total outcome=paid", 1), ("spent_msat_total", 10_007)]);
    setting.till.forget_tokens();
    assert_eq!(setting.get("/").await, Ok(200));
    setting.expect(&[
        ("payments_total outcome=paid", 1),
        ("spent_msat_total", 10_007),
        ("token_hits_total", 1),
        ("tokens_dropped_total", 1),
    ]);
    setting.client.get(setting.shop.url("/new")).quote().await.unwrap();
    setting.expect(&[]);
}

#[tokio::test]
async fn payments_that_fail_and_those_that_nobody_knows_of() {
    let setting = Setting::new().await;
    setting.till.wallet_answers(Answer::Failed);
    assert_eq!(setting.get("/").await, Err("payment_failed"));
    setting.expect(&[("payments_total outcome=failed", 1)]);

    setting.till.wallet_answers(Answer::PendingAndPaid);
    assert_eq!(setting.get("/").await, Err("payment_pending"));
    setting.expect(&[("payments_total outcome=unknown", 1)]);
    setting.client.resume().await.unwrap();
    setting.expect(&[("resolved_total outcome=paid", 1), ("spent_msat_total", 10_007)]);

    setting.till.wallet_answers(Answer::PendingAndNot);
    assert_eq!(setting.get("/other").await, Err("payment_pending"));
    assert_eq!(setting.get("/other").await, Err("earlier_payment_open"));
    setting.expect(&[("payments_total outcome=unknown", 1), ("refused_total code=earlier_payment_open", 1)]);
    let open = setting.client.resume().await.unwrap().open.remove(0).payment_hash;
    setting.expect(&[]);
    setting.client.settle(open, Settlement::NotPaid).await.unwrap();
    setting.expect(&[("resolved_total outcome=failed", 1)]);
    // It was paid after all, with a fee that nobody knows.
    let proof = Settlement::Paid { preimage: setting.till.preimage(open), fee: None };
    for expected in [&[("resolved_total outcome=paid", 1), ("spent_msat_total", 10_000)][..], &[]] {
        setting.client.settle(open, proof.clone()).await.unwrap();
        setting.expect(expected);
    }
}

#[tokio::test]
async fn refusals_by_their_reason() {
    let setting = Setting::new().await;
    setting.till.at(Msat::from_sat(26));
    for _ in 0..2 {
        assert_eq!(setting.get("/").await, Err("over_request_cap"));
    }
    setting.expect(&[("refused_total code=over_request_cap", 2)]);
    setting.till.at(Msat::from_sat(10));
    let cheap = setting.client.get(setting.shop.url("/")).max_cost(Msat::from_sat(5)).send().await;
    assert_eq!(cheap.unwrap_err().code(), "over_request_cap");
    setting.expect(&[("refused_total code=over_request_cap", 1)]);

    let request = setting.client.get(setting.shop.url("/")).header("authorization", "Basic eA==");
    assert_eq!(request.send().await.unwrap_err().code(), "authorization_in_use");
    setting.expect(&[("refused_total code=authorization_in_use", 1)]);
    let wrong = setting.client.pay_invoice("lnbcrt1nonsense", None).await.unwrap_err();
    setting.expect(&[("refused_total code=unreadable_invoice", 1)]);
    assert_eq!(wrong.code(), "unreadable_invoice");

    let other = Shop::with(|_| wiremock::ResponseTemplate::new(402)).await;
    let error = setting.client.get(other.url("/")).send().await.unwrap_err();
    assert_eq!(error.code(), "no_challenge");
    setting.expect(&[("refused_total code=no_challenge", 1)]);

    // What was never a bill is no refusal of one.
    assert_eq!(setting.client.get("http://127.0.0.1:1/").send().await.unwrap_err().code(), "http");
    setting.expect(&[]);
}

#[tokio::test]
async fn an_invoice_that_comes_with_no_token() {
    let setting = Setting::new().await;
    let bill = setting.till.raw_bill();
    let invoice = bill.rsplit('"').nth(1).unwrap();
    setting.client.pay_invoice(invoice, None).await.unwrap();
    setting.expect(&[("payments_total outcome=paid", 1), ("spent_msat_total", 10_007)]);
    assert!(setting.client.pay_invoice(invoice, None).await.unwrap().was_paid);
    setting.expect(&[]);
}
