//! A wallet over Nostr Wallet Connect as a provider: what it is asked through a real relay, and what its answers mean.

use std::time::Duration;

use l402_core::ports::{BackendErrorKind as Kind, InvoiceProvider, Settlement};
use l402_core::{Msat, Network};
use l402_providers::ConfigError;
use l402_providers::nwc::{NwcProvider, NwcUri};
use serde_json::{Value, json};

use crate::contract::{self, Backend};
use crate::support::bill::{Bill, order};
use crate::support::log;
use crate::support::nostr::{LONG, METHODS, Say, WalletService};
use crate::support::raw::NOBODY;
use crate::support::time::Standstill;

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Backend::<NwcUri> {
        connect: |uri, network| Box::new(NwcProvider::new(uri).unwrap().with_network(network)),
        created: |bill| transaction(bill, "pending", &bill.preimage),
        lookup_id: |bill| bill.hash.to_string(),
        open: |bill| transaction(bill, "pending", &bill.preimage),
        settled: Some(|bill, preimage| transaction(bill, "settled", preimage)),
    })
    .await;
}

fn at(uri: &str) -> NwcProvider {
    let uri = NwcUri::parse(uri).unwrap().timeout(LONG).pause(Duration::from_millis(1));
    NwcProvider::new(uri).unwrap().with_network(Network::Regtest)
}

fn provider(service: &WalletService) -> NwcProvider {
    at(&service.uri)
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
async fn a_late_answer_is_nobodys() {
    let (first, second) = (Bill::new(), Bill::new());
    let hash = second.hash;
    let mut answers = vec![
        vec![Say::Result(transaction(&second, "pending", ""))],
        vec![Say::Late(transaction(&first, "pending", ""))],
    ];
    let service = WalletService::start(move |_, _| answers.pop().unwrap()).await;
    let provider = provider(&service);
    let standstill = Standstill::begin();
    let early = tokio::spawn(provider.create_invoice(order(Msat::from_sat(21))));
    service.asked(1).await;
    tokio::time::advance(2 * LONG).await;
    let kind = early.await.unwrap().unwrap_err().kind();
    // The relay may not have said in this time that it has the request, either.
    assert!(matches!(kind, Kind::Timeout | Kind::Unavailable), "{kind:?}");
    drop(standstill);
    let invoice = provider.create_invoice(order(Msat::from_sat(21))).await.unwrap();
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
async fn the_next_relay_is_tried_and_a_lost_connection_is_opened_again() {
    let service = WalletService::start(|_, params| {
        vec![Say::Result(json!({"state": "pending", "payment_hash": params["payment_hash"]}))]
    })
    .await;
    let uri = service.uri.replace("?relay=", &format!("?relay=ws%3A%2F%2F{NOBODY}&relay="));
    let provider = at(&uri);
    let look = || provider.settlement("00".repeat(32));
    assert!(matches!(look().await.unwrap(), Settlement::Open));
    // The runtime that holds the connection ends, and another one goes on.
    let first = at(&uri);
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
async fn what_a_wallet_says_is_told_without_its_secrets() {
    let bill = Bill::new();
    let hush = bill.preimage.clone();
    let service = answering(move || vec![Say::Error("OTHER", format!("look: {hush}"))]).await;
    let provider = provider(&service);
    let error = provider.create_invoice(order(Msat::from_sat(21))).await.unwrap_err();
    assert!(log::everything_said_by(&error).contains("OTHER: look: [redacted]"));
    let said = format!("{provider:?} {:?}", NwcUri::parse(&service.uri).unwrap());
    assert!(!said.contains(&service.secret), "{said}");
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
