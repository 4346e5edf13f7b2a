//! A wallet behind a real relay, that answers over Nostr Wallet Connect as it is told to.

mod bad_relay;

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use nostr::event::{Event, EventBuilder, Kind, Tag, TagKind};
use nostr::nips::{nip04, nip44};
use nostr::{ClientMessage, Filter, JsonUtil, Keys, PublicKey, RelayMessage, SubscriptionId};
use nostr_relay_builder::builder::{RateLimit, RelayBuilder};
use nostr_relay_builder::local::LocalRelay;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

pub(crate) use bad_relay::{BadRelay, Relay};

/// How long a wallet may take: far more than one in this process needs, however busy the machine is.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// What a connection may do, where nothing else is said.
pub(crate) const METHODS: &str = "pay_invoice make_invoice lookup_invoice get_balance get_info";

/// A connection to a wallet that nobody has, at this relay.
pub(crate) fn uri_at(relay: &str) -> String {
    let (wallet, client) = (Keys::generate(), Keys::generate());
    uri(wallet.public_key(), relay, &client)
}

fn uri(wallet: PublicKey, relay: &str, client: &Keys) -> String {
    let secret = client.secret_key().to_secret_hex();
    format!("nostr+walletconnect://{wallet}?relay={relay}&secret={secret}")
}

/// A relay looks for a free port first and takes it then, when it may be another test's; then another one is looked for.
async fn start_relay() -> LocalRelay {
    let limit = RateLimit { max_reqs: 500, notes_per_minute: 10_000 };
    for _ in 0..8 {
        let relay = LocalRelay::new(RelayBuilder::default().rate_limit(limit.clone()));
        if relay.run().await.is_ok() {
            return relay;
        }
    }
    panic!("the relay finds no free port");
}

/// How a wallet answers one request. Several are sent in their order, none is silence.
#[derive(Clone)]
pub(crate) enum Say {
    Result(Value),
    Error(&'static str, String),
    /// A result for another method than was asked for.
    AsIfFor(&'static str, Value),
    /// Sealed as it should be, and no response.
    Text(String),
    /// Not sealed.
    Unsealed(String),
    /// A result, signed by somebody else.
    Forged(Value),
    /// A result that is sent when the next request comes.
    Late(Value),
}

pub(crate) type Script = Box<dyn FnMut(&str, &Value) -> Vec<Say> + Send>;

/// A wallet that runs until it is dropped, and its relay.
pub(crate) struct WalletService {
    /// What the wallet gives out.
    pub(crate) uri: String,
    /// The secret in it.
    pub(crate) secret: String,
    relay: LocalRelay,
    requests: Requests,
    task: JoinHandle<()>,
}

/// The methods and parameters asked for so far.
type Requests = Arc<watch::Sender<Vec<(String, Value)>>>;

impl WalletService {
    /// A wallet that knows NIP-44 and answers by this script.
    pub(crate) async fn start(script: impl FnMut(&str, &Value) -> Vec<Say> + Send + 'static) -> Self {
        Self::with_info(Some((METHODS, "nip44_v2 nip04")), script).await
    }

    /// A wallet whose info event tells these methods and ciphers, if there is one.
    pub(crate) async fn with_info(
        info: Option<(&str, &str)>,
        script: impl FnMut(&str, &Value) -> Vec<Say> + Send + 'static,
    ) -> Self {
        let relay = start_relay().await;
        let url = relay.url().await.to_string();
        let (wallet, client) = (Keys::generate(), Keys::generate());
        let uri = uri(wallet.public_key(), &url, &client);
        let secret = client.secret_key().to_secret_hex();
        let requests = Requests::default();

        let address = url.trim_start_matches("ws://").trim_end_matches('/').to_owned();
        let stream = TcpStream::connect(&address).await.unwrap();
        let (socket, _) = tokio_tungstenite::client_async(&url, stream).await.unwrap();
        let mut service = Service {
            socket,
            keys: wallet,
            client: client.public_key(),
            nip44: info.is_some_and(|(_, ciphers)| ciphers.contains("nip44_v2")),
            requests: Arc::clone(&requests),
            script: Box::new(script),
            late: Vec::new(),
        };
        if let Some((methods, ciphers)) = info {
            service.tell_info(methods, ciphers).await;
        }
        service.subscribe().await;
        let task = tokio::spawn(service.run());
        Self { uri, secret, relay, requests, task }
    }

    /// The methods and parameters asked for so far.
    pub(crate) fn requests(&self) -> Vec<(String, Value)> {
        self.requests.borrow().clone()
    }

    /// Waits until the wallet has been asked so often altogether.
    pub(crate) async fn asked(&self, times: usize) {
        self.requests.subscribe().wait_for(|requests| requests.len() >= times).await.unwrap();
    }

    /// How often this method was asked for.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.requests().iter().filter(|(it, _)| it == method).count()
    }
}

impl Drop for WalletService {
    fn drop(&mut self) {
        self.task.abort();
        self.relay.shutdown();
    }
}

struct Service {
    socket: WebSocketStream<TcpStream>,
    keys: Keys,
    client: PublicKey,
    nip44: bool,
    requests: Requests,
    script: Script,
    late: Vec<Event>,
}

impl Service {
    async fn tell_info(&mut self, methods: &str, ciphers: &str) {
        let mut info = EventBuilder::new(Kind::WalletConnectInfo, methods);
        if !ciphers.is_empty() {
            info = info.tag(Tag::custom(TagKind::custom("encryption"), [ciphers]));
        }
        let info = info.sign_with_keys(&self.keys).unwrap();
        self.publish(info).await;
        self.until(|said| matches!(said, RelayMessage::Ok { status: true, .. })).await;
    }

    async fn subscribe(&mut self) {
        let filter = Filter::new().kind(Kind::WalletConnectRequest).pubkey(self.keys.public_key());
        let request = ClientMessage::req(SubscriptionId::new("wallet"), [filter]);
        self.socket.send(Message::text(request.as_json())).await.unwrap();
        self.until(|said| matches!(said, RelayMessage::EndOfStoredEvents(_))).await;
    }

    async fn until(&mut self, done: fn(&RelayMessage<'_>) -> bool) {
        while !done(&self.next().await.unwrap()) {}
    }

    async fn next(&mut self) -> Option<RelayMessage<'static>> {
        loop {
            if let Message::Text(text) = self.socket.next().await?.ok()? {
                return Some(RelayMessage::from_json(text.as_bytes()).unwrap());
            }
        }
    }

    async fn publish(&mut self, event: Event) {
        let message = ClientMessage::event(event).as_json();
        let _ = self.socket.send(Message::text(message)).await;
    }

    async fn run(mut self) {
        while let Some(said) = self.next().await {
            let RelayMessage::Event { event, .. } = said else { continue };
            let request: Value = serde_json::from_str(&self.open(&event)).unwrap();
            let (method, params) =
                (request["method"].as_str().unwrap().to_owned(), request["params"].clone());
            self.requests.send_modify(|requests| requests.push((method.clone(), params.clone())));
            for late in std::mem::take(&mut self.late) {
                self.publish(late).await;
            }
            for say in (self.script)(&method, &params) {
                let is_late = matches!(say, Say::Late(_));
                let answer = self.answer(&event, &method, say);
                if is_late { self.late.push(answer) } else { self.publish(answer).await }
            }
        }
    }

    /// Reads a request as NIP-47 demands it to be written.
    fn open(&self, event: &Event) -> String {
        assert_eq!(event.pubkey, self.client);
        assert!(event.tags.expiration().is_some(), "a request that never expires");
        let encryption = event.tags.iter().find(|tag| tag.kind() == TagKind::custom("encryption"));
        let encryption = encryption.and_then(|tag| tag.content().map(str::to_owned));
        let secret = self.keys.secret_key();
        if self.nip44 {
            assert_eq!(encryption.as_deref(), Some("nip44_v2"));
            nip44::decrypt(secret, &self.client, &event.content).unwrap()
        } else {
            assert_eq!(encryption, None);
            nip04::decrypt(secret, &self.client, &event.content).unwrap()
        }
    }

    fn answer(&self, request: &Event, method: &str, say: Say) -> Event {
        let forger = Keys::generate();
        let result =
            |method: &str, result: &Value| json!({"result_type": method, "result": result}).to_string();
        let (text, keys) = match &say {
            Say::Result(value) | Say::Late(value) => (result(method, value), &self.keys),
            Say::AsIfFor(method, value) => (result(method, value), &self.keys),
            Say::Error(code, message) => {
                let error = json!({"code": code, "message": message});
                (json!({"result_type": method, "error": error, "result": null}).to_string(), &self.keys)
            }
            Say::Text(text) | Say::Unsealed(text) => (text.clone(), &self.keys),
            Say::Forged(value) => (result(method, value), &forger),
        };
        let content = match say {
            Say::Unsealed(text) => text,
            _ if self.nip44 => {
                nip44::encrypt(keys.secret_key(), &self.client, &text, nip44::Version::V2).unwrap()
            }
            _ => nip04::encrypt(keys.secret_key(), &self.client, &text).unwrap(),
        };
        EventBuilder::new(Kind::WalletConnectResponse, content)
            .tags([Tag::public_key(self.client), Tag::event(request.id)])
            .sign_with_keys(keys)
            .unwrap()
    }
}
