//! What the gate needs to know of a request: [`RequestParts`], without any framework's types.

use std::fmt;
use std::net::IpAddr;

use l402_core::{RequestContext, UnixTime};

/// The header fields of a request, whatever library holds them.
pub trait HeaderValues: Sync {
    /// Every value of the field `name` (lower case), in the order received.
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]>;

    /// Every field with its name in lower case.
    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])>;
}

/// A list of names in lower case and values, for tests and simple adapters.
impl HeaderValues for &[(&str, &[u8])] {
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields().filter(move |(field, _)| *field == name).map(|(_, value)| value)
    }

    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.iter().copied()
    }
}

/// A request, as far as the gate looks at it.
#[non_exhaustive]
pub struct RequestParts<'a, H> {
    /// The method, upper case.
    pub method: &'a str,
    /// The path as the client sent it: not decoded, without the query.
    pub path: &'a str,
    /// The query as the client sent it, without the question mark.
    pub query: Option<&'a str>,
    /// The template that the router matched, such as `/items/{id}`, if there is one.
    pub route: Option<&'a str>,
    /// The address that the connection comes from, if the adapter knows it.
    pub peer: Option<IpAddr>,
    /// The header fields.
    pub headers: &'a H,
}

impl<'a, H: HeaderValues> RequestParts<'a, H> {
    /// A request that no router has matched, from nobody knows where.
    #[must_use]
    pub const fn new(method: &'a str, path: &'a str, headers: &'a H) -> Self {
        Self { method, path, query: None, route: None, peer: None, headers }
    }

    /// Adds the query.
    #[must_use]
    pub const fn with_query(mut self, query: Option<&'a str>) -> Self {
        self.query = query;
        self
    }

    /// Adds the template that the router matched.
    #[must_use]
    pub const fn with_route(mut self, route: Option<&'a str>) -> Self {
        self.route = route;
        self
    }

    /// Adds the address that the connection comes from.
    #[must_use]
    pub const fn with_peer(mut self, peer: Option<IpAddr>) -> Self {
        self.peer = peer;
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

    /// Copies what an offer and its wording need.
    pub(crate) fn to_owned(&self) -> OwnedRequest {
        self.copy(self.fields(|name| WORDING_FIELDS.contains(&name)))
    }

    /// Copies what a price may depend on. The secrets among the header fields are left out.
    pub(crate) fn to_owned_for_price(&self) -> OwnedRequest {
        self.copy(self.fields(|name| !SECRET_FIELDS.contains(&name)))
    }

    /// Copies what is needed to verify later.
    pub(crate) fn to_owned_with_credential(&self) -> OwnedRequest {
        self.copy(self.fields(|name| CREDENTIAL_FIELDS.contains(&name) || !SECRET_FIELDS.contains(&name)))
    }

    fn fields(&self, wanted: impl Fn(&str) -> bool) -> Vec<(String, Vec<u8>)> {
        let fields = self.headers.fields().filter(|(name, _)| wanted(name));
        fields.map(|(name, value)| (name.to_owned(), value.to_vec())).collect()
    }

    fn copy(&self, headers: Vec<(String, Vec<u8>)>) -> OwnedRequest {
        OwnedRequest {
            method: self.method.to_owned(),
            path: self.path.to_owned(),
            query: self.query.map(str::to_owned),
            route: self.route.map(str::to_owned),
            peer: self.peer,
            headers,
        }
    }
}

/// The fields that decide how an answer is put, who the client is, whether it can pay, and whether it has asked before.
const WORDING_FIELDS: [&str; 8] = [
    "accept",
    "origin",
    "x-forwarded-for",
    "forwarded",
    "accept-authenticate",
    "x-accept-authenticate",
    "idempotency-key",
    "upgrade",
];

/// The fields that may hold a credential of ours.
const CREDENTIAL_FIELDS: [&str; 3] = ["authorization", "grpc-metadata-macaroon", "macaroon"];

/// What no price depends on, and no copy for a price has.
pub(crate) const SECRET_FIELDS: [&str; 5] =
    ["authorization", "grpc-metadata-macaroon", "macaroon", "proxy-authorization", "cookie"];

/// Leaves the query and the header fields out, since both may hold secrets.
impl<H> fmt::Debug for RequestParts<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestParts")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("route", &self.route)
            .finish_non_exhaustive()
    }
}

/// A request kept across an `.await`.
#[derive(Clone)]
pub(crate) struct OwnedRequest {
    method: String,
    path: String,
    query: Option<String>,
    route: Option<String>,
    peer: Option<IpAddr>,
    headers: Vec<(String, Vec<u8>)>,
}

impl OwnedRequest {
    pub(crate) fn parts(&self) -> RequestParts<'_, Self> {
        RequestParts {
            method: &self.method,
            path: &self.path,
            query: self.query.as_deref(),
            route: self.route.as_deref(),
            peer: self.peer,
            headers: self,
        }
    }
}

impl HeaderValues for OwnedRequest {
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields().filter(move |(field, _)| *field == name).map(|(_, value)| value)
    }

    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }
}
