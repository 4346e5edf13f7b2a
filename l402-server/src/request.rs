//! What the gate needs to know of a request: [`RequestParts`], without any framework's types.

use std::fmt;

use l402_core::{RequestContext, UnixTime};

/// The header fields of a request, whatever library holds them.
pub trait HeaderValues {
    /// Every value of the field `name` (lower case), in the order received.
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]>;
}

/// A list of names in lower case and values, for tests and simple adapters.
impl HeaderValues for &[(&str, &[u8])] {
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(move |(field, _)| *field == name).map(|(_, value)| *value)
    }
}

/// A request, as far as the gate looks at it.
#[non_exhaustive]
pub struct RequestParts<'a, H> {
    /// The method, upper case.
    pub method: &'a str,
    /// The path as the client sent it: not decoded, without the query.
    pub path: &'a str,
    /// The template that the router matched, such as `/items/{id}`, if there is one. A `route` caveat may name it.
    pub route: Option<&'a str>,
    /// The header fields.
    pub headers: &'a H,
}

impl<'a, H: HeaderValues> RequestParts<'a, H> {
    /// A request that no router has matched.
    #[must_use]
    pub const fn new(method: &'a str, path: &'a str, headers: &'a H) -> Self {
        Self { method, path, route: None, headers }
    }

    /// Adds the template that the router matched.
    #[must_use]
    pub const fn with_route(mut self, route: Option<&'a str>) -> Self {
        self.route = route;
        self
    }

    pub(crate) fn context(&self, now: UnixTime) -> RequestContext<'a> {
        let context = RequestContext::new(self.method, self.path, now);
        match self.route {
            Some(route) => context.with_route(route),
            None => context,
        }
    }

    pub(crate) fn authorization(&self) -> impl Iterator<Item = &[u8]> {
        self.headers.values("authorization")
    }

    /// Copies what a challenge and its wording need. The credential is a secret that they do not.
    pub(crate) fn to_owned(&self) -> OwnedRequest {
        OwnedRequest {
            method: self.method.to_owned(),
            path: self.path.to_owned(),
            route: self.route.map(str::to_owned),
            headers: KEPT.into_iter().flat_map(|name| self.kept(name)).collect(),
        }
    }

    /// Copies what is needed to verify later.
    pub(crate) fn to_owned_with_credential(&self) -> OwnedRequest {
        let mut request = self.to_owned();
        request.headers.extend(self.kept("authorization"));
        request
    }

    fn kept(&self, name: &'static str) -> impl Iterator<Item = (&'static str, Vec<u8>)> {
        self.headers.values(name).map(move |value| (name, value.to_vec()))
    }
}

/// Leaves the header fields out, since one of them is the credential.
impl<H> fmt::Debug for RequestParts<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, route, headers: _ } = self;
        f.debug_struct("RequestParts")
            .field("method", method)
            .field("path", path)
            .field("route", route)
            .finish_non_exhaustive()
    }
}

/// The fields that decide how an answer is put.
const KEPT: [&str; 2] = ["accept", "origin"];

/// A request kept across an `.await`.
pub(crate) struct OwnedRequest {
    method: String,
    path: String,
    route: Option<String>,
    headers: Vec<(&'static str, Vec<u8>)>,
}

impl OwnedRequest {
    pub(crate) fn parts(&self) -> RequestParts<'_, Self> {
        RequestParts::new(&self.method, &self.path, self).with_route(self.route.as_deref())
    }
}

impl HeaderValues for OwnedRequest {
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |(field, _)| *field == name).map(|(_, value)| value.as_slice())
    }
}
