//! Asking the node whether an invoice is settled.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod common;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use common::{Ask, Shop, answer, body, master_key, spend};
use l402_core::ports::{
    BackendError, BackendErrorKind, Invoice, InvoiceProvider, NewInvoice, PortFuture, ProviderCapabilities,
    Settlement,
};
use l402_core::{Limits, Macaroon, ManualClock, Msat, Network, Preimage, UnknownCaveats};
use l402_dev::{DevNode, DevProvider};
use l402_server::{
    BuildError, Decision, Gate, GateBuilder, OfferLimits, PriceRequest, Quote, Rate, SettlementCheck,
};

/// What the node says.
type Script = fn() -> Result<Settlement, BackendError>;

/// A provider with names of its own for invoices, and a node that can be made to say anything.
#[derive(Clone)]
struct Ledger {
    node: DevProvider,
    names: Arc<Mutex<HashMap<String, String>>>,
    script: Arc<Mutex<Option<Script>>>,
    asked: Arc<Mutex<Vec<String>>>,
    capabilities: ProviderCapabilities,
}

impl InvoiceProvider for Ledger {
    fn create_invoice(&self, request: NewInvoice) -> PortFuture<Result<Invoice, BackendError>> {
        let names = Arc::clone(&self.names);
        self.node.create_invoice(request).then(move |invoice| {
            let mut invoice = invoice.unwrap();
            let mut names = names.lock().unwrap();
            let name = format!("charge-{}", names.len());
            names.insert(name.clone(), std::mem::replace(&mut invoice.lookup_id, name));
            PortFuture::ready(Ok(invoice))
        })
    }

    fn settlement(&self, lookup_id: String) -> PortFuture<Result<Settlement, BackendError>> {
        self.asked.lock().unwrap().push(lookup_id.clone());
        if let Some(answer) = *self.script.lock().unwrap() {
            return PortFuture::ready(answer());
        }
        match self.names.lock().unwrap().get(&lookup_id) {
            Some(hash) => self.node.settlement(hash.clone()),
            None => PortFuture::ready(Ok(Settlement::NotFound)),
        }
    }

    fn network(&self) -> Network {
        self.node.network()
    }

    fn capabilities(&self) -> ProviderCapabilities {
        self.capabilities
    }
}

fn open(check: SettlementCheck, capabilities: ProviderCapabilities) -> (Shop, Ledger) {
    open_with(check, capabilities, |gate| gate)
}

fn open_with(
    check: SettlementCheck,
    capabilities: ProviderCapabilities,
    settings: impl FnOnce(GateBuilder) -> GateBuilder,
) -> (Shop, Ledger) {
    let clock = ManualClock::at(common::NOW);
    let node = DevNode::builder().seed([1; 32]).clock(clock.clone()).build().unwrap();
    let ledger = Ledger {
        node: node.provider(),
        names: Arc::default(),
        script: Arc::default(),
        asked: Arc::default(),
        capabilities,
    };
    let gate = Gate::builder(ledger.clone()).root_key(master_key()).price(common::PRICE).clock(clock.clone());
    let gate = gate.settlement(check).unknown_caveats(UnknownCaveats::Refuse);
    let gate = settings(gate).build().unwrap();
    (Shop { gate, node, clock }, ledger)
}

/// A credential of the macaroon alone.
async fn bare(shop: &Shop, macaroon: &str) -> Decision {
    shop.get("/report", &[format!("L402 {macaroon}").as_bytes()]).await
}

#[tokio::test]
async fn a_buyer_without_preimage_gets_in_once_the_invoice_is_settled() {
    let (shop, ledger) = open(SettlementCheck::WithoutPreimage, ProviderCapabilities::FULL);
    let reply = answer(shop.get("/report", &[]).await);
    let macaroon = body(&reply)["macaroon"].as_str().unwrap().to_owned();

    let pending = answer(bare(&shop, &macaroon).await);
    assert_eq!((pending.status, pending.code()), (402, "payment_pending"));
    assert_eq!(pending.header("www-authenticate"), None, "the offer it has is the one to pay");
    assert_eq!(shop.invoices(), 1);

    let token = shop.pay(&reply).await;
    assert_eq!(spend(bare(&shop, &macaroon).await).await, Ok(()));
    assert_eq!(spend(bare(&shop, &macaroon).await).await, Err("token_used"));
    assert_eq!(*ledger.asked.lock().unwrap(), ["charge-0"; 2], "by the name that the provider gave it");
    assert_eq!(spend(shop.ask(Ask::get("/report"), Some(&token)).await).await, Err("token_used"));
    assert_eq!(ledger.asked.lock().unwrap().len(), 2, "a preimage needs no lookup");
}

#[tokio::test]
async fn a_token_for_many_calls_is_looked_up_once() {
    let (shop, ledger) = open_with(SettlementCheck::Always, ProviderCapabilities::FULL, |gate| {
        let once_an_hour = OfferLimits::NONE.per_client(Rate::per_hour(1));
        gate.price(Quote::new(common::PRICE).unlimited()).offer_limits(once_an_hour)
    });
    let spend_from = async |token, peer| {
        let ask = Ask { peer: Some(peer), ..Ask::get("/report") };
        spend(shop.ask(ask, Some(token)).await).await
    };
    let [token, other] = [shop.buy("/report").await, shop.buy("/report").await];
    for _ in 0..20 {
        assert_eq!(
            spend_from(&token, "192.0.2.1").await,
            Ok(()),
            "that the node was asked often is not his fault"
        );
    }
    assert_eq!(*ledger.asked.lock().unwrap(), ["charge-0"]);

    *ledger.script.lock().unwrap() = Some(|| Err(BackendError::new("test", BackendErrorKind::Unavailable)));
    assert_eq!(spend_from(&token, "192.0.2.1").await, Ok(()), "the node is not needed any more");
    assert_eq!(spend_from(&other, "192.0.2.2").await, Err("settlement_unknown"));
}

/// What the provider calls the invoice is found among the caveats of a price function's token, too.
#[tokio::test]
async fn a_token_with_conditions_of_its_price_is_looked_up_by_name() {
    let quote = |_: PriceRequest| async { Ok(Quote::new(common::PRICE).bound_to_header("x-model")) };
    let (shop, ledger) =
        open_with(SettlementCheck::Always, ProviderCapabilities::FULL, |gate| gate.price_fn(quote));
    let ask = Ask { headers: &[("x-model", "small")], query: Some("a=1"), ..Ask::get("/report") };
    let token = shop.buy_with(ask).await;
    assert_eq!(spend(shop.ask(ask, Some(&token)).await).await, Ok(()));
    assert_eq!(*ledger.asked.lock().unwrap(), ["charge-0"]);
}

#[tokio::test]
async fn a_client_asks_the_node_no_more_often_than_for_offers() {
    let limits = OfferLimits::NONE.per_client(Rate::per_hour(2));
    let (shop, ledger) = open_with(SettlementCheck::WithoutPreimage, ProviderCapabilities::FULL, |gate| {
        gate.offer_limits(limits)
    });
    let reply = answer(shop.ask(Ask::get("/report"), None).await);
    let macaroon = format!("L402 {}", body(&reply)["macaroon"].as_str().unwrap());
    let headers = [("authorization", macaroon.as_str())];
    let poll = async |peer| {
        let ask = Ask { peer: Some(peer), headers: &headers, ..Ask::get("/report") };
        answer(shop.ask(ask, None).await)
    };
    for status in [402, 402, 429] {
        assert_eq!(poll("192.0.2.1").await.status, status);
    }
    let refused = poll("192.0.2.1").await;
    assert_eq!((refused.code(), refused.header("retry-after")), ("too_many_requests", Some("1800")));
    let text = body(&refused)["error"].as_str().unwrap().to_owned();
    assert!(text.contains("the token stays valid"), "who has paid is not told to pay: {text}");
    assert_eq!(ledger.asked.lock().unwrap().len(), 2);
    assert_eq!(poll("192.0.2.2").await.status, 402, "others may still ask");
}

/// Whoever they are: addresses cost little, and behind some servers nobody's is known.
#[tokio::test]
async fn all_together_ask_the_node_no_more_often_than_for_offers() {
    let limits = OfferLimits::NONE.overall(Rate::per_hour(3));
    let (shop, ledger) =
        open_with(SettlementCheck::Always, ProviderCapabilities::FULL, |gate| gate.offer_limits(limits));
    let reply = answer(shop.ask(Ask::get("/report"), None).await);
    let macaroon = format!("L402 {}", body(&reply)["macaroon"].as_str().unwrap());
    let headers = [("authorization", macaroon.as_str())];
    for (peer, status) in [
        (Some("192.0.2.1"), 402),
        (Some("192.0.2.2"), 402),
        (None, 402),
        (None, 429),
        (Some("192.0.2.3"), 429),
    ] {
        let poll = answer(shop.ask(Ask { peer, headers: &headers, ..Ask::get("/report") }, None).await);
        assert_eq!(poll.status, status, "{peer:?}");
    }
    assert_eq!(ledger.asked.lock().unwrap().len(), 3);
    let token = shop.pay(&reply).await;
    assert_eq!(
        spend(shop.ask(Ask::get("/report"), Some(&token)).await).await,
        Ok(()),
        "who shows a preimage is not kept waiting by who does not"
    );
    assert_eq!(ledger.asked.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn a_price_function_knows_what_the_provider_can_charge() {
    let quote = |_: PriceRequest| async { Ok(Quote::new(Msat::from_msat(1_500))) };
    for (precise, status) in [(true, 402), (false, 503)] {
        let capabilities = ProviderCapabilities::FULL.with_msat_precision(precise);
        let (shop, _) = open_with(SettlementCheck::Never, capabilities, |gate| gate.price_fn(quote));
        assert_eq!(answer(shop.get("/report", &[]).await).status, status);
        assert_eq!(shop.invoices(), usize::from(precise));
    }
}

#[tokio::test]
async fn without_the_option_a_preimage_is_needed() {
    let (shop, ledger) = open(SettlementCheck::Never, ProviderCapabilities::FULL);
    let token = shop.buy("/report").await;
    assert_eq!(spend(bare(&shop, &token.macaroon).await).await, Err("missing_preimage"));
    assert_eq!(spend(shop.ask(Ask::get("/report"), Some(&token)).await).await, Ok(()));
    assert!(ledger.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn where_the_preimage_is_no_proof_the_node_is_always_asked() {
    let leaky = ProviderCapabilities::FULL.with_settlement_check(true);
    let (shop, ledger) = open(SettlementCheck::Never, leaky);
    let token = shop.buy("/report").await;
    // As if the backend had shown the preimage, and nobody had paid.
    *ledger.script.lock().unwrap() = Some(|| Ok(Settlement::Open));
    assert_eq!(spend(shop.ask(Ask::get("/report"), Some(&token)).await).await, Err("payment_pending"));
    *ledger.script.lock().unwrap() = None;
    assert_eq!(spend(shop.ask(Ask::get("/report"), Some(&token)).await).await, Ok(()));
    assert_eq!(ledger.asked.lock().unwrap().len(), 2);

    let mute = leaky.with_lookup(false);
    let provider = Ledger { capabilities: mute, ..ledger };
    let gate = Gate::builder(provider).root_key(master_key()).price(common::PRICE);
    assert_eq!(gate.build().unwrap_err(), BuildError::NoLookup);
}

#[tokio::test]
async fn nobody_can_point_at_an_invoice_that_somebody_else_has_paid() {
    // A token from before settlement was looked up carries no name of its invoice.
    let (before, _) = open(SettlementCheck::Never, ProviderCapabilities::FULL);
    let unpaid = body(&answer(before.get("/report", &[]).await))["macaroon"].as_str().unwrap().to_owned();

    let (shop, ledger) = open(SettlementCheck::WithoutPreimage, ProviderCapabilities::FULL);
    shop.buy("/report").await; // "charge-0" is settled now
    let with = |caveat: &str| {
        let macaroon = Macaroon::from_base64(&unpaid, &Limits::default()).unwrap();
        macaroon.attenuate(caveat.as_bytes()).unwrap().to_base64()
    };
    assert_eq!(spend(bare(&shop, &with("lookup_id=charge-0")).await).await, Err("invoice_expired"));
    assert_ne!(ledger.asked.lock().unwrap().last().unwrap(), "charge-0");

    // Nor behind the name that a token has.
    let named = body(&answer(shop.get("/report", &[]).await))["macaroon"].as_str().unwrap().to_owned();
    let named = Macaroon::from_base64(&named, &Limits::default()).unwrap();
    let named = named.attenuate(b"lookup_id=charge-0").unwrap().to_base64();
    assert_eq!(spend(bare(&shop, &named).await).await, Err("widened_caveat"));
}

#[tokio::test]
async fn only_settled_lets_in() {
    let (shop, ledger) = open(SettlementCheck::WithoutPreimage, ProviderCapabilities::FULL);
    let token = shop.buy("/report").await;
    let other =
        || Ok(Settlement::Settled { preimage: Some(Preimage::from_bytes([4; 32])), settled_at: None });
    let scripts: [(Script, &str); 7] = [
        (|| Ok(Settlement::Open), "payment_pending"),
        (|| Ok(Settlement::Held), "payment_pending"),
        (|| Ok(Settlement::Expired), "invoice_expired"),
        (|| Ok(Settlement::Canceled), "invoice_expired"),
        (|| Ok(Settlement::NotFound), "invoice_expired"),
        (|| Err(BackendError::new("test", BackendErrorKind::Unavailable)), "settlement_unknown"),
        (other, "settlement_unknown"),
    ];
    for (script, code) in scripts {
        *ledger.script.lock().unwrap() = Some(script);
        assert_eq!(spend(bare(&shop, &token.macaroon).await).await, Err(code));
    }
    *ledger.script.lock().unwrap() = None;
    assert_eq!(spend(bare(&shop, &token.macaroon).await).await, Ok(()));
}

#[tokio::test]
async fn a_token_for_something_else_costs_no_lookup() {
    let (shop, ledger) = open(SettlementCheck::WithoutPreimage, ProviderCapabilities::FULL);
    let token = shop.buy("/report").await;
    let other = shop.get("/other", &[format!("L402 {}", token.macaroon).as_bytes()]).await;
    assert_eq!(spend(other).await, Err("wrong_path"));
    let forged = token.macaroon.replace("AAA", "AAB");
    assert!(spend(bare(&shop, &forged).await).await.is_err());
    assert!(ledger.asked.lock().unwrap().is_empty());
}
