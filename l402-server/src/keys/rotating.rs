//! [`RotatingKeys`]: a new secret without a restart.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use l402_core::ports::{IssuedKey, PortFuture, RootKeyStore, StoreError};
use l402_core::{FoundKey, KeyRing, MasterKey, RootKeyId, TokenId, UnixTime};

use super::KeyError;

/// Secrets that can be changed while requests are served. Clones share them: give one to the gate, keep one.
///
/// ```
/// use l402_core::{MasterKey, UnixTime};
/// use l402_server::keys::RotatingKeys;
///
/// # fn example(secret: [u8; 32], next: [u8; 32]) -> Result<(), l402_server::keys::KeyError> {
/// let keys = RotatingKeys::new(MasterKey::from_bytes(secret));
/// // Later, with the gate running: tokens of the first secret work until the cut-off.
/// keys.rotate(MasterKey::from_bytes(next), UnixTime::from_secs(1_900_000_000))?;
/// # Ok(())
/// # }
/// ```
///
/// Every instance has to rotate, and know the new secret before the first token signed with it comes back.
#[derive(Clone)]
pub struct RotatingKeys(Arc<RwLock<KeyRing>>);

impl RotatingKeys {
    /// Starts with one secret.
    #[must_use]
    pub fn new(current: MasterKey) -> Self {
        Self::from(KeyRing::new(current))
    }

    /// Signs new tokens with `next`. Those of the secret before are accepted until `cut_off`, which should come after
    /// the last of them expires: tokens live as long as their invoice and the token lifetime together.
    ///
    /// # Errors
    /// [`KeyError::Weak`] when anybody could guess `next`. Everything stays as it was then.
    pub fn rotate(&self, next: MasterKey, cut_off: UnixTime) -> Result<(), KeyError> {
        if next.is_guessable() {
            return Err(KeyError::Weak);
        }
        let mut ring = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let (from, to) = (ring.current().id(), next.id());
        *ring = ring.rotated(next, cut_off);
        drop(ring);
        tracing::info!(%from, %to, cut_off = cut_off.as_secs(), "l402: the root key was rotated");
        Ok(())
    }

    /// The id of the secret that signs new tokens.
    #[must_use]
    pub fn current_id(&self) -> RootKeyId {
        self.0.read().unwrap_or_else(PoisonError::into_inner).current().id()
    }
}

impl From<KeyRing> for RotatingKeys {
    fn from(ring: KeyRing) -> Self {
        Self(Arc::new(RwLock::new(ring)))
    }
}

impl RootKeyStore for RotatingKeys {
    fn issue(&self, entropy: [u8; 32]) -> PortFuture<Result<IssuedKey, StoreError>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).issue(entropy)
    }

    fn root_key(&self, token: TokenId, now: UnixTime) -> PortFuture<Result<Option<FoundKey>, StoreError>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).root_key(token, now)
    }

    fn is_still_live(&self, token: TokenId, now: UnixTime) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_still_live(token, now)
    }

    fn is_guessable(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_guessable()
    }
}

impl fmt::Debug for RotatingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RotatingKeys({})", self.current_id())
    }
}
