//! A wallet over Nostr Wallet Connect: the contract of all wallets, through a real relay, with a wallet that answers well
//! or badly.

use std::time::Duration;

use futures_util::future::join_all;
use l402_core::ports::{BackendErrorKind as Kind, PayOutcome, PayRequest, Wallet};
use l402_core::{Msat, Network};
use l402_wallets::nwc::{NwcUri, NwcWallet};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::contract::{paid, request};
use crate::support::bill::Bill;
use crate::support::log;
use crate::support::nostr::{BadRelay, METHODS, Relay, Say, WalletService};

/// Long enough for an answer on a busy machine, short enough to wait for where none comes.
const SHORT: Duration = Duration::from_secs(3);

fn at(uri: &str) -> NwcWallet {
    let uri = NwcUri::parse(uri).unwrap().timeout(Duration::from_secs(5)).pause(Duration::from_millis(1));
    NwcWallet::new(uri).unwrap().with_network(Network::Regtest)
}

fn hasty(bill: &Bill) -> PayRequest {
    PayRequest::new(bill.bolt11.clone(), bill.hash, Msat::from_sat(3), SHORT)
}

/// The transaction of a payment, as Alby Hub tells it.
fn transaction(bill: &Bill, state: &str, preimage: &str) -> Value {
    json!({
        "type": "outgoing", "state": state, "invoice": bill.bolt11, "preimage": preimage,
        "payment_hash": bill.hash.to_string(), "amount": 21_000, "fees_paid": 1_001, "created_at": 1_700_000_000,
        "settled_at": null, "metadata": null,
    })
}

fn not_found() -> Say {
    Say::Error("NOT_FOUND", "transaction not found".to_owned())
}

/// A wallet that answers payments with `pay`, and look-ups after the first payment with `look`.
async fn wallet(
    pay: impl Fn() -> Vec<Say> + Send + 'static,
    look: impl Fn() -> Say + Send + 'static,
) -> (WalletService, NwcWallet) {
    let mut paid = false;
    let service = WalletService::start(move |method, _| match method {
        "pay_invoice" => {
            paid = true;
            pay()
        }
        "lookup_invoice" if paid => vec![look()],
        "lookup_invoice" => vec![not_found()],
        _ => vec![Say::Error("NOT_IMPLEMENTED", String::new())],
    })
    .await;
    let wallet = at(&service.uri);
    (service, wallet)
}

#[tokio::test]
async fn paying_gives_the_proof() {
    for info in [Some((METHODS, "nip44_v2 nip04")), Some((METHODS, "")), None] {
        let bill = Bill::new();
        let preimage = bill.preimage.clone();
        let service = WalletService::with_info(info, move |method, _| match method {
            "pay_invoice" => vec![Say::Result(json!({"preimage": preimage, "fees_paid": 1_001}))],
            "get_balance" => vec![Say::Result(json!({"balance": 77_001}))],
            _ => vec![not_found()],
        })
        .await;
        let wallet = at(&service.uri);
        let payment = paid(wallet.pay(request(&bill)).await.unwrap());
        assert_eq!(payment.preimage.payment_hash(), bill.hash);
        assert_eq!(payment.fee, Some(Msat::from_msat(1_001)));
        assert_eq!(wallet.balance().await.unwrap(), Msat::from_msat(77_001));
        assert_eq!(wallet.lookup(bill.hash).await.unwrap_err().kind(), Kind::NotFound);
        let asked = service.requests();
        assert_eq!(asked[0], ("pay_invoice".to_owned(), json!({"invoice": bill.bolt11})));
        assert_eq!(asked[2].1, json!({"payment_hash": bill.hash.to_string()}));
    }
}

#[tokio::test]
async fn what_is_not_meant_is_not_paid() {
    let bill = Bill::new();
    let (service, wallet) = wallet(Vec::new, not_found).await;
    let (mut other_hash, mut broken) = (request(&bill), request(&bill));
    other_hash.payment_hash = Bill::new().hash;
    broken.bolt11.pop();
    for wrong in [other_hash, broken] {
        let outcome = wallet.pay(wrong).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Failed(Kind::InvalidInvoice)), "{outcome:?}");
    }
    let outcome = wallet.with_network(Network::Bitcoin).pay(request(&bill)).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Failed(Kind::InvalidInvoice)), "{outcome:?}");
    assert_eq!(service.requests().len(), 0);
}

#[tokio::test]
async fn false_proofs_are_no_proofs() {
    let bill = Bill::new();
    let lies = ["00".repeat(32), Bill::new().preimage, String::new(), "no hex".to_owned()];
    let bill = &bill;
    let all = lies.iter().map(|lie| async move {
        let (pay, look) = (json!({"preimage": lie}), transaction(bill, "settled", lie));
        let (service, wallet) =
            wallet(move || vec![Say::Result(pay.clone())], move || Say::Result(look.clone())).await;
        let outcome = wallet.pay(hasty(bill)).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Pending), "{lie}: {outcome:?}");
        assert_eq!(service.count("pay_invoice"), 1, "paid again");
        assert_eq!(wallet.lookup(bill.hash).await.unwrap_err().kind(), Kind::Protocol);
    });
    join_all(all).await;
    // The proof of another payment than the one asked for.
    let other = Bill::new();
    let look = transaction(&other, "settled", &other.preimage);
    let (_service, wallet) = wallet(Vec::new, move || Say::Result(look.clone())).await;
    assert!(matches!(wallet.pay(hasty(bill)).await.unwrap(), PayOutcome::Pending));
    assert_eq!(wallet.lookup(bill.hash).await.unwrap_err().kind(), Kind::Protocol);
}

#[tokio::test]
async fn no_answer_is_pending() {
    let sayings: [fn() -> Vec<Say>; 7] = [
        Vec::new,
        || vec![Say::Text("<html>".to_owned())],
        || vec![Say::Text("{\"result_type\": \"pay_inv".to_owned())],
        || vec![Say::Text("[\"pay_invoice\", null, {}]".to_owned())],
        || vec![Say::Unsealed("{}".to_owned())],
        || vec![Say::AsIfFor("get_balance", json!({"balance": 7}))],
        || vec![Say::Forged(json!({"preimage": "00".repeat(32)}))],
    ];
    join_all(sayings.map(|say| async move {
        let (service, wallet) = wallet(say, not_found).await;
        let outcome = wallet.pay(hasty(&Bill::new())).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Pending), "{outcome:?}");
        assert_eq!(service.count("pay_invoice"), 1, "paid again");
    }))
    .await;
    let relays = [Relay::HangsUp, Relay::FallsSilent, Relay::Unsubscribes, Relay::Babbles];
    join_all(relays.map(|relay| async move {
        let relay = BadRelay::start(relay).await;
        let outcome = at(&relay.uri).pay(hasty(&Bill::new())).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Pending), "{outcome:?}");
    }))
    .await;
}

#[tokio::test]
async fn a_lost_answer_is_looked_up() {
    let lost: [fn() -> Vec<Say>; 4] = [
        || vec![Say::Error("INTERNAL", "there is already a payment pending for this invoice".to_owned())],
        || vec![Say::Error("INTERNAL", "this invoice has already been paid".to_owned())],
        || vec![Say::Error("OTHER", String::new())],
        || vec![Say::Text("{\"result_type\": \"pay_inv".to_owned())],
    ];
    for pay in lost {
        let bill = Bill::new();
        let look = transaction(&bill, "settled", &bill.preimage);
        let (service, wallet) = wallet(pay, move || Say::Result(look.clone())).await;
        let payment = paid(wallet.pay(request(&bill)).await.unwrap());
        assert_eq!(payment.preimage.payment_hash(), bill.hash);
        assert_eq!(service.count("pay_invoice"), 1, "paid again");
        assert_eq!(paid(wallet.lookup(bill.hash).await.unwrap()).fee, Some(Msat::from_msat(1_001)));
    }
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_found_by_looking() {
    let bill = Bill::new();
    let (late, look) = (json!({"preimage": bill.preimage}), transaction(&bill, "settled", &bill.preimage));
    let mut looks = 0;
    let service = WalletService::start(move |method, _| match method {
        "pay_invoice" => vec![Say::Late(late.clone())],
        _ if looks == 0 => {
            looks += 1;
            vec![not_found()]
        }
        _ => vec![Say::Result(look.clone()), Say::Result(look.clone())],
    })
    .await;
    let wallet = at(&service.uri);
    assert!(matches!(wallet.pay(hasty(&bill)).await.unwrap(), PayOutcome::Pending));
    // The late answer comes with this one, and answers nothing.
    assert_eq!(wallet.lookup(bill.hash).await.unwrap_err().kind(), Kind::NotFound);
    paid(wallet.lookup(bill.hash).await.unwrap());
    assert_eq!(service.count("pay_invoice"), 1);
}

#[tokio::test]
async fn refusals_spend_nothing() {
    for (code, expected) in [
        ("RATE_LIMITED", Kind::RateLimited { retry_after: None }),
        ("RESTRICTED", Kind::Forbidden),
        ("UNAUTHORIZED", Kind::Auth),
        ("NOT_IMPLEMENTED", Kind::Unsupported),
        ("UNSUPPORTED_ENCRYPTION", Kind::Unsupported),
    ] {
        let (service, wallet) = wallet(move || vec![Say::Error(code, String::new())], not_found).await;
        assert_eq!(wallet.pay(request(&Bill::new())).await.unwrap_err().kind(), expected, "{code}");
        assert_eq!(service.requests().len(), 1, "{code}");
        assert_eq!(wallet.balance().await.unwrap_err().kind(), Kind::Unsupported);
    }
    for (code, expected) in [
        ("INSUFFICIENT_BALANCE", Kind::InsufficientBalance),
        ("QUOTA_EXCEEDED", Kind::LimitExceeded),
        ("PAYMENT_FAILED", Kind::NoRoute),
        ("EXPIRED", Kind::Expired),
        ("BAD_REQUEST", Kind::InvalidInvoice),
    ] {
        for look in [not_found, || Say::Error("NOT_IMPLEMENTED", String::new())] {
            let (service, wallet) = wallet(move || vec![Say::Error(code, String::new())], look).await;
            let outcome = wallet.pay(request(&Bill::new())).await.unwrap();
            assert!(matches!(outcome, PayOutcome::Failed(kind) if kind == expected), "{code}: {outcome:?}");
            assert_eq!(service.count("pay_invoice"), 1, "{code}: paid again");
        }
    }
}

#[tokio::test]
async fn a_refusal_is_not_believed_while_a_payment_is_under_way() {
    for (state, is_paid) in [("pending", false), ("settled", true)] {
        for code in ["PAYMENT_FAILED", "INSUFFICIENT_BALANCE"] {
            let bill = Bill::new();
            let preimage = if is_paid { bill.preimage.as_str() } else { "" };
            let look = transaction(&bill, state, preimage);
            let (_service, wallet) =
                wallet(move || vec![Say::Error(code, String::new())], move || Say::Result(look.clone()))
                    .await;
            let outcome = wallet.pay(hasty(&bill)).await.unwrap();
            assert_eq!(matches!(outcome, PayOutcome::Paid(_)), is_paid, "{code} {state}: {outcome:?}");
            assert_eq!(matches!(outcome, PayOutcome::Pending), !is_paid, "{code} {state}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn every_state_of_a_payment() {
    let bill = Bill::new();
    let of = |state: &str| transaction(&bill, state, &bill.preimage);
    let changed = |state: &str, field: &str, value: Value| {
        let mut it = of(state);
        it[field] = value;
        it
    };
    for (answer, expected) in [
        (of("settled"), "Ok(Paid"),
        (of("pending"), "Ok(Pending"),
        (of("accepted"), "Ok(Pending"),
        (of("dreaming"), "Ok(Pending"),
        (of("failed"), "Ok(Failed(NoRoute"),
        (of("expired"), "Ok(Failed(Expired"),
        (changed("", "state", json!(null)), "Ok(Paid"),
        (changed("", "preimage", json!(null)), "Ok(Pending"),
        (changed("", "preimage", json!("00".repeat(32))), "Ok(Pending"),
        (
            changed("settled", "type", json!("incoming")),
            "Err(BackendError { backend: \"nwc\", kind: NotFound",
        ),
        (changed("settled", "type", json!(null)), "Ok(Paid"),
    ] {
        let service = WalletService::start(move |_, _| vec![Say::Result(answer.clone())]).await;
        let said = format!("{:?}", at(&service.uri).lookup(bill.hash).await);
        assert!(said.starts_with(expected), "{said} instead of {expected}");
    }
}

#[tokio::test]
async fn nobody_there_spends_nothing() {
    let absent = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let service = WalletService::start(|_, _| vec![]).await;
    let (start, rest) = service.uri.split_once("ws://").unwrap();
    let (_, secret) = rest.split_once('&').unwrap();
    let wallet = at(&format!("{start}ws://{absent}&{secret}"));
    let outcome = wallet.pay(request(&Bill::new())).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Failed(Kind::Unavailable)), "{outcome:?}");
    assert_eq!(wallet.balance().await.unwrap_err().kind(), Kind::Unavailable);
    let refusing = BadRelay::start(Relay::Refuses).await;
    let outcome = at(&refusing.uri).pay(request(&Bill::new())).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Failed(Kind::Unavailable)), "{outcome:?}");
}

#[tokio::test]
async fn a_connection_that_cannot_pay_is_refused_before_any_payment() {
    let with = |methods: &'static str| WalletService::with_info(Some((methods, "nip44_v2")), |_, _| vec![]);
    let service = with("make_invoice lookup_invoice get_info").await;
    assert_eq!(at(&service.uri).checked().await.unwrap_err().kind(), Kind::Unsupported);
    let error = at(&service.uri).pay(request(&Bill::new())).await.unwrap_err();
    assert_eq!((error.kind(), service.requests().len()), (Kind::Unsupported, 0));

    let service = with("pay_invoice").await;
    assert!(!at(&service.uri).checked().await.unwrap().capabilities().can_lookup);
    let service = with(METHODS).await;
    let it = at(&service.uri).checked().await.unwrap().capabilities();
    assert!(it.can_lookup && it.preimage_on_pay && !it.fee_limit);
}

#[tokio::test]
async fn no_secret_is_printed() {
    log::start();
    let bill = Bill::new();
    let hush = bill.preimage.clone();
    let script = move |_: &str, _: &Value| vec![Say::Error("RESTRICTED", format!("look: {hush}"))];
    let service = WalletService::start(script).await;
    let wallet = at(&service.uri);
    let error = wallet.pay(request(&bill)).await.unwrap_err();
    assert!(log::everything_said_by(&error).contains("RESTRICTED: look: [redacted]"));
    let mut said = format!("{wallet:?}") + &log::everything_said_by(&error);
    said += &log::everything_said_by(&wallet.balance().await.unwrap_err());
    said += &log::everything_said_by(&wallet.lookup(bill.hash).await.unwrap_err());

    let answer = json!({"preimage": bill.preimage});
    let (good, wallet) = self::wallet(move || vec![Say::Result(answer.clone())], not_found).await;
    said += &format!("{:?}", wallet.pay(request(&bill)).await);
    said += &log::text();
    for secret in [&service.secret, &good.secret, &bill.preimage] {
        assert!(!said.contains(secret.as_str()), "{secret} in {said}");
    }
}
