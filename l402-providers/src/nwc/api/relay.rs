//! A relay: it passes events on, and is not to be trusted with anything else. (NIP-01.)

use std::borrow::Cow;

use futures_util::{SinkExt, StreamExt};
use l402_core::ports::BackendErrorKind;
use nostr::event::{Event, Kind};
use nostr::{ClientMessage, EventId, Filter, JsonUtil, RelayMessage, SubscriptionId};
use tokio_tungstenite::tungstenite::Message;

use super::seal::{Info, is_of};
use super::{Api, Link};
use crate::http::{CallError, WebSocket};

/// A connection with a subscription to the wallet's answers.
pub(super) struct Relay {
    socket: WebSocket,
    subscription: SubscriptionId,
    /// What the wallet says of itself.
    pub(super) info: Info,
}

/// What matters of what a relay says.
pub(super) enum Said {
    /// It has this event, and passes it on.
    Has(EventId),
    /// It does not.
    Refuses(EventId, String),
    /// Somebody else's event.
    Event(Box<Event>),
}

impl Relay {
    /// Connects to the first relay that answers, and subscribes. Nothing that failed here did anything.
    pub(super) async fn open(link: &Link) -> Result<Self, CallError> {
        let mut problem = CallError::refused(Api::NAME, BackendErrorKind::Unavailable);
        for host in &link.relays {
            let opening = async {
                let socket = host.open(Api::NAME).await?;
                Self::subscribe(socket, link).await
            };
            match tokio::time::timeout(link.timeout, opening).await {
                Ok(Ok(relay)) => return Ok(relay),
                Ok(Err(error)) => problem = error,
                Err(_) => problem = CallError::refused(Api::NAME, BackendErrorKind::Timeout),
            }
        }
        Err(problem)
    }

    /// Answers are not stored, so whoever asks must be listening already.
    async fn subscribe(socket: WebSocket, link: &Link) -> Result<Self, CallError> {
        let failed = |why: &str| {
            let error = CallError::refused(Api::NAME, BackendErrorKind::Unavailable);
            error.because(link.redactor.clean(why))
        };
        let subscription = SubscriptionId::new("l402");
        let by_wallet = |kind| Filter::new().kind(kind).author(link.wallet).limit(1);
        let filters = [
            by_wallet(Kind::WalletConnectInfo),
            by_wallet(Kind::WalletConnectResponse).pubkey(link.keys.public_key()),
        ];
        let filters = filters.map(Cow::Owned).to_vec();
        let request = ClientMessage::Req { subscription_id: Cow::Borrowed(&subscription), filters };
        let request = request.as_json();
        let mut relay = Self { socket, subscription, info: Info::UNKNOWN };
        relay.write(request).await.ok_or_else(|| failed("the relay closed the connection"))?;
        loop {
            match relay.next().await.ok_or_else(|| failed("the relay closed the connection"))? {
                RelayMessage::Event { event, .. }
                    if event.kind == Kind::WalletConnectInfo && is_of(&event, link.wallet) =>
                {
                    relay.info = Info::read(&event);
                }
                RelayMessage::EndOfStoredEvents(id) if *id == relay.subscription => return Ok(relay),
                RelayMessage::Closed { message, .. } => {
                    return Err(failed(&format!("the relay refuses to bring answers: {message}")));
                }
                _ => {}
            }
        }
    }

    /// `None` when the connection is broken.
    pub(super) async fn publish(&mut self, event: Event) -> Option<()> {
        self.write(ClientMessage::Event(Cow::Owned(event)).as_json()).await
    }

    /// `None` when the connection is of no more use. It may be dropped and called again without losing anything.
    pub(super) async fn listen(&mut self) -> Option<Said> {
        loop {
            match self.next().await? {
                RelayMessage::Event { event, .. } => return Some(Said::Event(Box::new(event.into_owned()))),
                RelayMessage::Ok { event_id, status: true, .. } => return Some(Said::Has(event_id)),
                RelayMessage::Ok { event_id, message, .. } => {
                    return Some(Said::Refuses(event_id, message.into_owned()));
                }
                // Without the subscription no answer comes.
                RelayMessage::Closed { .. } => return None,
                _ => {}
            }
        }
    }

    /// The next message that can be read. Those that cannot are passed over.
    async fn next(&mut self) -> Option<RelayMessage<'static>> {
        loop {
            match self.socket.next().await?.ok()? {
                Message::Text(text) => {
                    if let Ok(message) = RelayMessage::from_json(text.as_bytes()) {
                        return Some(message);
                    }
                }
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    async fn write(&mut self, text: String) -> Option<()> {
        self.socket.send(Message::text(text)).await.ok()
    }
}
