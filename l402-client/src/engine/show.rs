//! Showing a token that is at hand, which is all that most requests need of this crate.

use std::sync::Arc;

use http::{HeaderValue, Method, StatusCode};
use url::Url;

use super::Engine;
use crate::error::ClientError;
use crate::store::Step;
use crate::telemetry;
use crate::token::{Target, Token};

/// A token that is being shown, with one of its uses. One that is given up has not been used, as far as anybody knows.
pub(crate) struct Shown(Option<Arc<Token>>);

impl Shown {
    /// Of a token whose use was taken by [`Token::check_out`].
    pub(super) const fn new(token: Arc<Token>) -> Self {
        Self(Some(token))
    }

    /// The value of `Authorization`.
    pub(super) fn credential(&self) -> Option<HeaderValue> {
        self.0.as_ref().map(|token| token.credential.clone())
    }

    /// The token, whose use is not given back.
    pub(super) fn keep(mut self) -> Option<Arc<Token>> {
        self.0.take()
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(token) = self.0.take() {
            token.give_back();
        }
    }
}

impl Engine {
    /// Shows the token at hand for a request, if there is one.
    pub(crate) async fn show(&self, method: &Method, url: &Url) -> Result<Option<Shown>, ClientError> {
        self.load_tokens().await.map_err(ClientError::Store)?;
        Ok(Target::of(method, url).and_then(|target| self.show_to(&target)))
    }

    /// The same with the tokens that were at hand already.
    pub(crate) fn show_to(&self, target: &Target<'_>) -> Option<Shown> {
        let shown = self.check_out(target);
        if shown.is_some() {
            telemetry::token_hit();
        }
        shown
    }

    pub(super) fn check_out(&self, target: &Target<'_>) -> Option<Shown> {
        let token = self.tokens.find(target, &*self.clock)?;
        token.check_out().then(|| Shown::new(token))
    }

    /// Writes down whether the token delivered.
    pub(super) async fn finish(&self, shown: Shown, status: StatusCode) {
        if !status.is_success() && !status.is_redirection() {
            return; // gives the use back
        }
        if let Some(token) = shown.keep().filter(|token| token.note_delivery()) {
            Box::pin(self.write(token.payment_hash, Step::Delivered)).await;
        }
    }
}
