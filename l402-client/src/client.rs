//! [`L402Client`]: sends, pays once, sends again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use l402_core::header::credential_header_value;
use l402_core::ports::{PayRequest, Payment, Wallet};
use l402_core::{Clock, Limits, Msat, Preimage};
use reqwest::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{IntoUrl, Method, Request, Response, StatusCode};

use crate::builder::L402ClientBuilder;
use crate::error::ClientError;
use crate::flow::{self, Answer, Asked, Next};
use crate::offer::{Offer, Terms};
use crate::receipt::Receipt;
use crate::request::RequestBuilder;
use crate::transport::Transport;

/// An HTTP client with a wallet. Clones share both; keep one for the whole program.
///
/// ```no_run
/// use l402_client::{ClientError, L402Client};
/// use l402_core::Msat;
/// use l402_core::ports::Wallet;
///
/// async fn report(wallet: impl Wallet + 'static) -> Result<String, Box<dyn std::error::Error>> {
///     let client = L402Client::builder(wallet).max_price(Msat::from_sat(100)).build()?;
///     match client.get("https://api.example.com/report").send().await {
///         Ok(response) => Ok(response.error_for_status()?.text().await?),
///         Err(ClientError::TooExpensive { price, .. }) => Ok(format!("not worth {price}")),
///         Err(error) => Err(error.into()),
///     }
/// }
/// ```
#[derive(Clone)]
pub struct L402Client {
    settings: Arc<Settings>,
}

pub(crate) struct Settings {
    pub(crate) transport: Transport,
    pub(crate) wallet: Arc<dyn Wallet>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) max_price: Msat,
    /// `None` for the default, which depends on the amount.
    pub(crate) max_fee: Option<Msat>,
    pub(crate) pay_timeout: Duration,
}

impl L402Client {
    /// Prepares a client that pays from `wallet`.
    pub fn builder(wallet: impl Wallet + 'static) -> L402ClientBuilder {
        L402ClientBuilder::new(wallet)
    }

    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(settings) }
    }

    /// Prepares a `GET` request.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// Prepares a `POST` request.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// Prepares a `PUT` request.
    pub fn put(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// Prepares a `PATCH` request.
    pub fn patch(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// Prepares a `DELETE` request.
    pub fn delete(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// Prepares a `HEAD` request.
    pub fn head(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::HEAD, url)
    }

    /// Prepares a request with any method. A URL that is none comes out as an error of
    /// [`RequestBuilder::send`].
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        RequestBuilder::new(self.clone(), self.settings.transport.client().request(method, url))
    }

    /// Sends a request; if the answer is a bill within the terms, pays it and sends the request once more.
    ///
    /// The response is the server's last answer, whatever its status. If it was paid for it carries a
    /// [`Receipt`], also when the server delivers an error for the money. Where a redirect within the origin led to
    /// the bill, both requests take it.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::spent`] says whether money was spent.
    ///
    /// # Cancellation
    /// Dropping the future while the wallet pays loses track of the payment. A timeout belongs on the request
    /// ([`RequestBuilder::timeout`]), where it counts for each of the two and not for the payment.
    pub async fn execute(&self, request: Request) -> Result<Response, ClientError> {
        let asked =
            Asked { url: request.url().clone(), authorized: request.headers().contains_key(AUTHORIZATION) };
        let repeat = request.try_clone();

        let response = self.settings.transport.execute(request).await.map_err(ClientError::http)?;
        let offer = match self.decide(&asked, &response) {
            Next::Deliver => return Ok(response),
            Next::Pay(offer) => offer,
            Next::GiveUp(error) => return Err(refuse(error)),
        };
        drop(response); // unread: a 402 has nothing to say that the challenge does not
        let repeat = repeat.ok_or_else(|| refuse(ClientError::BodyNotReplayable))?;

        let (payment, receipt) = self.pay(&offer).await?;
        self.redeem(repeat, &offer, &payment.preimage, receipt).await
    }

    fn decide(&self, asked: &Asked, response: &Response) -> Next {
        let answer = Answer {
            status: response.status(),
            url: response.url(),
            challenges: response.headers().get_all(WWW_AUTHENTICATE).iter().map(HeaderValue::as_bytes),
        };
        let terms = Terms {
            network: self.settings.wallet.network(),
            max_price: self.settings.max_price,
            limits: Limits::default(),
        };
        flow::next(asked, answer, &terms, self.settings.clock.now())
    }

    /// Asks the wallet once. Whatever it says, it is not asked again.
    async fn pay(&self, offer: &Offer) -> Result<(Payment, Receipt), ClientError> {
        let Offer { invoice, amount, payment_hash, .. } = offer;
        let max_fee = self.settings.max_fee.unwrap_or_else(|| default_max_fee(*amount));
        let hash_prefix = hash_prefix(offer);
        tracing::debug!(
            payment_hash = hash_prefix,
            amount_msat = amount.as_msat(),
            max_fee_msat = max_fee.as_msat(),
            "l402: paying"
        );
        let request = PayRequest::new(invoice.clone(), *payment_hash, max_fee, self.settings.pay_timeout);
        let outcome = self.settings.wallet.pay(request).await;
        let payment = flow::proof(offer, outcome).inspect_err(|error| {
            tracing::info!(payment_hash = hash_prefix, %error, "l402: not paid, or not provably");
        })?;
        tracing::info!(
            payment_hash = hash_prefix,
            amount_msat = amount.as_msat(),
            fee_msat = payment.fee.map(Msat::as_msat),
            "l402: paid"
        );
        let receipt = Receipt {
            amount: *amount,
            fee: payment.fee,
            payment_hash: *payment_hash,
            paid_at: self.settings.clock.now(),
        };
        Ok((payment, receipt))
    }

    /// Repeats the request with the proof of payment.
    async fn redeem(
        &self,
        request: Request,
        offer: &Offer,
        preimage: &Preimage,
        receipt: Receipt,
    ) -> Result<Response, ClientError> {
        let sent = match self.with_credential(request, offer, preimage) {
            Ok(request) => self.settings.transport.execute(request).await,
            Err(error) => Err(error),
        };
        let mut response = match sent {
            Ok(response) => response,
            Err(error) => return Err(ClientError::paid_request_failed(receipt, error)),
        };
        tracing::debug!(
            payment_hash = hash_prefix(offer),
            status = response.status().as_u16(),
            "l402: answered after payment"
        );
        if response.status() == StatusCode::PAYMENT_REQUIRED {
            return Err(ClientError::StillPaymentRequired { receipt });
        }
        response.extensions_mut().insert(receipt);
        Ok(response)
    }

    fn with_credential(
        &self,
        request: Request,
        offer: &Offer,
        preimage: &Preimage,
    ) -> Result<Request, reqwest::Error> {
        let credential = credential_header_value(offer.scheme, &offer.macaroon, preimage);
        let mut request =
            reqwest::RequestBuilder::from_parts(self.settings.transport.client().clone(), request)
                .header(AUTHORIZATION, credential)
                .build()?;
        if let Some(value) = request.headers_mut().get_mut(AUTHORIZATION) {
            value.set_sensitive(true); // keeps it out of logs and of HTTP/2's header table
        }
        Ok(request)
    }
}

impl fmt::Debug for L402Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("L402Client").field("max_price", &self.settings.max_price).finish_non_exhaustive()
    }
}

/// See [`L402ClientBuilder::max_fee`].
fn default_max_fee(amount: Msat) -> Msat {
    Msat::from_msat(amount.as_msat() / 100).max(Msat::from_sat(10))
}

fn refuse(error: ClientError) -> ClientError {
    tracing::debug!(%error, "l402: a challenge was refused");
    error
}

/// Enough to find the payment in a log, not enough to look it up.
fn hash_prefix(offer: &Offer) -> String {
    offer.payment_hash.to_string().chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use l402_core::PaymentHash;
    use l402_core::header::Scheme;
    use l402_dev::DevNode;

    use super::*;

    #[test]
    fn the_credential_is_marked_sensitive() {
        let client = L402Client::builder(DevNode::new().unwrap().wallet()).build().unwrap();
        let offer = Offer {
            scheme: Scheme::L402,
            macaroon: "AgEE".to_owned(),
            invoice: String::new(),
            amount: Msat::ZERO,
            payment_hash: PaymentHash::from_bytes([0; 32]),
        };
        let request = Request::new(Method::GET, "https://api.example.com/".parse().unwrap());
        let preimage = Preimage::from_bytes([0xab; 32]);

        let request = client.with_credential(request, &offer, &preimage).unwrap();

        assert_eq!(request.headers()[AUTHORIZATION], format!("L402 AgEE:{}", "ab".repeat(32)));
        assert!(request.headers()[AUTHORIZATION].is_sensitive());
        assert!(!format!("{request:?}").contains("abab"));
    }
}
