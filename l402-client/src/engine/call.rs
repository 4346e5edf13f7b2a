//! [`Call`]: one request, from the first answer that may be a bill to the one that is the caller's.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method, StatusCode};
use l402_core::Msat;
use l402_core::ports::BoxError;
use url::Url;

use super::Engine;
use super::show::Shown;
use crate::budget::Budget;
use crate::decision::{Answer, Asked, Decision, Offer, Terms, decide, is_same, services_of_challenge};
use crate::error::ClientError;
use crate::receipt::Receipt;
use crate::store::{Purpose, Running, Step};
use crate::telemetry;
use crate::token::{Target, Token, request_digest};

/// One request of the caller's, which may be sent several times.
pub(crate) struct Call<'a> {
    engine: &'a Engine,
    asked: &'a Description,
    budget: Arc<Budget>,
    /// The token in the request that is being sent.
    shown: Option<Shown>,
    /// A token that was answered with 401, until a challenge tells why.
    suspect: Option<Arc<Token>>,
    has_looked_into_store: bool,
    /// What was paid in this call.
    receipt: Option<Receipt>,
    running: Option<Running>,
}

/// A request, as far as paying depends on it.
pub(crate) struct Description {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// The caller's own `Authorization` is in the request.
    pub(crate) is_authorized: bool,
    /// Whether it can be sent again.
    pub(crate) is_repeatable: bool,
}

/// The beginning of an answer.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) status: StatusCode,
    pub(crate) headers: &'a HeaderMap,
    /// Where it came from, after redirects.
    pub(crate) url: &'a Url,
    /// As in [`Answer::body`].
    pub(crate) body: Option<&'a [u8]>,
}

/// What an answer means, before anything was done about it.
pub(crate) enum Meaning {
    Deliver(StatusCode),
    ReadBody(usize),
    SendWithoutToken,
    Pay(Box<Offer>),
}

/// What the driver is to do.
pub(crate) enum Next {
    /// The answer is the caller's, and this is what was paid for it.
    Deliver(Option<Receipt>),
    /// Read this much of the body, and one byte more if there is, and ask again.
    ReadBody(usize),
    /// Send the request again, with this as `Authorization`.
    Send(Option<HeaderValue>),
}

impl<'a> Call<'a> {
    /// Of a request that was sent, showing this token.
    pub(crate) fn new(
        engine: &'a Engine,
        asked: &'a Description,
        shown: Option<Shown>,
        max_cost: Option<Msat>,
    ) -> Self {
        let budget = match max_cost {
            Some(max_cost) => Arc::new(engine.budget.lowered(max_cost)),
            None => Arc::clone(&engine.budget),
        };
        Self {
            engine,
            asked,
            budget,
            shown,
            suspect: None,
            has_looked_into_store: false,
            receipt: None,
            running: None,
        }
    }

    /// What an answer means. Called again with the body where that was asked for.
    ///
    /// # Errors
    /// When the answer must not be paid, or was paid for already.
    pub(crate) fn judge(&mut self, head: Head<'_>) -> Result<Meaning, ClientError> {
        if let Some(receipt) = &self.receipt {
            telemetry::answered_after_payment(&receipt.payment_hash, head.status.as_u16());
            if head.status == StatusCode::PAYMENT_REQUIRED {
                return Err(ClientError::StillPaymentRequired { receipt: receipt.clone() });
            }
            return Ok(Meaning::Deliver(head.status));
        }
        let is_refused = head.status == StatusCode::UNAUTHORIZED && is_same(&self.asked.url, head.url);
        if self.shown.is_some() && is_refused && self.asked.is_repeatable {
            self.suspect = self.shown.take().and_then(Shown::keep);
            return Ok(Meaning::SendWithoutToken);
        }
        let terms = Terms {
            network: self.engine.wallet.network(),
            budget: &self.budget,
            hosts: self.engine.hosts.as_deref(),
            limits: self.engine.limits,
        };
        let asked = Asked::new(&self.asked.url, self.asked.is_authorized);
        let answer = Answer { status: head.status, headers: head.headers, url: head.url, body: head.body };
        match decide(asked, answer, &terms, self.engine.now()) {
            Decision::Deliver => Ok(Meaning::Deliver(head.status)),
            Decision::ReadBody(limit) => Ok(Meaning::ReadBody(limit)),
            Decision::Pay(offer) => Ok(Meaning::Pay(offer)),
            Decision::GiveUp(error) => {
                telemetry::not_bought(&error);
                Err(error)
            }
        }
    }

    /// The tokens that this answer refuses, which are not to be shown again.
    pub(crate) fn refused_tokens(&mut self, head: Head<'_>) -> Vec<Arc<Token>> {
        let refused = match head.status {
            _ if self.receipt.is_some() => [None, None], // paid for a moment ago: it may yet be accepted
            _ if !is_same(&self.asked.url, head.url) => [None, None], // said by somebody who did not see it
            StatusCode::PAYMENT_REQUIRED => [self.shown.take().and_then(Shown::keep), self.suspect.take()],
            // Nobody asks for money here, and yet the token was refused.
            status if status.is_success() => [None, self.suspect.take()],
            StatusCode::UNAUTHORIZED if !self.asked.is_repeatable => {
                [self.shown.take().and_then(Shown::keep), None]
            }
            _ => [None, None],
        };
        let mut refused: Vec<_> = refused.into_iter().flatten().collect();
        if !refused.is_empty() {
            let sold_here = services_of_challenge(head.headers, &self.engine.limits);
            refused.retain(|token| !token.is_for_other_services(&sold_here, self.asked.url.path()));
        }
        for token in &refused {
            self.engine.tokens.remove(&self.asked.url, &token.payment_hash);
            telemetry::token_dropped(&token.payment_hash, head.status.as_u16());
        }
        refused
    }

    /// Does what an answer means.
    ///
    /// # Errors
    /// The error that it means, or whatever speaks against paying.
    pub(crate) async fn act(
        &mut self,
        meaning: Result<Meaning, ClientError>,
        refused: Vec<Arc<Token>>,
    ) -> Result<Next, ClientError> {
        for token in refused {
            self.engine.write(token.payment_hash, Step::Dropped).await;
        }
        match meaning? {
            Meaning::ReadBody(limit) => Ok(Next::ReadBody(limit)),
            Meaning::SendWithoutToken => Ok(Next::Send(None)),
            Meaning::Deliver(status) => {
                if let Some(shown) = self.shown.take() {
                    self.engine.finish(shown, status).await;
                }
                Ok(Next::Deliver(self.receipt.take()))
            }
            Meaning::Pay(offer) => {
                let token = self.get_token(&offer).await;
                token.map(Next::Send).inspect_err(telemetry::not_bought)
            }
        }
    }

    /// The request could not be sent or answered.
    pub(crate) fn failed(&mut self, error: impl Into<BoxError>) -> ClientError {
        match self.receipt.take() {
            Some(receipt) => ClientError::paid_request_failed(receipt, error),
            None => ClientError::http(error),
        }
    }

    /// A token that another process bought, or one that turns out to be paid for, or a new one.
    async fn get_token(&mut self, offer: &Offer) -> Result<Option<HeaderValue>, ClientError> {
        if !self.asked.is_repeatable {
            return Err(ClientError::BodyNotReplayable);
        }
        if !std::mem::replace(&mut self.has_looked_into_store, true) {
            self.engine.load_tokens_of(Some(offer.origin().to_owned())).await.map_err(ClientError::Store)?;
            self.engine.settle_earlier(&self.purpose().request).await?;
            if let Some(credential) = self.show_token_at_hand() {
                return Ok(Some(credential));
            }
        }
        let purchase = self.engine.buy(offer, self.purpose(), &self.budget).await?;
        let credential = purchase.token.credential.clone();
        self.receipt = Some(purchase.receipt);
        self.shown = Some(Shown::new(purchase.token));
        self.running = Some(purchase.running);
        Ok(Some(credential))
    }

    fn show_token_at_hand(&mut self) -> Option<HeaderValue> {
        let target = Target::of(&self.asked.method, &self.asked.url)?;
        self.shown = self.engine.check_out(&target);
        self.shown.as_ref()?.credential()
    }

    fn purpose(&self) -> Purpose {
        let Description { method, url, .. } = self.asked;
        Purpose {
            host: crate::decision::host(url),
            origin: crate::decision::name(url),
            method: method.to_string(),
            path: url.path().to_owned(),
            request: request_digest(method.as_str(), url),
        }
    }
}
