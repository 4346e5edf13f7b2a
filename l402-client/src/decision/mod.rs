//! What to do about an answer, as a function without I/O: [`decide`].
//!
//! Every driver of this crate asks it, and so can a client on another HTTP library.
//!
//! # What is checked before an offer is made
//! The status is 402; the answer comes from the origin that was asked, over a connection that nobody can read; the
//! invoice's checksum and signature hold; its amount is there, above zero and under the cap; its network is the
//! wallet's; it has not expired; the token commits to the invoice's payment hash.

mod body;
mod offer;
mod origin;

use http::{HeaderMap, StatusCode, header};
use l402_core::header::{ChallengeRef, Scheme};
use l402_core::{Limits, Network, UnixTime};
use url::Url;

use crate::budget::{Budget, Denial};
use crate::error::ClientError;
pub use body::MAX_BODY_BYTES;
pub use offer::Offer;
pub(crate) use offer::check_expiry;
pub(crate) use origin::{host, is_same, is_this_machine, name, redirect_policy};

/// What was asked, as far as paying depends on it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Asked<'a> {
    /// Where the request was sent, before redirects.
    pub url: &'a Url,
    /// The request has an `Authorization` field of the caller's own.
    pub is_authorized: bool,
}

impl<'a> Asked<'a> {
    /// A request to `url`.
    #[must_use]
    pub const fn new(url: &'a Url, is_authorized: bool) -> Self {
        Self { url, is_authorized }
    }
}

/// What was answered.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Answer<'a> {
    /// The status.
    pub status: StatusCode,
    /// The header fields.
    pub headers: &'a HeaderMap,
    /// Where the answer came from, after redirects.
    pub url: &'a Url,
    /// The beginning of the body, at most [`MAX_BODY_BYTES`] and one more. `None` as long as nobody has read it.
    pub body: Option<&'a [u8]>,
}

impl<'a> Answer<'a> {
    /// An answer whose body nobody has read.
    #[must_use]
    pub const fn new(status: StatusCode, headers: &'a HeaderMap, url: &'a Url) -> Self {
        Self { status, headers, url, body: None }
    }

    /// Adds the body, or as much of it as [`Decision::ReadBody`] asks for.
    #[must_use]
    pub const fn with_body(mut self, body: &'a [u8]) -> Self {
        self.body = Some(body);
        self
    }
}

/// Says nothing of headers and body, which may hold secrets.
impl std::fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// What may be bought.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Terms<'a> {
    /// The network that the wallet pays on.
    pub network: Network,
    /// Its caps on single requests are looked at here; the others when money is reserved.
    pub budget: &'a Budget,
    /// The hosts that may be paid; `None` for all.
    pub hosts: Option<&'a [String]>,
    /// How much of a stranger's input is looked at.
    pub limits: Limits,
}

impl<'a> Terms<'a> {
    /// Whatever `budget` allows, on `network`.
    #[must_use]
    pub fn new(network: Network, budget: &'a Budget) -> Self {
        Self { network, budget, hosts: None, limits: Limits::default() }
    }

    /// Pays these hosts only.
    #[must_use]
    pub const fn with_hosts(mut self, hosts: &'a [String]) -> Self {
        self.hosts = Some(hosts);
        self
    }
}

/// What to do about an answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum Decision {
    /// The answer is the caller's.
    Deliver,
    /// The header fields have no challenge, but the body may be one: read this many bytes of it, and one more if there
    /// are more, and ask again.
    ReadBody(usize),
    /// The answer is an offer that may be paid.
    Pay(Box<Offer>),
    /// The answer is an offer that must not be paid, or none that can be read.
    GiveUp(ClientError),
}

/// Decides what to do about an answer.
///
/// Only 402 is a bill; a challenge with any other status is the caller's to look at. Of several challenges, the first
/// L402 challenge that may be paid is taken, or else the first LSAT challenge; if none may be paid, the first says why.
#[must_use]
pub fn decide(asked: Asked<'_>, answer: Answer<'_>, terms: &Terms<'_>, now: UnixTime) -> Decision {
    if answer.status != StatusCode::PAYMENT_REQUIRED {
        return Decision::Deliver;
    }
    match choose(&asked, &answer, terms, now) {
        Ok(Some(offer)) => Decision::Pay(Box::new(offer)),
        Ok(None) => Decision::ReadBody(MAX_BODY_BYTES),
        Err(error) => Decision::GiveUp(error),
    }
}

/// `None` when the body has to be read first.
fn choose(
    asked: &Asked<'_>,
    answer: &Answer<'_>,
    terms: &Terms<'_>,
    now: UnixTime,
) -> Result<Option<Offer>, ClientError> {
    let challenges = challenges(answer.headers, &terms.limits);
    if challenges.is_empty() {
        return match answer.body {
            None if body::may_hold_a_challenge(answer.headers) => Ok(None),
            None => Err(ClientError::NoChallenge),
            Some(body) => {
                let challenge = body::Challenge::read(body)?;
                may_be_paid(asked, answer, terms)?;
                let offer = Offer::check(challenge.parse()?, asked, terms, now)?;
                challenge.check_price(&offer)?;
                Ok(Some(offer))
            }
        };
    }
    let mut readable: Vec<_> = challenges.iter().filter_map(|challenge| challenge.as_ref().ok()).collect();
    if readable.is_empty() {
        let error = challenges.into_iter().find_map(Result::err);
        return Err(error.map_or(ClientError::NoChallenge, ClientError::UnreadableChallenge));
    }
    may_be_paid(asked, answer, terms)?;
    readable.sort_by_key(|challenge| challenge.scheme == Scheme::Lsat); // stable: otherwise in the server's order
    let mut first_error = None;
    for challenge in readable {
        match Offer::check(*challenge, asked, terms, now) {
            Ok(offer) => return Ok(Some(offer)),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or(ClientError::NoChallenge))
}

type Parsed<'a> = Result<ChallengeRef<'a>, l402_core::header::ChallengeParseError>;

/// At most as many as any server sends with a good reason.
fn challenges<'a>(headers: &'a HeaderMap, limits: &Limits) -> Vec<Parsed<'a>> {
    const MAX_CHALLENGES: usize = 8;
    let values = headers.get_all(header::WWW_AUTHENTICATE).iter();
    values.flat_map(|value| ChallengeRef::parse_all(value.as_bytes(), limits)).take(MAX_CHALLENGES).collect()
}

/// What speaks against paying whatever the offer.
fn may_be_paid(asked: &Asked<'_>, answer: &Answer<'_>, terms: &Terms<'_>) -> Result<(), ClientError> {
    if !is_same(asked.url, answer.url) {
        let (asked, answered) = (name(asked.url), name(answer.url));
        return Err(ClientError::OtherOrigin { asked, answered });
    }
    if !origin::is_confidential(asked.url) {
        return Err(ClientError::NotConfidential { origin: name(asked.url) });
    }
    let host = host(asked.url);
    if terms.hosts.is_some_and(|hosts| !hosts.contains(&host)) {
        return Err(ClientError::Denied(Denial::HostNotAllowed { host }));
    }
    if asked.is_authorized {
        return Err(ClientError::AuthorizationInUse);
    }
    Ok(())
}

/// The services that the first readable challenge is for.
pub(crate) fn services_of_challenge(headers: &HeaderMap, limits: &Limits) -> Vec<String> {
    let first = challenges(headers, limits).into_iter().find_map(Result::ok);
    first
        .and_then(|challenge| crate::token::TokenFacts::read(challenge.macaroon, limits).ok())
        .map(|facts| facts.services)
        .unwrap_or_default()
}
