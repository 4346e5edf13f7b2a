//! Minting: turning a price and a request into a macaroon that fits nothing else.

use alloc::format;
use alloc::string::String;
use core::num::NonZeroU32;

use crate::amount::Msat;
use crate::caveat::{AMOUNT, EXPIRES_AT, METHOD, PATH, ROUTE, RequestContext, SERVICES, USES};
use crate::identifier::Identifier;
use crate::macaroon::{Macaroon, NewCaveats, TooLarge};
use crate::secret::RootKey;
use crate::time::UnixTime;

/// The location on minted macaroons, which is what the reference writes. Never checked.
const LOCATION: &[u8] = b"lsat";

/// Room for the caveats of a token for a path of usual length.
const USUAL_BYTES: usize = 192;

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
    target: Target<'a>,
    amount: Msat,
    uses: Uses,
    expires_at: Option<UnixTime>,
    conditions: &'a [(String, String)],
}

/// Where a token is to work.
#[derive(Clone, Copy, Debug)]
enum Target<'a> {
    Path { method: &'a str, path: &'a str },
    Route { method: &'a str, route: &'a str },
    Service(&'a str),
}

impl<'a> MintRequest<'a> {
    /// A token for the request's path and method, bought for `amount`; unlimited in use and time
    /// until told otherwise.
    pub const fn new(identifier: Identifier, request: &RequestContext<'a>, amount: Msat) -> Self {
        let target = Target::Path { method: request.method, path: request.path };
        Self::to(target, identifier, amount)
    }

    /// A token for the request's method and every path that the router matches to `route`.
    pub const fn for_route(
        identifier: Identifier,
        request: &RequestContext<'a>,
        route: &'a str,
        amount: Msat,
    ) -> Self {
        let target = Target::Route { method: request.method, route };
        Self::to(target, identifier, amount)
    }

    /// A token for everything that belongs to `service`: any path, any method.
    ///
    /// `service` must not contain `,` or `:`, which separate services and tiers in the caveat.
    pub const fn for_service(identifier: Identifier, service: &'a str, amount: Msat) -> Self {
        Self::to(Target::Service(service), identifier, amount)
    }

    const fn to(target: Target<'a>, identifier: Identifier, amount: Msat) -> Self {
        Self { identifier, target, amount, uses: Uses::Unlimited, expires_at: None, conditions: &[] }
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

    /// Adds conditions of one's own, which a [`Satisfier`](crate::Satisfier) understands; names and values. They come
    /// before all other caveats.
    pub const fn with_conditions(mut self, conditions: &'a [(String, String)]) -> Self {
        self.conditions = conditions;
        self
    }
}

/// Mints a macaroon, sealing where it works, amount, uses and expiry as caveats.
///
/// # Errors
/// [`TooLarge`] when a part does not fit the format (2 GiB).
pub fn mint(request: &MintRequest<'_>, key: &RootKey) -> Result<Macaroon, TooLarge> {
    let mut caveats = NewCaveats::with_room(USUAL_BYTES);
    for (name, value) in request.conditions {
        caveats.push(name, value.as_bytes())?;
    }
    match request.target {
        Target::Path { method, path } => {
            caveats.push(PATH, path.as_bytes())?;
            caveats.push(METHOD, method.as_bytes())?;
        }
        Target::Route { method, route } => {
            caveats.push(ROUTE, route.as_bytes())?;
            caveats.push(METHOD, method.as_bytes())?;
        }
        Target::Service(service) => caveats.push(SERVICES, format!("{service}:0").as_bytes())?,
    }
    caveats.push(AMOUNT, decimal(request.amount.as_msat(), &mut [0; 20]))?;
    if let Uses::Limited(uses) = request.uses {
        caveats.push(USES, decimal(uses.get().into(), &mut [0; 20]))?;
    }
    if let Some(expires_at) = request.expires_at {
        caveats.push(EXPIRES_AT, decimal(expires_at.as_secs(), &mut [0; 20]))?;
    }
    Macaroon::with_caveats(key, &request.identifier.to_bytes(), LOCATION, &caveats)
}

/// The decimal digits of a number, at the end of `room`.
fn decimal(mut number: u64, room: &mut [u8; 20]) -> &[u8] {
    let mut start = room.len();
    loop {
        start -= 1;
        room[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return &room[start..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_numbers_of_every_length() {
        for number in (0..20).map(|digits| 10_u64.pow(digits)).flat_map(|ten| [ten - 1, ten, ten + 7]) {
            assert_eq!(decimal(number, &mut [0; 20]), format!("{number}").as_bytes());
        }
        assert_eq!(decimal(u64::MAX, &mut [0; 20]), b"18446744073709551615");
    }
}
