//! Settings: what is sold, and for how much.

use std::future::Future;
use std::time::Duration;

use super::GateBuilder;
use crate::pricing::{FreeTier, PriceError, PriceFunction, PriceRequest, PriceTable, Pricing, Quote};

/// What is sold, and for how much.
impl GateBuilder {
    /// Asks this for every request: a price in [`Msat`](l402_core::Msat), or a [`Quote`] that sells something else
    /// than one call. This, a table or a function is required; the last one said counts.
    pub fn price(mut self, quote: impl Into<Quote>) -> Self {
        self.pricing = Some(Pricing::Fixed(quote.into()));
        self
    }

    /// Asks what the table says for the route and method.
    pub fn prices(mut self, table: PriceTable) -> Self {
        self.pricing = Some(Pricing::Table(table));
        self
    }

    /// Asks what a function says, which may take its time: a price that depends on the request, or on the day.
    ///
    /// The function is asked about requests without a token that opens the door, so a token is never refused because a
    /// price has changed. A token is bound to path, method, query and to the header fields that the quote
    /// [names](Quote::bound_to_header).
    ///
    /// ```
    /// use l402_core::Msat;
    /// use l402_server::{Gate, PriceError, PriceRequest, Quote};
    /// # use l402_dev::DevNode;
    ///
    /// async fn price(request: PriceRequest) -> Result<Quote, PriceError> {
    ///     let pages = request.query().and_then(|query| query.strip_prefix("pages=")?.parse().ok()).unwrap_or(1);
    ///     Msat::from_sat(5).checked_mul(pages).map(Quote::new).ok_or(PriceError::NotForSale)
    /// }
    /// let gate = Gate::builder(DevNode::new()?.provider()).price_fn(price).ephemeral_root_key().build()?;
    /// # let _ = gate;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn price_fn<F, A>(mut self, function: F) -> Self
    where
        F: Fn(PriceRequest) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Quote, PriceError>> + Send + 'static,
    {
        self.pricing = Some(Pricing::Function(PriceFunction::new(function)));
        self
    }

    /// How long a price function may take before the request is refused with 503. Default: 5 seconds.
    pub const fn price_timeout(mut self, timeout: Duration) -> Self {
        self.price_timeout = timeout;
        self
    }

    /// Gives each client some calls for nothing. Default: none.
    pub const fn free_tier(mut self, tier: FreeTier) -> Self {
        self.free_tier = Some(tier);
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

    /// How long a token works after its invoice can no longer be paid, unless its [`Quote`] says
    /// [otherwise](Quote::valid_for). Default: one hour, so that whoever pays at the last moment still has an hour.
    /// Uses are remembered for as long.
    pub const fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }
}
