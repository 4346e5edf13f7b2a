//! What a case can do: send requests, get challenges, buy tokens.

mod offer;
mod refusal;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::OnceCell;
use tokio::time::sleep;

pub(super) use offer::{Offer, Token, credential, decode_macaroon, has_invoice, read_offer};
pub(super) use refusal::Refusal;

use crate::case::Case;
use crate::chance::Chance;
use crate::generate::{Draw, Effort, Tries};
use crate::http::{self, HttpError, Request, Response};
use crate::outcome::{CaseResult, Evidence, Findings, Outcome};
use crate::payer::Payer;
use crate::profile::Profile;
use crate::settings::Settings;
use crate::target::{Endpoint, Target};
use crate::wire::invoice::Invoice;

/// What one case works with. Records everything that is sent and answered.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) target: Target,
    pub(super) payer: Option<Payer>,
    pub(super) profile: Profile,
    pub(super) exhaustive: bool,
    pub(super) chance: Chance,
    draw: Draw,
    /// A token that was refused so far.
    purse: Mutex<Option<Token>>,
    unpaid: OnceCell<Offer>,
    findings: Mutex<Findings>,
}

/// Of the exchanges of one case the last ones are kept; thousands can be sent.
const MAX_EVIDENCE: usize = 64;

/// A server that throttles says when to come back; later than this is too late.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(15);

const MAX_RETRIES: usize = 8;

impl Context {
    pub(super) fn new(target: Target, payer: Option<Payer>, case: &Case, settings: &Settings) -> Self {
        Self {
            target,
            payer,
            profile: settings.profile,
            exhaustive: settings.exhaustive,
            chance: Chance::new(settings.seed(), case.id),
            draw: Draw::new(case, settings),
            purse: Mutex::default(),
            unpaid: OnceCell::new(),
            findings: Mutex::default(),
        }
    }

    pub(super) fn into_findings(self) -> Findings {
        self.findings.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what it saw, whatever the outcome is.
    pub(super) fn note(&self, text: impl Into<String>) {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner).notes.push(text.into());
    }

    /// Shows a text with the exchanges, should the case not pass.
    pub(super) fn attach(&self, title: &str, text: &str) {
        self.keep(Evidence::transcript(title, text));
    }

    pub(super) fn random(&self) -> [u8; 32] {
        self.chance.bytes()
    }

    /// A request for the URL under test.
    pub(super) fn request(&self, method: &'static str) -> Request {
        Request::new(method, &self.target.endpoint)
    }

    /// A `GET` of the URL under test with this `Authorization`.
    pub(super) fn with_authorization(&self, value: impl Into<Vec<u8>>) -> Request {
        self.request("GET").with_header("Authorization", value)
    }

    pub(super) fn other_endpoint(&self) -> Result<&Endpoint, Outcome> {
        self.target.other.as_ref().ok_or_else(|| Outcome::skip("needs another URL"))
    }

    /// Sends `request`, again if the server throttles and says when to come back.
    pub(super) async fn send(&self, request: &Request) -> Result<Response, Outcome> {
        match self.try_send(request).await? {
            Ok(response) => Ok(response),
            Err(error @ HttpError::Connect { .. }) => Err(Outcome::error(error)),
            // Whoever accepts a connection owes an answer.
            Err(error) => Err(Outcome::fail("an HTTP/1.1 answer", error.to_string())),
        }
    }

    /// Sends `request`; whether there is an answer is for the caller to judge.
    pub(super) async fn try_send(&self, request: &Request) -> Result<Result<Response, HttpError>, Outcome> {
        for _ in 0..MAX_RETRIES {
            let (exchange, response) = http::send(request, self.target.timeout, &self.target.trust).await;
            self.keep(Evidence::Http(exchange));
            let Ok(throttled) = &response else { return Ok(response) };
            if throttled.status != 429 {
                return Ok(response);
            }
            let seconds = throttled.values("retry-after").next().and_then(|value| value.parse().ok());
            match seconds.map(Duration::from_secs).filter(|pause| *pause <= MAX_RETRY_AFTER) {
                Some(pause) => sleep(pause).await,
                None => break,
            }
        }
        Err(Outcome::error("the server throttles (429): raise its limits for this machine"))
    }

    fn keep(&self, one: Evidence) {
        let evidence = &mut self.findings.lock().unwrap_or_else(PoisonError::into_inner).evidence;
        if evidence.len() == MAX_EVIDENCE {
            evidence.remove(0);
        }
        evidence.push(one);
    }

    /// Sends all `requests` at once.
    pub(super) async fn send_at_once(&self, requests: &[Request]) -> Result<Vec<Response>, Outcome> {
        join_all(requests.iter().map(|request| self.send(request))).await.into_iter().collect()
    }

    /// Asks without a credential and reads the offer, in whatever form it is.
    pub(super) async fn offer(&self) -> Result<Offer, Outcome> {
        self.offer_at(&self.target.endpoint).await
    }

    pub(super) async fn offer_at(&self, endpoint: &Endpoint) -> Result<Offer, Outcome> {
        let response = self.send(&Request::new("GET", endpoint)).await?;
        match response.status {
            402 => read_offer(&response),
            status => Err(Outcome::fail("status 402", format!("status {status}"))),
        }
    }

    /// The macaroon of an offer that stays unpaid, the same for the whole case.
    pub(super) async fn unpaid_macaroon(&self) -> Result<&str, Outcome> {
        Ok(&self.unpaid.get_or_try_init(|| self.offer()).await?.macaroon)
    }

    /// Gets a challenge and pays for it.
    pub(super) async fn buy(&self) -> Result<Token, Outcome> {
        self.buy_at(&self.target.endpoint).await
    }

    pub(super) async fn buy_at(&self, endpoint: &Endpoint) -> Result<Token, Outcome> {
        let payer = self.payer.as_ref().ok_or_else(|| Outcome::skip("needs a payer"))?;
        let Offer { macaroon, invoice } = self.offer_at(endpoint).await?;
        let payment_hash = Invoice::parse(&invoice)
            .map_err(|reason| Outcome::fail("a BOLT11 invoice", format!("{reason}: {invoice:?}")))?
            .payment_hash;
        let preimage = payer.pay(&invoice, payment_hash).await.map_err(Outcome::error)?;
        Ok(Token { macaroon, preimage })
    }

    /// A token that was put back, or a new one.
    pub(super) async fn take(&self) -> Result<Token, Outcome> {
        let kept = self.purse.lock().unwrap_or_else(PoisonError::into_inner).take();
        match kept {
            Some(token) => Ok(token),
            None => self.buy().await,
        }
    }

    /// For the next [`take`](Self::take): it is not used up.
    pub(super) fn put_back(&self, token: Token) {
        *self.purse.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
    }

    /// Buys a token, uses it, and has it refused the next time.
    pub(super) async fn buy_and_use_up(&self) -> Result<Token, Outcome> {
        let token = self.buy().await?;
        let request = self.with_authorization(token.credential());
        self.expect_served(&request).await?;
        if self.send(&request).await?.is_success() {
            return Err(Outcome::unsupported("single calls: it sells tokens for several"));
        }
        Ok(token)
    }

    /// Sends `request` and expects it to be served.
    pub(super) async fn expect_served(&self, request: &Request) -> CaseResult {
        let response = self.send(request).await?;
        if response.is_success() {
            return Ok(());
        }
        Err(Outcome::fail("a 2xx status", format!("status {}", response.status)))
    }

    /// Expects the server to make offers after `what` as it did before.
    pub(super) async fn expect_alive(&self, what: &str) -> CaseResult {
        let expected = "a 402 for the next request without a credential";
        let dead = |how: String| Outcome::fail(expected, format!("{how} after {what}"));
        match self.try_send(&self.request("GET")).await? {
            Ok(response) if response.status == 402 => Ok(()),
            Ok(response) => Err(dead(format!("status {}", response.status))),
            Err(error) => Err(dead(error.to_string())),
        }
    }

    /// Sends every one of `attempts` and expects each to be refused in the way of `refusal`. A failure ends it; of
    /// the warnings the first counts.
    pub(super) async fn expect_refused(
        &self,
        refusal: Refusal,
        attempts: impl IntoIterator<Item = (String, Request)> + Send,
    ) -> CaseResult {
        let attempts: Vec<_> = attempts.into_iter().collect();
        let mut warning = Ok(());
        for (attempt, request) in attempts {
            let status = self.send(&request).await?.status;
            warning = warning.and(refusal.judge(status, &attempt)?);
        }
        warning
    }
}

impl Tries for Context {
    const EFFORT: Effort = Effort { tries: 48, shrinks: 200 };

    fn draw(&self) -> &Draw {
        &self.draw
    }

    fn note(&self, text: String) {
        self.note(text);
    }

    fn begin_try(&self) {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner).evidence.clear();
    }
}
