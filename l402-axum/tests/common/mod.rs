//! A shop on a real socket, and a buyer with a plain HTTP client.

#[path = "../../../l402-server/tests/secrecy/watch.rs"]
mod secrecy;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use l402_axum::{Gate, GateBuilder, L402Layer, Msat, stores::MemoryReplayStore};
use l402_core::ports::{PayOutcome, PayRequest, Wallet};
use l402_core::{PaymentHash, Preimage};
use l402_dev::DevNode;
use reqwest::{Response, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Shop {
    pub(crate) node: DevNode,
    pub(crate) address: SocketAddr,
    http: reqwest::Client,
}

/// Makes layers that share one node, one root key and one store.
pub(crate) struct Gates {
    node: DevNode,
    store: MemoryReplayStore,
}

impl Gates {
    pub(crate) fn sat(&self, price: u64) -> L402Layer {
        self.gate(|gate| gate.price(Msat::from_sat(price)))
    }

    pub(crate) fn gate(&self, settings: impl FnOnce(GateBuilder) -> GateBuilder) -> L402Layer {
        let gate =
            Gate::builder(self.node.provider()).root_key(secrecy::master_key()).store(self.store.clone());
        L402Layer::new(settings(gate).build().unwrap())
    }
}

impl Shop {
    pub(crate) async fn open(app: impl FnOnce(&Gates) -> Router) -> Self {
        let node = DevNode::new().unwrap();
        let app = app(&Gates { node: node.clone(), store: MemoryReplayStore::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, app).into_future());
        Self { node, address, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    pub(crate) async fn get(&self, path: &str, credential: Option<&str>) -> Response {
        let request = self.http.get(format!("http://{}{path}", self.address));
        match credential {
            Some(credential) => request.header("authorization", credential),
            None => request,
        }
        .send()
        .await
        .unwrap()
    }

    /// Asks, pays, and returns the credential.
    pub(crate) async fn buy(&self, path: &str) -> String {
        let answer = self.get(path, None).await;
        assert_eq!(answer.status(), StatusCode::PAYMENT_REQUIRED, "{path}");
        let offer = json(answer).await;
        let text = |field: &str| offer[field].as_str().unwrap().to_owned();
        let preimage = self.pay(text("invoice"), text("payment_hash").parse().unwrap()).await;
        secrecy::macaroon(&text("macaroon"));
        secrecy::preimage(&preimage);
        format!("L402 {}:{}", text("macaroon"), preimage.expose_hex())
    }

    async fn pay(&self, invoice: String, hash: PaymentHash) -> Preimage {
        let request = PayRequest::new(invoice, hash, Msat::ZERO, Duration::from_secs(1));
        match self.node.wallet().pay(request).await.unwrap() {
            PayOutcome::Paid(payment) => payment.preimage,
            other => panic!("{other:?}"),
        }
    }

    /// Sends `bytes` as they are and returns the status line's code, or `None` when the server just hangs up.
    pub(crate) async fn send_raw(&self, bytes: &[u8]) -> Option<u16> {
        self.exchange_raw(bytes).await.split(' ').nth(1)?.parse().ok()
    }

    /// Sends `bytes` as they are and returns all that comes back.
    pub(crate) async fn exchange_raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.ok();
        answer
    }
}

pub(crate) async fn json(answer: Response) -> serde_json::Value {
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

pub(crate) async fn verdict(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    (status, json(answer).await["code"].as_str().unwrap().to_owned())
}
