//! [`RootKeyStore`]: where the keys that sign tokens come from.

use super::{PortFuture, StoreError, forward_port};
use crate::hash::TokenId;
use crate::key_ring::{FoundKey, KeyRing};
use crate::secret::{MasterKey, RootKey};
use crate::time::UnixTime;

/// Gives every new token its id and root key, and finds the key again.
///
/// [`MasterKey`], or [`KeyRing`] where secrets are rotated, is the one to use unless tokens must be forgotten one by
/// one: it derives keys and stores nothing, so that a flood of challenges writes nothing anywhere.
pub trait RootKeyStore: Send + Sync {
    /// Chooses id and root key of a new token. `entropy` is 32 fresh random bytes.
    fn issue(&self, entropy: [u8; 32]) -> PortFuture<Result<IssuedKey, StoreError>>;

    /// The root key of a token, and whether it is good at the time `now`; `None` when it was never issued here, or so
    /// long ago that the key is gone.
    fn root_key(&self, token: TokenId, now: UnixTime) -> PortFuture<Result<Option<FoundKey>, StoreError>>;

    /// Whether a root key that was live before still is, told at once. `false`, the default, where that takes a look-up:
    /// whoever asks then calls [`RootKeyStore::root_key`].
    fn is_still_live(&self, token: TokenId, now: UnixTime) -> bool {
        let _ = (token, now);
        false
    }

    /// Whether the secret that signs new tokens can be guessed, so that no gate may sell them: see
    /// [`MasterKey::is_guessable`]. `false`, the default, where keys are random.
    fn is_guessable(&self) -> bool {
        false
    }
}

forward_port!(RootKeyStore {
    fn issue(&self, entropy: [u8; 32]) -> PortFuture<Result<IssuedKey, StoreError>>;
    fn root_key(&self, token: TokenId, now: UnixTime) -> PortFuture<Result<Option<FoundKey>, StoreError>>;
    fn is_still_live(&self, token: TokenId, now: UnixTime) -> bool;
    fn is_guessable(&self) -> bool;
});

/// The id and root key of a new token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuedKey {
    /// The id, which seals how to find the key.
    pub token_id: TokenId,
    /// The key.
    pub root_key: RootKey,
}

impl IssuedKey {
    /// Pairs an id with its key.
    #[must_use]
    pub const fn new(token_id: TokenId, root_key: RootKey) -> Self {
        Self { token_id, root_key }
    }
}

/// One secret, for ever: the key ids of its tokens are its own, and every other one is unknown.
impl RootKeyStore for MasterKey {
    fn issue(&self, entropy: [u8; 32]) -> PortFuture<Result<IssuedKey, StoreError>> {
        let token_id = TokenId::sealing(self.id(), entropy);
        PortFuture::ready(Ok(IssuedKey::new(token_id, self.root_key(&token_id))))
    }

    fn root_key(&self, token: TokenId, _: UnixTime) -> PortFuture<Result<Option<FoundKey>, StoreError>> {
        let known = token.root_key_id() == self.id();
        PortFuture::ready(Ok(known.then(|| FoundKey::live(Self::root_key(self, &token)))))
    }

    fn is_still_live(&self, token: TokenId, _: UnixTime) -> bool {
        token.root_key_id() == self.id()
    }

    fn is_guessable(&self) -> bool {
        Self::is_guessable(self)
    }
}

/// Issues with the current secret, and finds the keys of older ones, too.
impl RootKeyStore for KeyRing {
    fn issue(&self, entropy: [u8; 32]) -> PortFuture<Result<IssuedKey, StoreError>> {
        self.current().issue(entropy)
    }

    fn root_key(&self, token: TokenId, now: UnixTime) -> PortFuture<Result<Option<FoundKey>, StoreError>> {
        PortFuture::ready(Ok(self.find(&token, now)))
    }

    fn is_still_live(&self, token: TokenId, now: UnixTime) -> bool {
        self.is_live(token.root_key_id(), now)
    }

    fn is_guessable(&self) -> bool {
        self.current().is_guessable()
    }
}
