//! A wallet behind a real relay at the other side, a relay that does it wrong, or no relay at all.

use std::time::Duration;

use l402_core::ports::BackendErrorKind as Kind;
use l402_providers::nwc::NwcUri;
use serde_json::{Value, json};

use super::{Fault, Side, Transport};
use crate::support::nostr::{BadRelay, LONG, Relay, Say, WalletService, uri_at};
use crate::support::raw::{NOBODY, RawServer, Then};

/// Where no answer comes. Whatever else is slow, too, the outcome is the same.
const SHORT: Duration = Duration::from_millis(50);

pub(crate) enum Answer {
    Wallet(Vec<Say>),
    Relay(Relay),
    NoRelay(&'static str, Then, Duration),
}

/// Whoever is there, and how it is reached.
pub(crate) struct Other {
    uri: String,
    timeout: Duration,
    who: Who,
}

#[allow(clippy::large_enum_variant, reason = "there is one at a time")]
enum Who {
    Wallet(WalletService),
    Relay(BadRelay),
    NoRelay(RawServer),
}

impl Side<NwcUri> for Other {
    fn transport(&self) -> NwcUri {
        parse(&self.uri, self.timeout)
    }

    fn secret(&self) -> String {
        self.uri.split_once("&secret=").unwrap().1.to_owned()
    }

    fn requests(&self) -> usize {
        match &self.who {
            Who::Wallet(service) => service.requests().len(),
            Who::Relay(relay) => relay.requests(),
            Who::NoRelay(server) => server.requests(),
        }
    }
}

fn parse(uri: &str, timeout: Duration) -> NwcUri {
    NwcUri::parse(uri).unwrap().timeout(timeout).pause(Duration::from_millis(1))
}

impl Transport for NwcUri {
    type Answer = Answer;
    type Side = Other;

    fn result(result: &Value) -> Answer {
        Answer::Wallet(vec![Say::Result(result.clone())])
    }

    fn faults() -> Vec<Fault<Answer>> {
        let mut faults = nonsense();
        faults.extend(refusals());
        faults.extend(relays());
        faults.extend(no_relays());
        faults
    }

    fn echoes(secrets: &str) -> Vec<Answer> {
        let text = || format!("look: {secrets}");
        [
            Say::Error("OTHER", text()),
            Say::Error("RESTRICTED", text()),
            Say::Text(text()),
            Say::Text(format!("{{\"result_type\": \"{}\"}}", text())),
        ]
        .map(|say| Answer::Wallet(vec![say]))
        .into()
    }

    async fn answering(answer: Answer) -> Other {
        match answer {
            Answer::Wallet(say) => {
                let service = WalletService::start(move |_, _| say.clone()).await;
                Other { uri: service.uri.clone(), timeout: LONG, who: Who::Wallet(service) }
            }
            Answer::Relay(relay) => {
                let relay = BadRelay::start(relay).await;
                Other { uri: relay.uri.clone(), timeout: LONG, who: Who::Relay(relay) }
            }
            Answer::NoRelay(bytes, then, timeout) => {
                let server = RawServer::start(bytes, then).await;
                let uri = uri_at(&server.url.replacen("http", "ws", 1));
                Other { uri, timeout, who: Who::NoRelay(server) }
            }
        }
    }

    async fn nobody() -> Self {
        parse(&uri_at(&format!("ws://{NOBODY}")), LONG)
    }
}

fn nonsense() -> Vec<Fault<Answer>> {
    let mut faults = Vec::from(
        [
            ("a page", Say::Text("<html>".to_owned())),
            ("truncated", Say::Text("{\"result_type\": \"make_inv".to_owned())),
            ("a list", Say::Text("[\"make_invoice\", null, {}]".to_owned())),
            ("nothing", Say::Text("{}".to_owned())),
            ("neither result nor error", Say::Result(Value::Null)),
            ("not sealed", Say::Unsealed("{\"result_type\": \"make_invoice\", \"result\": {}}".to_owned())),
            ("for another method", Say::AsIfFor("get_balance", json!({"balance": 7}))),
            ("no object", Say::Result(json!("lnbcrt1"))),
        ]
        .map(|(name, say)| Fault {
            name: name.to_owned(),
            answer: Answer::Wallet(vec![say]),
            order: Kind::Protocol,
            lookup: Some((Kind::Protocol, 1)),
        }),
    );
    // Without any of the fields, all of which old wallets may leave out of a look-up.
    faults.extend([json!({}), json!([])].map(|result| Fault {
        name: result.to_string(),
        answer: Answer::Wallet(vec![Say::Result(result)]),
        order: Kind::Protocol,
        lookup: None,
    }));
    faults
}

/// NIP-47's codes, one that wallets may add, and Alby Hub's texts.
fn refusals() -> Vec<Fault<Answer>> {
    [
        ("RATE_LIMITED", "", Kind::RateLimited { retry_after: None }),
        ("NOT_IMPLEMENTED", "", Kind::Unsupported),
        ("INSUFFICIENT_BALANCE", "", Kind::InsufficientBalance),
        ("QUOTA_EXCEEDED", "", Kind::LimitExceeded),
        ("RESTRICTED", "", Kind::Forbidden),
        ("UNAUTHORIZED", "", Kind::Auth),
        ("INTERNAL", "", Kind::Unavailable),
        ("OTHER", "", Kind::Unavailable),
        ("PAYMENT_FAILED", "", Kind::NoRoute),
        ("UNSUPPORTED_ENCRYPTION", "", Kind::Unsupported),
        ("INTERNAL", "the amount must be a whole number of satoshis", Kind::Unsupported),
        ("SOMETHING_NEW", "", Kind::Unavailable),
    ]
    .map(|(code, message, kind)| Fault {
        name: format!("{code} {message}"),
        answer: Answer::Wallet(vec![Say::Error(code, message.to_owned())]),
        order: kind,
        lookup: Some((kind, 1)),
    })
    .into()
}

/// A relay that is known to have nothing is not waited for as long as a wallet is.
fn relays() -> Vec<Fault<Answer>> {
    let past = |time: Duration| time + Duration::from_secs(1);
    [
        (Relay::HangsUp, Kind::Unavailable, Some((Kind::Unavailable, 3))),
        (Relay::Refuses, Kind::Unavailable, Some((Kind::Unavailable, 3))),
        (Relay::Unsubscribes, Kind::Unavailable, Some((Kind::Unavailable, 3))),
        (Relay::Babbles, Kind::Unavailable, Some((Kind::Unavailable, 3))),
        (Relay::FallsSilent(past(LONG / 3)), Kind::Unavailable, None),
        (Relay::Keeps(past(LONG)), Kind::Timeout, None),
        (Relay::Forges(past(LONG)), Kind::Timeout, None),
    ]
    .map(|(relay, order, lookup)| Fault {
        name: format!("{relay:?}"),
        answer: Answer::Relay(relay),
        order,
        lookup,
    })
    .into()
}

fn no_relays() -> Vec<Fault<Answer>> {
    let another_key = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-accept: no\r\n\r\n";
    let again = Some((Kind::Unavailable, 3));
    [
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", Then::Close, LONG, Kind::Unavailable, again),
        (
            "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
            Then::Close,
            LONG,
            Kind::Unavailable,
            again,
        ),
        (another_key, Then::Hang, LONG, Kind::Unavailable, again),
        ("", Then::Close, LONG, Kind::Unavailable, again),
        ("", Then::Hang, SHORT, Kind::Timeout, None),
    ]
    .map(|(bytes, then, timeout, order, lookup)| Fault {
        name: format!("no relay: {bytes}"),
        answer: Answer::NoRelay(bytes, then, timeout),
        order,
        lookup,
    })
    .into()
}
