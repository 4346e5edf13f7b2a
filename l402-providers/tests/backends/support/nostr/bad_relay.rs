//! Relays that do it wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use nostr::event::{Event, EventBuilder, Kind, Tag};
use nostr::{JsonUtil, Keys, PublicKey};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::uri;
use crate::support::time::Standstill;

/// What a relay does with a request that it ought to pass on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Relay {
    /// Closes the connection when it has it.
    HangsUp,
    /// Says that it will not.
    Refuses,
    /// Ends the subscription.
    Unsubscribes,
    /// Sends what no relay should.
    Babbles,
    /// Says nothing any more, as one whose machine is gone, and this time passes.
    FallsSilent(Duration),
    /// Says that it has it, and passes it on to nobody; and this time passes when that has been heard.
    Keeps(Duration),
    /// Answers in the wallet's place: under its own name, and with a signature that is not the wallet's under the wallet's.
    /// Then it does as one that keeps it.
    Forges(Duration),
}

impl Relay {
    /// What passes while it is waited for.
    const fn silence(self) -> Option<Duration> {
        match self {
            Self::FallsSilent(time) | Self::Keeps(time) | Self::Forges(time) => Some(time),
            Self::HangsUp | Self::Refuses | Self::Unsubscribes | Self::Babbles => None,
        }
    }
}

/// A relay without a wallet behind it. Stops when dropped.
///
/// With one that says nothing no time passes but what it lets pass, so that its silence is what is waited for, and nothing
/// else.
pub(crate) struct BadRelay {
    pub(crate) uri: String,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
    _standstill: Option<Standstill>,
}

impl BadRelay {
    pub(crate) async fn start(relay: Relay) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let wallet = Keys::generate().public_key();
        let uri = uri(wallet, &format!("ws://{}", listener.local_addr().unwrap()), &Keys::generate());
        let requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(misbehave(stream, relay, wallet, Arc::clone(&count)));
            }
        });
        let standstill = relay.silence().map(|_| Standstill::begin());
        Self { uri, requests, task, _standstill: standstill }
    }

    /// How many requests have come so far.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for BadRelay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn misbehave(
    stream: TcpStream,
    relay: Relay,
    wallet: PublicKey,
    requests: Arc<AtomicUsize>,
) -> Option<()> {
    let mut socket = tokio_tungstenite::accept_async(stream).await.ok()?;
    loop {
        let text = match socket.next().await?.ok()? {
            Message::Text(text) => text,
            // The answer to our ping: everything before it has been heard.
            Message::Pong(_) => {
                tokio::time::advance(relay.silence()?).await;
                continue;
            }
            _ => continue,
        };
        let message: Value = serde_json::from_str(&text).unwrap();
        if message[0] == "REQ" {
            say(&mut socket, &json!(["EOSE", message[1]])).await?;
            continue;
        }
        requests.fetch_add(1, Ordering::SeqCst);
        let id = &message[1]["id"];
        match relay {
            Relay::HangsUp => return None,
            Relay::Refuses => say(&mut socket, &json!(["OK", id, false, "blocked: not here"])).await?,
            Relay::Unsubscribes => {
                say(&mut socket, &json!(["CLOSED", "l402", "error: shutting down"])).await?
            }
            Relay::Babbles => {
                say(&mut socket, &json!(["EVENT", "l402", {"id": 7}])).await?;
                socket.send(Message::binary(vec![0xff; 64])).await.ok()?;
                say(&mut socket, &Value::String(" ".repeat(10_000_000))).await?;
            }
            Relay::FallsSilent(time) => tokio::time::advance(time).await,
            Relay::Keeps(_) => keep(&mut socket, id).await?,
            Relay::Forges(_) => {
                forge(&mut socket, &message[1], wallet).await?;
                keep(&mut socket, id).await?;
            }
        }
    }
}

async fn say(socket: &mut WebSocketStream<TcpStream>, message: &Value) -> Option<()> {
    socket.send(Message::text(message.to_string())).await.ok()
}

async fn keep(socket: &mut WebSocketStream<TcpStream>, id: &Value) -> Option<()> {
    say(socket, &json!(["OK", id, true, ""])).await?;
    socket.send(Message::Ping(Vec::new().into())).await.ok()
}

async fn forge(socket: &mut WebSocketStream<TcpStream>, request: &Value, wallet: PublicKey) -> Option<()> {
    let request = Event::from_json(request.to_string()).unwrap();
    let answer = EventBuilder::new(Kind::WalletConnectResponse, "{}").tag(Tag::event(request.id));
    let answer = answer.sign_with_keys(&Keys::generate()).unwrap();
    let mut forged: Value = serde_json::from_str(&answer.as_json()).unwrap();
    for _ in 0..2 {
        say(socket, &json!(["EVENT", "l402", forged])).await?;
        forged["pubkey"] = json!(wallet.to_hex());
    }
    Some(())
}
