//! A shop with a gate on a dev node, and a buyer who pays in it.
#![allow(dead_code, reason = "each test binary uses its own part")]

#[path = "../secrecy/watch.rs"]
pub(crate) mod secrecy;

use std::time::Duration;

use l402_core::header::{ChallengeRef, Scheme, credential_header_value};
use l402_core::ports::{
    BackendError, Invoice, InvoiceProvider, NewInvoice, PayOutcome, PayRequest, PortFuture,
    ProviderCapabilities, Settlement, Wallet,
};
use l402_core::{Limits, Macaroon, ManualClock, Msat, Network, Preimage, UnixTime};
use l402_dev::{DevNode, DevProvider};
use l402_server::{Admission, Decision, Gate, GateBuilder, Reply, RequestParts};
pub(crate) use secrecy::master_key;

pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_900_000_000);
pub(crate) const PRICE: Msat = Msat::from_sat(10);

pub(crate) struct Shop {
    pub(crate) gate: Gate,
    pub(crate) node: DevNode,
    pub(crate) clock: ManualClock,
}

pub(crate) type Made = PortFuture<Result<Invoice, BackendError>>;

/// A dev node's provider, but for how it makes invoices.
struct Making<F> {
    node: DevProvider,
    create: F,
}

impl<F: Fn(&DevProvider, NewInvoice) -> Made + Send + Sync> InvoiceProvider for Making<F> {
    fn create_invoice(&self, request: NewInvoice) -> Made {
        (self.create)(&self.node, request)
    }
    fn settlement(&self, lookup_id: String) -> PortFuture<Result<Settlement, BackendError>> {
        self.node.settlement(lookup_id)
    }
    fn network(&self) -> Network {
        self.node.network()
    }
    fn capabilities(&self) -> ProviderCapabilities {
        self.node.capabilities()
    }
}

/// What a buyer holds after paying.
pub(crate) struct Token {
    pub(crate) macaroon: String,
    pub(crate) preimage: Preimage,
}

impl Token {
    pub(crate) fn header(&self) -> String {
        credential_header_value(Scheme::L402, &self.macaroon, &self.preimage)
    }

    /// The credential with one more caveat, which needs no key.
    pub(crate) fn attenuated(&self, caveat: &str) -> String {
        let macaroon = Macaroon::from_base64(&self.macaroon, &Limits::default()).unwrap();
        let macaroon = macaroon.attenuate(caveat.as_bytes()).unwrap().to_base64();
        secrecy::macaroon(&macaroon);
        credential_header_value(Scheme::L402, &macaroon, &self.preimage)
    }
}

/// A request in detail.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) route: Option<&'a str>,
    pub(crate) peer: Option<&'a str>,
    pub(crate) headers: &'a [(&'a str, &'a str)],
}

impl<'a> Ask<'a> {
    pub(crate) const fn get(path: &'a str) -> Self {
        Self { method: "GET", path, query: None, route: None, peer: None, headers: &[] }
    }

    /// A path that the router matched to a template.
    pub(crate) const fn on(route: &'a str, path: &'a str) -> Self {
        Self { route: Some(route), ..Self::get(path) }
    }
}

impl Shop {
    pub(crate) fn open() -> Self {
        Self::open_with(|gate| gate)
    }

    pub(crate) fn open_with(settings: impl FnOnce(GateBuilder) -> GateBuilder) -> Self {
        Self::open_making(settings, InvoiceProvider::create_invoice)
    }

    /// One whose invoices are made by `create`, which is given the node's own provider.
    pub(crate) fn open_making(
        settings: impl FnOnce(GateBuilder) -> GateBuilder,
        create: impl Fn(&DevProvider, NewInvoice) -> Made + Send + Sync + 'static,
    ) -> Self {
        let clock = ManualClock::at(NOW);
        let node = DevNode::builder().seed([1; 32]).clock(clock.clone()).build().unwrap();
        let provider = Making { node: node.provider(), create };
        let gate = Gate::builder(provider).root_key(master_key()).price(PRICE).clock(clock.clone());
        Self { gate: settings(gate).build().unwrap(), node, clock }
    }

    pub(crate) async fn get(&self, path: &str, authorization: &[&[u8]]) -> Decision {
        self.send("GET", path, authorization).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, authorization: &[&[u8]]) -> Decision {
        let headers: Vec<(&str, &[u8])> =
            authorization.iter().map(|value| ("authorization", *value)).collect();
        self.gate.decide(&RequestParts::new(method, path, &headers.as_slice())).await
    }

    /// Asks, pays, and returns the token.
    pub(crate) async fn buy(&self, path: &str) -> Token {
        self.buy_with(Ask::get(path)).await
    }

    /// Asks in detail, pays, and returns the token.
    pub(crate) async fn buy_with(&self, ask: Ask<'_>) -> Token {
        let reply = answer(self.ask(ask, None).await);
        assert_eq!((reply.status, reply.code()), (402, "payment_required"));
        self.pay(&reply).await
    }

    /// Sends a request in detail, with a token or without.
    pub(crate) async fn ask(&self, ask: Ask<'_>, token: Option<&Token>) -> Decision {
        let authorization = token.map(Token::header);
        let mut headers: Vec<(&str, &[u8])> = ask.headers.iter().map(|(n, v)| (*n, v.as_bytes())).collect();
        headers.extend(authorization.as_ref().map(|value| ("authorization", value.as_bytes())));
        let headers = headers.as_slice();
        let parts = RequestParts::new(ask.method, ask.path, &headers);
        let parts = parts.with_query(ask.query).with_route(ask.route);
        self.gate.decide(&parts.with_peer(ask.peer.map(|peer| peer.parse().unwrap()))).await
    }

    pub(crate) async fn pay(&self, reply: &Reply) -> Token {
        let challenge = challenge_in(reply).unwrap();
        let hash = body(reply)["payment_hash"].as_str().unwrap().parse().unwrap();
        let request = PayRequest::new(challenge.invoice.to_owned(), hash, Msat::ZERO, Duration::from_secs(1));
        let PayOutcome::Paid(payment) = self.node.wallet().pay(request).await.unwrap() else {
            panic!("not paid")
        };
        secrecy::preimage(&payment.preimage);
        Token { macaroon: challenge.macaroon.to_owned(), preimage: payment.preimage }
    }

    pub(crate) fn invoices(&self) -> usize {
        self.node.invoices().len()
    }
}

pub(crate) fn answer(decision: Decision) -> Reply {
    let Decision::Answer(reply) = decision else { panic!("expected an answer, got {decision:?}") };
    if let Some(challenge) = challenge_in(&reply) {
        secrecy::macaroon(challenge.macaroon);
    }
    reply
}

fn challenge_in(reply: &Reply) -> Option<ChallengeRef<'_>> {
    ChallengeRef::parse_all(reply.header("www-authenticate")?.as_bytes(), &Limits::default()).next()?.ok()
}

pub(crate) fn admission(decision: Decision) -> Admission {
    match decision {
        Decision::Admit(admission) => admission,
        other => panic!("expected to be let in, got {other:?}"),
    }
}

/// Whether a request with a token is let in, and charged, or else the code of the answer.
pub(crate) async fn spend(decision: Decision) -> Result<(), &'static str> {
    match decision {
        Decision::Admit(admission) => {
            assert!(admission.grant().is_some(), "let in, but not for the token");
            admission.finish(200).await.map_err(|reply| reply.code())
        }
        Decision::Answer(reply) => Err(reply.code()),
        other => panic!("unexpected {other:?}"),
    }
}

/// Whether a request is let in without anything to pay.
pub(crate) fn is_free(decision: &Decision) -> bool {
    matches!(decision, Decision::Admit(admission) if admission.grant().is_none())
}

pub(crate) fn body(reply: &Reply) -> serde_json::Value {
    serde_json::from_slice(&reply.body).unwrap()
}

/// Status and code, which is what clients act on.
pub(crate) fn verdict(reply: &Reply) -> (u16, String) {
    (reply.status, body(reply)["code"].as_str().unwrap().to_owned())
}
