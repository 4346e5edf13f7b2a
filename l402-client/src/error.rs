//! [`ClientError`]: why a request was not answered, and [`Spent`]: what that cost.

use l402_core::bolt11::InvoiceError;
use l402_core::header::ChallengeParseError;
use l402_core::ports::{BackendError, BackendErrorKind, BoxError, StoreError};
use l402_core::{IdentifierError, MacaroonDecodeError, Msat, Network, PaymentHash, UnixTime};

use crate::budget::Denial;
use crate::receipt::Receipt;
use crate::store::State;

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
    Http(#[source] HttpError),

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

    /// The token has expired already, or is good for no call: paying would buy nothing. Nothing was spent.
    #[error("the challenge's token has expired or has no uses: paying would buy nothing")]
    WorthlessToken,

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

    /// The body states another price than the invoice. Nothing was spent.
    #[error("the server says {stated} and its invoice says {invoice}; it does not mean what it says")]
    PriceMismatch {
        /// What the body states; [`Msat::MAX`] for a number that is no amount.
        stated: Msat,
        /// The amount of the invoice.
        invoice: Msat,
    },

    /// The client's own rules forbid it: a cap, the list of hosts, or the approval hook. Nothing was spent.
    #[error("{0}")]
    Denied(Denial),

    /// The invoice has expired, or will within ten seconds, which a payment may take. Nothing was spent.
    #[error("the invoice expires at {expires_at}, and it is {now} (Unix time); ask again for a new one")]
    Expired {
        /// When the invoice stops being payable.
        expires_at: UnixTime,
        /// The time on the client's clock.
        now: UnixTime,
    },

    /// The server sent an invoice that it had sent before, and that was paid or is being paid. Nothing was spent; it is
    /// never paid again.
    #[error("the server sent the invoice {payment_hash} again, which is {state} already; ask for a new one")]
    AlreadyKnown {
        /// Names the payment.
        payment_hash: PaymentHash,
        /// How far the payment has come.
        state: State,
    },

    /// An earlier payment for the same request may still have been made. Nothing was spent on this one.
    ///
    /// [`L402Client::resume`](crate::L402Client::resume) asks the wallet again; as soon as the outcome is known, the
    /// request goes through, with the token of that payment if there is one.
    #[error(
        "the earlier payment {payment_hash} for this request is still open; resume later, so as not to pay twice"
    )]
    EarlierPaymentOpen {
        /// Names the payment.
        payment_hash: PaymentHash,
        /// The amount of its invoice, which may be spent.
        amount: Msat,
    },

    /// Somebody else gave the payment up before the wallet was asked. Nothing was spent.
    #[error("the payment {payment_hash} was given up before the wallet was asked; try again")]
    Abandoned {
        /// Names the payment.
        payment_hash: PaymentHash,
    },

    /// The store does not answer, so nothing can be reserved. Nothing was spent.
    #[error("the store of payments fails, so nothing is paid")]
    Store(#[source] StoreError),

    /// The wallet did not pay, and will not. Nothing was spent.
    #[error("the wallet did not pay: {kind}")]
    PaymentFailed {
        /// Why.
        kind: BackendErrorKind,
        /// What the wallet says about it.
        source: Option<BackendError>,
    },

    /// The wallet does not know whether it paid. **The money may be spent**, and stays reserved until that is known.
    ///
    /// [`L402Client::resume`](crate::L402Client::resume) asks the wallet again. The same request sent again asks it,
    /// too, and is not paid for as long as the outcome is open.
    #[error("the payment {payment_hash} may have been made; resume later to find out, it is not paid twice")]
    PaymentPending {
        /// Names the payment.
        payment_hash: PaymentHash,
        /// The amount of the invoice.
        amount: Msat,
        /// What the wallet says about it.
        source: Option<BackendError>,
    },

    /// The wallet says it paid, and its preimage does not prove it. **The money may be spent.**
    #[error("the wallet's preimage does not prove the payment {payment_hash}; look it up in the wallet")]
    PreimageMismatch {
        /// Names the payment.
        payment_hash: PaymentHash,
        /// The amount of the invoice.
        amount: Msat,
    },

    /// Paid, and then the repeated request could not be sent or answered. **The money is spent**; the token is kept for
    /// the next request.
    #[error("paid {} for {}, but the repeated request failed; the token is kept, try again", receipt.amount, receipt.payment_hash)]
    PaidRequestFailed {
        /// What was paid.
        receipt: Receipt,
        /// What went wrong.
        source: HttpError,
    },

    /// Paid, and then the token turned out to be no header value, or expired at once. **The money is spent.**
    #[error("paid {} for {}, but the token cannot be used", receipt.amount, receipt.payment_hash)]
    Unusable {
        /// What was paid.
        receipt: Receipt,
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
            Self::PaidRequestFailed { receipt, .. }
            | Self::StillPaymentRequired { receipt }
            | Self::Unusable { receipt } => Spent::Paid(receipt.clone()),
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
            | Self::WorthlessToken
            | Self::OtherNetwork { .. }
            | Self::AmountMissing
            | Self::AmountZero
            | Self::PriceMismatch { .. }
            | Self::Denied(_)
            | Self::AlreadyKnown { .. }
            | Self::EarlierPaymentOpen { .. }
            | Self::Abandoned { .. }
            | Self::Store(_)
            | Self::Expired { .. }
            | Self::PaymentFailed { .. } => Spent::Nothing,
        }
    }

    /// A stable name for programs, in snake case, such as `hash_mismatch`; of a denial, [`Denial::code`].
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::NoChallenge => "no_challenge",
            Self::UnreadableChallenge(_) => "unreadable_challenge",
            Self::OtherOrigin { .. } => "other_origin",
            Self::NotConfidential { .. } => "not_confidential",
            Self::AuthorizationInUse => "authorization_in_use",
            Self::BodyNotReplayable => "body_not_replayable",
            Self::UnreadableMacaroon(_) => "unreadable_macaroon",
            Self::UnreadableIdentifier(_) => "unreadable_identifier",
            Self::UnreadableInvoice(_) => "unreadable_invoice",
            Self::HashMismatch => "hash_mismatch",
            Self::WorthlessToken => "worthless_token",
            Self::OtherNetwork { .. } => "other_network",
            Self::AmountMissing => "amount_missing",
            Self::AmountZero => "amount_zero",
            Self::PriceMismatch { .. } => "price_mismatch",
            Self::Denied(denial) => denial.code(),
            Self::Expired { .. } => "expired",
            Self::AlreadyKnown { .. } => "already_known",
            Self::EarlierPaymentOpen { .. } => "earlier_payment_open",
            Self::Abandoned { .. } => "abandoned",
            Self::Store(_) => "store",
            Self::PaymentFailed { .. } => "payment_failed",
            Self::PaymentPending { .. } => "payment_pending",
            Self::PreimageMismatch { .. } => "preimage_mismatch",
            Self::PaidRequestFailed { .. } => "paid_request_failed",
            Self::Unusable { .. } => "unusable",
            Self::StillPaymentRequired { .. } => "still_payment_required",
        }
    }

    pub(crate) fn http(error: impl Into<BoxError>) -> Self {
        Self::Http(HttpError::new(error))
    }

    pub(crate) fn paid_request_failed(receipt: Receipt, error: impl Into<BoxError>) -> Self {
        Self::PaidRequestFailed { receipt, source: HttpError::new(error) }
    }
}

/// The HTTP library below failed.
///
/// # Security
/// A reqwest error comes without the query, fragment and user of its URL.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct HttpError(BoxError);

impl HttpError {
    fn new(error: impl Into<BoxError>) -> Self {
        let error = error.into();
        Self(match error.downcast::<reqwest::Error>() {
            Ok(error) => without_secrets(*error).into(),
            Err(error) => error,
        })
    }

    /// The error of reqwest, if that is what failed.
    #[must_use]
    pub fn as_reqwest(&self) -> Option<&reqwest::Error> {
        self.0.downcast_ref()
    }

    /// Whether the server took too long.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.as_reqwest().is_some_and(reqwest::Error::is_timeout)
    }

    /// The error itself.
    #[must_use]
    pub fn into_inner(self) -> BoxError {
        self.0
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
