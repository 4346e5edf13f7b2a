//! [`Service`]: the wallet's end of one connection.

use std::sync::Arc;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use l402_core::ports::BoxError;
use nostr::event::{Event, EventBuilder, Kind, Tag, TagKind};
use nostr::nips::{nip04, nip44};
use nostr::{ClientMessage, Filter, JsonUtil as _, Keys, PublicKey, RelayMessage, SubscriptionId, Timestamp};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::methods::{self, METHODS};
use crate::account::DevAccount;

type Socket = WebSocketStream<TcpStream>;

pub(super) struct Service {
    sender: SplitSink<Socket, Message>,
    receiver: SplitStream<Socket>,
    wallet: Arc<Wallet>,
}

struct Wallet {
    account: DevAccount,
    keys: Keys,
    client: PublicKey,
}

impl Service {
    /// Tells the relay what the wallet can do, and listens for requests of the client from now on.
    pub(super) async fn connect(
        url: &str,
        account: DevAccount,
        keys: Keys,
        client: PublicKey,
    ) -> Result<Self, BoxError> {
        let address = url.trim_start_matches("ws://").trim_end_matches('/');
        let stream = TcpStream::connect(address).await?;
        let (socket, _) = tokio_tungstenite::client_async(url, stream).await?;
        let (sender, receiver) = socket.split();
        let wallet = Arc::new(Wallet { account, keys, client });
        let mut service = Self { sender, receiver, wallet };
        let info = EventBuilder::new(Kind::WalletConnectInfo, METHODS)
            .tag(Tag::custom(TagKind::custom("encryption"), ["nip44_v2 nip04"]))
            .sign_with_keys(&service.wallet.keys)?;
        service.send(ClientMessage::event(info)).await?;
        let filter = Filter::new().kind(Kind::WalletConnectRequest).pubkey(service.wallet.keys.public_key());
        service.send(ClientMessage::req(SubscriptionId::new("wallet"), [filter])).await?;
        // Requests are not kept for those who come later.
        while !matches!(service.hear().await, Some(RelayMessage::EndOfStoredEvents(_))) {}
        Ok(service)
    }

    /// Answers until the relay is gone. A payment that takes its time keeps nobody waiting.
    pub(super) async fn run(mut self) {
        let (answers, mut ready) = mpsc::channel::<Event>(64);
        let wallet = Arc::clone(&self.wallet);
        let mut sender = self.sender;
        tokio::spawn(async move {
            while let Some(answer) = ready.recv().await {
                let message = ClientMessage::event(answer).as_json();
                if sender.send(Message::text(message)).await.is_err() {
                    return;
                }
            }
        });
        while let Some(said) = hear(&mut self.receiver).await {
            let RelayMessage::Event { event, .. } = said else { continue };
            let (wallet, answers) = (Arc::clone(&wallet), answers.clone());
            tokio::spawn(async move {
                if let Some(answer) = wallet.answer(&event).await {
                    // Nobody is there to hear of a relay that is gone.
                    let _ = answers.send(answer).await;
                }
            });
        }
    }

    async fn send(&mut self, message: ClientMessage<'_>) -> Result<(), BoxError> {
        Ok(self.sender.send(Message::text(message.as_json())).await?)
    }

    async fn hear(&mut self) -> Option<RelayMessage<'static>> {
        hear(&mut self.receiver).await
    }
}

async fn hear(receiver: &mut SplitStream<Socket>) -> Option<RelayMessage<'static>> {
    loop {
        if let Message::Text(text) = receiver.next().await?.ok()? {
            return RelayMessage::from_json(text.as_bytes()).ok();
        }
    }
}

impl Wallet {
    /// The answer to a request; silence for what is not one of the client's, or too late, or while the node is down.
    async fn answer(&self, request: &Event) -> Option<Event> {
        let expired = request.tags.expiration().is_some_and(|at| *at < Timestamp::now());
        if request.pubkey != self.client || expired || request.verify().is_err() {
            return None;
        }
        let encryption = request.tags.iter().find(|tag| tag.kind() == TagKind::custom("encryption"));
        let nip44 = encryption.and_then(Tag::content) == Some("nip44_v2");
        let text = self.open(&request.content, nip44)?;
        let asked: Value = serde_json::from_str(&text).ok()?;
        let method = asked["method"].as_str().unwrap_or_default();
        let answer = match methods::run(&self.account, method, &asked["params"]).await? {
            Ok(result) => json!({"result_type": method, "result": result}),
            Err((code, message)) => {
                json!({"result_type": method, "error": {"code": code, "message": message}, "result": null})
            }
        };
        let content = self.seal(&answer.to_string(), nip44)?;
        EventBuilder::new(Kind::WalletConnectResponse, content)
            .tags([Tag::public_key(self.client), Tag::event(request.id)])
            .sign_with_keys(&self.keys)
            .ok()
    }

    fn open(&self, content: &str, with_nip44: bool) -> Option<String> {
        let secret = self.keys.secret_key();
        if with_nip44 {
            nip44::decrypt(secret, &self.client, content).ok()
        } else {
            nip04::decrypt(secret, &self.client, content).ok()
        }
    }

    fn seal(&self, text: &str, with_nip44: bool) -> Option<String> {
        let secret = self.keys.secret_key();
        if with_nip44 {
            nip44::encrypt(secret, &self.client, text, nip44::Version::V2).ok()
        } else {
            nip04::encrypt(secret, &self.client, text).ok()
        }
    }
}
