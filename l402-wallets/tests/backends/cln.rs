//! Core Lightning as a wallet: what it is asked over both ways, and what its answers mean.

use std::time::SystemTime;

use l402_core::ports::{BackendErrorKind as Kind, PayOutcome, Wallet};
use l402_core::{Msat, Network};
use l402_wallets::cln::{ClnWallet, Rune};
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, TIMEOUTS, Vendor, endpoint, hasty, paid, request};
use crate::support::bill::Bill;

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| {
            Box::new(ClnWallet::rest(endpoint, Rune::new(KEY)).unwrap().with_network(network))
        },
        is_payment: |request| request.url.path() == "/v1/xpay",
        paid: |_, preimage| xpaid(preimage),
        found: Some(|bill, preimage| pays(bill, &[("failed", ""), ("complete", preimage)])),
        asks_first: false,
        unknown: (201, r#"{"pays":[]}"#),
    })
    .await;
}

fn xpaid(preimage: &str) -> Value {
    json!({"payment_preimage": preimage, "amount_msat": 21_000, "amount_sent_msat": 21_002,
        "failed_parts": 0, "successful_parts": 1})
}

fn pays(bill: &Bill, entries: &[(&str, &str)]) -> Value {
    let entries = entries.iter().map(|(status, preimage)| {
        json!({"payment_hash": bill.hash.to_string(), "status": status, "preimage": preimage,
            "amount_msat": "21000msat", "amount_sent_msat": 21_003, "created_at": 1_738_000_000})
    });
    json!({"pays": entries.collect::<Vec<_>>()})
}

fn wallet(server: &MockServer) -> ClnWallet {
    ClnWallet::rest(endpoint(&server.uri()), Rune::new(KEY)).unwrap().with_network(Network::Regtest)
}

async fn node(bill: &Bill, answer: (u16, Value), look: Value) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/xpay"))
        .and(header("rune", KEY))
        .and(body_json(json!({"invstring": bill.bolt11, "maxfee": 3_000, "retry_for": 59})))
        .respond_with(ResponseTemplate::new(answer.0).set_body_json(answer.1))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path("/v1/listpays"))
        .and(body_json(json!({"payment_hash": bill.hash.to_string()})))
        .respond_with(ResponseTemplate::new(201).set_body_json(look))
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn the_fee_is_what_was_sent_beyond_the_amount() {
    let bill = Bill::new();
    let look = pays(&bill, &[("complete", &bill.preimage)]);
    let server = node(&bill, (201, xpaid(&bill.preimage)), look).await;
    assert_eq!(paid(wallet(&server).pay(request(&bill)).await.unwrap()).fee, Some(Msat::from_msat(2)));
    let found = paid(wallet(&server).lookup(bill.hash).await.unwrap());
    assert_eq!(found.fee, Some(Msat::from_msat(3)), "amounts of old nodes are strings");
}

#[tokio::test]
async fn codes_of_failures() {
    for (code, message, expected) in [
        (203, "Destination said it doesn't know invoice", Kind::InvalidInvoice),
        (205, "We could not find a usable set of paths", Kind::NoRoute),
        (205, "Insufficient funds across local channels", Kind::InsufficientBalance),
        (206, "Fee exceeds our fee budget", Kind::FeeTooHigh),
        (207, "Invoice expired", Kind::Expired),
        (209, "something", Kind::NoRoute),
        (210, "Timed out", Kind::Timeout),
        (219, "Already paid", Kind::AlreadyPaid),
        (-32602, "Invalid invoice", Kind::InvalidInvoice),
    ] {
        let bill = Bill::new();
        let error = json!({"code": code, "message": message});
        let server = node(&bill, (500, error), pays(&bill, &[("failed", "")])).await;
        let outcome = wallet(&server).pay(request(&bill)).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Failed(kind) if kind == expected), "{code}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_failure_while_another_attempt_is_under_way_is_none() {
    for (code, entries) in [(205, [("failed", ""), ("pending", "")]), (-1, [("pending", ""), ("failed", "")])]
    {
        let bill = Bill::new();
        let error = json!({"code": code, "message": "no"});
        let server = node(&bill, (500, error), pays(&bill, &entries)).await;
        tokio::select! {
            outcome = wallet(&server).pay(request(&bill)) => panic!("{code}: {outcome:?}"),
            () = was_looked_at(&server, 3) => {}
        }
    }
}

/// Until the node was asked so often what became of a payment.
async fn was_looked_at(server: &MockServer, times: usize) {
    let looks = async || {
        let asked = server.received_requests().await.unwrap();
        asked.iter().filter(|request| request.url.path() == "/v1/listpays").count()
    };
    while looks().await < times {
        tokio::task::yield_now().await;
    }
}

/// Between two attempts, `listpays` calls a payment failed that the node goes on with.
#[tokio::test]
async fn a_lookup_believes_a_failure_when_no_attempt_can_follow() {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    for (ages, is_over) in [
        (vec![Some(5)], false),
        (vec![Some(500)], false),
        (vec![Some(3_600)], true),
        (vec![Some(3_600), Some(5)], false),
        (vec![Some(5), Some(3_600)], false),
        (vec![None], false),
    ] {
        let bill = Bill::new();
        let entries = ages.iter().map(|age| {
            let begun = age.map(|age| now - age);
            json!({"payment_hash": bill.hash.to_string(), "status": "failed", "created_at": begun})
        });
        let look = json!({"pays": entries.collect::<Vec<_>>()});
        let server = MockServer::start().await;
        Mock::given(path("/v1/listpays"))
            .respond_with(ResponseTemplate::new(201).set_body_json(look))
            .mount(&server)
            .await;
        let outcome = wallet(&server).lookup(bill.hash).await.unwrap();
        assert_eq!(matches!(outcome, PayOutcome::Failed(Kind::NoRoute)), is_over, "{ages:?}: {outcome:?}");
        assert_eq!(matches!(outcome, PayOutcome::Pending), !is_over, "{ages:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn what_was_paid_before_is_recovered() {
    for (code, message) in [(219, "Already paid"), (201, "Already paid with amount"), (205, "no route")] {
        let bill = Bill::new();
        let look = pays(&bill, &[("failed", ""), ("complete", &bill.preimage), ("pending", "")]);
        let server = node(&bill, (500, json!({"code": code, "message": message})), look).await;
        let payment = paid(wallet(&server).pay(request(&bill)).await.unwrap());
        assert_eq!(payment.preimage.payment_hash(), bill.hash);
    }
}

#[tokio::test]
async fn nodes_without_xpay_pay_with_pay() {
    let bill = Bill::new();
    let unknown = json!({"code": -32601, "message": "Unknown command 'xpay'"});
    let server = node(&bill, (404, unknown), pays(&bill, &[])).await;
    let done = json!({"payment_preimage": bill.preimage, "payment_hash": bill.hash.to_string(),
        "parts": 1, "amount_msat": "21000msat", "amount_sent_msat": "21005msat", "status": "complete"});
    Mock::given(path("/v1/pay"))
        .and(body_json(json!({"bolt11": bill.bolt11, "maxfee": 3_000, "retry_for": 59})))
        .respond_with(ResponseTemplate::new(201).set_body_json(done))
        .expect(1)
        .mount(&server)
        .await;
    assert_eq!(paid(wallet(&server).pay(request(&bill)).await.unwrap()).fee, Some(Msat::from_msat(5)));
}

#[tokio::test]
async fn the_balance_is_the_sum_over_channels() {
    let server = MockServer::start().await;
    let channels = json!({"channels": [{"spendable_msat": 1_001}, {"spendable_msat": "2000msat"}, {"state": "OPENINGD"}]});
    Mock::given(path("/v1/listpeerchannels"))
        .respond_with(ResponseTemplate::new(201).set_body_json(channels))
        .mount(&server)
        .await;
    assert_eq!(wallet(&server).balance().await.unwrap(), Msat::from_msat(3_001));
}

#[cfg(unix)]
mod socket {
    use super::*;
    use crate::support::lightningd::Lightningd;

    fn wallet(daemon: &Lightningd) -> ClnWallet {
        ClnWallet::socket(&daemon.path).unwrap().with_network(Network::Regtest)
    }

    #[tokio::test]
    async fn a_payment_and_its_lookup() {
        let bill = Bill::new();
        let answers = [xpaid(&bill.preimage), pays(&bill, &[("complete", &bill.preimage)])];
        let daemon = Lightningd::start(move |method, _| match method {
            "xpay" => Ok(answers[0].clone()),
            "listpays" => Ok(answers[1].clone()),
            _ => Err((-32601, "Unknown command")),
        });
        let payment = paid(wallet(&daemon).pay(request(&bill)).await.unwrap());
        assert_eq!(payment.preimage.payment_hash(), bill.hash);
        paid(wallet(&daemon).lookup(bill.hash).await.unwrap());
        let params = daemon.requests()[0]["params"].clone();
        assert_eq!(params, json!({"invstring": bill.bolt11, "maxfee": 3_000, "retry_for": 59}));
    }

    #[tokio::test]
    async fn an_answer_that_is_cut_off_is_pending() {
        for answer in ["", "\n\n", "{\"jsonrpc\":\"2.0\",\"id\":\"l402:xpay\",\"resu", "<html>\n\n"] {
            let mut timeouts = TIMEOUTS.into_iter();
            loop {
                let timeout = timeouts.next().expect("the daemon was never asked");
                let daemon = Lightningd::speaking(move |_| answer.as_bytes().to_vec());
                let outcome = wallet(&daemon).pay(hasty(&Bill::new(), timeout)).await.unwrap();
                match daemon.requests().iter().filter(|it| it["method"] == "xpay").count() {
                    0 => {}
                    1 => {
                        assert!(matches!(outcome, PayOutcome::Pending), "{answer}: {outcome:?}");
                        break;
                    }
                    _ => panic!("paid again"),
                }
            }
        }
    }

    #[tokio::test]
    async fn a_daemon_that_is_not_there_spends_nothing() {
        let nowhere = ClnWallet::socket("/nonexistent/lightning-rpc").unwrap().with_network(Network::Regtest);
        let outcome = nowhere.pay(request(&Bill::new())).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Failed(Kind::Unavailable)), "{outcome:?}");
    }
}
