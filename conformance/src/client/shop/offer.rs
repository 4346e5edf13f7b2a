//! [`Offer`]: one macaroon and its invoice.

use crate::wire::macaroon::{Macaroon, l402_identifier};
use crate::wire::{base64, sha256};

/// A macaroon with its invoice, as the client gets them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    /// The text of the macaroon, in base64 mostly.
    pub(crate) macaroon: String,
    pub(crate) invoice: String,
    /// What the invoice's preimage hashes to.
    pub(crate) payment_hash: [u8; 32],
}

/// What the text of a macaroon happens to have in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelled {
    Anyhow,
    /// `LSATL402`, which base64 may spell like anything else.
    WithSchemes,
}

/// The key of every macaroon here. Nobody has to be kept from forging one.
const ROOT_KEY: [u8; 32] = *b"a root key of l402-conformance..";

/// A macaroon for `payment_hash`, the `number`th of its shop. Its length needs padding in base64, and its text has both
/// characters of the standard alphabet that the URL alphabet replaces.
pub(crate) fn macaroon(payment_hash: [u8; 32], number: usize, caveats: &[&str], spelled: Spelled) -> Vec<u8> {
    (0..u64::MAX)
        .map(|attempt| {
            let mut token_id =
                sha256(&[&payment_hash[..], &number.to_be_bytes(), &attempt.to_be_bytes()].concat());
            if spelled == Spelled::WithSchemes {
                // Where it begins in the macaroon, a group of base64 begins at its third byte.
                token_id[2..8].copy_from_slice(&[0x2d, 0x20, 0x13, 0x2f, 0x8d, 0x36]);
            }
            let macaroon = Macaroon {
                location: Some(b"lsat".to_vec()),
                identifier: l402_identifier(payment_hash, token_id),
                first_party_caveats: caveats.iter().map(|caveat| caveat.as_bytes().to_vec()).collect(),
                ..Macaroon::default()
            };
            macaroon.signed_with(&ROOT_KEY).to_bytes()
        })
        .find(|bytes| {
            let text = base64::encode(bytes);
            text.contains('+') && text.contains('/')
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_macaroon_commits_to_the_invoice_and_shows_how_it_was_copied() {
        let bytes = macaroon([7; 32], 3, &["services=conformance:0"], Spelled::Anyhow);
        let parsed = Macaroon::parse(&bytes).unwrap();
        assert_eq!(crate::wire::macaroon::identifier_payment_hash(&parsed.identifier), Ok([7; 32]));
        let text = base64::encode(&bytes);
        assert!(text.contains('+') && text.contains('/') && text.ends_with('='), "{text}");
        assert_ne!(bytes, macaroon([7; 32], 4, &["services=conformance:0"], Spelled::Anyhow));
    }

    #[test]
    fn a_text_can_have_the_names_of_schemes_in_it() {
        let text = base64::encode(&macaroon([7; 32], 3, &[], Spelled::WithSchemes));
        assert!(text.contains("LSATL402"), "{text}");
    }
}
