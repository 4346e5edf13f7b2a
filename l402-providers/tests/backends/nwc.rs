//! A wallet over Nostr Wallet Connect as a provider: through a real relay, with a wallet that answers well or badly.

use std::time::Duration;

use l402_core::ports::{BackendErrorKind as Kind, InvoiceProvider, Settlement};
use l402_core::{Msat, Network};
use l402_providers::ConfigError;
use l402_providers::nwc::{NwcProvider, NwcUri};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::bill::{Bill, order};
use crate::support::log;
use crate::support::nostr::{BadRelay, METHODS, Relay, Say, WalletService};
use crate::support::raw::{RawServer, Then};

const LONG: Duration = Duration::from_secs(10);

/// Long enough for an answer on a busy machine, short enough to wait for where none comes.
const SHORT: Duration = Duration::from_secs(3);

fn at(uri: &str, timeout: Duration) -> NwcProvider {
    let uri = NwcUri::parse(uri).unwrap().timeout(timeout).pause(Duration::from_millis(1));
    NwcProvider::new(uri).unwrap().with_network(Network::Regtest)
}

fn provider(service: &WalletService) -> NwcProvider {
    at(&service.uri, LONG)
}

/// The transaction of an invoice, as Alby Hub tells it.
fn transaction(bill: &Bill, state: &str, preimage: &str) -> Value {
    let settled_at = if state == "settled" { json!(1_700_000_100) } else { json!(null) };
    json!({
        "type": "incoming", "state": state, "invoice": bill.bolt11, "description": "one report",
        "description_hash": "", "preimage": preimage, "payment_hash": bill.hash.to_string(),
        "amount": bill.amount.as_msat(), "fees_paid": 0, "created_at": 1_700_000_000, "expires_at": 1_700_000_600,
        "settled_at": settled_at, "metadata": {"new": ["field"]},
    })
}

async fn answering(say: impl Fn() -> Vec<Say> + Send + 'static) -> WalletService {
    WalletService::start(move |_, _| say()).await
}

#[tokio::test]
async fn invoices_are_ordered_in_millisatoshi_and_passed_on() {
    for ciphers in [Some((METHODS, "nip44_v2 nip04")), Some((METHODS, "nip04")), Some((METHODS, "")), None] {
        let bill = Bill::new();
        let (hash, bolt11) = (bill.hash, bill.bolt11.clone());
        let service = WalletService::with_info(ciphers, move |_, _| {
            vec![Say::Result(transaction(&bill, "pending", ""))]
        })
        .await;
        let provider = provider(&service);
        let invoice = provider.create_invoice(order(Msat::from_sat(21))).await.unwrap();
        assert_eq!(
            (invoice.bolt11, invoice.payment_hash, invoice.lookup_id),
            (bolt11, hash, hash.to_string())
        );
        let params = json!({"amount": 21_000, "description": "one report", "expiry": 600});
        assert_eq!(service.requests(), [("make_invoice".to_owned(), params)]);
    }
}

#[tokio::test]
async fn parts_of_a_satoshi_are_for_wallets_that_know_them() {
    let bill = Bill::of(Msat::from_msat(21_001));
    let service = answering(move || vec![Say::Result(transaction(&bill, "pending", ""))]).await;
    let wanted = || order(Msat::from_msat(21_001));
    let error = provider(&service).create_invoice(wanted()).await.unwrap_err();
    assert_eq!((error.kind(), service.requests().len()), (Kind::Unsupported, 0));
    let provider = provider(&service).with_msat_precision(true);
    assert!(provider.capabilities().msat_precision);
    provider.create_invoice(wanted()).await.unwrap();
}

#[tokio::test]
async fn wrong_invoices_are_found_out() {
    let (bill, other) = (Bill::new(), Bill::new());
    let lie = |field: &str, value: &str| {
        let mut lie = transaction(&bill, "pending", "");
        lie[field] = json!(value);
        lie
    };
    let dear = Bill::of(Msat::from_sat(22));
    for lie in [
        lie("payment_hash", &other.hash.to_string()),
        lie("invoice", "lnbcrt1"),
        lie("invoice", ""),
        lie("payment_hash", "no hex"),
        transaction(&dear, "pending", ""),
        json!({}),
        json!([]),
        json!("lnbcrt1"),
    ] {
        let service = answering(move || vec![Say::Result(lie.clone())]).await;
        let error = provider(&service).create_invoice(order(bill.amount)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol);
        assert_eq!(service.count("make_invoice"), 1, "an order is sent once");
    }
    let answer = transaction(&bill, "pending", "");
    let service = answering(move || vec![Say::Result(answer.clone())]).await;
    let elsewhere = provider(&service).with_network(Network::Signet);
    assert_eq!(elsewhere.create_invoice(order(bill.amount)).await.unwrap_err().kind(), Kind::Protocol);
}

#[tokio::test]
async fn every_state_of_an_invoice() {
    let bill = Bill::new();
    let of = |state: &str| transaction(&bill, state, &bill.preimage);
    let without = |field: &str, state: &str| {
        let mut it = of(state);
        it.as_object_mut().unwrap().remove(field);
        it
    };
    let outgoing = |mut it: Value| {
        it["type"] = json!("outgoing");
        it
    };
    for (answer, expected) in [
        (of("pending"), "Open"),
        (of("accepted"), "Held"),
        (of("expired"), "Expired"),
        (of("failed"), "Canceled"),
        (of("settled"), "Settled"),
        (without("state", "settled"), "Settled"),
        (without("state", "pending"), "Open"),
        (without("type", "settled"), "Settled"),
        (outgoing(of("settled")), "NotFound"),
    ] {
        let service = answering(move || vec![Say::Result(answer.clone())]).await;
        let settlement = provider(&service).settlement(bill.hash.to_string()).await.unwrap();
        let said = format!("{settlement:?}");
        assert!(said.starts_with(expected), "{said} instead of {expected}");
        if let Settlement::Settled { preimage, settled_at } = settlement {
            assert_eq!(preimage.unwrap().payment_hash(), bill.hash);
            assert_eq!(settled_at.unwrap().as_secs(), 1_700_000_100);
        }
        let params = json!({"payment_hash": bill.hash.to_string()});
        assert_eq!(service.requests(), [("lookup_invoice".to_owned(), params)]);
    }
    let service = answering(|| vec![Say::Error("NOT_FOUND", "no such invoice".to_owned())]).await;
    let settlement = provider(&service).settlement(bill.hash.to_string()).await.unwrap();
    assert!(matches!(settlement, Settlement::NotFound));
    let settlement = provider(&service).settlement("7".to_owned()).await.unwrap();
    assert!(matches!(settlement, Settlement::NotFound));
    assert_eq!(service.requests().len(), 1, "what is no hash is not asked for");
}

#[tokio::test]
async fn lies_about_settlement_are_found_out() {
    let (bill, other) = (Bill::new(), Bill::new());
    let mut another = transaction(&bill, "settled", &bill.preimage);
    another["payment_hash"] = json!(other.hash.to_string());
    for lie in [another, transaction(&bill, "dreaming", "")] {
        let service = answering(move || vec![Say::Result(lie.clone())]).await;
        let error = provider(&service).settlement(bill.hash.to_string()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol);
    }
    for false_preimage in ["00".repeat(32), other.preimage.clone(), String::new(), "no hex".to_owned()] {
        let lie = transaction(&bill, "settled", &false_preimage);
        let service = answering(move || vec![Say::Result(lie.clone())]).await;
        let settlement = provider(&service).settlement(bill.hash.to_string()).await.unwrap();
        assert!(matches!(settlement, Settlement::Settled { preimage: None, .. }), "{false_preimage}");
    }
}

#[tokio::test]
async fn refusals_have_meanings() {
    for (code, message, expected) in [
        ("RATE_LIMITED", "", Kind::RateLimited { retry_after: None }),
        ("NOT_IMPLEMENTED", "", Kind::Unsupported),
        ("INSUFFICIENT_BALANCE", "", Kind::InsufficientBalance),
        ("QUOTA_EXCEEDED", "", Kind::LimitExceeded),
        ("RESTRICTED", "", Kind::Forbidden),
        ("UNAUTHORIZED", "", Kind::Auth),
        ("INTERNAL", "", Kind::Unavailable),
        ("OTHER", "", Kind::Unavailable),
        ("PAYMENT_FAILED", "", Kind::NoRoute),
        ("UNSUPPORTED_ENCRYPTION", "", Kind::Unsupported),
        ("INTERNAL", "the amount must be a whole number of satoshis", Kind::Unsupported),
        ("SOMETHING_NEW", "", Kind::Unavailable),
    ] {
        let service = answering(move || vec![Say::Error(code, message.to_owned())]).await;
        let error = provider(&service).create_invoice(order(Msat::from_sat(21))).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{code}");
        assert_eq!(service.count("make_invoice"), 1, "an order is sent once");
        let error = provider(&service).settlement("00".repeat(32)).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{code}");
    }
}

#[tokio::test]
async fn nonsense_is_an_error() {
    let sayings: [fn() -> Say; 7] = [
        || Say::Text("<html>".to_owned()),
        || Say::Text("{\"result_type\": \"make_inv".to_owned()),
        || Say::Text("[\"make_invoice\", null, {}]".to_owned()),
        || Say::Text("{}".to_owned()),
        || Say::Text("{\"result_type\": \"make_invoice\", \"result\": null, \"error\": null}".to_owned()),
        || Say::Unsealed("{\"result_type\": \"make_invoice\", \"result\": {}}".to_owned()),
        || Say::AsIfFor("get_balance", json!({"balance": 7})),
    ];
    for say in sayings {
        let service = answering(move || vec![say()]).await;
        let error = provider(&service).create_invoice(order(Msat::from_sat(21))).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol);
        assert_eq!(service.count("make_invoice"), 1, "an order is sent once");
    }
}

#[tokio::test]
async fn forged_answers_are_not_heard() {
    let (bill, forged) = (Bill::new(), Bill::new());
    let hash = bill.hash;
    let service = answering(move || {
        vec![
            Say::Forged(transaction(&forged, "pending", "")),
            Say::Result(transaction(&bill, "pending", "")),
            Say::Result(json!({"a": "duplicate"})),
        ]
    })
    .await;
    let invoice = provider(&service).create_invoice(order(Msat::from_sat(21))).await.unwrap();
    assert_eq!(invoice.payment_hash, hash);
}

#[tokio::test]
async fn silence_is_a_timeout_and_a_late_answer_is_nobodys() {
    let (first, second) = (Bill::new(), Bill::new());
    let hash = second.hash;
    let mut answers = vec![
        vec![Say::Result(transaction(&second, "pending", ""))],
        vec![Say::Late(transaction(&first, "pending", ""))],
        vec![],
    ];
    let service = WalletService::start(move |_, _| answers.pop().unwrap()).await;
    let hasty = at(&service.uri, SHORT);
    for _ in 0..2 {
        let error = hasty.create_invoice(order(Msat::from_sat(21))).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Timeout);
    }
    let invoice = provider(&service).create_invoice(order(Msat::from_sat(21))).await.unwrap();
    assert_eq!(invoice.payment_hash, hash, "the answer to an earlier order was taken for this one");
}

#[tokio::test]
async fn calls_at_the_same_time_each_get_their_own_answer() {
    // Each is answered when the next one comes, so that answers and questions interleave.
    let service = WalletService::start(|_, params| {
        let hash = params["payment_hash"].clone();
        let answer = json!({"type": "incoming", "state": "pending", "payment_hash": hash});
        if hash == "ff".repeat(32) { vec![Say::Result(answer)] } else { vec![Say::Late(answer)] }
    })
    .await;
    let provider = provider(&service);
    let hashes = (0..20_u8).map(|byte| format!("{byte:02x}").repeat(32));
    let calls: Vec<_> =
        hashes.chain(["ff".repeat(32)]).map(|hash| tokio::spawn(provider.settlement(hash))).collect();
    for call in calls {
        // An answer to another question tells of another hash, and is an error.
        assert!(matches!(call.await.unwrap().unwrap(), Settlement::Open));
    }
}

#[tokio::test]
async fn what_is_no_relay_is_unavailable() {
    let order = || order(Msat::from_sat(21));
    let absent = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let uri = |address: &str| {
        format!("nostr+walletconnect://{WALLET}?relay=ws://{address}&secret={SECRET}", address = address)
    };
    let error = at(&uri(&absent.to_string()), LONG).create_invoice(order()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    for (answer, then, expected) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", Then::Close, Kind::Unavailable),
        ("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n", Then::Close, Kind::Unavailable),
        (
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-accept: no\r\n\r\n",
            Then::Hang,
            Kind::Unavailable,
        ),
        ("", Then::Close, Kind::Unavailable),
        ("", Then::Hang, Kind::Timeout),
    ] {
        let server = RawServer::start(answer, then).await;
        let provider = at(&uri(server.url.trim_start_matches("http://")), SHORT);
        assert_eq!(provider.create_invoice(order()).await.unwrap_err().kind(), expected, "{answer}");
    }
}

#[tokio::test]
async fn relays_that_fail_are_found_out() {
    for relay in [Relay::HangsUp, Relay::FallsSilent, Relay::Refuses, Relay::Unsubscribes, Relay::Babbles] {
        let server = BadRelay::start(relay).await;
        let error = at(&server.uri, LONG).create_invoice(order(Msat::from_sat(21))).await.unwrap_err();
        // None of them takes as long as a wallet may take: the relay is known to have nothing.
        assert_eq!(error.kind(), Kind::Unavailable, "{relay:?}");
    }
}

#[tokio::test]
async fn what_a_relay_answers_itself_is_not_heard() {
    let server = BadRelay::start(Relay::Forges).await;
    let error = at(&server.uri, SHORT).create_invoice(order(Msat::from_sat(21))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Timeout, "the answer was taken for the wallet's");
}

#[tokio::test]
async fn the_next_relay_is_tried_and_a_lost_connection_is_opened_again() {
    let absent = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let service = WalletService::start(|_, params| {
        vec![Say::Result(json!({"state": "pending", "payment_hash": params["payment_hash"]}))]
    })
    .await;
    let uri = service.uri.replace("?relay=", &format!("?relay=ws%3A%2F%2F{absent}&relay="));
    let provider = at(&uri, LONG);
    let look = || provider.settlement("00".repeat(32));
    assert!(matches!(look().await.unwrap(), Settlement::Open));
    // The runtime that holds the connection ends, and another one goes on.
    let first = at(&uri, LONG);
    let elsewhere = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(first.settlement("00".repeat(32))).unwrap();
        first
    });
    let second = elsewhere.await.unwrap();
    assert!(matches!(second.settlement("00".repeat(32)).await.unwrap(), Settlement::Open));
}

#[tokio::test]
async fn a_connection_says_what_it_allows() {
    let with = |methods: &'static str| WalletService::with_info(Some((methods, "nip44_v2")), |_, _| vec![]);
    let service = with("pay_invoice get_info").await;
    let error = provider(&service).checked().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    let error = provider(&service).create_invoice(order(Msat::from_sat(21))).await.unwrap_err();
    assert_eq!((error.kind(), service.requests().len()), (Kind::Unsupported, 0));

    let service = with("make_invoice").await;
    assert!(!provider(&service).checked().await.unwrap().capabilities().can_lookup);
    let service = with(METHODS).await;
    assert!(provider(&service).checked().await.unwrap().capabilities().can_lookup);
}

#[tokio::test]
async fn no_secret_is_printed() {
    log::start();
    let bill = Bill::new();
    let hush = bill.preimage.clone();
    let service = WalletService::start(move |method, _| match method {
        "make_invoice" => vec![Say::Error("OTHER", format!("look: {hush}"))],
        _ => vec![Say::Text(format!("{{\"result_type\": {hush}"))],
    })
    .await;
    let provider = provider(&service);
    let mut said = format!("{provider:?} {:?}", NwcUri::parse(&service.uri).unwrap());
    let error = provider.create_invoice(order(Msat::from_sat(21))).await.unwrap_err();
    assert!(log::everything_said_by(&error).contains("OTHER: look: [redacted]"));
    said += &log::everything_said_by(&error);
    said += &log::everything_said_by(&provider.settlement(bill.hash.to_string()).await.unwrap_err());
    said += &log::text();
    assert!(said.contains("not answered") || said.contains("answered"), "nothing was logged");
    for secret in [&service.secret, &bill.preimage] {
        assert!(!said.contains(secret.as_str()), "{secret} in {said}");
    }
}

const WALLET: &str = "b889ff5b1513b641e2a139f661a661364979c5beee91842f8f0ef42ab558e9d4";
const SECRET: &str = "71a8c14c1407c113601079c4302dab36460f0ccd0ad506f1f2dc73b5100e4f3c";

#[test]
fn uris_as_wallets_write_them() {
    for good in [
        format!("nostr+walletconnect://{WALLET}?relay=wss%3A%2F%2Frelay.example.com%2Fv1&secret={SECRET}"),
        format!(
            "nostr+walletconnect://{WALLET}/?secret={SECRET}&relay=wss://a.example&relay=wss://b.example"
        ),
        format!("nostrwalletconnect://{WALLET}?relay=wss://relay.example.com&secret={SECRET}&lud16=a%40b.c"),
        format!("nostr+walletconnect:{WALLET}?relay=ws://127.0.0.1:7777&secret={SECRET}"),
        format!(" NOSTR+WALLETCONNECT://{WALLET}?relay=ws://abc.onion&secret={SECRET}\n"),
    ] {
        assert!(NwcUri::parse(&good).is_ok(), "{good}");
    }
    for (bad, part) in [
        (String::new(), "begins with"),
        (format!("https://{WALLET}?relay=wss://a.example&secret={SECRET}"), "begins with"),
        (format!("nostr+walletconnect://?relay=wss://a.example&secret={SECRET}"), "public key"),
        (format!("nostr+walletconnect://{WALLET}?secret={SECRET}"), "relays"),
        (format!("nostr+walletconnect://{WALLET}?relay=wss://a.example"), "no secret"),
        (
            format!("nostr+walletconnect://{WALLET}?relay=wss://a.example&secret={SECRET}&secret={SECRET}"),
            "two",
        ),
        (format!("nostr+walletconnect://{WALLET}?relay=wss://a.example&secret=hush"), "no key"),
        (format!("nostr+walletconnect://{WALLET}?relay=ws://a.example&secret={SECRET}"), "wss://"),
        (format!("nostr+walletconnect://{WALLET}?relay=a.example&secret={SECRET}"), "wss://"),
        (
            format!("nostr+walletconnect://{WALLET}?{}secret={SECRET}", "relay=wss://a.example&".repeat(9)),
            "relays",
        ),
        ("nostr+walletconnect://é".to_owned(), "public key"),
        ("é".repeat(7), "begins with"),
        ("x".repeat(5000), "too long"),
    ] {
        let error = NwcUri::parse(&bad).unwrap_err();
        assert!(matches!(error, ConfigError::Invalid(_)), "{error}");
        assert!(error.to_string().contains(part), "{bad}: {error}");
        assert!(!format!("{error:?}").contains(SECRET));
    }
}
