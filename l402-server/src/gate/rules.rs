//! [`Rules`]: everything that a gate was built with.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use l402_core::ports::{InvoiceProvider, LeaseId, ReplayStore, RootKeyStore};
use l402_core::{Clock, Limits, Network, PaymentHash, UnknownCaveats};

use crate::client_key::TrustedProxies;
use crate::keys::RevocationList;
use crate::paid::{Answers, Settled, SettlementCheck, TokenCache};
use crate::pricing::{FreeCalls, Pricing};
use crate::reply::Replies;
use crate::telemetry::Telemetry;
use crate::unpaid::{Breaker, Entropy, Throttle};

pub(crate) struct Rules {
    pub(crate) provider: Arc<dyn InvoiceProvider>,
    pub(crate) keys: Arc<dyn RootKeyStore>,
    pub(crate) revoked: Option<RevocationList>,
    pub(crate) store: Arc<dyn ReplayStore>,
    pub(crate) cache: Option<TokenCache>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) network: Network,
    pub(crate) pricing: Pricing,
    pub(crate) free_calls: Option<FreeCalls>,
    pub(crate) proxies: TrustedProxies,
    pub(crate) throttle: Throttle,
    pub(crate) breaker: Breaker,
    pub(crate) entropy: Entropy,
    pub(crate) settlement: SettlementCheck,
    pub(crate) settled: Settled,
    pub(crate) description: Arc<str>,
    pub(crate) invoice_expiry: Duration,
    pub(crate) token_lifetime: Duration,
    pub(crate) lease: Duration,
    pub(crate) price_timeout: Duration,
    pub(crate) provider_timeout: Duration,
    pub(crate) store_timeout: Duration,
    pub(crate) limits: Limits,
    pub(crate) unknown_caveats: UnknownCaveats,
    pub(crate) shadow: bool,
    pub(crate) replies: Replies,
    pub(crate) answers: Option<Answers>,
    pub(crate) telemetry: Telemetry,
    pub(crate) leases: LeaseIds,
}

impl Rules {
    pub(crate) fn is_revoked(&self, payment: &PaymentHash) -> bool {
        self.revoked.as_ref().is_some_and(|revoked| revoked.contains(payment))
    }
}

/// Names for claims that are unique over all processes: a random start and a counter.
pub(crate) struct LeaseIds {
    process: [u8; 8],
    next: AtomicU64,
}

impl LeaseIds {
    pub(crate) const fn new(process: [u8; 8]) -> Self {
        Self { process, next: AtomicU64::new(0) }
    }

    pub(crate) fn next(&self) -> LeaseId {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.process);
        bytes[8..].copy_from_slice(&self.next.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        LeaseId::from_bytes(bytes)
    }
}
