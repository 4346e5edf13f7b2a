//! A wallet behind a real relay, that answers over Nostr Wallet Connect as it is told to.

use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use nostr::event::{Event, EventBuilder, Kind, Tag, TagKind};
use nostr::nips::{nip04, nip44};
use nostr::{ClientMessage, Filter, JsonUtil, Keys, PublicKey, RelayMessage, SubscriptionId};
use nostr_relay_builder::builder::{RateLimit, RelayBuilder};
use nostr_relay_builder::local::LocalRelay;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// What a connection may do, where nothing else is said.
pub(crate) const METHODS: &str = "pay_invoice make_invoice lookup_invoice get_balance get_info";

/// How a wallet answers one request. Several are sent in their order, none is silence.
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
    requests: Arc<Mutex<Vec<(String, Value)>>>,
    task: JoinHandle<()>,
}

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
        let limit = RateLimit { max_reqs: 500, notes_per_minute: 10_000 };
        let relay = LocalRelay::new(RelayBuilder::default().rate_limit(limit));
        relay.run().await.unwrap();
        let url = relay.url().await.to_string();
        let (wallet, client) = (Keys::generate(), Keys::generate());
        let secret = client.secret_key().to_secret_hex();
        let uri = format!("nostr+walletconnect://{}?relay={url}&secret={secret}", wallet.public_key());
        let requests = Arc::new(Mutex::new(Vec::new()));

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
        self.requests.lock().unwrap().clone()
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
    requests: Arc<Mutex<Vec<(String, Value)>>>,
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
            self.requests.lock().unwrap().push((method.clone(), params.clone()));
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

/// What a relay does with a request that it ought to pass on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Relay {
    /// Closes the connection when it has it.
    HangsUp,
    /// Says nothing any more, as one whose machine is gone.
    FallsSilent,
    /// Says that it will not.
    Refuses,
    /// Ends the subscription.
    Unsubscribes,
    /// Sends what no relay should.
    Babbles,
    /// Answers in the wallet's place: under its own name, and with a signature that is not the wallet's under the wallet's.
    Forges,
}

/// A relay without a wallet behind it. Stops when dropped.
pub(crate) struct BadRelay {
    pub(crate) uri: String,
    task: JoinHandle<()>,
}

impl BadRelay {
    pub(crate) async fn start(relay: Relay) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (wallet, client) = (Keys::generate().public_key(), Keys::generate());
        let secret = client.secret_key().to_secret_hex();
        let uri = format!("nostr+walletconnect://{wallet}?relay=ws://{address}&secret={secret}");
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(misbehave(stream, relay, wallet));
            }
        });
        Self { uri, task }
    }
}

impl Drop for BadRelay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn misbehave(stream: TcpStream, relay: Relay, wallet: PublicKey) -> Option<()> {
    let mut socket = tokio_tungstenite::accept_async(stream).await.ok()?;
    loop {
        let Message::Text(text) = socket.next().await?.ok()? else { continue };
        let message: Value = serde_json::from_str(&text).unwrap();
        let answer = match (message[0].as_str().unwrap(), relay) {
            ("REQ", _) => json!(["EOSE", message[1]]),
            (_, Relay::HangsUp) => return None,
            (_, Relay::FallsSilent) => continue,
            (_, Relay::Refuses) => json!(["OK", message[1]["id"], false, "blocked: not here"]),
            (_, Relay::Unsubscribes) => json!(["CLOSED", "l402", "error: shutting down"]),
            (_, Relay::Forges) => {
                let request = Event::from_json(message[1].to_string()).unwrap();
                let answer = EventBuilder::new(Kind::WalletConnectResponse, "{}").tag(Tag::event(request.id));
                let answer = answer.sign_with_keys(&Keys::generate()).unwrap();
                let mut forged: Value = serde_json::from_str(&answer.as_json()).unwrap();
                for _ in 0..2 {
                    let event = json!(["EVENT", "l402", forged]);
                    let _ = socket.send(Message::text(event.to_string())).await;
                    forged["pubkey"] = json!(wallet.to_hex());
                }
                json!(["OK", request.id, true, ""])
            }
            (_, Relay::Babbles) => {
                let _ = socket.send(Message::text("[\"EVENT\", \"l402\", {\"id\": 7}]")).await;
                let _ = socket.send(Message::binary(vec![0xff; 64])).await;
                Value::String(" ".repeat(10_000_000))
            }
        };
        socket.send(Message::text(answer.to_string())).await.ok()?;
    }
}
