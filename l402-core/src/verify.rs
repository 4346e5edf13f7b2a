//! Verification as four types: `Unverified` → [`Authentic`] → [`Paid`] → [`Grant`].
//!
//! Each step consumes the one before, so that code which holds a [`Grant`] has checked everything, in this
//! order: the preimage (one hash, cheaper than anything that follows), the signature, the caveats. What is left
//! is counting the use, which takes a store.
//!
//! With the feature `third-party`, a credential may carry the discharges of its first macaroon's third-party
//! caveats. They are verified with it, and their caveats must hold like its own.
//!
//! ```
//! use l402_core::header::{Scheme, CredentialRef, credential_header_value};
//! use l402_core::{
//!     Identifier, Limits, MasterKey, MintRequest, Preimage, RequestContext, TokenId, UnixTime, UnknownCaveats, Uses,
//!     Msat, mint,
//! };
//!
//! // The server mints, the client pays and comes back.
//! let master = MasterKey::from_bytes([7; 32]); // from a secret store in real life
//! let preimage = Preimage::from_bytes([9; 32]); // from the wallet in real life
//! let now = UnixTime::from_secs(1_900_000_000);
//! let request = RequestContext::new("GET", "/report", now);
//! let identifier = Identifier {
//!     payment_hash: preimage.payment_hash(),
//!     token_id: TokenId::sealing(master.id(), [3; 32]),
//! };
//! let terms = MintRequest::new(identifier, &request, Msat::from_sat(10)).with_uses(Uses::ONCE);
//! let macaroon = mint(&terms, &master.root_key(&identifier.token_id))?;
//! let header = credential_header_value(Scheme::L402, &macaroon.to_base64(), &preimage);
//!
//! // The server verifies.
//! let limits = Limits::default();
//! let mut buffer = Vec::new();
//! let credential = CredentialRef::parse_all(header.as_bytes(), &limits).next().unwrap()?;
//! let unverified = credential.decode_into(&mut buffer, &limits)?;
//! let key = master.root_key(&unverified.token_id());
//! let grant = unverified
//!     .authenticate(&[key])?
//!     .prove_payment()?
//!     .permit(&request, UnknownCaveats::Skip)?;
//! assert_eq!(grant.amount, Some(Msat::from_sat(10)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use subtle::ConstantTimeEq;

use crate::amount::Msat;
use crate::caveat::{Allowance, CaveatPolicy, Judge, PREIMAGE, RequestContext};
use crate::codec::hex_decode_32;
use crate::hash::{PaymentHash, TokenId};
use crate::header::CredentialError;
use crate::identifier::Identifier;
use crate::macaroon::{Caveat, MacaroonRef};
#[cfg(feature = "third-party")]
use crate::macaroon::{DischargeError, take_discharges};
use crate::mint::Uses;
use crate::proof::Proof;
use crate::secret::{Preimage, RootKey};
use crate::time::UnixTime;

/// How many macaroons one credential may have.
pub(crate) const MAX_MACAROONS: usize = 4;

/// A credential that was decoded and is not to be believed yet.
#[derive(Clone, Debug)]
#[must_use]
pub struct Unverified<'a> {
    first: MacaroonRef<'a>,
    /// Payment hash and token id, as they stand in the identifier of the first.
    ids: &'a [[u8; 32]; 2],
    more: Option<Box<More<'a>>>,
    proof: Proof,
}

/// What only credentials of several macaroons have. Nearly none is one, and what is moved less is verified sooner.
#[derive(Clone, Debug)]
struct More<'a> {
    others: Vec<MacaroonRef<'a>>,
    /// What discharges the third-party caveats of the first. Empty without the feature `third-party`.
    discharges: Vec<MacaroonRef<'a>>,
}

impl<'a> Unverified<'a> {
    #[inline(always)]
    pub(crate) fn new(
        first: MacaroonRef<'a>,
        others: Vec<MacaroonRef<'a>>,
        hash_of_preimage: Option<&PaymentHash>,
    ) -> Result<Self, CredentialError> {
        let ids = Identifier::split(first.identifier()).map_err(CredentialError::Identifier)?;
        let [payment_hash, _] = ids;
        let more = if others.is_empty() { None } else { Some(More::new(first, payment_hash, others)?) };
        let proof = match hash_of_preimage {
            Some(hash) => Proof::of(hash, payment_hash),
            None => proof_in_caveats(first, more.as_deref(), payment_hash),
        };
        Ok(Self { first, ids, more, proof })
    }

    /// A credential whose preimage is that of another payment, as far as its first bytes show; nothing else of it is
    /// there. `None` if the preimage fits, or the identifier is not among these bytes.
    #[inline]
    pub(crate) fn refuted(head: &'a [u8], hash_of_preimage: &PaymentHash) -> Option<Self> {
        let first = MacaroonRef::decode_head(head)?;
        let ids = Identifier::split(first.identifier()).ok()?;
        let proof = Proof::of(hash_of_preimage, &ids[0]);
        matches!(proof, Proof::Wrong).then_some(Self { first, ids, more: None, proof })
    }

    /// The payment this claims to be about.
    #[must_use]
    #[inline]
    pub const fn payment_hash(&self) -> PaymentHash {
        PaymentHash::from_bytes(self.ids[0])
    }

    /// The id of the (first) token, which leads to its root key.
    #[must_use]
    #[inline]
    pub const fn token_id(&self) -> TokenId {
        TokenId::from_bytes(self.ids[1])
    }

    /// The ids of all tokens of the credential, in order; nearly always one. Discharges are not tokens.
    pub fn token_ids(&self) -> impl Iterator<Item = TokenId> + '_ {
        self.tokens()
            .filter_map(|macaroon| Identifier::decode(macaroon.identifier()).ok())
            .map(|id| id.token_id)
    }

    /// Whether two credentials of one request are the same one, written twice. Preimages that do not fit are not told
    /// apart: no such credential is any good.
    ///
    /// # Security
    /// The bytes are compared in constant time, as they are secret.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        let same_macaroon = |(one, other): (&MacaroonRef<'_>, &MacaroonRef<'_>)| -> bool {
            one.as_bytes().ct_eq(other.as_bytes()).into()
        };
        self.proof.is_same_as(other.proof)
            && self.others().len() == other.others().len()
            && self.discharges().len() == other.discharges().len()
            && self.tokens().zip(other.tokens()).all(same_macaroon)
            && self.discharges().iter().zip(other.discharges()).all(same_macaroon)
    }

    /// Whether the preimage, if there is one, belongs to the payment hash.
    ///
    /// [`Unverified::authenticate`] asks this first. It is here, too, so that a wrong preimage can be refused
    /// before a root key is looked up: it costs one hash, and no key.
    ///
    /// # Errors
    /// [`Rejection::WrongPreimage`]
    #[inline]
    pub fn screen(&self) -> Result<(), Rejection> {
        if matches!(self.proof, Proof::Wrong) { Err(Rejection::WrongPreimage) } else { Ok(()) }
    }

    /// Checks that the preimage fits and that every macaroon was signed with its root key.
    ///
    /// `keys` are the root keys of [`Unverified::token_ids`], in that order. Discharges need none: their keys are
    /// sealed in the caveats that they discharge.
    ///
    /// # Errors
    /// [`Rejection::WrongPreimage`], [`Rejection::UnknownRootKey`] when a key is missing, or
    /// [`Rejection::BadSignature`]; with discharges also [`Rejection::BadDischarge`],
    /// [`Rejection::DischargeReused`] and [`Rejection::DischargeUnused`]. A missing discharge is for
    /// [`Paid::permit`] to refuse.
    ///
    /// # Security
    /// Hash and signature are compared in constant time. The preimage is looked at first because a wrong one is
    /// then refused for the price of one hash; nothing is learnt from it, since the sender chose both sides.
    #[inline]
    pub fn authenticate(self, keys: &[RootKey]) -> Result<Authentic<'a>, Rejection> {
        self.screen()?;
        if keys.len() != 1 + self.others().len() {
            return Err(Rejection::UnknownRootKey);
        }
        if self.discharges().is_empty() {
            check_signatures(self.tokens(), keys)?;
        } else {
            self.authenticate_discharged(keys)?;
        }
        Ok(Authentic { credential: self })
    }

    #[cfg(feature = "third-party")]
    fn authenticate_discharged(&self, keys: &[RootKey]) -> Result<(), Rejection> {
        let (key, other_keys) = keys.split_first().ok_or(Rejection::UnknownRootKey)?;
        check_signatures(self.others(), other_keys)?;
        match self.first.verify_discharged(key, self.discharges()) {
            // What is missing is refused with the caveats: until then it is a token of ours, perhaps paid.
            Ok(()) | Err(DischargeError::Missing) => Ok(()),
            Err(DischargeError::RootSignature) => Err(Rejection::BadSignature),
            Err(DischargeError::VerificationId | DischargeError::DischargeSignature) => {
                Err(Rejection::BadDischarge)
            }
            Err(DischargeError::Reused) => Err(Rejection::DischargeReused),
            Err(DischargeError::Unused) => Err(Rejection::DischargeUnused),
        }
    }

    #[cfg(not(feature = "third-party"))]
    fn authenticate_discharged(&self, _: &[RootKey]) -> Result<(), Rejection> {
        Err(Rejection::BadDischarge)
    }

    fn tokens(&self) -> impl Iterator<Item = &MacaroonRef<'a>> {
        core::iter::once(&self.first).chain(self.others())
    }

    #[inline]
    fn others(&self) -> &[MacaroonRef<'a>] {
        self.more.as_ref().map_or(&[], |more| &more.others)
    }

    #[inline]
    fn discharges(&self) -> &[MacaroonRef<'a>] {
        self.more.as_ref().map_or(&[], |more| &more.discharges)
    }

    fn is_discharged(&self, caveat: &Caveat<'_>) -> bool {
        caveat.third_party().is_some()
            && self.discharges().iter().any(|discharge| discharge.identifier() == caveat.id())
    }
}

impl<'a> More<'a> {
    #[cold]
    fn new(
        first: MacaroonRef<'a>,
        payment_hash: &[u8; 32],
        mut others: Vec<MacaroonRef<'a>>,
    ) -> Result<Box<Self>, CredentialError> {
        let discharges = take_discharges(&first, &mut others);
        for other in &others {
            let [other_hash, _] =
                Identifier::split(other.identifier()).map_err(CredentialError::Identifier)?;
            if other_hash != payment_hash {
                return Err(CredentialError::MixedPayments);
            }
        }
        Ok(Box::new(Self { others, discharges }))
    }
}

#[cfg(not(feature = "third-party"))]
const fn take_discharges<'a>(_: &MacaroonRef<'a>, _: &mut Vec<MacaroonRef<'a>>) -> Vec<MacaroonRef<'a>> {
    Vec::new()
}

fn check_signatures<'m, 'a: 'm>(
    macaroons: impl IntoIterator<Item = &'m MacaroonRef<'a>>,
    keys: &[RootKey],
) -> Result<(), Rejection> {
    let signed = macaroons.into_iter().zip(keys).all(|(macaroon, key)| macaroon.is_signed_by(key));
    if signed { Ok(()) } else { Err(Rejection::BadSignature) }
}

/// Looks for the caveat that some clients send the preimage in.
#[cold]
fn proof_in_caveats(first: MacaroonRef<'_>, more: Option<&More<'_>>, payment_hash: &[u8; 32]) -> Proof {
    let others = more.map_or(&[][..], |more| &more.others);
    let preimage = preimage_caveat(&first).or_else(|| others.iter().find_map(preimage_caveat));
    preimage.map_or(Proof::Missing, |preimage| Proof::of(&preimage.payment_hash(), payment_hash))
}

fn preimage_caveat(macaroon: &MacaroonRef<'_>) -> Option<Preimage> {
    let values = macaroon.caveats().filter_map(|caveat| match caveat.condition() {
        Some((PREIMAGE, value)) => hex_decode_32(value.as_bytes()),
        _ => None,
    });
    values.last().map(Preimage::from_bytes)
}

/// A credential that we signed. It may not be paid for.
#[derive(Clone, Debug)]
#[must_use]
pub struct Authentic<'a> {
    credential: Unverified<'a>,
}

impl<'a> Authentic<'a> {
    /// Goes on if the credential carries the preimage of its payment hash.
    ///
    /// # Errors
    /// [`Rejection::MissingPreimage`] when it carries none. One that does not fit was refused earlier.
    #[inline]
    pub fn prove_payment(self) -> Result<Paid<'a>, Rejection> {
        match self.credential.proof {
            Proof::Fits => Ok(Paid { credential: self.credential }),
            Proof::Missing => Err(Rejection::MissingPreimage),
            Proof::Wrong => Err(Rejection::WrongPreimage),
        }
    }

    /// Goes on because the node says that the invoice is settled, whether or not there is a preimage.
    ///
    /// # Security
    /// Call this only after a settlement lookup for [`Authentic::payment_hash`] has said so.
    pub fn settled(self) -> Paid<'a> {
        Paid { credential: self.credential }
    }

    /// Whether the credential carries the preimage of its payment hash.
    #[must_use]
    pub const fn has_preimage(&self) -> bool {
        !matches!(self.credential.proof, Proof::Missing)
    }

    /// The payment that this credential is about.
    #[must_use]
    pub const fn payment_hash(&self) -> PaymentHash {
        self.credential.payment_hash()
    }

    /// Whether this is one macaroon, and all its caveats are conditions of these names.
    #[must_use]
    pub fn has_only(&self, names: &[&str]) -> bool {
        let is_named = |caveat: Caveat<'_>| caveat.condition().is_some_and(|(name, _)| names.contains(&name));
        self.credential.more.is_none() && self.credential.first.caveats().all(is_named)
    }

    /// The very first caveat of the (first) token, if it is a condition: name and value.
    ///
    /// Holders append, so what stands first was minted there, unless the token was minted without any caveat.
    #[must_use]
    pub fn first_condition(&self) -> Option<(&'a str, &'a str)> {
        self.credential.first.caveats().next().and_then(|caveat| caveat.condition())
    }
}

/// A credential that we signed and that is paid for. It may be for something else.
#[derive(Clone, Debug)]
#[must_use]
pub struct Paid<'a> {
    credential: Unverified<'a>,
}

impl Paid<'_> {
    /// Checks every caveat against the request, those of discharges like those of tokens. `policy` is a
    /// [`CaveatPolicy`], or only what to do with [`UnknownCaveats`](crate::UnknownCaveats).
    ///
    /// # Errors
    /// The [`Rejection`] of the first caveat that does not hold.
    ///
    /// # Security
    /// [`UnknownCaveats::Skip`](crate::UnknownCaveats::Skip) skips a third party's own conditions, too. A server that
    /// relies on discharges should agree with the third party on caveats that it knows, such as `expires_at`, or
    /// refuse unknown ones.
    pub fn permit<'p>(
        self,
        request: &RequestContext<'_>,
        policy: impl Into<CaveatPolicy<'p>>,
    ) -> Result<Grant, Rejection> {
        let (credential, policy) = (&self.credential, policy.into());
        let (payment_hash, token_id) = (credential.payment_hash(), credential.token_id());
        let judge = Judge { payment_hash, request, policy };
        let mut total = judge.allowance(&credential.first, |caveat| credential.is_discharged(caveat))?;
        let mut issued_until = total.issued_until();
        for discharge in credential.discharges() {
            total = total.and(judge.allowance(discharge, |caveat| credential.is_discharged(caveat))?);
        }
        // Discharges are bound to the first token. Another with a third-party caveat is not discharged by them.
        for other in credential.others() {
            let allowance = judge.allowance(other, |_| false)?;
            issued_until = issued_until.max(allowance.issued_until());
            total = total.and(allowance);
        }
        let Allowance { amount, uses, expires_at, .. } = total;
        Ok(Grant {
            payment_hash,
            token_id,
            amount,
            uses: uses.map_or(Uses::Unlimited, Uses::Limited),
            expires_at: expires_at.unwrap_or(UnixTime::MAX),
            issued_until,
        })
    }
}

/// The right to one request, as far as a token can tell: what is left is to count the use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Grant {
    /// The payment behind it, under which uses are counted.
    pub payment_hash: PaymentHash,
    /// The token.
    pub token_id: TokenId,
    /// What was paid, if the token says.
    pub amount: Option<Msat>,
    /// How often the token may be used.
    pub uses: Uses,
    /// When the token stops working; [`UnixTime::MAX`] for never.
    pub expires_at: UnixTime,
    /// When the token stopped working as it was minted; [`UnixTime::MAX`] for never.
    ///
    /// A holder may have added an earlier expiry and still have the token without it, so uses have to be remembered
    /// until this moment, not until [`Grant::expires_at`].
    pub issued_until: UnixTime,
}

/// Why a well-formed credential is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// No root key for this token id: never issued here, rotated out or revoked.
    UnknownRootKey,
    /// The signature is not ours, or a caveat was changed or removed.
    BadSignature,
    /// The preimage does not hash to the payment hash.
    WrongPreimage,
    /// There is no preimage.
    MissingPreimage,
    /// The token's time is over.
    Expired,
    /// The token is for another path or route.
    OtherPath,
    /// The token is for another method.
    OtherMethod,
    /// A caveat that is known and has a value it cannot have.
    MalformedCaveat,
    /// A repeated caveat that allows more than the one before.
    WidenedCaveat,
    /// A caveat of [`Satisfier`](crate::Satisfier)s, or about services, that does not hold.
    CaveatNotMet,
    /// A caveat nobody here knows, with [`UnknownCaveats::Refuse`](crate::UnknownCaveats::Refuse).
    UnknownCaveat,
    /// A third-party caveat without its discharge.
    Undischarged,
    /// A discharge that was not signed with the key of its caveat, or not bound to this token.
    BadDischarge,
    /// Two third-party caveats ask for the same discharge, or discharges ask for each other.
    DischargeReused,
    /// A discharge that no caveat asks for: a second one for the same caveat.
    DischargeUnused,
    /// The token was taken back, or the secret that signed it is retired.
    Revoked,
    /// The token has been used as often as was paid for.
    UsedUp,
}

impl Rejection {
    /// Whether the token was ours and paid, so that the right answer is a new challenge. Otherwise somebody is
    /// trying something, and gets no invoice for it.
    #[must_use]
    pub const fn is_authentic(&self) -> bool {
        match self {
            Self::UnknownRootKey
            | Self::BadSignature
            | Self::WrongPreimage
            | Self::MissingPreimage
            | Self::BadDischarge
            | Self::DischargeReused
            | Self::DischargeUnused => false,
            Self::Expired
            | Self::OtherPath
            | Self::OtherMethod
            | Self::MalformedCaveat
            | Self::WidenedCaveat
            | Self::CaveatNotMet
            | Self::UnknownCaveat
            | Self::Undischarged
            | Self::Revoked
            | Self::UsedUp => true,
        }
    }

    /// A stable word for programs, such as `bad_signature`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownRootKey => "unknown_root_key",
            Self::BadSignature => "bad_signature",
            Self::WrongPreimage => "wrong_preimage",
            Self::MissingPreimage => "missing_preimage",
            Self::Expired => "token_expired",
            Self::OtherPath => "wrong_path",
            Self::OtherMethod => "wrong_method",
            Self::MalformedCaveat => "malformed_caveat",
            Self::WidenedCaveat => "widened_caveat",
            Self::CaveatNotMet => "caveat_not_met",
            Self::UnknownCaveat => "unknown_caveat",
            Self::Undischarged => "undischarged_caveat",
            Self::BadDischarge => "bad_discharge",
            Self::DischargeReused => "discharge_reused",
            Self::DischargeUnused => "discharge_unused",
            Self::Revoked => "token_revoked",
            Self::UsedUp => "token_used",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownRootKey => "the token was not issued here, or its key is no longer valid",
            Self::BadSignature => "the token's signature is wrong: it was forged or changed",
            Self::WrongPreimage => "the preimage does not belong to the token's invoice",
            Self::MissingPreimage => "the credential has no preimage; send 'L402 <macaroon>:<preimage>'",
            Self::Expired => "the token has expired",
            Self::OtherPath => "the token was bought for another path",
            Self::OtherMethod => "the token was bought for another method",
            Self::MalformedCaveat => "a caveat of the token has a value it cannot have",
            Self::WidenedCaveat => "a caveat of the token allows more than the one before it",
            Self::CaveatNotMet => "a caveat of the token does not hold for this request",
            Self::UnknownCaveat => "the token has a caveat that this server does not know",
            Self::Undischarged => "the token has a third-party caveat without a discharge",
            Self::BadDischarge => "a discharge was not signed for its caveat, or not bound to the token",
            Self::DischargeReused => "a discharge is asked for more than once",
            Self::DischargeUnused => "the credential has two discharges of the same caveat",
            Self::Revoked => "the token is no longer valid here",
            Self::UsedUp => "the token has been used up",
        })
    }
}

impl core::error::Error for Rejection {}
