//! The work that is measured, and the floor below it.

pub(crate) mod floor;
pub(crate) mod forged;

use l402_core::header::{CredentialRef, Scheme, credential_header_value};
use l402_core::{
    Grant, Identifier, Limits, Macaroon, MasterKey, Preimage, RequestContext, RootKey, TokenId, UnixTime,
    UnknownCaveats,
};

/// What the reference server writes, which every compared implementation can check.
pub(crate) const CAVEATS: [&str; 3] =
    ["services=api:0", "api_capabilities=read", "api_valid_until=1999999999"];
/// So many caveats: those, and then the last one again, which allows no less than before.
pub(crate) fn caveats(count: usize) -> Vec<&'static str> {
    (0..count).map(|place| CAVEATS[place.min(CAVEATS.len() - 1)]).collect()
}

/// A secret for all tokens, where nothing is derived.
pub(crate) const SECRET: [u8; 32] = [7; 32];
pub(crate) const RIGHT: Preimage = Preimage::from_bytes([9; 32]);
pub(crate) const WRONG: Preimage = Preimage::from_bytes([8; 32]);

const NOW: UnixTime = UnixTime::from_secs(1_900_000_000);
const LOCATION: &[u8] = b"l402";

/// Who has the root key of a token.
pub(crate) enum Keys {
    /// It is given, as to every other implementation: 32 bytes, not yet a chain key.
    Given,
    /// It is derived from the token id, as this workspace's server does.
    Derived(MasterKey),
}

impl Keys {
    fn root_key(&self, token: &TokenId) -> RootKey {
        match self {
            Self::Given => RootKey::new(&SECRET).unwrap(),
            Self::Derived(master) => master.root_key(token),
        }
    }
}

/// The value of an `Authorization` field.
pub(crate) fn credential(keys: &Keys, caveats: &[&str], preimage: &Preimage) -> String {
    let token_id = TokenId::sealing(MasterKey::from_bytes(SECRET).id(), [3; 32]);
    let identifier = Identifier { payment_hash: RIGHT.payment_hash(), token_id };
    let bare = Macaroon::new(&keys.root_key(&token_id), &identifier.to_bytes(), LOCATION).unwrap();
    let macaroon =
        caveats.iter().fold(bare, |macaroon, caveat| macaroon.attenuate(caveat.as_bytes()).unwrap());
    credential_header_value(Scheme::L402, &macaroon.to_base64(), preimage)
}

/// Everything a server does with a credential: header bytes in, grant out.
pub(crate) fn verify(keys: &Keys, limits: &Limits, header: &[u8], buffer: &mut Vec<u8>) -> Option<Grant> {
    let credential = CredentialRef::parse_all(header, limits).next()?.ok()?;
    let unverified = credential.decode_into(buffer, limits).ok()?;
    unverified.screen().ok()?;
    let key = keys.root_key(&unverified.token_id());
    let request = RequestContext::new("GET", "/report", NOW).with_service("api").with_capability("read");
    let paid = unverified.authenticate(&[key]).ok()?.prove_payment().ok()?;
    paid.permit(&request, UnknownCaveats::Skip).ok()
}
