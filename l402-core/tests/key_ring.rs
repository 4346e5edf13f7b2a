//! Which secret a token is verified with, while secrets change.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use l402_core::{FoundKey, KeyRing, Macaroon, MasterKey, TokenId, UnixTime};

const CUT_OFF: u64 = 1_900_000_000;

fn secret(number: u8) -> MasterKey {
    MasterKey::from_bytes([number; 32])
}

fn token(of: &MasterKey) -> TokenId {
    TokenId::sealing(of.id(), [9; 32])
}

/// Whether `found` is the key that the secret gives this token; and if it is, whether the token is still good.
fn liveness(found: Option<FoundKey>, secret: &MasterKey) -> Option<bool> {
    let macaroon = Macaroon::new(&secret.root_key(&token(secret)), b"id", b"").unwrap();
    let found = found.filter(|key| macaroon.as_macaroon_ref().is_signed_by(&key.root_key));
    found.map(|key| key.is_live)
}

#[test]
fn every_token_is_verified_with_the_secret_that_signed_it() {
    let (old, older, new) = (secret(1), secret(2), secret(3));
    let cut_off = UnixTime::from_secs(CUT_OFF);
    let later = UnixTime::from_secs(CUT_OFF + 1);
    let ring =
        KeyRing::new(new.clone()).with_retired(older.clone(), cut_off).with_retired(old.clone(), later);
    let find = |secret: &MasterKey, now| {
        let now = UnixTime::from_secs(now);
        let found = liveness(ring.find(&token(secret), now), secret);
        assert_eq!(ring.is_live(secret.id(), now), found == Some(true), "the short way says the same");
        found
    };

    assert_eq!(find(&older, CUT_OFF - 1), Some(true));
    assert_eq!(find(&old, CUT_OFF - 1), Some(true));
    assert_eq!(find(&old, CUT_OFF), Some(true), "each has a cut-off of its own");
    assert_eq!(find(&new, u64::MAX), Some(true), "the current one has none");
    assert_eq!(find(&older, CUT_OFF), Some(false), "a cut-off is the first moment without");
    assert_eq!(find(&older, CUT_OFF + 7), Some(false));
    assert_eq!(find(&old, CUT_OFF + 1), Some(false));
    assert_eq!(find(&secret(4), 0), None, "a secret that is not on the ring");
    assert_eq!(ring.current().id(), new.id());
}

#[test]
fn a_rotation_retires_the_current_secret_and_keeps_the_others() {
    let (first, second, third) = (secret(1), secret(2), secret(3));
    let cut_off = UnixTime::from_secs(CUT_OFF);
    let ring = KeyRing::new(first.clone()).rotated(second.clone(), cut_off);
    let ring = ring.rotated(third.clone(), UnixTime::from_secs(CUT_OFF + 1));
    for (secret, last) in [(&first, Some(CUT_OFF - 1)), (&second, Some(CUT_OFF)), (&third, None)] {
        let find = |now| liveness(ring.find(&token(secret), UnixTime::from_secs(now)), secret);
        assert_eq!(find(last.unwrap_or(u64::MAX)), Some(true));
        if let Some(last) = last {
            assert_eq!(find(last + 1), Some(false));
        }
    }
    assert_eq!(ring.current().id(), third.id());
}
