//! What every provider does with an order before it is sent, and with an invoice before it is shown.

use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{BackendError, BackendErrorKind, Invoice, NewInvoice};
use l402_core::{Msat, Network, PaymentHash, Preimage};

/// The longest description that an invoice can hold, in bytes: 1023 digits of 5 bits.
pub(crate) const MAX_BOLT11_DESCRIPTION: usize = 639;

/// The provider's name and network, and the order at hand.
#[derive(Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) backend: &'static str,
    pub(crate) network: Network,
    pub(crate) wanted: &'a NewInvoice,
}

impl Order<'_> {
    /// The amount for backends that know whole satoshi only. It is never rounded: that would be another price.
    pub(crate) fn whole_sats(&self) -> Result<u64, BackendError> {
        let sats = self.wanted.amount.to_sat_exact();
        sats.ok_or_else(|| self.unsupported("this backend makes invoices for whole satoshi only"))
    }

    /// The invoice of a backend that looks invoices up by payment hash.
    pub(crate) fn by_hash(&self, bolt11: String, said: Option<PaymentHash>) -> Result<Invoice, BackendError> {
        let hash = self.check(&bolt11, said)?;
        Ok(Invoice::new(bolt11, hash, hash.to_string()))
    }

    /// The invoice of a backend with names of its own for invoices.
    pub(crate) fn by_id(
        &self,
        bolt11: String,
        said: Option<PaymentHash>,
        lookup_id: String,
    ) -> Result<Invoice, BackendError> {
        let hash = self.check(&bolt11, said)?;
        Ok(Invoice::new(bolt11, hash, lookup_id))
    }

    /// The payment hash, if the invoice is what was ordered.
    ///
    /// A backend that is broken, lies, or was configured for another network is found out here.
    fn check(&self, bolt11: &str, said: Option<PaymentHash>) -> Result<PaymentHash, BackendError> {
        let facts: InvoiceFacts = bolt11.parse().map_err(|error| self.protocol().with_source(error))?;
        if facts.network != self.network {
            let problem = format!(
                "the invoice is for {}, and this provider is set to {}: see `with_network`",
                facts.network, self.network
            );
            return Err(self.protocol().with_source(problem));
        }
        if facts.amount != Some(self.wanted.amount) {
            let got = facts.amount.unwrap_or(Msat::ZERO);
            let problem = format!("the invoice is for {got} instead of {}", self.wanted.amount);
            return Err(self.protocol().with_source(problem));
        }
        if said.is_some_and(|said| said != facts.payment_hash) {
            return Err(self
                .protocol()
                .with_source("the invoice has another payment hash than the answer says"));
        }
        Ok(facts.payment_hash)
    }

    pub(crate) fn unsupported(&self, reason: &'static str) -> BackendError {
        BackendError::new(self.backend, BackendErrorKind::Unsupported).with_source(reason)
    }

    fn protocol(&self) -> BackendError {
        BackendError::new(self.backend, BackendErrorKind::Protocol)
    }
}

/// The backend tells a status that its documentation did not have. It is not guessed what it means.
pub(crate) fn unknown_status(backend: &'static str) -> BackendError {
    let error = BackendError::new(backend, BackendErrorKind::Protocol);
    error.with_source(
        "a status that this backend did not have when this was written; is there a newer version?",
    )
}

/// Whether this can be a backend's own name for an invoice, and nothing that changes the meaning of a path.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The preimage a backend names for a settled invoice, if it is that: what does not hash to the payment hash is no
/// preimage, whatever the backend calls it.
pub(crate) fn proof(preimage: Option<Preimage>, hash: PaymentHash) -> Option<Preimage> {
    preimage.filter(|preimage| preimage.payment_hash() == hash)
}

/// The beginning of `text`, of at most `max` bytes, cut between characters.
pub(crate) fn cut_bytes(text: &str, max: usize) -> &str {
    let fits = (0..=max.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    &text[..fits.unwrap_or(0)]
}

/// The beginning of `text`, of at most `max` characters.
pub(crate) fn cut_chars(text: &str, max: usize) -> &str {
    text.char_indices().nth(max).map_or(text, |(end, _)| &text[..end])
}
