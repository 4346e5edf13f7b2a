//! Verifying a macaroon together with the discharges of its third-party caveats.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use super::third_party::bind;
use super::{Caveat, MacaroonRef, chain, secretbox};
use crate::codec::ct_eq_32;
use crate::secret::RootKey;
use crate::sha256::{Digest, HmacKey};

impl MacaroonRef<'_> {
    /// Checks that `key` signed this macaroon, and that `discharges` are the discharges of its third-party
    /// caveats, of theirs, and so on: one for each, each used once, all bound to this macaroon.
    ///
    /// Like [`MacaroonRef::is_signed_by`] this does not look at the conditions: every first-party caveat of this
    /// macaroon *and of all discharges* must hold, too. See [`Macaroon::add_third_party`] for an example.
    ///
    /// Every discharge is looked at once, so that discharges which ask for each other end, and nothing recurses.
    /// How many there are, the caller has decided; how many caveats each has, its [`Limits`] have.
    ///
    /// [`Macaroon::add_third_party`]: crate::Macaroon::add_third_party
    /// [`Limits`]: crate::Limits
    ///
    /// # Errors
    /// [`DischargeError`], with a wrong signature before anything that is missing or too much.
    ///
    /// # Security
    /// Signatures are compared in constant time. Nothing is decrypted before the signature of the macaroon that
    /// holds it was right.
    pub fn verify_discharged(
        &self,
        key: &RootKey,
        discharges: &[MacaroonRef<'_>],
    ) -> Result<(), DischargeError> {
        let mut walk = Walk::new(discharges);
        let signature = walk.sign(self, key);
        if !ct_eq_32(&signature.to_bytes(), self.signature) {
            return Err(DischargeError::RootSignature);
        }
        while let Some((discharge, sealed_key)) = walk.next() {
            let key = sealed_key.open().ok_or(DischargeError::VerificationId)?;
            let signature = bind(self.signature, &walk.sign(discharge, &key));
            if !ct_eq_32(&signature.to_bytes(), discharge.signature) {
                return Err(DischargeError::DischargeSignature);
            }
        }
        walk.finish()
    }
}

/// Moves the macaroons that discharge a third-party caveat of `root`, or of another discharge, out of `others`.
///
/// Only identifiers are compared: whether they are genuine is for [`MacaroonRef::verify_discharged`].
pub(crate) fn take_discharges<'a>(
    root: &MacaroonRef<'a>,
    others: &mut Vec<MacaroonRef<'a>>,
) -> Vec<MacaroonRef<'a>> {
    let mut discharges: Vec<MacaroonRef<'a>> = Vec::new();
    let mut asking = Some(*root);
    let mut asked = 0;
    while let Some(macaroon) = asking
        && !others.is_empty()
    {
        for caveat in macaroon.caveats().filter(|caveat| caveat.third_party().is_some()) {
            discharges.extend(others.extract_if(.., |other| other.identifier == caveat.id()));
        }
        asking = discharges.get(asked).copied();
        asked += 1;
    }
    discharges
}

/// Where a verification is: which discharges were asked for, and which of them are still to be looked at.
struct Walk<'a> {
    discharges: &'a [MacaroonRef<'a>],
    used: Vec<bool>,
    /// Indices into `discharges`; each is pushed at most once.
    pending: Vec<(usize, SealedKey<'a>)>,
    missing: bool,
    reused: bool,
}

impl<'a> Walk<'a> {
    fn new(discharges: &'a [MacaroonRef<'a>]) -> Self {
        let used = vec![false; discharges.len()];
        Self { discharges, used, pending: Vec::new(), missing: false, reused: false }
    }

    /// The signature of a macaroon under `key`, before it is bound. Notes the discharges that it asks for.
    fn sign(&mut self, macaroon: &MacaroonRef<'a>, key: &RootKey) -> Digest {
        let mut signature = HmacKey::from_digest(key.chain_key()).mac(macaroon.identifier);
        for caveat in macaroon.caveats() {
            self.note(&caveat, &signature);
            signature = chain::extend(&signature, &caveat);
        }
        signature
    }

    fn note(&mut self, caveat: &Caveat<'a>, signature: &Digest) {
        let Some(third_party) = caveat.third_party() else { return };
        let mut candidates = self.discharges.iter().zip(&mut self.used).enumerate();
        match candidates.find(|(_, (discharge, _))| discharge.identifier == caveat.id()) {
            None => self.missing = true,
            Some((_, (_, true))) => self.reused = true,
            Some((index, (_, used))) => {
                *used = true;
                let verification_id = third_party.verification_id();
                self.pending.push((index, SealedKey { verification_id, signature: signature.clone() }));
            }
        }
    }

    fn next(&mut self) -> Option<(&'a MacaroonRef<'a>, SealedKey<'a>)> {
        let (index, sealed_key) = self.pending.pop()?;
        Some((self.discharges.get(index)?, sealed_key))
    }

    fn finish(self) -> Result<(), DischargeError> {
        if self.reused {
            Err(DischargeError::Reused)
        } else if self.missing {
            Err(DischargeError::Missing)
        } else if self.used.contains(&false) {
            Err(DischargeError::Unused)
        } else {
            Ok(())
        }
    }
}

/// The root key of a discharge, encrypted with the signature that the macaroon had before the caveat.
struct SealedKey<'a> {
    verification_id: &'a [u8],
    signature: Digest,
}

impl SealedKey<'_> {
    fn open(&self) -> Option<RootKey> {
        let key = secretbox::open(self.verification_id, &self.signature.to_bytes())?;
        Some(RootKey::from_chain_key(Digest::from_bytes(&key)))
    }
}

/// Why a macaroon and its discharges do not belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DischargeError {
    /// The signature of the first macaroon is not that of the root key.
    RootSignature,
    /// The verification id of a third-party caveat does not hold a key that was encrypted for it.
    VerificationId,
    /// The signature of a discharge is wrong: signed with another key, changed, not bound, or bound to another
    /// macaroon.
    DischargeSignature,
    /// Two third-party caveats ask for the same discharge, or discharges ask for each other.
    Reused,
    /// A third-party caveat has no discharge.
    Missing,
    /// A discharge that no caveat asks for, such as the second of two with the same identifier.
    Unused,
}

impl fmt::Display for DischargeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RootSignature => "the macaroon's signature is wrong",
            Self::VerificationId => "the key of a third-party caveat cannot be decrypted",
            Self::DischargeSignature => "the signature of a discharge is wrong, or not bound to the macaroon",
            Self::Reused => "a discharge is asked for more than once",
            Self::Missing => "a third-party caveat has no discharge",
            Self::Unused => "a discharge is not asked for",
        })
    }
}

impl core::error::Error for DischargeError {}
