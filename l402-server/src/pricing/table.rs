//! [`PriceTable`]: a price for each route and method.

use std::collections::HashMap;

use super::Quote;

/// A price for each route and method.
///
/// Routes are the router's own templates, written as they are in the router, so that no spelling of a path gets a
/// price that its route has not. What is not in the table is not for sale: it is answered 404, and not let in. Say
/// [`PriceTable::otherwise`] for everything else.
///
/// ```
/// use l402_core::Msat;
/// use l402_server::{PriceTable, Quote};
///
/// let prices = PriceTable::new()
///     .get("/weather/{city}", Msat::from_sat(5))
///     .post("/reports", Quote::new(Msat::from_sat(100)).uses(3))
///     .any("/health", Quote::free());
/// # let _ = prices;
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct PriceTable {
    routes: HashMap<String, Vec<Price>>,
    otherwise: Option<Quote>,
    repeated: Option<String>,
}

#[derive(Clone, Debug)]
struct Price {
    /// `None` is any method.
    method: Option<String>,
    quote: Quote,
}

impl PriceTable {
    /// A table with nothing for sale.
    pub fn new() -> Self {
        Self::default()
    }

    /// Prices `GET` on a route. `HEAD` is free where this is free, and is not sold.
    pub fn get(self, route: impl Into<String>, quote: impl Into<Quote>) -> Self {
        self.method("GET", route, quote)
    }

    /// Prices `POST` on a route.
    pub fn post(self, route: impl Into<String>, quote: impl Into<Quote>) -> Self {
        self.method("POST", route, quote)
    }

    /// Prices `PUT` on a route.
    pub fn put(self, route: impl Into<String>, quote: impl Into<Quote>) -> Self {
        self.method("PUT", route, quote)
    }

    /// Prices `PATCH` on a route.
    pub fn patch(self, route: impl Into<String>, quote: impl Into<Quote>) -> Self {
        self.method("PATCH", route, quote)
    }

    /// Prices `DELETE` on a route.
    pub fn delete(self, route: impl Into<String>, quote: impl Into<Quote>) -> Self {
        self.method("DELETE", route, quote)
    }

    /// Prices a method, upper case, on a route.
    pub fn method(
        self,
        method: impl Into<String>,
        route: impl Into<String>,
        quote: impl Into<Quote>,
    ) -> Self {
        self.insert(Some(method.into()), route.into(), quote.into())
    }

    /// Prices all methods on a route that have no price of their own there.
    pub fn any(self, route: impl Into<String>, quote: impl Into<Quote>) -> Self {
        self.insert(None, route.into(), quote.into())
    }

    /// Prices everything that is not in the table, also what no router has matched.
    pub fn otherwise(mut self, quote: impl Into<Quote>) -> Self {
        self.otherwise = Some(quote.into());
        self
    }

    fn insert(mut self, method: Option<String>, route: String, quote: Quote) -> Self {
        let prices = self.routes.entry(route.clone()).or_default();
        if prices.iter().any(|price| price.method == method) {
            self.repeated.get_or_insert(route);
        } else {
            prices.push(Price { method, quote });
        }
        self
    }

    pub(crate) fn find(&self, method: &str, route: Option<&str>) -> Option<&Quote> {
        let method = if method == "HEAD" { "GET" } else { method };
        let prices = route.and_then(|route| self.routes.get(route)).map_or(&[][..], Vec::as_slice);
        let priced =
            |wanted: Option<&str>| prices.iter().find(move |price| price.method.as_deref() == wanted);
        let price = priced(Some(method)).or_else(|| priced(None));
        price.map(|price| &price.quote).or(self.otherwise.as_ref())
    }

    pub(crate) fn quotes(&self) -> impl Iterator<Item = &Quote> {
        self.routes.values().flatten().map(|price| &price.quote).chain(&self.otherwise)
    }

    /// A route that was given two prices for one method.
    pub(crate) fn repeated(&self) -> Option<&str> {
        self.repeated.as_deref()
    }
}
