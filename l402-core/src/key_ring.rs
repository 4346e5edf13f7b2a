//! [`KeyRing`]: secrets that change while the tokens they signed live on.

use alloc::vec::Vec;

use crate::hash::{RootKeyId, TokenId};
use crate::secret::{MasterKey, RootKey};
use crate::time::UnixTime;

/// The secret that signs new tokens, and older ones whose tokens are still good.
///
/// To rotate, make the new secret current and retire the old one with a cut-off after the last of its tokens expires.
/// The key id in a token tells which secret to use, so nothing is tried out.
///
/// ```
/// use l402_core::{KeyRing, MasterKey, TokenId, UnixTime};
///
/// let (old, new) = (MasterKey::from_bytes([1; 32]), MasterKey::from_bytes([2; 32]));
/// let sold_last_week = TokenId::sealing(old.id(), [9; 32]);
///
/// let cut_off = UnixTime::from_secs(1_900_000_000);
/// let ring = KeyRing::new(new).with_retired(old, cut_off);
/// let is_live = |now| ring.find(&sold_last_week, now).is_some_and(|key| key.is_live);
/// assert!(is_live(UnixTime::from_secs(1_899_999_999)));
/// assert!(!is_live(cut_off));
/// ```
#[derive(Clone, Debug)]
pub struct KeyRing {
    current: MasterKey,
    retired: Vec<Retired>,
}

#[derive(Clone, Debug)]
struct Retired {
    key: MasterKey,
    cut_off: UnixTime,
}

impl KeyRing {
    /// A ring of one secret.
    #[must_use]
    pub const fn new(current: MasterKey) -> Self {
        Self { current, retired: Vec::new() }
    }

    /// Keeps accepting the tokens of an older secret until `cut_off`, and not at that moment.
    #[must_use]
    pub fn with_retired(mut self, key: MasterKey, cut_off: UnixTime) -> Self {
        self.retired.push(Retired { key, cut_off });
        self
    }

    /// The ring after a rotation: `next` is current, and the current secret retired.
    #[must_use]
    pub fn rotated(&self, next: MasterKey, cut_off: UnixTime) -> Self {
        let mut ring = Self { current: next, retired: self.retired.clone() };
        ring.retired.push(Retired { key: self.current.clone(), cut_off });
        ring
    }

    /// The secret that signs new tokens.
    #[must_use]
    pub const fn current(&self) -> &MasterKey {
        &self.current
    }

    /// Whether tokens of the secret with this id are accepted.
    #[must_use]
    pub fn is_live(&self, secret: RootKeyId, now: UnixTime) -> bool {
        self.current.id() == secret || self.retired(secret).is_some_and(|retired| now < retired.cut_off)
    }

    /// The root key of a token; `None` when its secret is not on the ring.
    #[must_use]
    pub fn find(&self, token: &TokenId, now: UnixTime) -> Option<FoundKey> {
        let wanted = token.root_key_id();
        if self.current.id() == wanted {
            return Some(FoundKey::live(self.current.root_key(token)));
        }
        let retired = self.retired(wanted)?;
        Some(FoundKey { root_key: retired.key.root_key(token), is_live: now < retired.cut_off })
    }

    fn retired(&self, secret: RootKeyId) -> Option<&Retired> {
        self.retired.iter().find(|retired| retired.key.id() == secret)
    }
}

/// The root key that signed a token, and whether the token is still good.
///
/// A key whose time is over still tells a token that was sold from one that was forged: the first is worth a new
/// offer, the second is not.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FoundKey {
    /// The key.
    pub root_key: RootKey,
    /// `false` when tokens signed with it are no longer accepted.
    pub is_live: bool,
}

impl FoundKey {
    /// A key whose tokens are accepted.
    #[must_use]
    pub const fn live(root_key: RootKey) -> Self {
        Self { root_key, is_live: true }
    }

    /// A key whose tokens are no longer accepted.
    #[must_use]
    pub const fn retired(root_key: RootKey) -> Self {
        Self { root_key, is_live: false }
    }
}
