//! A shop with a gate on a dev node, and a buyer who pays in it.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::time::Duration;

use l402_core::header::{ChallengeRef, Scheme, credential_header_value};
use l402_core::ports::{PayOutcome, PayRequest, Wallet};
use l402_core::{Limits, Macaroon, ManualClock, MasterKey, Msat, Preimage, UnixTime};
use l402_dev::DevNode;
use l402_server::{Admission, Decision, Gate, GateBuilder, Reply, RequestParts};

pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_900_000_000);
pub(crate) const PRICE: Msat = Msat::from_sat(10);

pub(crate) struct Shop {
    pub(crate) gate: Gate,
    pub(crate) node: DevNode,
    pub(crate) clock: ManualClock,
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
        let macaroon = macaroon.attenuate(caveat.as_bytes()).unwrap();
        credential_header_value(Scheme::L402, &macaroon.to_base64(), &self.preimage)
    }
}

pub(crate) fn master_key() -> MasterKey {
    MasterKey::from_bytes([7; 32])
}

impl Shop {
    pub(crate) fn open() -> Self {
        Self::open_with(|gate| gate)
    }

    pub(crate) fn open_with(settings: impl FnOnce(GateBuilder) -> GateBuilder) -> Self {
        let clock = ManualClock::at(NOW);
        let node = DevNode::builder().seed([1; 32]).clock(clock.clone()).build().unwrap();
        let gate = Gate::builder(node.provider()).root_key(master_key()).price(PRICE).clock(clock.clone());
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
        let reply = answer(self.get(path, &[]).await);
        assert_eq!(reply.status, 402);
        self.pay(&reply).await
    }

    pub(crate) async fn pay(&self, reply: &Reply) -> Token {
        let header = reply.header("www-authenticate").unwrap();
        let challenge =
            ChallengeRef::parse_all(header.as_bytes(), &Limits::default()).next().unwrap().unwrap();
        let hash = body(reply)["payment_hash"].as_str().unwrap().parse().unwrap();
        let request = PayRequest::new(challenge.invoice.to_owned(), hash, Msat::ZERO, Duration::from_secs(1));
        let PayOutcome::Paid(payment) = self.node.wallet().pay(request).await.unwrap() else {
            panic!("not paid")
        };
        Token { macaroon: challenge.macaroon.to_owned(), preimage: payment.preimage }
    }

    pub(crate) fn invoices(&self) -> usize {
        self.node.invoices().len()
    }
}

pub(crate) fn answer(decision: Decision) -> Reply {
    match decision {
        Decision::Answer(reply) => reply,
        other => panic!("expected an answer, got {other:?}"),
    }
}

pub(crate) fn admission(decision: Decision) -> Admission {
    match decision {
        Decision::Admit(admission) => admission,
        other => panic!("expected to be let in, got {other:?}"),
    }
}

pub(crate) fn body(reply: &Reply) -> serde_json::Value {
    serde_json::from_slice(&reply.body).unwrap()
}

/// Status and code, which is what clients act on.
pub(crate) fn verdict(reply: &Reply) -> (u16, String) {
    (reply.status, body(reply)["code"].as_str().unwrap().to_owned())
}
