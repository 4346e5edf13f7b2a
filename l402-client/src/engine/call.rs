//! [`Call`]: one request, from the first time it is sent to the answer that is the caller's.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, StatusCode};
use l402_core::Msat;
use l402_core::ports::BoxError;
use url::Url;

use super::Engine;
use crate::budget::Budget;
use crate::decision::{Answer, Asked, Decision, Offer, Terms, decide, is_same, services_of_challenge};
use crate::error::ClientError;
use crate::receipt::Receipt;
use crate::store::{Purpose, Running, Step};
use crate::telemetry;
use crate::token::{Token, request_digest};

/// One request of the caller's, which may be sent several times.
pub(crate) struct Call {
    engine: Arc<Engine>,
    budget: Arc<Budget>,
    url: Url,
    method: String,
    /// The caller's own `Authorization` is in the request.
    is_authorized: bool,
    /// Whether it can be sent again.
    is_repeatable: bool,
    /// The token in the request that is being sent.
    shown: Option<Arc<Token>>,
    /// A token that was answered with 401, until a challenge tells why.
    suspect: Option<Arc<Token>>,
    has_looked_into_store: bool,
    /// What was paid in this call.
    receipt: Option<Receipt>,
    running: Option<Running>,
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

impl Call {
    /// Begins, and says which `Authorization` to send, if not the caller's own.
    pub(crate) async fn start(
        engine: &Arc<Engine>,
        request: Description<'_>,
    ) -> Result<(Self, Option<HeaderValue>), ClientError> {
        let Description { method, url, is_authorized, is_repeatable, max_cost } = request;
        if !is_authorized {
            engine.load_tokens().await.map_err(ClientError::Store)?;
        }
        let budget = match max_cost {
            Some(max_cost) => Arc::new(engine.budget.lowered(max_cost)),
            None => Arc::clone(&engine.budget),
        };
        let mut call = Self {
            engine: Arc::clone(engine),
            budget,
            url: url.clone(),
            method: method.to_owned(),
            is_authorized,
            is_repeatable,
            shown: None,
            suspect: None,
            has_looked_into_store: false,
            receipt: None,
            running: None,
        };
        let credential = if is_authorized { None } else { call.show_token_at_hand() };
        if credential.is_some() {
            telemetry::token_hit();
        }
        Ok((call, credential))
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
        let is_refused = head.status == StatusCode::UNAUTHORIZED && is_same(&self.url, head.url);
        if self.shown.is_some() && is_refused && self.is_repeatable {
            self.suspect = self.shown.take();
            return Ok(Meaning::SendWithoutToken);
        }
        let terms = Terms {
            network: self.engine.wallet.network(),
            budget: &self.budget,
            hosts: self.engine.hosts.as_deref(),
            limits: self.engine.limits,
        };
        let asked = Asked::new(&self.url, self.is_authorized);
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
            _ if !is_same(&self.url, head.url) => [None, None], // said by somebody who did not see it
            StatusCode::PAYMENT_REQUIRED => [self.shown.take(), self.suspect.take()],
            // Nobody asks for money here, and yet the token was refused.
            status if status.is_success() => [None, self.suspect.take()],
            StatusCode::UNAUTHORIZED if !self.is_repeatable => [self.shown.take(), None],
            _ => [None, None],
        };
        let mut refused: Vec<_> = refused.into_iter().flatten().collect();
        if !refused.is_empty() {
            let sold_here = services_of_challenge(head.headers, &self.engine.limits);
            refused.retain(|token| !token.is_for_other_services(&sold_here, self.url.path()));
        }
        for token in &refused {
            self.engine.tokens.remove(&self.url, &token.payment_hash);
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
            self.advance(&token, Step::Dropped).await;
        }
        match meaning? {
            Meaning::ReadBody(limit) => Ok(Next::ReadBody(limit)),
            Meaning::SendWithoutToken => Ok(Next::Send(None)),
            Meaning::Deliver(status) => {
                self.finish(status).await;
                Ok(Next::Deliver(self.receipt.take()))
            }
            Meaning::Pay(offer) => {
                // In a box, so that calls that buy nothing are not as large as those that do.
                let token = Box::pin(self.get_token(&offer)).await;
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
        if !self.is_repeatable {
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
        self.shown = Some(purchase.token);
        self.running = Some(purchase.running);
        Ok(Some(credential))
    }

    fn show_token_at_hand(&mut self) -> Option<HeaderValue> {
        let token = self.engine.tokens.find(&self.method, &self.url, &*self.engine.clock)?;
        if !token.check_out() {
            return None;
        }
        let credential = token.credential.clone();
        self.shown = Some(token);
        Some(credential)
    }

    /// Writes down whether the token delivered.
    async fn finish(&mut self, status: StatusCode) {
        let Some(token) = &self.shown else { return };
        if status.is_success() || status.is_redirection() {
            if let Some(token) = self.shown.take().filter(|token| token.note_delivery()) {
                self.advance(&token, Step::Delivered).await;
            }
        } else {
            token.give_back();
            self.shown = None;
        }
    }

    /// Of a token that is paid for: when this fails, nothing is lost but a note.
    async fn advance(&self, token: &Token, step: Step) {
        let written = self.engine.store.advance(token.payment_hash, step, self.engine.now()).await;
        if let Err(error) = written {
            telemetry::journal_failed(&token.payment_hash, &error);
        }
    }

    fn purpose(&self) -> Purpose {
        Purpose {
            host: crate::decision::host(&self.url),
            origin: crate::decision::name(&self.url),
            method: self.method.clone(),
            path: self.url.path().to_owned(),
            request: request_digest(&self.method, &self.url),
        }
    }
}

/// A call that is given up has not used its token, as far as anybody knows.
impl Drop for Call {
    fn drop(&mut self) {
        if let Some(token) = self.shown.take() {
            token.give_back();
        }
    }
}

/// A request, as far as paying depends on it.
pub(crate) struct Description<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a Url,
    pub(crate) is_authorized: bool,
    pub(crate) is_repeatable: bool,
    pub(crate) max_cost: Option<Msat>,
}
