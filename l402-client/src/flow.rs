//! What to do next, as functions without I/O: about an answer ([`next`]), and about what the wallet says
//! ([`proof`]).

use l402_core::header::{ChallengeRef, Scheme};
use l402_core::ports::{BackendError, BackendErrorKind, PayOutcome, Payment};
use l402_core::{Limits, UnixTime};
use reqwest::StatusCode;
use url::Url;

use crate::error::ClientError;
use crate::offer::{Offer, Terms};
use crate::origin;

/// What was asked, as far as paying depends on it.
pub(crate) struct Asked {
    pub(crate) url: Url,
    /// The request has an `Authorization` field already.
    pub(crate) authorized: bool,
}

/// What was answered.
pub(crate) struct Answer<'a, I> {
    pub(crate) status: StatusCode,
    /// Where the answer came from, after redirects.
    pub(crate) url: &'a Url,
    /// The values of all `WWW-Authenticate` fields, in order.
    pub(crate) challenges: I,
}

pub(crate) enum Next {
    /// The answer is the caller's.
    Deliver,
    /// The answer has a price that may be paid.
    Pay(Offer),
    /// The answer has a price that must not be paid.
    GiveUp(ClientError),
}

/// Only 402 is a bill. A challenge on any other status is the caller's to look at.
pub(crate) fn next<'a>(
    asked: &Asked,
    answer: Answer<'_, impl Iterator<Item = &'a [u8]>>,
    terms: &Terms,
    now: UnixTime,
) -> Next {
    if answer.status != StatusCode::PAYMENT_REQUIRED {
        return Next::Deliver;
    }
    match offer(asked, answer, terms, now) {
        Ok(offer) => Next::Pay(offer),
        Err(error) => Next::GiveUp(error),
    }
}

fn offer<'a>(
    asked: &Asked,
    answer: Answer<'_, impl Iterator<Item = &'a [u8]>>,
    terms: &Terms,
    now: UnixTime,
) -> Result<Offer, ClientError> {
    let challenge = first_readable(answer.challenges, &terms.limits)?;
    if !origin::is_same(&asked.url, answer.url) {
        let (asked, answered) = (origin::name(&asked.url), origin::name(answer.url));
        return Err(ClientError::OtherOrigin { asked, answered });
    }
    if !origin::is_confidential(&asked.url) {
        return Err(ClientError::NotConfidential { origin: origin::name(&asked.url) });
    }
    if asked.authorized {
        return Err(ClientError::AuthorizationInUse);
    }
    Offer::check(challenge, terms, now)
}

/// The first L402 challenge that can be read, or else the first LSAT challenge, or else what is wrong with the
/// first that cannot be read.
fn first_readable<'a>(
    values: impl Iterator<Item = &'a [u8]>,
    limits: &Limits,
) -> Result<ChallengeRef<'a>, ClientError> {
    let mut lsat = None;
    let mut failure = ClientError::NoChallenge;
    for parsed in values.flat_map(|value| ChallengeRef::parse_all(value, limits)) {
        match parsed {
            Ok(challenge) if challenge.scheme == Scheme::L402 => return Ok(challenge),
            Ok(challenge) => lsat = lsat.or(Some(challenge)),
            Err(error) if matches!(failure, ClientError::NoChallenge) => {
                failure = ClientError::UnreadableChallenge(error);
            }
            Err(_) => {}
        }
    }
    lsat.ok_or(failure)
}

/// The proof of payment, if that is what the wallet gave.
///
/// # Security
/// Whatever is not certain counts as money that may be spent.
pub(crate) fn proof(
    offer: &Offer,
    outcome: Result<PayOutcome, BackendError>,
) -> Result<Payment, ClientError> {
    let (payment_hash, amount) = (offer.payment_hash, offer.amount);
    match outcome {
        Ok(PayOutcome::Paid(payment)) if payment.preimage.payment_hash() == payment_hash => Ok(payment),
        Ok(PayOutcome::Paid(_)) => Err(ClientError::PreimageMismatch { payment_hash, amount }),
        Ok(PayOutcome::Failed(kind)) => Err(ClientError::PaymentFailed { kind, source: None }),
        Ok(_) => Err(ClientError::PaymentPending { payment_hash, amount, source: None }),
        Err(error) if rules_out_payment(error.kind()) => {
            Err(ClientError::PaymentFailed { kind: error.kind(), source: Some(error) })
        }
        Err(error) => Err(ClientError::PaymentPending { payment_hash, amount, source: Some(error) }),
    }
}

/// Whether an error of this kind can only happen before the money leaves. A wallet should not answer with an error
/// after that, but one that does must not be paid from again.
const fn rules_out_payment(kind: BackendErrorKind) -> bool {
    matches!(
        kind,
        BackendErrorKind::Auth
            | BackendErrorKind::Forbidden
            | BackendErrorKind::RateLimited { .. }
            | BackendErrorKind::InvalidInvoice
            | BackendErrorKind::Expired
            | BackendErrorKind::NoRoute
            | BackendErrorKind::InsufficientBalance
            | BackendErrorKind::LimitExceeded
            | BackendErrorKind::FeeTooHigh
            | BackendErrorKind::SelfPayment
            | BackendErrorKind::Unsupported
    )
}
