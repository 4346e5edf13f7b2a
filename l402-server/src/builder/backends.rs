//! Settings: keys, stores and the provider.

use std::sync::Arc;
use std::time::Duration;

use l402_core::ports::{ReplayStore, RootKeyStore};
use l402_core::{MasterKey, Network};

use super::GateBuilder;
use crate::keys::RevocationList;
use crate::paid::SettlementCheck;
#[cfg(doc)]
use crate::stores::MemoryReplayStore;

/// Keys and stores.
impl GateBuilder {
    /// Derives the root key of every token from this secret. Required, unless [`GateBuilder::root_keys`] is used.
    /// [`keys`](crate::keys) reads one from the environment or a file. One that can be guessed is refused by
    /// [`GateBuilder::build`].
    ///
    /// Instances that share the secret accept each other's tokens, whatever their price and host: a token says path
    /// and method only. Services that are not to honour each other's tokens need secrets of their own.
    pub fn root_key(self, secret: MasterKey) -> Self {
        self.root_keys(secret)
    }

    /// Takes root keys from [`RotatingKeys`](crate::keys::RotatingKeys), or from a store of one's own.
    pub fn root_keys(mut self, keys: impl RootKeyStore + 'static) -> Self {
        self.keys = Some(Arc::new(keys));
        self.is_ephemeral = false;
        self
    }

    /// Makes up a secret that is gone when the process ends, and with it every token sold. For trying out: the log
    /// says so loudly.
    pub fn ephemeral_root_key(mut self) -> Self {
        self.keys = None;
        self.is_ephemeral = true;
        self
    }

    /// Refuses the tokens of payments on this list. Default: there is none.
    pub fn revocations(mut self, revoked: RevocationList) -> Self {
        self.revoked = Some(revoked);
        self
    }

    /// Counts uses in this store. Default: a new [`MemoryReplayStore`], which forgets at a restart: with a root key
    /// that is kept, tokens that are still valid can then be used once more.
    ///
    /// Gates that share a root key must share the store as well, or one token works once at each.
    pub fn store(mut self, store: impl ReplayStore + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Remembers about so many tokens that were verified, so that the next request with the same header field is let in
    /// for less: the field is compared instead of verified. Default: none.
    ///
    /// Expiry, revocation, the secret's cut-off and the count of uses are looked at each time. It helps tokens of many
    /// uses; one that is good for a single call is not seen twice. Each entry takes about 700 bytes, and holds a
    /// credential, which is wiped when it goes.
    pub const fn token_cache(mut self, tokens: usize) -> Self {
        self.token_cache = tokens;
        self
    }

    /// How long a handler may take before its use is given back. Default: 2 minutes. Must be longer than the
    /// slowest handler: an answer that comes later is withheld.
    pub const fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// How long a key or replay store may take before the request is refused with 503. Default: 5 seconds.
    pub const fn store_timeout(mut self, timeout: Duration) -> Self {
        self.store_timeout = timeout;
        self
    }
}

/// The provider.
impl GateBuilder {
    /// How long the provider may take to make or look up an invoice before the request is refused with 503. Default:
    /// 10 seconds.
    pub const fn provider_timeout(mut self, timeout: Duration) -> Self {
        self.provider_timeout = timeout;
        self
    }

    /// Accepts invoices for this network only. Default: the one the provider says it is on.
    pub const fn network(mut self, network: Network) -> Self {
        self.network = Some(network);
        self
    }

    /// When to ask the provider whether an invoice is settled. Default: never, or always with a provider whose
    /// preimages [prove nothing](l402_core::ports::ProviderCapabilities::needs_settlement_check).
    pub const fn settlement(mut self, check: SettlementCheck) -> Self {
        self.settlement = check;
        self
    }
}
