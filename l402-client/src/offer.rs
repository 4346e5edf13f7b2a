//! [`Offer`]: a challenge in which everything was checked that can be checked before paying.

use std::time::Duration;

use l402_core::bolt11::InvoiceFacts;
use l402_core::header::{ChallengeRef, Scheme};
use l402_core::{Identifier, Limits, Macaroon, Msat, Network, PaymentHash, UnixTime};

use crate::error::ClientError;

/// An invoice that expires sooner than this is refused: a payment takes seconds, and clocks differ.
const EXPIRY_MARGIN: Duration = Duration::from_secs(10);

/// What the client may buy.
pub(crate) struct Terms {
    pub(crate) network: Network,
    pub(crate) max_price: Msat,
    pub(crate) limits: Limits,
}

/// A challenge that is worth its price as far as anybody can tell before paying.
pub(crate) struct Offer {
    /// The word the server used; one that knows only `LSAT` would not take `L402` back.
    pub(crate) scheme: Scheme,
    /// As issued; goes back unchanged.
    pub(crate) macaroon: String,
    pub(crate) invoice: String,
    pub(crate) amount: Msat,
    pub(crate) payment_hash: PaymentHash,
}

impl Offer {
    /// Believes nothing but the invoice's signature and the macaroon's commitment to its payment hash.
    pub(crate) fn check(
        challenge: ChallengeRef<'_>,
        terms: &Terms,
        now: UnixTime,
    ) -> Result<Self, ClientError> {
        let paid_for = payment_hash_of(challenge.macaroon, &terms.limits)?;
        let invoice: InvoiceFacts = challenge.invoice.parse().map_err(ClientError::UnreadableInvoice)?;
        if invoice.payment_hash != paid_for {
            return Err(ClientError::HashMismatch);
        }
        if invoice.network != terms.network {
            return Err(ClientError::OtherNetwork { invoice: invoice.network, wallet: terms.network });
        }
        let price = invoice.amount.ok_or(ClientError::AmountMissing)?;
        if price.is_zero() {
            return Err(ClientError::AmountZero);
        }
        if price > terms.max_price {
            return Err(ClientError::TooExpensive { price, max_price: terms.max_price });
        }
        if now.saturating_add(EXPIRY_MARGIN) >= invoice.expires_at {
            return Err(ClientError::Expired { expires_at: invoice.expires_at, now });
        }
        Ok(Self {
            scheme: challenge.scheme,
            macaroon: challenge.macaroon.to_owned(),
            invoice: challenge.invoice.to_owned(),
            amount: price,
            payment_hash: invoice.payment_hash,
        })
    }
}

/// The payment that the macaroon says it is for.
fn payment_hash_of(macaroon: &str, limits: &Limits) -> Result<PaymentHash, ClientError> {
    let macaroon = Macaroon::from_base64(macaroon, limits).map_err(ClientError::UnreadableMacaroon)?;
    let identifier = Identifier::decode(macaroon.as_macaroon_ref().identifier());
    Ok(identifier.map_err(ClientError::UnreadableIdentifier)?.payment_hash)
}
