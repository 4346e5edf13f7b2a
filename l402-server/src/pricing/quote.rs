//! [`Quote`]: a price, and what it buys.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use l402_core::{Msat, Uses};

use crate::request::SECRET_FIELDS;

/// A price, and what it buys: one call by default.
///
/// Everything in a quote is sealed in the token that is sold for it. When prices change, tokens sold earlier keep
/// working at what they cost then.
///
/// ```
/// use std::time::Duration;
/// use l402_core::Msat;
/// use l402_server::Quote;
///
/// let per_call = Quote::new(Msat::from_sat(10));
/// let ten_calls = Quote::new(Msat::from_sat(80)).uses(10);
/// let day_pass = Quote::new(Msat::from_sat(500)).pass("weather").unlimited().valid_for(Duration::from_secs(86_400));
/// # let _ = (per_call, ten_calls, day_pass);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Quote {
    price: Option<Msat>,
    uses: Option<u32>,
    valid_for: Option<Duration>,
    scope: Scope,
    description: Option<Arc<str>>,
    bound_headers: Vec<String>,
    any_query: bool,
}

/// Where a token works.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scope {
    #[default]
    Path,
    Route,
    Pass(String),
}

impl Quote {
    /// One call of the path and method asked for.
    pub const fn new(price: Msat) -> Self {
        Self {
            price: Some(price),
            uses: Some(1),
            valid_for: None,
            scope: Scope::Path,
            description: None,
            bound_headers: Vec::new(),
            any_query: false,
        }
    }

    /// Nothing to pay: the request is let in, with a token or without. The one way to give a route away.
    pub const fn free() -> Self {
        let mut quote = Self::new(Msat::ZERO);
        quote.price = None;
        quote
    }

    /// So many calls for the price. Zero is refused with [`QuoteError::ZeroUses`].
    pub const fn uses(mut self, uses: u32) -> Self {
        self.uses = Some(uses);
        self
    }

    /// Any number of calls until the token expires. Such tokens are not counted, so no store is asked for them.
    pub const fn unlimited(mut self) -> Self {
        self.uses = None;
        self
    }

    /// How long the token works. Default: the gate's
    /// [`token_lifetime`](crate::GateBuilder::token_lifetime).
    ///
    /// Nobody knows when an invoice is paid before the token comes back, so the time starts when the invoice can
    /// no longer be paid: the buyer gets this much at least, and at most the invoice's expiry more.
    pub const fn valid_for(mut self, time: Duration) -> Self {
        self.valid_for = Some(time);
        self
    }

    /// Sells the whole route: the token works for every path that the router matches to the same template, with
    /// the same method. Where no router tells the template, it works for the one path.
    pub fn whole_route(mut self) -> Self {
        self.scope = Scope::Route;
        self
    }

    /// Sells a pass: the token works on every route and method whose quote names the same pass, whatever they cost,
    /// so that routes of different worth need passes of different names.
    ///
    /// A name has letters, digits, `-`, `_` and `.`. In the token it is a service of the tier 0.
    pub fn pass(mut self, name: impl Into<String>) -> Self {
        self.scope = Scope::Pass(name.into());
        self
    }

    /// What the buyer's wallet shows. Default: the gate's
    /// [`description`](crate::GateBuilder::description).
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into().into());
        self
    }

    /// Of a price function: the price depends on this header field, so that the token works only with the same
    /// value. Otherwise somebody could ask with a cheap value and come back with a dear one. The fields that
    /// [`PriceRequest`](crate::PriceRequest) leaves out are refused, and so is a fixed price with such a field.
    pub fn bound_to_header(mut self, name: impl Into<String>) -> Self {
        self.bound_headers.push(name.into().to_ascii_lowercase());
        self
    }

    /// Of a price function: the price does not depend on the query, so that the token works with any. Otherwise
    /// it works with the query that was asked for.
    pub const fn any_query(mut self) -> Self {
        self.any_query = true;
        self
    }

    /// The price; `None` when it is free.
    #[must_use]
    pub const fn price(&self) -> Option<Msat> {
        self.price
    }

    pub(crate) const fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(crate) fn service(&self) -> Option<&str> {
        match &self.scope {
            Scope::Pass(name) => Some(name),
            Scope::Path | Scope::Route => None,
        }
    }

    pub(crate) fn allowed_uses(&self) -> Uses {
        self.uses.and_then(NonZeroU32::new).map_or(Uses::Unlimited, Uses::Limited)
    }

    pub(crate) fn lifetime(&self, default: Duration) -> Duration {
        self.valid_for.unwrap_or(default)
    }

    pub(crate) fn describe<'a>(&'a self, default: &'a Arc<str>) -> &'a Arc<str> {
        self.description.as_ref().unwrap_or(default)
    }

    pub(crate) const fn ignores_query(&self) -> bool {
        self.any_query
    }

    pub(crate) fn bound_headers(&self) -> &[String] {
        &self.bound_headers
    }

    /// Whether a quote of a fixed price or of a table can be sold as it is.
    pub(crate) fn check_fixed(&self, msat_precision: bool) -> Result<(), QuoteError> {
        if !self.bound_headers.is_empty() {
            return Err(QuoteError::BoundWithoutFunction);
        }
        self.check(msat_precision)
    }

    fn check(&self, msat_precision: bool) -> Result<(), QuoteError> {
        if self.uses == Some(0) {
            return Err(QuoteError::ZeroUses);
        }
        if self.valid_for.is_some_and(|time| time.as_secs() == 0) {
            return Err(QuoteError::ZeroLifetime);
        }
        if self.service().is_some_and(|name| !is_pass_name(name)) {
            return Err(QuoteError::PassName);
        }
        match self.price {
            Some(price) if price.is_zero() => Err(QuoteError::ZeroPrice),
            Some(price) if !msat_precision && price.to_sat_exact().is_none() => Err(QuoteError::NotWholeSat),
            _ => Ok(()),
        }
    }

    /// Whether a price function's quote can be sold as it is.
    pub(crate) fn check_from_function(&self, msat_precision: bool) -> Result<(), QuoteError> {
        if self.service().is_some() {
            return Err(QuoteError::PassFromFunction);
        }
        if self.bound_headers.iter().any(|name| SECRET_FIELDS.contains(&name.as_str())) {
            return Err(QuoteError::BoundToSecret);
        }
        self.check(msat_precision)
    }
}

impl From<Msat> for Quote {
    fn from(price: Msat) -> Self {
        Self::new(price)
    }
}

fn is_pass_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}

/// Why a [`Quote`] cannot be sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuoteError {
    /// A price of nothing.
    #[error("the price is zero: to give a route away, say so with Quote::free()")]
    ZeroPrice,
    /// A price with a fraction of a satoshi, and a provider that knows whole ones only.
    #[error("the price has a fraction of a satoshi, and the provider makes invoices for whole ones only")]
    NotWholeSat,
    /// A token that could never be used.
    #[error("a token for zero uses would never work: give it one at least, or call .unlimited()")]
    ZeroUses,
    /// A token that could hardly be used.
    #[error("a token must be valid for one second at least")]
    ZeroLifetime,
    /// A pass whose name does not fit a caveat.
    #[error("a pass is named with 1 to 64 letters, digits, '-', '_' and '.'")]
    PassName,
    /// A pass from a price function: which pass a request needs must be known without asking it.
    #[error("a price function cannot sell passes: put them in a price table")]
    PassFromFunction,
    /// A token bound to a header field at a price that depends on none.
    #[error("only a price function can bind tokens to a header field: no other price depends on one")]
    BoundWithoutFunction,
    /// A token bound to a header field that price functions are not shown: see
    /// [`PriceRequest`](crate::PriceRequest).
    #[error("a token cannot be bound to a field of credentials or cookies, which price functions do not see")]
    BoundToSecret,
}
