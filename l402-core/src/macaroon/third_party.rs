//! Third-party caveats: conditions that another service vouches for, with a *discharge* macaroon.
//!
//! What is written is what go-macaroon and libmacaroons write.

use zeroize::Zeroizing;

use super::{Caveat, Macaroon, MacaroonRef, ThirdParty, TooLarge, chain, secretbox};
use crate::secret::RootKey;
use crate::sha256::{Digest, HmacKey};

impl Macaroon {
    /// Adds a third-party caveat: another service must vouch for something, by handing out a discharge.
    ///
    /// A discharge is a macaroon with `caveat_key` as its root key and `caveat_id` as its identifier, which its
    /// holder then [binds](Macaroon::bind) to this one. How the third party gets the key and learns what to check
    /// is between it and the caller: usually both stand in `caveat_id`, encrypted for the third party.
    /// `location` says where to ask; it may be empty, and nothing signs it. Like any caveat, anybody who holds
    /// the macaroon can add one.
    ///
    /// ```
    /// use l402_core::{DischargeError, Macaroon, RootKey};
    ///
    /// // The service mints a token that is good only for members of a club.
    /// let key = RootKey::new(b"a secret of at least 32 random bytes")?;
    /// let caveat_key = RootKey::new(b"another one, known to the club, too")?;
    /// let nonce = [5; 24]; // from a random generator in real life
    /// let token = Macaroon::new(&key, b"token", b"")?.add_third_party(&caveat_key, b"member?", b"", nonce)?;
    ///
    /// // The club vouches for one, until the end of the year.
    /// let discharge = Macaroon::new(&caveat_key, b"member?", b"")?.attenuate(b"expires_at=1924991999")?;
    ///
    /// // The holder binds it to the token, and sends both.
    /// let discharge = discharge.bind(&token.as_macaroon_ref());
    ///
    /// // The service verifies both. Whether the caveats hold is the next question.
    /// let (token, discharge) = (token.as_macaroon_ref(), discharge.as_macaroon_ref());
    /// assert_eq!(token.verify_discharged(&key, &[discharge]), Ok(()));
    /// assert_eq!(token.verify_discharged(&key, &[]), Err(DischargeError::Missing));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`TooLarge`] when a part is longer than the format can say (2 GiB).
    ///
    /// # Security
    /// Never use a `caveat_key` for two caveats that a third party must tell apart: a discharge of one would be a
    /// discharge of the other once both have the same `caveat_id`. The nonce must be random, or at least never
    /// the same for two caveats added to copies of one macaroon: whoever knows one key could compute the other.
    pub fn add_third_party(
        self,
        caveat_key: &RootKey,
        caveat_id: &[u8],
        location: &[u8],
        nonce: [u8; secretbox::NONCE_LEN],
    ) -> Result<Self, TooLarge> {
        let secret = Zeroizing::new(caveat_key.chain_key().to_bytes());
        let verification_id = secretbox::seal(&secret, self.signature(), &nonce);
        let third_party = ThirdParty { verification_id: &verification_id, location };
        self.append(&Caveat { id: caveat_id, third_party: Some(third_party) })
    }

    /// Binds a discharge to the macaroon that it is sent with, so that it is of no use with another.
    ///
    /// `root` is the first macaroon of the credential, also for a discharge that another discharge asks for. It
    /// must have all its caveats: whatever is added later changes its signature. The discharge must have all its
    /// own, too, and must not be bound already.
    ///
    /// Its holder does this. A third party hands out discharges that are not bound.
    #[must_use]
    pub fn bind(mut self, root: &MacaroonRef<'_>) -> Self {
        let bound = bind(root.signature(), &Digest::from_bytes(self.signature()));
        if let Some(signature) = self.bytes.last_chunk_mut() {
            *signature = bound.to_bytes();
        }
        self
    }
}

/// The signature of a discharge once it is bound to a macaroon with the signature `root`.
pub(super) fn bind(root: &[u8; 32], discharge: &Digest) -> Digest {
    let zero = HmacKey::from_digest(&Digest::from_bytes(&[0; 32]));
    chain::mac_of_two(&zero, root, &discharge.to_bytes())
}
