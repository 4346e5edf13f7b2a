//! What a request costs, and what is sold for it.

pub(crate) mod binding;
mod free_tier;
mod function;
mod quote;
mod table;

pub(crate) use free_tier::FreeCalls;
pub use free_tier::FreeTier;
pub(crate) use function::PriceFunction;
pub use function::{PriceError, PriceRequest};
pub(crate) use quote::Scope;
pub use quote::{Quote, QuoteError};
pub use table::PriceTable;

use std::fmt;

use crate::request::{HeaderValues, RequestParts};

/// Where prices come from.
pub(crate) enum Pricing {
    Fixed(Quote),
    Table(PriceTable),
    Function(PriceFunction),
}

/// What is known of a request's price without asking anybody.
pub(crate) enum Known<'a> {
    Quote(&'a Quote),
    NotForSale,
    /// A function knows.
    Ask(&'a PriceFunction),
}

impl fmt::Debug for Pricing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(quote) => quote.fmt(f),
            Self::Table(table) => table.fmt(f),
            Self::Function(_) => f.write_str("a function"),
        }
    }
}

impl Pricing {
    pub(crate) fn known<H: HeaderValues>(&self, request: &RequestParts<'_, H>) -> Known<'_> {
        match self {
            Self::Fixed(quote) => Known::Quote(quote),
            Self::Table(table) => {
                table.find(request.method, request.route).map_or(Known::NotForSale, Known::Quote)
            }
            Self::Function(function) => Known::Ask(function),
        }
    }

    /// The quotes that are known before the first request.
    pub(crate) fn quotes(&self) -> Box<dyn Iterator<Item = &Quote> + '_> {
        match self {
            Self::Fixed(quote) => Box::new(std::iter::once(quote)),
            Self::Table(table) => Box::new(table.quotes()),
            Self::Function(_) => Box::new(std::iter::empty()),
        }
    }
}
