//! [`KeyRing`]: secrets that change while the tokens they signed live on.

use alloc::vec::Vec;

use crate::hash::TokenId;
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
/// assert!(ring.root_key(&sold_last_week, UnixTime::from_secs(1_899_999_999)).is_some());
/// assert!(ring.root_key(&sold_last_week, cut_off).is_none());
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

    /// The secret that signs new tokens.
    #[must_use]
    pub const fn current(&self) -> &MasterKey {
        &self.current
    }

    /// The root key of a token; `None` when its secret is not on the ring, or cut off.
    #[must_use]
    pub fn root_key(&self, token: &TokenId, now: UnixTime) -> Option<RootKey> {
        let retired = self.retired.iter().filter(|retired| now < retired.cut_off).map(|retired| &retired.key);
        let mut live = core::iter::once(&self.current).chain(retired);
        live.find(|key| key.id() == token.root_key_id()).map(|key| key.root_key(token))
    }
}
