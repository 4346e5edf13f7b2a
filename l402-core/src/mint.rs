//! Minting: turning a price and a request into a macaroon that fits nothing else.

use alloc::format;
use core::num::NonZeroU32;

use crate::amount::Msat;
use crate::caveat::{AMOUNT, EXPIRES_AT, METHOD, PATH, RequestContext, USES};
use crate::identifier::Identifier;
use crate::macaroon::{Macaroon, TooLarge};
use crate::secret::RootKey;
use crate::time::UnixTime;

/// The location on minted macaroons, which is what the reference writes. Never checked.
const LOCATION: &[u8] = b"lsat";

/// How often a token may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "counted or not; anything else is another caveat")]
pub enum Uses {
    /// So many times.
    Limited(NonZeroU32),
    /// Any number of times until it expires.
    Unlimited,
}

impl Uses {
    /// One use: a price per call.
    pub const ONCE: Self = Self::Limited(NonZeroU32::MIN);
}

/// What a token is to be good for.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct MintRequest<'a> {
    identifier: Identifier,
    path: &'a str,
    method: &'a str,
    amount: Msat,
    uses: Uses,
    expires_at: Option<UnixTime>,
}

impl<'a> MintRequest<'a> {
    /// A token for the request's path and method, bought for `amount`; unlimited in use and time
    /// until told otherwise.
    pub const fn new(identifier: Identifier, request: &RequestContext<'a>, amount: Msat) -> Self {
        Self {
            identifier,
            path: request.path,
            method: request.method,
            amount,
            uses: Uses::Unlimited,
            expires_at: None,
        }
    }

    /// Limits how often it may be used.
    pub const fn with_uses(mut self, uses: Uses) -> Self {
        self.uses = uses;
        self
    }

    /// Sets when it stops working.
    pub const fn with_expiry(mut self, expires_at: UnixTime) -> Self {
        self.expires_at = Some(expires_at);
        self
    }
}

/// Mints a macaroon, sealing path, method, amount, uses and expiry as caveats.
///
/// # Errors
/// [`TooLarge`] when a part does not fit the format (2 GiB).
pub fn mint(request: &MintRequest<'_>, key: &RootKey) -> Result<Macaroon, TooLarge> {
    let mut macaroon = Macaroon::new(key, &request.identifier.to_bytes(), LOCATION)?
        .attenuate(format!("{PATH}={}", request.path).as_bytes())?
        .attenuate(format!("{METHOD}={}", request.method).as_bytes())?
        .attenuate(format!("{AMOUNT}={}", request.amount.as_msat()).as_bytes())?;
    if let Uses::Limited(uses) = request.uses {
        macaroon = macaroon.attenuate(format!("{USES}={uses}").as_bytes())?;
    }
    if let Some(expires_at) = request.expires_at {
        macaroon = macaroon.attenuate(format!("{EXPIRES_AT}={expires_at}").as_bytes())?;
    }
    Ok(macaroon)
}
