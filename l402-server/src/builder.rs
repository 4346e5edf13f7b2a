//! [`GateBuilder`]: the settings of a gate, with their defaults and reasons.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use l402_core::ports::{InvoiceProvider, ReplayStore, RootKeyStore};
use l402_core::{Clock, Identifier, Limits, MasterKey, Msat, Network, UnknownCaveats, Uses};

use crate::gate::{Gate, LeaseIds, Rules};
use crate::reply::{Cors, Profile, Replies};
use crate::stores::MemoryReplayStore;

/// Builds a [`Gate`]. A root key and a price are required, everything else has a default.
#[must_use]
pub struct GateBuilder {
    provider: Arc<dyn InvoiceProvider>,
    keys: Option<Arc<dyn RootKeyStore>>,
    store: Option<Arc<dyn ReplayStore>>,
    clock: Arc<dyn Clock>,
    network: Option<Network>,
    price: Option<Msat>,
    description: String,
    invoice_expiry: Duration,
    token_lifetime: Duration,
    lease: Duration,
    limits: Limits,
    unknown_caveats: UnknownCaveats,
    replies: Replies,
}

impl GateBuilder {
    pub(crate) fn new(provider: impl InvoiceProvider + 'static) -> Self {
        Self {
            provider: Arc::new(provider),
            keys: None,
            store: None,
            clock: Arc::new(|| SystemTime::now().into()),
            network: None,
            price: None,
            description: "L402".to_owned(),
            invoice_expiry: Duration::from_secs(10 * 60),
            token_lifetime: Duration::from_secs(60 * 60),
            lease: Duration::from_secs(120),
            limits: Limits::default(),
            unknown_caveats: UnknownCaveats::default(),
            replies: Replies::default(),
        }
    }

    /// Derives the root key of every token from this secret. Required, unless [`GateBuilder::root_keys`] is used.
    ///
    /// Instances that share the secret accept each other's tokens, whatever their price and host: a token says path
    /// and method only. Services that are not to honour each other's tokens need secrets of their own.
    pub fn root_key(self, secret: MasterKey) -> Self {
        self.root_keys(secret)
    }

    /// Takes root keys from a store of one's own.
    pub fn root_keys(mut self, keys: impl RootKeyStore + 'static) -> Self {
        self.keys = Some(Arc::new(keys));
        self
    }

    /// Asks this much for every request. Required.
    pub const fn price(mut self, price: Msat) -> Self {
        self.price = Some(price);
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

    /// Takes the time from this clock. Default: the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Accepts invoices for this network only. Default: the one the provider says it is on.
    pub const fn network(mut self, network: Network) -> Self {
        self.network = Some(network);
        self
    }

    /// What the buyer's wallet shows. Default: `L402`, since a path or a query in an invoice would tell the
    /// wallet's operator what is being bought.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// How long an invoice should be payable. Default: 10 minutes.
    pub const fn invoice_expiry(mut self, expiry: Duration) -> Self {
        self.invoice_expiry = expiry;
        self
    }

    /// How long a token works after its invoice can no longer be paid. Default: one hour, so that whoever pays
    /// at the last moment still has an hour. Uses are remembered for as long.
    pub const fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// How long a handler may take before its use is given back. Default: 2 minutes. Must be longer than the
    /// slowest handler: an answer that comes later is withheld.
    pub const fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// How much of a credential is looked at. Default: [`Limits::default`].
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What to do with caveats that nobody here knows. Default: skip them, as the specification demands.
    pub const fn unknown_caveats(mut self, unknown: UnknownCaveats) -> Self {
        self.unknown_caveats = unknown;
        self
    }

    /// Answers with the manners of another server. Default: [`Profile::DEFAULT`].
    pub const fn profile(mut self, profile: Profile) -> Self {
        self.replies.profile = profile;
        self
    }

    /// Lets web pages of other origins use what is sold. Default: those of the same origin only.
    pub fn cors(mut self, cors: Cors) -> Self {
        self.replies.cors = Some(cors);
        self
    }

    /// Whether browsers get a page with the invoice, instead of JSON. Default: they do.
    ///
    /// That is whoever asks with GET and names `text/html` in `Accept` as what it likes best. The page has a QR code, pays
    /// with a WebLN wallet where the browser has one, and shows what was bought. It loads nothing from anywhere, and its
    /// `Content-Security-Policy` allows no more than itself. That policy stays in force for HTML that was bought: it is
    /// shown without its own styles, images and scripts. Files of other types open and save as usual.
    pub const fn html(mut self, html: bool) -> Self {
        self.replies.html = html;
        self
    }

    /// Whether what was delivered and charged says for which payment, in the field `L402-Payment-Hash`. Default: it does.
    /// A payment hash is no secret.
    pub const fn receipts(mut self, receipts: bool) -> Self {
        self.replies.receipts = receipts;
        self
    }

    /// Builds the gate.
    ///
    /// # Errors
    /// [`BuildError`] names the setting that is missing or makes no sense.
    pub fn build(self) -> Result<Gate, BuildError> {
        let price = self.price.ok_or(BuildError::MissingPrice)?;
        if price.is_zero() {
            return Err(BuildError::ZeroPrice);
        }
        if !self.provider.capabilities().msat_precision && price.to_sat_exact().is_none() {
            return Err(BuildError::PriceNotWholeSat);
        }
        if self.provider.capabilities().needs_settlement_check {
            return Err(BuildError::PreimageIsNoProof);
        }
        if !has_room_for_minted_tokens(&self.limits) {
            return Err(BuildError::LimitsTooTight);
        }
        if self.invoice_expiry.as_secs() == 0 || self.lease.as_secs() == 0 {
            return Err(BuildError::ZeroDuration);
        }
        if self.replies.cors.as_ref().is_some_and(|cors| !cors.is_sound()) {
            return Err(BuildError::InvalidCors);
        }
        let mut process = [0; 8];
        getrandom::fill(&mut process).map_err(|_| BuildError::NoEntropy)?;
        Ok(Gate::from_rules(Rules {
            keys: self.keys.ok_or(BuildError::MissingRootKey)?,
            store: self.store.unwrap_or_else(|| Arc::new(MemoryReplayStore::default())),
            network: self.network.unwrap_or_else(|| self.provider.network()),
            provider: self.provider,
            clock: self.clock,
            price,
            uses: Uses::ONCE,
            description: self.description,
            invoice_expiry: self.invoice_expiry,
            token_lifetime: self.token_lifetime,
            lease: self.lease,
            limits: self.limits,
            unknown_caveats: self.unknown_caveats,
            replies: self.replies,
            leases: LeaseIds::new(process),
        }))
    }
}

/// Whether what a gate mints, with a short path at least, is something that it will read again.
const fn has_room_for_minted_tokens(limits: &Limits) -> bool {
    limits.header_bytes >= 1024
        && limits.caveats >= 5
        && limits.caveat_bytes >= 64
        && limits.identifier_bytes >= Identifier::LEN
        && limits.location_bytes >= 16
}

impl fmt::Debug for GateBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GateBuilder").field("price", &self.price).finish_non_exhaustive()
    }
}

/// Why a gate cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No root key.
    #[error("the gate has no root key: call .root_key(MasterKey::from_bytes(secret)) with 32 random bytes")]
    MissingRootKey,
    /// No price.
    #[error("the gate has no price: call .price(Msat::from_sat(10))")]
    MissingPrice,
    /// A price of nothing.
    #[error("the price is zero: leave the gate off routes that are free")]
    ZeroPrice,
    /// A price with a fraction of a satoshi, and a provider that knows whole ones only.
    #[error("the price has a fraction of a satoshi, and the provider makes invoices for whole ones only")]
    PriceNotWholeSat,
    /// Limits under which the gate could not read its own tokens.
    #[error("the limits leave no room for the gate's own tokens: 1 KiB of header, 5 caveats of 64 bytes")]
    LimitsTooTight,
    /// A lease or invoice expiry of less than a second.
    #[error("the lease and the invoice expiry must be at least one second")]
    ZeroDuration,
    /// An origin, method or field of the CORS settings that no browser would send.
    #[error(
        "the CORS settings name something no browser sends: an origin is scheme://host or scheme://host:port in lower \
         case, without path, slash or default port; methods and fields are single words"
    )]
    InvalidCors,
    /// The preimage proves nothing with this provider, and nobody looks settlement up.
    #[error(
        "the provider shows preimages before payment, so a preimage proves nothing; use another provider"
    )]
    PreimageIsNoProof,
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes")]
    NoEntropy,
}
