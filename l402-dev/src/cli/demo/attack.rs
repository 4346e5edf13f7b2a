//! Three ways to get in without paying. All of them are credentials that somebody without the server's key
//! can really make.

use base64_simd::STANDARD;
use l402_core::header::{Scheme, credential_header_value};
use l402_core::{Identifier, Limits, Macaroon, Preimage, RootKey};

use crate::cli::Failure;

/// Mints a token with a key of one's own, for a preimage of one's own, under the token id of a real one: preimage
/// and payment hash match, only the signature is not the server's.
pub(crate) fn forge(macaroon: &str) -> Result<String, Failure> {
    let preimage = Preimage::from_bytes([0x42; 32]);
    let real = Macaroon::from_base64(macaroon, &Limits::default())?;
    let real = real.as_macaroon_ref();
    let token_id = Identifier::decode(real.identifier())?.token_id;
    let identifier = Identifier { payment_hash: preimage.payment_hash(), token_id };

    let mut forged =
        Macaroon::new(&RootKey::new(b"the attacker's own key")?, &identifier.to_bytes(), real.location())?;
    for caveat in real.caveats() {
        forged = forged.attenuate(caveat.id())?;
    }
    Ok(credential_header_value(Scheme::L402, &forged.to_base64(), &preimage))
}

/// Changes a paid token from one use to nine.
pub(crate) fn tamper(macaroon: &str, preimage: &Preimage) -> Result<String, Failure> {
    const ONE: &[u8] = b"uses=1";
    let mut bytes = Macaroon::from_base64(macaroon, &Limits::default())?.as_bytes().to_vec();
    let at =
        bytes.windows(ONE.len()).position(|window| window == ONE).ok_or("the token does not count uses")?;
    bytes[at + ONE.len() - 1] = b'9';
    Ok(credential_header_value(Scheme::L402, &STANDARD.encode_to_string(bytes), preimage))
}
