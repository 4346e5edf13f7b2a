//! [`TokenCache`]: the tokens at hand, by the origin they were bought at.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use hashbrown::HashMap;
use http::HeaderValue;
use l402_core::header::credential_header_value;
use l402_core::{Clock, Limits, PaymentHash, UnixTime};
use url::Url;
use zeroize::Zeroizing;

use super::coverage::Coverage;
use super::facts::TokenFacts;
use super::target::{Origin, OriginRef, Target};
use crate::store::{Record, State};

/// A token that was paid for, ready to be sent.
pub(crate) struct Token {
    pub(crate) payment_hash: PaymentHash,
    /// The value of the `Authorization` field, marked sensitive.
    pub(crate) credential: HeaderValue,
    coverage: Coverage,
    services: Vec<String>,
    expires_at: UnixTime,
    /// How often it can still be used; `None` for as often as the server likes.
    uses_left: Option<AtomicU32>,
    is_delivered: AtomicBool,
    /// Whoever bought it shows it for the first time, and nobody else may: it may be good for one use only.
    is_reserved: AtomicBool,
    /// Paths of the origin where another service wants to be paid.
    elsewhere: Mutex<Vec<String>>,
}

impl Token {
    /// `None` for a record without a token that is worth showing.
    pub(crate) fn new(record: &Record, limits: &Limits) -> Option<Self> {
        let intent = &record.intent;
        let preimage = record.preimage.as_ref().filter(|_| !record.dropped)?;
        let facts = TokenFacts::read(&intent.macaroon, limits).ok()?;
        let uses_left = facts.uses.map(|uses| uses.saturating_sub(record.used));
        if uses_left == Some(0) {
            return None;
        }
        let value = Zeroizing::new(credential_header_value(intent.scheme, &intent.macaroon, preimage));
        let mut credential = HeaderValue::from_str(&value).ok()?;
        credential.set_sensitive(true); // keeps it out of logs and of HTTP/2's header table
        Some(Self {
            payment_hash: intent.payment_hash,
            credential,
            coverage: Coverage::new(&facts, &intent.purpose),
            services: facts.services,
            expires_at: facts.expires_at.unwrap_or(UnixTime::MAX),
            uses_left: uses_left.map(AtomicU32::new),
            is_delivered: AtomicBool::new(record.state == State::Delivered),
            is_reserved: AtomicBool::new(false),
            elsewhere: Mutex::default(),
        })
    }

    /// Takes a use for whoever bought it, before anybody else sees it.
    pub(crate) fn reserved(self) -> Self {
        self.is_reserved.store(true, Ordering::Relaxed);
        self.check_out();
        self
    }

    /// Takes one of its uses.
    pub(crate) fn check_out(&self) -> bool {
        self.uses_left.as_ref().is_none_or(|left| {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
        })
    }

    /// Gives back a use that was taken.
    pub(crate) fn give_back(&self) {
        self.is_reserved.store(false, Ordering::Release);
        if let Some(left) = &self.uses_left {
            left.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether a delivery is worth writing down: the first one, and every one of a token whose uses count.
    pub(crate) fn note_delivery(&self) -> bool {
        self.is_reserved.store(false, Ordering::Release);
        let is_first =
            !self.is_delivered.load(Ordering::Relaxed) && !self.is_delivered.swap(true, Ordering::Relaxed);
        is_first || self.uses_left.is_some()
    }

    /// Where this pass was refused, another service sells: remembers that it is not for this path, if so.
    pub(crate) fn is_for_other_services(&self, sold_here: &[String], path: &str) -> bool {
        let is_other = !self.services.is_empty()
            && !sold_here.is_empty()
            && !sold_here.iter().any(|service| self.services.contains(service));
        if is_other {
            self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
        }
        is_other
    }

    fn is_for(&self, target: &Target<'_>, clock: &dyn Clock) -> bool {
        self.coverage.includes(target)
            && !self.is_reserved.load(Ordering::Acquire)
            && (self.expires_at == UnixTime::MAX || clock.now() < self.expires_at)
            && self.uses_left.as_ref().is_none_or(|left| left.load(Ordering::Relaxed) > 0)
            && (self.services.is_empty() || !self.is_elsewhere(target.path))
    }

    fn is_elsewhere(&self, path: &str) -> bool {
        let elsewhere = self.elsewhere.lock().unwrap_or_else(PoisonError::into_inner);
        elsewhere.iter().any(|other| other == path)
    }
}

/// The tokens at hand. What a request needs of it takes some 100 ns.
#[derive(Default)]
pub(crate) struct TokenCache {
    origins: RwLock<HashMap<Origin, Vec<Arc<Token>>, foldhash::fast::RandomState>>,
}

impl TokenCache {
    /// The latest token that is worth showing to a request.
    pub(crate) fn find(&self, target: &Target<'_>, clock: &dyn Clock) -> Option<Arc<Token>> {
        let origins = self.read();
        let mut tokens = origins.get(&target.origin)?.iter().rev();
        tokens.find(|token| token.is_for(target, clock)).map(Arc::clone)
    }

    /// Adds a token, if it is a new one; what has expired at its origin goes.
    pub(crate) fn insert(&self, url: &Url, token: Arc<Token>, now: UnixTime) {
        let Some(origin) = OriginRef::of(url) else { return };
        let mut origins = self.write();
        let tokens = origins.entry(Origin::from(&origin)).or_default();
        tokens.retain(|known| now < known.expires_at);
        if !tokens.iter().any(|known| known.payment_hash == token.payment_hash) {
            tokens.push(token);
        }
    }

    pub(crate) fn remove(&self, url: &Url, payment_hash: &PaymentHash) {
        let Some(origin) = OriginRef::of(url) else { return };
        let mut origins = self.write();
        if let Some(tokens) = origins.get_mut(&origin) {
            tokens.retain(|known| known.payment_hash != *payment_hash);
        }
    }

    /// A panic elsewhere leaves the map whole.
    fn read(&self) -> RwLockReadGuard<'_, HashMap<Origin, Vec<Arc<Token>>, foldhash::fast::RandomState>> {
        self.origins.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<Origin, Vec<Arc<Token>>, foldhash::fast::RandomState>> {
        self.origins.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenCache([redacted])")
    }
}
