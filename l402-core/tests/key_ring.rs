//! Which secret a token is verified with, while secrets change.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use l402_core::{KeyRing, Macaroon, MasterKey, RootKey, TokenId, UnixTime};

const CUT_OFF: u64 = 1_900_000_000;

fn secret(number: u8) -> MasterKey {
    MasterKey::from_bytes([number; 32])
}

fn token(of: &MasterKey) -> TokenId {
    TokenId::sealing(of.id(), [9; 32])
}

/// Whether `found` is the key that the secret gives this token.
fn is_key_of(found: Option<RootKey>, secret: &MasterKey) -> bool {
    let macaroon = Macaroon::new(&secret.root_key(&token(secret)), b"id", b"").unwrap();
    found.is_some_and(|key| macaroon.as_macaroon_ref().is_signed_by(&key))
}

#[test]
fn every_token_is_verified_with_the_secret_that_signed_it() {
    let (old, older, new) = (secret(1), secret(2), secret(3));
    let cut_off = UnixTime::from_secs(CUT_OFF);
    let later = UnixTime::from_secs(CUT_OFF + 1);
    let ring =
        KeyRing::new(new.clone()).with_retired(older.clone(), cut_off).with_retired(old.clone(), later);
    let find = |secret: &MasterKey, now| ring.root_key(&token(secret), UnixTime::from_secs(now));

    assert!(is_key_of(find(&older, CUT_OFF - 1), &older));
    assert!(is_key_of(find(&old, CUT_OFF - 1), &old));
    assert!(is_key_of(find(&old, CUT_OFF), &old), "each has a cut-off of its own");
    assert!(is_key_of(find(&new, u64::MAX), &new), "the current one has none");
    assert!(find(&older, CUT_OFF).is_none(), "a cut-off is the first moment without");
    assert!(find(&older, CUT_OFF + 7).is_none());
    assert!(find(&old, CUT_OFF + 1).is_none());
    assert!(find(&secret(4), 0).is_none(), "a secret that is not on the ring");
    assert_eq!(ring.current().id(), new.id());
}
