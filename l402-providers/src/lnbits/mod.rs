//! [LNbits](https://lnbits.com), self-hosted or hosted, over its REST API (1.x; 0.12 and later should do).
//!
//! **Set up.** In the LNbits wallet that is to receive, open *API docs* and copy the *Invoice/read key*. It can create and
//! read invoices and cannot spend. The admin key works as well; do not use it here.
//!
//! ```no_run
//! use l402_providers::{Endpoint, lnbits::LnbitsProvider};
//!
//! # fn main() -> Result<(), l402_providers::ConfigError> {
//! let key = std::env::var("LNBITS_INVOICE_KEY").unwrap_or_default();
//! let provider = LnbitsProvider::new(Endpoint::new("https://lnbits.example.com")?, key)?;
//! # Ok(())
//! # }
//! ```
//!
//! **The preimage is no proof of payment here.** `GET /api/v1/payments/{hash}` needs no key, and with most funding sources
//! (LND, Core Lightning, Eclair, the fake wallet) LNbits knows the preimage when it makes the invoice. Instances up to 1.5
//! answered it before payment to whoever knew the payment hash, which stands in every challenge. So
//! [`needs_settlement_check`](l402_core::ports::ProviderCapabilities::needs_settlement_check) is set, and a gate has to ask
//! whether the invoice is settled.
//!
//! **Units and limits.** Whole satoshi; descriptions of up to 639 bytes (longer ones are cut); expiry in seconds; by default an
//! instance answers 200 requests a minute. An invoice that expired unpaid stays
//! [`Open`](l402_core::ports::Settlement::Open): LNbits has no such state.
//!
//! **The fake wallet** makes invoices for the main network, without a feature field. Buyers with an LNbits can pay them, and
//! most others refuse them.

#[doc(hidden)]
pub mod api;

use l402_core::PaymentHash;
use l402_core::ports::{BackendError, Invoice, NewInvoice, ProviderCapabilities, Settlement};

use crate::http::{ConfigError, Endpoint, Secret};
use crate::invoice::{MAX_BOLT11_DESCRIPTION, Order, cut_bytes, proof};
use crate::port::provider;
use api::{Api, Payment};

/// Creates invoices in a wallet of an LNbits instance. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct LnbitsProvider {
    api: Api,
}

impl LnbitsProvider {
    /// The wallet with this invoice key. `endpoint` is the instance, without `/api`.
    ///
    /// # Errors
    /// [`ConfigError`] when the key is empty or cannot stand in a header.
    pub fn new(endpoint: Endpoint, invoice_key: impl Into<Secret>) -> Result<Self, ConfigError> {
        Api::new(endpoint, invoice_key.into()).map(|api| Self { api })
    }

    async fn create(&self, wanted: &NewInvoice) -> Result<Invoice, BackendError> {
        let order = Order { backend: Api::NAME, network: self.api.network, wanted };
        // It takes 640 characters, and then fails to write what is longer than an invoice can hold.
        let memo = cut_bytes(&wanted.description, MAX_BOLT11_DESCRIPTION);
        let created = self.api.create(order.whole_sats()?, memo, wanted.expires_in.as_secs()).await?;
        let (bolt11, hash) = created.into_parts();
        order.by_hash(bolt11, hash)
    }

    async fn look_up(&self, lookup_id: &str) -> Result<Settlement, BackendError> {
        let Ok(hash) = lookup_id.parse() else { return Ok(Settlement::NotFound) };
        let payment = self.api.payment(hash).await?;
        Ok(payment.map_or(Settlement::NotFound, |payment| settlement(payment, hash)))
    }
}

provider!(LnbitsProvider, ProviderCapabilities::FULL.with_msat_precision(false).with_settlement_check(true));

/// A preimage says nothing: `paid` does.
fn settlement(payment: Payment, hash: PaymentHash) -> Settlement {
    if payment.paid {
        Settlement::Settled { preimage: proof(payment.preimage, hash), settled_at: None }
    } else if payment.status.as_deref() == Some("failed") {
        Settlement::Canceled
    } else {
        Settlement::Open
    }
}
