//! A wallet behind a real relay at the other side, or a relay that does it wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use l402_core::ports::BackendErrorKind as Kind;
use l402_wallets::nwc::NwcUri;
use serde_json::{Value, json};

use super::{Script, Service, Transport};
use crate::support::nostr::{BadRelay, LONG, Relay, Say, WalletService, uri_at};
use crate::support::raw::NOBODY;

/// More than any payment of a test may take.
const HOUR: Duration = Duration::from_secs(3600);

#[allow(clippy::large_enum_variant, reason = "there is one at a time")]
pub(crate) enum Other {
    Wallet { service: WalletService, payments: Arc<AtomicUsize> },
    Relay(BadRelay),
}

impl Service<NwcUri> for Other {
    fn transport(&self) -> NwcUri {
        match self {
            Self::Wallet { service, .. } => parse(&service.uri),
            Self::Relay(relay) => parse(&relay.uri),
        }
    }

    fn secret(&self) -> String {
        let uri = match self {
            Self::Wallet { service, .. } => &service.uri,
            Self::Relay(relay) => &relay.uri,
        };
        uri.split_once("&secret=").unwrap().1.to_owned()
    }

    fn payments(&self) -> usize {
        match self {
            Self::Wallet { payments, .. } => payments.load(Ordering::SeqCst),
            Self::Relay(relay) => relay.requests(),
        }
    }
}

fn parse(uri: &str) -> NwcUri {
    NwcUri::parse(uri).unwrap().timeout(LONG).pause(Duration::from_millis(1))
}

impl Transport for NwcUri {
    /// The method.
    type Request = str;
    type Answer = Vec<Say>;
    /// The code.
    type Unknown = &'static str;
    type Service = Other;
    type Broken = Relay;

    const BROKEN: &'static [Relay] = &[
        Relay::HangsUp,
        Relay::Unsubscribes,
        Relay::Babbles,
        Relay::FallsSilent(HOUR),
        Relay::Keeps(HOUR),
        Relay::Forges(HOUR),
    ];

    fn result(result: &Value) -> Vec<Say> {
        vec![Say::Result(result.clone())]
    }

    fn unknown(code: &'static str) -> Vec<Say> {
        refusal(code, "")
    }

    fn unclear() -> Vec<(String, Vec<Say>)> {
        [
            ("a page", Say::Text("<html>".to_owned())),
            ("truncated", Say::Text("{\"result_type\": \"pay_inv".to_owned())),
            ("a list", Say::Text("[\"pay_invoice\", null, {}]".to_owned())),
            ("not sealed", Say::Unsealed("{}".to_owned())),
            ("for another method", Say::AsIfFor("get_balance", json!({"balance": 7}))),
            ("a code without a meaning", Say::Error("OTHER", String::new())),
        ]
        .map(|(name, say)| (name.to_owned(), vec![say]))
        .into()
    }

    fn lost() -> Vec<Vec<Say>> {
        vec![
            refusal("INTERNAL", "there is already a payment pending for this invoice"),
            refusal("INTERNAL", "this invoice has already been paid"),
            refusal("OTHER", ""),
            vec![Say::Text("{\"result_type\": \"pay_inv".to_owned())],
        ]
    }

    fn refusals() -> Vec<(Vec<Say>, Kind)> {
        [
            ("RATE_LIMITED", Kind::RateLimited { retry_after: None }),
            ("RESTRICTED", Kind::Forbidden),
            ("UNAUTHORIZED", Kind::Auth),
            ("NOT_IMPLEMENTED", Kind::Unsupported),
            ("UNSUPPORTED_ENCRYPTION", Kind::Unsupported),
        ]
        .map(|(code, kind)| (refusal(code, ""), kind))
        .into()
    }

    fn echoes(secrets: &str) -> Vec<Vec<Say>> {
        let text = || format!("look: {secrets}");
        [
            Say::Error("OTHER", text()),
            Say::Error("RESTRICTED", text()),
            Say::Error("PAYMENT_FAILED", text()),
            Say::Text(format!("{{\"result_type\": \"{}\"}}", text())),
            Say::Text(text()),
        ]
        .map(|say| vec![say])
        .into()
    }

    async fn serve(script: Script<Self>) -> Other {
        let payments = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&payments);
        let service = WalletService::start(move |method, _| {
            if (script.is_payment)(method) {
                count.fetch_add(1, Ordering::SeqCst);
                script.payment.clone()
            } else if count.load(Ordering::SeqCst) == 0 {
                script.before.clone()
            } else {
                script.look.clone()
            }
        });
        Other::Wallet { service: service.await, payments }
    }

    async fn serve_broken(relay: Relay) -> Other {
        Other::Relay(BadRelay::start(relay).await)
    }

    async fn nobody() -> Self {
        parse(&uri_at(&format!("ws://{NOBODY}")))
    }
}

fn refusal(code: &'static str, message: &str) -> Vec<Say> {
    vec![Say::Error(code, message.to_owned())]
}
