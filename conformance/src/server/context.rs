//! What a case can do: send requests, get challenges, buy tokens.

use std::sync::{Mutex, PoisonError};

use crate::case::Case;
use crate::chance::Chance;
use crate::http::{self, HttpError, Request, Response};
use crate::outcome::{CaseResult, Evidence, Findings, Outcome};
use crate::payer::Payer;
use crate::settings::Settings;
use crate::target::{Endpoint, Target};
use crate::wire::{base64, challenge, hex, invoice};

/// What one case works with. Records everything that is sent and answered.
#[derive(Debug)]
pub(super) struct Context {
    target: Target,
    payer: Option<Payer>,
    chance: Chance,
    findings: Mutex<Findings>,
}

/// The parameters of a challenge, as they were written.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) macaroon: String,
    pub(super) invoice: String,
}

/// A macaroon with the preimage that was paid for.
#[derive(Debug)]
pub(super) struct Token {
    pub(super) macaroon: String,
    pub(super) preimage: [u8; 32],
}

impl Context {
    pub(super) fn new(target: Target, payer: Option<Payer>, case: &Case, settings: &Settings) -> Self {
        let chance = Chance::new(settings.seed(), case.id);
        Self { target, payer, chance, findings: Mutex::default() }
    }

    pub(super) fn into_findings(self) -> Findings {
        self.findings.into_inner().unwrap_or_else(PoisonError::into_inner)
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

    pub(super) async fn send(&self, request: &Request) -> Result<Response, Outcome> {
        let (exchange, response) = http::send(request, self.target.timeout).await;
        self.findings.lock().unwrap_or_else(PoisonError::into_inner).evidence.push(Evidence::Http(exchange));
        match response {
            Ok(response) if response.status == 429 => {
                Err(Outcome::error("the server throttles (429): raise its limits for this machine"))
            }
            Ok(response) => Ok(response),
            Err(error @ HttpError::Connect { .. }) => Err(Outcome::error(error)),
            // Whoever accepts a connection owes an answer.
            Err(error) => Err(Outcome::fail("an HTTP/1.1 answer", error.to_string())),
        }
    }

    /// Asks without a credential and reads the offer, in whatever form it is.
    pub(super) async fn offer(&self) -> Result<Offer, Outcome> {
        let response = self.send(&self.request("GET")).await?;
        match response.status {
            402 => read_offer(&response),
            status => Err(Outcome::fail("status 402", format!("status {status}"))),
        }
    }

    /// Gets a challenge and pays for it.
    pub(super) async fn buy(&self) -> Result<Token, Outcome> {
        let payer = self.payer.as_ref().ok_or_else(|| Outcome::skip("needs a payer"))?;
        let Offer { macaroon, invoice } = self.offer().await?;
        let payment_hash = invoice::payment_hash(&invoice)
            .map_err(|reason| Outcome::fail("a BOLT11 invoice", format!("{reason}: {invoice:?}")))?;
        let preimage = payer.pay(&invoice, payment_hash).await.map_err(Outcome::error)?;
        Ok(Token { macaroon, preimage })
    }

    /// Sends `request` and expects it to be served.
    pub(super) async fn expect_served(&self, request: &Request) -> CaseResult {
        let response = self.send(request).await?;
        if response.is_success() {
            return Ok(());
        }
        Err(Outcome::fail("a 2xx status", format!("status {}", response.status)))
    }

    /// Sends every one of `attempts` and expects each to be refused in the way of `refusal`. A failure ends it; of
    /// the warnings the first counts.
    pub(super) async fn expect_refused(
        &self,
        refusal: Refusal,
        attempts: impl Into<Vec<(String, Request)>>,
    ) -> CaseResult {
        let mut warning = Ok(());
        for (attempt, request) in attempts.into() {
            let status = self.send(&request).await?.status;
            let actual = format!("status {status} for {attempt}");
            match refusal.judge(status) {
                Judgement::Refused => {}
                Judgement::Unusual => warning = warning.and(Err(Outcome::warn(refusal.expected(), actual))),
                Judgement::NotRefused => return Err(Outcome::fail(refusal.expected(), actual)),
            }
        }
        warning
    }
}

impl Token {
    pub(super) fn credential(&self) -> String {
        credential(&self.macaroon, &self.preimage)
    }

    pub(super) fn macaroon_bytes(&self) -> Result<Vec<u8>, Outcome> {
        decode_macaroon(&self.macaroon)
    }
}

/// How a server may say no.
#[derive(Clone, Copy, Debug)]
pub(super) enum Refusal {
    /// 401 as the specification says now, or 402 as it said before and as Aperture answers. Any other 4xx is unusual.
    Credential,
    /// Any 4xx, since the HTTP server may refuse before L402 is asked.
    AnyClientError,
}

enum Judgement {
    Refused,
    Unusual,
    NotRefused,
}

impl Refusal {
    const fn judge(self, status: u16) -> Judgement {
        match (self, status) {
            (_, 401 | 402) | (Self::AnyClientError, 400..=499) => Judgement::Refused,
            (Self::Credential, 400..=499) => Judgement::Unusual,
            _ => Judgement::NotRefused,
        }
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::Credential => "status 401, or 402 as earlier revisions said",
            Self::AnyClientError => "a 4xx status, best 401",
        }
    }
}

/// The credential in the form that every server knows.
pub(super) fn credential(macaroon: &str, preimage: &[u8]) -> String {
    format!("L402 {macaroon}:{}", hex(preimage))
}

pub(super) fn decode_macaroon(macaroon: &str) -> Result<Vec<u8>, Outcome> {
    base64::decode_any(macaroon).ok_or_else(|| Outcome::fail("a macaroon in base64", format!("{macaroon:?}")))
}

fn read_offer(response: &Response) -> Result<Offer, Outcome> {
    let headers: Vec<&str> = response.values("www-authenticate").collect();
    let challenges = || headers.iter().flat_map(|header| challenge::parse_all(header));
    let Some(l402) = challenges().find(|challenge| challenge.scheme.eq_ignore_ascii_case("L402")) else {
        let schemes: Vec<&str> = challenges().map(|challenge| challenge.scheme).collect();
        let actual = if schemes.is_empty() { "none".to_owned() } else { format!("only {schemes:?}") };
        return Err(Outcome::fail("a WWW-Authenticate challenge with the scheme L402", actual));
    };
    let param = |name| l402.param(name).filter(|value| !value.is_empty()).map(str::to_owned);
    match (param("macaroon"), param("invoice")) {
        (Some(macaroon), Some(invoice)) => Ok(Offer { macaroon, invoice }),
        _ => {
            let names: Vec<&str> = l402.names().collect();
            Err(Outcome::fail("the parameters `macaroon` and `invoice`", format!("the parameters {names:?}")))
        }
    }
}
