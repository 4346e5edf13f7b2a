//! [`Offer`]: a challenge in which everything was checked that can be checked before paying.

use std::fmt;
use std::time::Duration;

use l402_core::bolt11::{InvoiceFacts, NodeId};
use l402_core::header::{ChallengeRef, Scheme};
use l402_core::{Msat, PaymentHash, UnixTime};

use super::{Asked, Terms, host, name};
use crate::budget::Denial;
use crate::error::ClientError;
use crate::token::{TokenError, TokenFacts};

/// An invoice that expires sooner than this is refused: a payment takes seconds, and clocks differ.
const EXPIRY_MARGIN: Duration = Duration::from_secs(10);

/// A challenge that may be paid: its invoice and its token belong together, and it is within the terms.
///
/// All but [`origin`](Offer::origin) comes from the signed invoice. Nothing here is free text of the server's.
#[derive(Clone)]
pub struct Offer {
    /// The word the server used; one that knows only `LSAT` would not take `L402` back.
    scheme: Scheme,
    /// As issued; goes back unchanged.
    macaroon: String,
    invoice: String,
    facts: InvoiceFacts,
    amount: Msat,
    token: TokenFacts,
    origin: String,
}

impl Offer {
    /// The price: the amount of the invoice, without routing fees.
    #[must_use]
    pub const fn amount(&self) -> Msat {
        self.amount
    }

    /// Names the payment.
    #[must_use]
    pub const fn payment_hash(&self) -> PaymentHash {
        self.facts.payment_hash
    }

    /// Who gets the money.
    #[must_use]
    pub const fn payee(&self) -> NodeId {
        self.facts.payee
    }

    /// When the invoice stops being payable.
    #[must_use]
    pub const fn expires_at(&self) -> UnixTime {
        self.facts.expires_at
    }

    /// Scheme, host and port of the server, such as `https://api.example.com`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The BOLT11 invoice.
    ///
    /// # Security
    /// Its description is text of the server's: do not show it to somebody who is to decide.
    #[must_use]
    pub fn invoice(&self) -> &str {
        &self.invoice
    }

    /// What the token says about itself.
    #[must_use]
    pub const fn token(&self) -> &TokenFacts {
        &self.token
    }

    /// The token as the server wrote it, worth nothing before the invoice is paid.
    #[must_use]
    pub fn macaroon(&self) -> &str {
        &self.macaroon
    }

    /// The word of the challenge.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Believes nothing but the invoice's signature and the token's commitment to its payment hash.
    pub(super) fn check(
        challenge: ChallengeRef<'_>,
        asked: &Asked<'_>,
        terms: &Terms<'_>,
        now: UnixTime,
    ) -> Result<Self, ClientError> {
        let token = TokenFacts::read(challenge.macaroon, &terms.limits).map_err(|error| match error {
            TokenError::Unreadable(error) => ClientError::UnreadableMacaroon(error),
            TokenError::UnreadableIdentifier(error) => ClientError::UnreadableIdentifier(error),
        })?;
        let facts: InvoiceFacts = challenge.invoice.parse().map_err(ClientError::UnreadableInvoice)?;
        if facts.payment_hash != token.payment_hash {
            return Err(ClientError::HashMismatch);
        }
        if facts.network != terms.network {
            return Err(ClientError::OtherNetwork { invoice: facts.network, wallet: terms.network });
        }
        let amount = facts.amount.ok_or(ClientError::AmountMissing)?;
        if amount.is_zero() {
            return Err(ClientError::AmountZero);
        }
        if let Some(cap) = terms.budget.request_cap(&host(asked.url)).filter(|cap| amount > cap.limit) {
            let denial = Denial::OverCap { cap: cap.clone(), used: Msat::ZERO, asked: amount };
            return Err(ClientError::Denied(denial));
        }
        let is_over = token.expires_at.is_some_and(|end| end <= now);
        if is_over || token.uses == Some(0) {
            return Err(ClientError::WorthlessToken);
        }
        let offer = Self {
            scheme: challenge.scheme,
            macaroon: challenge.macaroon.to_owned(),
            invoice: challenge.invoice.to_owned(),
            facts,
            amount,
            token,
            origin: name(asked.url),
        };
        check_expiry(offer.expires_at(), now)?;
        Ok(offer)
    }
}

/// Whether there is still time to pay an invoice.
pub(crate) fn check_expiry(expires_at: UnixTime, now: UnixTime) -> Result<(), ClientError> {
    if now.saturating_add(EXPIRY_MARGIN) >= expires_at {
        return Err(ClientError::Expired { expires_at, now });
    }
    Ok(())
}

impl fmt::Debug for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Offer")
            .field("origin", &self.origin)
            .field("amount", &self.amount)
            .field("payment_hash", &self.facts.payment_hash)
            .field("expires_at", &self.facts.expires_at)
            .finish_non_exhaustive()
    }
}
