//! [`ClientError`]: why a request was not answered, and [`Spent`]: what that cost.

use l402_core::bolt11::InvoiceError;
use l402_core::header::ChallengeParseError;
use l402_core::ports::{BackendError, BackendErrorKind};
use l402_core::{IdentifierError, MacaroonDecodeError, Msat, Network, PaymentHash, UnixTime};

use crate::receipt::Receipt;

/// Why a request was not answered.
///
/// Every variant says whether money was spent; [`ClientError::spent`] says it to programs.
///
/// # Security
/// Neither text nor `Debug` has a preimage, a macaroon, the value of an `Authorization` field, or the query of a
/// URL, so an error can be logged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The request could not be built, sent or answered. Nothing was spent.
    #[error("the request failed, nothing was paid")]
    Http(#[source] reqwest::Error),

    /// The server wants to be paid, but not by L402. Nothing was spent.
    #[error("402 without an L402 challenge: this server wants to be paid in another way")]
    NoChallenge,

    /// The challenge cannot be read. Nothing was spent.
    #[error("the server's challenge cannot be read")]
    UnreadableChallenge(#[source] ChallengeParseError),

    /// A redirect led to another origin, and that one wants to be paid. Nothing was spent.
    ///
    /// Only a client given to [`L402ClientBuilder::http_client`](crate::L402ClientBuilder::http_client) follows
    /// redirects that far.
    #[error("{asked} redirected to {answered}, which wants to be paid; ask it directly if you trust it")]
    OtherOrigin {
        /// The origin that was asked.
        asked: String,
        /// The origin that answered.
        answered: String,
    },

    /// Others could read the proof of payment on its way, and use it first. Nothing was spent.
    #[error("{origin} wants to be paid over plain http, where the proof can be stolen; use https")]
    NotConfidential {
        /// The origin that was asked.
        origin: String,
    },

    /// The request has an `Authorization` field of its own, and the proof of payment needs that place. Nothing was
    /// spent.
    #[error("the request has an Authorization header, where the proof of payment must go; remove it")]
    AuthorizationInUse,

    /// The request's body is a stream, which cannot be sent a second time. Nothing was spent.
    #[error("the body is a stream and cannot be sent again after paying; give it as bytes, text or JSON")]
    BodyNotReplayable,

    /// The macaroon is not base64, or not in the V2 binary format. Nothing was spent.
    #[error("the challenge's macaroon cannot be read")]
    UnreadableMacaroon(#[source] MacaroonDecodeError),

    /// The macaroon does not say which payment it is for. Nothing was spent.
    #[error("the challenge's macaroon has no L402 identifier, so nothing ties it to the invoice")]
    UnreadableIdentifier(#[source] IdentifierError),

    /// The invoice is not BOLT11, or its checksum or signature is wrong. Nothing was spent.
    #[error("the challenge's invoice cannot be relied on")]
    UnreadableInvoice(#[source] InvoiceError),

    /// The macaroon is for another payment than the invoice: paying would buy nothing. Nothing was spent.
    #[error("the challenge's macaroon and invoice have different payment hashes: paying would buy nothing")]
    HashMismatch,

    /// The invoice is for another network. Nothing was spent.
    #[error("the invoice is for {invoice}, the wallet is on {wallet}")]
    OtherNetwork {
        /// The network of the invoice.
        invoice: Network,
        /// The network of the wallet.
        wallet: Network,
    },

    /// The invoice leaves the amount to the payer. Nothing was spent.
    #[error("the invoice has no amount, so there is no price to agree to")]
    AmountMissing,

    /// The invoice is for nothing. Nothing was spent.
    #[error("the invoice is for an amount of zero")]
    AmountZero,

    /// The price is above the cap. Nothing was spent.
    #[error(
        "the price of {price} is above the cap of {max_price}; raise it with max_price if it is worth it"
    )]
    TooExpensive {
        /// The amount of the invoice.
        price: Msat,
        /// [`L402ClientBuilder::max_price`](crate::L402ClientBuilder::max_price).
        max_price: Msat,
    },

    /// The invoice has expired, or will within ten seconds, which a payment may take. Nothing was spent.
    #[error("the invoice expires at {expires_at}, and it is {now} (Unix time); ask again for a new one")]
    Expired {
        /// When the invoice stops being payable.
        expires_at: UnixTime,
        /// The time on the client's clock.
        now: UnixTime,
    },

    /// The wallet did not pay, and will not. Nothing was spent.
    #[error("the wallet did not pay: {kind}")]
    PaymentFailed {
        /// Why.
        kind: BackendErrorKind,
        /// What the wallet says about it.
        source: Option<BackendError>,
    },

    /// The wallet does not know whether it paid. **The money may be spent.**
    ///
    /// Find out with [`Wallet::lookup`](l402_core::ports::Wallet::lookup). The same request sent again would be
    /// asked for another payment.
    #[error("the payment {payment_hash} may have been made: look it up in the wallet before you try again")]
    PaymentPending {
        /// Names the payment.
        payment_hash: PaymentHash,
        /// The amount of the invoice.
        amount: Msat,
        /// What the wallet says about it.
        source: Option<BackendError>,
    },

    /// The wallet says it paid, and its preimage does not prove it. **The money may be spent.**
    #[error("the wallet's preimage does not prove the payment {payment_hash}: look it up in the wallet")]
    PreimageMismatch {
        /// Names the payment.
        payment_hash: PaymentHash,
        /// The amount of the invoice.
        amount: Msat,
    },

    /// Paid, and then the repeated request could not be sent or answered. **The money is spent.**
    #[error("paid {} for {}, but the repeated request failed", receipt.amount, receipt.payment_hash)]
    PaidRequestFailed {
        /// What was paid.
        receipt: Receipt,
        /// What went wrong.
        source: reqwest::Error,
    },

    /// Paid, and the server answered 402 again. **The money is spent.** It is not paid again.
    #[error("paid {} for {}, and the server wants to be paid again", receipt.amount, receipt.payment_hash)]
    StillPaymentRequired {
        /// What was paid.
        receipt: Receipt,
    },
}

impl ClientError {
    /// What this request has cost.
    ///
    /// ```
    /// use l402_client::{ClientError, Spent};
    ///
    /// assert_eq!(ClientError::NoChallenge.spent(), Spent::Nothing);
    /// ```
    #[must_use]
    pub fn spent(&self) -> Spent {
        match self {
            Self::PaymentPending { payment_hash, amount, .. }
            | Self::PreimageMismatch { payment_hash, amount } => {
                Spent::Unknown { payment_hash: *payment_hash, amount: *amount }
            }
            Self::PaidRequestFailed { receipt, .. } | Self::StillPaymentRequired { receipt } => {
                Spent::Paid(receipt.clone())
            }
            Self::Http(_)
            | Self::NoChallenge
            | Self::UnreadableChallenge(_)
            | Self::OtherOrigin { .. }
            | Self::NotConfidential { .. }
            | Self::AuthorizationInUse
            | Self::BodyNotReplayable
            | Self::UnreadableMacaroon(_)
            | Self::UnreadableIdentifier(_)
            | Self::UnreadableInvoice(_)
            | Self::HashMismatch
            | Self::OtherNetwork { .. }
            | Self::AmountMissing
            | Self::AmountZero
            | Self::TooExpensive { .. }
            | Self::Expired { .. }
            | Self::PaymentFailed { .. } => Spent::Nothing,
        }
    }

    pub(crate) fn http(error: reqwest::Error) -> Self {
        Self::Http(without_secrets(error))
    }

    pub(crate) fn paid_request_failed(receipt: Receipt, error: reqwest::Error) -> Self {
        Self::PaidRequestFailed { receipt, source: without_secrets(error) }
    }
}

/// What a request that failed has cost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Spent {
    /// No money has left the wallet, and none will.
    Nothing,
    /// This was paid.
    Paid(Receipt),
    /// Not known: this amount and a fee may have left the wallet.
    Unknown {
        /// Names the payment; [`Wallet::lookup`](l402_core::ports::Wallet::lookup) tells.
        payment_hash: PaymentHash,
        /// The amount of the invoice.
        amount: Msat,
    },
}

/// Queries often hold API keys, and some URLs a password.
fn without_secrets(mut error: reqwest::Error) -> reqwest::Error {
    if let Some(url) = error.url_mut() {
        url.set_query(None);
        url.set_fragment(None);
        // Both fail only for URLs that cannot have a user.
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
    error
}
