//! [`DevNode::test_token`]: from a challenge to a credential in one call, for unit tests.

use l402_core::Limits;
use l402_core::Msat;
use l402_core::bolt11::InvoiceFacts;
use l402_core::header::{ChallengeRef, credential_header_value};
use l402_core::ports::{BackendErrorKind, PayOutcome, PayRequest, Wallet};

use crate::node::DevNode;

/// Why there is no test token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TestTokenError {
    /// The text is no `WWW-Authenticate` value with an L402 challenge.
    #[error("this is no L402 challenge; pass the WWW-Authenticate value of a 402 answer")]
    Challenge,
    /// The invoice in the challenge cannot be read.
    #[error("the invoice in the challenge cannot be read")]
    Invoice,
    /// The node's default wallet did not pay.
    #[error("the dev node did not pay: {0}")]
    NotPaid(BackendErrorKind),
    /// The payment did not end at once; there is a fault that makes it slow or stuck.
    #[error("the payment is not over yet; clear the node's faults, or pay with a wallet and wait")]
    Pending,
}

impl DevNode {
    /// Pays a `WWW-Authenticate` challenge of a paywall that sells through this node, and returns the
    /// `Authorization` value that opens it. With it, the test of a paid handler has three lines more than that
    /// of a free one.
    ///
    /// ```
    /// use axum::body::Body;
    /// use axum::http::{Request, StatusCode};
    /// use l402_dev::DevNode;
    /// # use axum::{Router, routing::get};
    /// # use l402_axum::{Gate, L402Layer, Msat};
    /// use tower::ServiceExt;
    ///
    /// # fn app(provider: l402_dev::DevProvider) -> Result<Router, Box<dyn std::error::Error>> {
    /// #     let gate = Gate::builder(provider).ephemeral_root_key();
    /// #     let gate = gate.price(Msat::from_sat(10)).build()?;
    /// #     Ok(Router::new().route("/report", get(|| async { "the report" }).route_layer(L402Layer::new(gate))))
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let node = DevNode::new()?;
    /// let app = app(node.provider())?; // yours
    ///
    /// let unpaid = app.clone().oneshot(Request::get("/report").body(Body::empty())?).await?;
    /// let token = node.test_token(unpaid.headers()["www-authenticate"].to_str()?)?;
    /// let request = Request::get("/report").header("authorization", token).body(Body::empty())?;
    /// assert_eq!(app.oneshot(request).await?.status(), StatusCode::OK);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`TestTokenError`].
    pub fn test_token(&self, challenge: &str) -> Result<String, TestTokenError> {
        let mut challenges = ChallengeRef::parse_all(challenge.as_bytes(), &Limits::default());
        let challenge = challenges.find_map(Result::ok).ok_or(TestTokenError::Challenge)?;
        let facts: InvoiceFacts = challenge.invoice.parse().map_err(|_| TestTokenError::Invoice)?;
        let request = PayRequest::new(
            challenge.invoice.to_owned(),
            facts.payment_hash,
            Msat::MAX,
            core::time::Duration::ZERO,
        );
        let outcome = self.wallet().pay(request).into_ready().map_err(|_| TestTokenError::Pending)?;
        match outcome.map_err(|error| TestTokenError::NotPaid(error.kind()))? {
            PayOutcome::Paid(payment) => {
                Ok(credential_header_value(challenge.scheme, challenge.macaroon, &payment.preimage))
            }
            PayOutcome::Failed(kind) => Err(TestTokenError::NotPaid(kind)),
            _ => Err(TestTokenError::Pending),
        }
    }
}
