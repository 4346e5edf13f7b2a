//! Lightning Addresses and other LNURL-pay links: receiving without an account, a key or a node of one's own. For receiving
//! alone.
//!
//! **Set up.** Nothing but the address, such as `you@walletofsatoshi.com`. Whoever runs its server receives the money for
//! you.
//!
//! ```no_run
//! use l402_providers::lnurl::LnurlProvider;
//!
//! # fn main() -> Result<(), l402_providers::ConfigError> {
//! let provider = LnurlProvider::from_address("you@example.com")?;
//! # Ok(())
//! # }
//! ```
//!
//! **Proof.** The preimage proves payment to the server of the address, which alone makes preimages.
//!
//! **Lookups** work where the server has LUD-21 (Blink's has). Say so with [`LnurlProvider::with_verify`]; an invoice without
//! is refused from then on.
//!
//! **Units and limits.** Millisatoshi, though many servers take whole satoshi only and say so with an error. The server
//! chooses the expiry. The description goes along as a comment where the server takes comments. Each invoice takes two
//! requests.
//!
//! **Security.** The server names the URLs that are called next. They must be https, and every address that their hosts
//! resolve to must be of the public internet; redirects are not followed and proxies are not used. `.onion` hosts cannot be
//! reached for that reason. The invoice must have exactly the amount asked for, and commit to the server's description as
//! LUD-06 demands.

mod api;

use l402_core::PaymentHash;
use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{
    BackendError, BackendErrorKind, Invoice, NewInvoice, ProviderCapabilities, Settlement,
};
use url::Url;

use crate::http::ConfigError;
use crate::invoice::{Order, proof};
use crate::port::provider;
use api::{Api, Verified, Verify, protocol};

/// Asks an LNURL-pay server for invoices. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct LnurlProvider {
    api: Api,
    verify: bool,
    lenient: bool,
}

impl LnurlProvider {
    /// Who is paid at this Lightning Address, `name@host` (LUD-16).
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] when it is none.
    pub fn from_address(address: &str) -> Result<Self, ConfigError> {
        const NOT_ONE: ConfigError =
            ConfigError::Invalid("this is no Lightning Address; give one like you@example.com");
        let (name, host) = address.trim().split_once('@').ok_or(NOT_ONE)?;
        let is_name =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | '+');
        let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        if name.is_empty() || host.is_empty() || !name.chars().all(is_name) || !host.chars().all(is_host) {
            return Err(NOT_ONE);
        }
        Self::from_url(&format!("https://{host}/.well-known/lnurlp/{name}"))
    }

    /// Who is paid at this URL, which a decoded LNURL is.
    ///
    /// # Errors
    /// [`ConfigError`] when it is not `https`, or no URL.
    pub fn from_url(url: &str) -> Result<Self, ConfigError> {
        let url = Url::parse(url).map_err(|_| ConfigError::Url)?;
        Ok(Self { api: Api::new(url, false)?, verify: false, lenient: false })
    }

    /// Says that the server has LUD-21, so that settlement can be looked up. Invoices without are refused.
    #[must_use]
    pub const fn with_verify(mut self) -> Self {
        self.verify = true;
        self
    }

    /// Takes invoices that do not commit to the server's description. Some servers do not keep to LUD-06.
    #[must_use]
    pub const fn with_any_description(mut self) -> Self {
        self.lenient = true;
        self
    }

    /// Allows servers in one's own network, and on this machine without TLS.
    ///
    /// # Errors
    /// [`ConfigError::Client`] when the HTTP client cannot be set up.
    ///
    /// # Security
    /// For an address of one's own, never for one that a stranger gave.
    pub fn allowing_private_hosts(mut self) -> Result<Self, ConfigError> {
        self.api = self.api.allowing_private_hosts()?;
        Ok(self)
    }

    async fn create(&self, wanted: &NewInvoice) -> Result<Invoice, BackendError> {
        let order = Order { backend: Api::NAME, network: self.api.network, wanted };
        let request = self.api.pay_request().await?;
        let callback = self.api.invoice(&request, wanted.amount, &wanted.description).await?;
        let verify = match callback.verify {
            Some(url) => self.api.url_of(&url).map(|_| Some(url))?,
            None if self.verify => {
                return Err(order
                    .unsupported("the server has no LUD-21 for this invoice, so nobody could see it paid"));
            }
            None => None,
        };
        let described = self.lenient || request.is_described_by(&callback.pr);
        let mut invoice = order.by_hash(callback.pr, None)?;
        if !described {
            return Err(protocol("the invoice does not commit to the server's description (LUD-06)").into());
        }
        // The lookup has to know whose preimage to expect.
        invoice.lookup_id = verify.map_or(String::new(), |url| format!("{} {url}", invoice.payment_hash));
        Ok(invoice)
    }

    async fn look_up(&self, lookup_id: &str) -> Result<Settlement, BackendError> {
        if lookup_id.is_empty() {
            let error = BackendError::new(Api::NAME, BackendErrorKind::Unsupported);
            return Err(error.with_source("the server has no LUD-21"));
        }
        let (hash, url) = lookup_id.split_once(' ').unwrap_or_default();
        let Ok(hash) = hash.parse() else { return Ok(Settlement::NotFound) };
        match self.api.verify(url).await? {
            Verified::Known(verify) => settlement(verify, hash),
            Verified::Refused(reason, error) => match reason.to_lowercase() {
                reason if reason.contains("expired") => Ok(Settlement::Expired),
                reason if reason.contains("not found") => Ok(Settlement::NotFound),
                _ => Err(error.into()),
            },
        }
    }
}

provider!(LnurlProvider, |provider| ProviderCapabilities::FULL.with_lookup(provider.verify));

fn settlement(verify: Verify, hash: PaymentHash) -> Result<Settlement, BackendError> {
    let other = |pr: String| pr.parse::<InvoiceFacts>().is_ok_and(|facts| facts.payment_hash != hash);
    if verify.pr.is_some_and(other) {
        return Err(protocol("the server tells of another invoice").into());
    }
    Ok(if verify.settled {
        Settlement::Settled { preimage: proof(verify.preimage, hash), settled_at: None }
    } else {
        Settlement::Open
    })
}
