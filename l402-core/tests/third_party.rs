//! Third-party caveats: what go-macaroon made, what must not pass for a discharge, and what a credential with
//! discharges grants.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod common;

use common::records::{self, Record, ThirdPartyRecord};
use common::{
    EXPIRES_AT, IDENTIFIER, LOCATION, NOW, PRICE, RawMacaroon, SIGNATURE, VERIFICATION_ID, attenuate, base64,
    hex, hmac, identifier, identifier_of, key, master, preimage, preimage_hex, read, request, to_hex, token,
    token_with,
};
use l402_core::header::CredentialError;
use l402_core::{
    DischargeError, Grant, IdentifierError, Limits, Macaroon, MacaroonRef, Rejection, RootKey,
    UnknownCaveats, Uses,
};
use proptest::prelude::*;

impl ThirdPartyRecord {
    fn root_key(&self) -> RootKey {
        RootKey::new(&hex(&self.caveat_root_key_hex)).unwrap()
    }

    /// The discharge as the third party hands it out.
    fn discharge(&self, caveats: &[String]) -> Macaroon {
        let discharge =
            Macaroon::new(&self.root_key(), &hex(&self.caveat_id_hex), self.location.as_bytes()).unwrap();
        attenuate(discharge, caveats)
    }
}

impl Record {
    fn root_key(&self) -> RootKey {
        self.key().unwrap()
    }

    fn root(&self) -> Macaroon {
        decode(&self.bytes()).unwrap()
    }

    /// The discharge as it is sent, made by go-macaroon.
    fn discharge(&self) -> Macaroon {
        decode(&base64(&self.bound_discharges_v2_base64url[0])).unwrap()
    }

    /// The discharge as the third party hands it out, made by us.
    fn unbound_discharge(&self) -> Macaroon {
        self.third_party_caveats[0].discharge(&self.discharge_caveats_utf8)
    }
}

/// The two records of the shared vectors that have a third-party caveat, one each.
fn records() -> [Record; 2] {
    let all = records::records();
    let mut found = all.into_iter().filter(|record| !record.third_party_caveats.is_empty());
    let records = [found.next().unwrap(), found.next().unwrap()];
    assert!(found.next().is_none());
    assert!(records.iter().all(|record| record.bound_discharges_v2_base64url.len() == 1));
    records
}

fn decode(bytes: &[u8]) -> Option<Macaroon> {
    MacaroonRef::decode(bytes, &Limits::UNLIMITED).ok().map(|macaroon| macaroon.to_owned())
}

fn verify(root: &Macaroon, key: &RootKey, discharges: &[&Macaroon]) -> Result<(), DischargeError> {
    let discharges: Vec<_> = discharges.iter().map(|discharge| discharge.as_macaroon_ref()).collect();
    root.as_macaroon_ref().verify_discharged(key, &discharges)
}

fn flip(macaroon: &Macaroon, bit: usize) -> Option<Macaroon> {
    let mut bytes = macaroon.as_bytes().to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    decode(&bytes)
}

/// What a signature covers: identifier, and the ids and verification ids of the caveats.
fn signed_parts<'a>(macaroon: &MacaroonRef<'a>) -> Vec<Option<&'a [u8]>> {
    let caveats =
        macaroon.caveats().flat_map(|it| [Some(it.id()), it.third_party().map(|it| it.verification_id())]);
    std::iter::once(Some(macaroon.identifier())).chain(caveats).collect()
}

/// A signature as a macaroon holds it after one more third-party caveat, by other means than those under test.
fn signature_after(signature: &[u8], verification_id: &[u8], id: &[u8]) -> [u8; 32] {
    hmac(signature, &[hmac(signature, verification_id), hmac(signature, id)].concat())
}

#[test]
fn the_discharges_of_go_macaroon_are_accepted() {
    for record in records() {
        let verdict = verify(&record.root(), &record.root_key(), &[&record.discharge()]);
        assert_eq!(verdict, Ok(()), "{}", record.name);
    }
}

#[test]
fn adding_and_binding_gives_the_bytes_of_go_macaroon() {
    for record in records() {
        let caveat = &record.third_party_caveats[0];
        let mut macaroon =
            Macaroon::new(&record.root_key(), &hex(&record.identifier_hex), record.location.as_bytes())
                .unwrap();
        for position in 0..=record.caveats_hex.len() {
            if position == caveat.position {
                let nonce = hex(&caveat.nonce_hex).try_into().unwrap();
                let (id, location) = (hex(&caveat.caveat_id_hex), caveat.location.as_bytes());
                macaroon = macaroon.add_third_party(&caveat.root_key(), &id, location, nonce).unwrap();
                let added = macaroon.as_macaroon_ref().caveats().last().unwrap();
                let verification_id = added.third_party().unwrap().verification_id();
                assert_eq!(to_hex(verification_id), caveat.vid_hex, "{}", record.name);
            }
            if let Some(caveat) = record.caveats_hex.get(position) {
                macaroon = macaroon.attenuate(&hex(caveat)).unwrap();
            }
        }
        assert_eq!(macaroon.as_bytes(), base64(&record.v2_base64url), "{}", record.name);

        let bound = record.unbound_discharge().bind(&macaroon.as_macaroon_ref());
        assert_eq!(bound.as_bytes(), base64(&record.bound_discharges_v2_base64url[0]), "{}", record.name);
    }
}

#[test]
fn what_is_not_the_discharge_of_go_macaroons_caveat_is_refused() {
    let all = records();
    for (record, other) in [(&all[0], &all[1]), (&all[1], &all[0])] {
        let (root, key, discharge) = (record.root(), record.root_key(), record.discharge());
        let (root_of_other, of_other) = (other.root(), other.discharge());
        let verify = |discharges: &[&Macaroon]| verify(&root, &key, discharges);
        let bind_to = |macaroon: &Macaroon| record.unbound_discharge().bind(&macaroon.as_macaroon_ref());

        assert_eq!(verify(&[]), Err(DischargeError::Missing));
        assert_eq!(verify(&[&of_other]), Err(DischargeError::Missing));
        assert_eq!(verify(&[&discharge, &of_other]), Err(DischargeError::Unused));
        assert_eq!(verify(&[&of_other, &discharge]), Err(DischargeError::Unused));
        assert_eq!(verify(&[&discharge, &discharge]), Err(DischargeError::Unused));
        assert_eq!(verify(&[&discharge, &root]), Err(DischargeError::Unused));

        assert_eq!(verify(&[&record.unbound_discharge()]), Err(DischargeError::DischargeSignature));
        assert_eq!(verify(&[&bind_to(&root_of_other)]), Err(DischargeError::DischargeSignature));
        let bound_twice = bind_to(&root).bind(&root.as_macaroon_ref());
        assert_eq!(verify(&[&bound_twice]), Err(DischargeError::DischargeSignature));
        let attenuated_after_binding = attenuate(bind_to(&root), ["more"]);
        assert_eq!(verify(&[&attenuated_after_binding]), Err(DischargeError::DischargeSignature));
        let attenuated_before_binding =
            attenuate(record.unbound_discharge(), ["more"]).bind(&root.as_macaroon_ref());
        assert_eq!(verify(&[&attenuated_before_binding]), Ok(()));

        let id = hex(&record.third_party_caveats[0].caveat_id_hex);
        let with_root_key = Macaroon::new(&key, &id, b"").unwrap().bind(&root.as_macaroon_ref());
        let is_same_key = record.root_key_hex == record.third_party_caveats[0].caveat_root_key_hex;
        let expected = if is_same_key { Ok(()) } else { Err(DischargeError::DischargeSignature) };
        assert_eq!(verify(&[&with_root_key]), expected);

        let root_attenuated = attenuate(record.root(), ["more"]);
        let verdict = verify_one(&root_attenuated, &key, &discharge);
        assert_eq!(verdict, Err(DischargeError::DischargeSignature), "bound to what it was before");
        assert_eq!(verify_one(&root, &other.root_key(), &discharge), Err(DischargeError::RootSignature));
    }
}

fn verify_one(root: &Macaroon, key: &RootKey, discharge: &Macaroon) -> Result<(), DischargeError> {
    verify(root, key, &[discharge])
}

/// Every bit of both: only locations may change, since nothing signs them.
#[test]
fn no_tampered_macaroon_is_accepted() {
    for record in records() {
        let (root, key, discharge) = (record.root(), record.root_key(), record.discharge());
        let mut accepted = 0;
        for bit in 0..root.as_bytes().len() * 8 {
            let Some(flipped) = flip(&root, bit) else { continue };
            let (before, after) = (root.as_macaroon_ref(), flipped.as_macaroon_ref());
            let is_same =
                signed_parts(&before) == signed_parts(&after) && before.signature() == after.signature();
            let expected = if is_same { Ok(()) } else { Err(DischargeError::RootSignature) };
            assert_eq!(verify(&flipped, &key, &[&discharge]), expected, "{} bit {bit}", record.name);
            accepted += usize::from(is_same);
        }
        let locations = record.location.len() + record.third_party_caveats[0].location.len();
        assert_eq!(accepted, locations * 8, "{}", record.name);

        let mut accepted = 0;
        for bit in 0..discharge.as_bytes().len() * 8 {
            let Some(flipped) = flip(&discharge, bit) else { continue };
            let (before, after) = (discharge.as_macaroon_ref(), flipped.as_macaroon_ref());
            let expected = if before.identifier() != after.identifier() {
                Err(DischargeError::Missing)
            } else if signed_parts(&before) != signed_parts(&after) || before.signature() != after.signature()
            {
                Err(DischargeError::DischargeSignature)
            } else {
                accepted += 1;
                Ok(())
            };
            assert_eq!(verify(&root, &key, &[&flipped]), expected, "{} bit {bit}", record.name);
        }
        assert_eq!(accepted, record.third_party_caveats[0].location.len() * 8, "{}", record.name);
    }
}

fn club_key(seed: u8) -> RootKey {
    RootKey::new(&[seed; 32]).unwrap()
}

/// Asks for the discharge `id`, whose key has the same `seed`.
fn ask(macaroon: Macaroon, id: &[u8], seed: u8) -> Macaroon {
    macaroon.add_third_party(&club_key(seed), id, b"https://club.test", [seed; 24]).unwrap()
}

/// The discharge `id` as the third party hands it out.
fn hand_out(id: &[u8], seed: u8) -> Macaroon {
    Macaroon::new(&club_key(seed), id, b"https://club.test").unwrap()
}

#[test]
fn an_added_caveat_reads_as_it_was_written() {
    for location in [&b""[..], b"https://club.test", &[b'x'; 300]] {
        for id in [&b""[..], b"id", &[0xff; 400]] {
            let plain = token_with(["a=b"]);
            let signature = *plain.as_macaroon_ref().signature();
            let macaroon = plain.add_third_party(&club_key(1), id, location, [2; 24]).unwrap();
            let macaroon = attenuate(macaroon, ["c=d"]);
            let read = MacaroonRef::decode(macaroon.as_bytes(), &Limits::default()).unwrap();
            assert_eq!(read.to_owned(), macaroon);
            let ids: Vec<_> = read.caveats().map(|caveat| caveat.id()).collect();
            assert_eq!(ids, [b"a=b", id, b"c=d"]);
            let third_party = read.caveats().nth(1).unwrap().third_party().unwrap();
            assert_eq!(third_party.location(), location);
            assert_eq!(third_party.verification_id().len(), 72);
            assert_eq!(third_party.verification_id()[..24], [2; 24]);
            let signature = signature_after(&signature, third_party.verification_id(), id);
            assert_eq!(*read.signature(), hmac(&signature, b"c=d"));
        }
    }
}

#[test]
fn discharges_may_ask_for_discharges() {
    let root = ask(ask(token_with(["a=b"]), b"1", 1), b"2", 2);
    let bind = |macaroon: Macaroon| macaroon.bind(&root.as_macaroon_ref());
    let first = bind(ask(attenuate(hand_out(b"1", 1), ["x"]), b"1.1", 11));
    let second = bind(hand_out(b"2", 2));
    let nested = bind(attenuate(ask(hand_out(b"1.1", 11), b"1.1.1", 111), ["y"]));
    let innermost = bind(hand_out(b"1.1.1", 111));
    let all = [&first, &second, &nested, &innermost];

    for start in 0..4 {
        let mut rotated = all;
        rotated.rotate_left(start);
        assert_eq!(verify(&root, &key(), &rotated), Ok(()));
        rotated.reverse();
        assert_eq!(verify(&root, &key(), &rotated), Ok(()));
        assert_eq!(verify(&root, &key(), &rotated[1..]), Err(DischargeError::Missing));
        let twice = [&rotated[..], &rotated[..1]].concat();
        assert_eq!(verify(&root, &key(), &twice), Err(DischargeError::Unused));
    }
    // Everything is bound to the root, not to what asked for it.
    let to_what_asked = hand_out(b"1.1.1", 111).bind(&nested.as_macaroon_ref());
    let refused = verify(&root, &key(), &[&first, &second, &nested, &to_what_asked]);
    assert_eq!(refused, Err(DischargeError::DischargeSignature));
    let wrong_key = bind(hand_out(b"1.1.1", 11));
    let refused = verify(&root, &key(), &[&first, &second, &nested, &wrong_key]);
    assert_eq!(refused, Err(DischargeError::DischargeSignature));
}

#[test]
fn cycles_and_repetitions_end() {
    let root = ask(token(), b"1", 1);
    let bind = |macaroon: Macaroon| macaroon.bind(&root.as_macaroon_ref());
    let itself = bind(ask(hand_out(b"1", 1), b"1", 1));
    assert_eq!(verify(&root, &key(), &[&itself]), Err(DischargeError::Reused));
    assert_eq!(verify(&root, &key(), &[&itself, &itself]), Err(DischargeError::Reused));

    let (to_2, to_1) = (bind(ask(hand_out(b"1", 1), b"2", 2)), bind(ask(hand_out(b"2", 2), b"1", 1)));
    assert_eq!(verify(&root, &key(), &[&to_2, &to_1]), Err(DischargeError::Reused));

    // Two that ask for each other, and nobody for them.
    let plain = bind(hand_out(b"1", 1));
    let (to_4, to_3) = (bind(ask(hand_out(b"3", 3), b"4", 4)), bind(ask(hand_out(b"4", 4), b"3", 3)));
    assert_eq!(verify(&root, &key(), &[&plain, &to_4, &to_3]), Err(DischargeError::Unused));

    let twice = ask(ask(token(), b"1", 1), b"1", 1);
    let discharge = hand_out(b"1", 1).bind(&twice.as_macaroon_ref());
    assert_eq!(verify(&twice, &key(), &[&discharge]), Err(DischargeError::Reused));
    assert_eq!(verify(&twice, &key(), &[&discharge, &discharge]), Err(DischargeError::Reused));

    // A token does not discharge itself, whatever key it says it has.
    let own = ask(token(), &identifier().to_bytes(), 1);
    assert_eq!(verify(&own, &key(), &[&own]), Err(DischargeError::DischargeSignature));
    let own = token().add_third_party(&key(), &identifier().to_bytes(), b"", [0; 24]).unwrap();
    assert_eq!(verify(&own, &key(), &[&own]), Err(DischargeError::DischargeSignature));
}

#[test]
fn two_thousand_levels_need_no_stack() {
    let levels = 2_000_u32;
    let root = ask(token(), &0_u32.to_be_bytes(), 1);
    let bound = |macaroon: Macaroon| macaroon.bind(&root.as_macaroon_ref());
    let asking = |level: u32| bound(ask(hand_out(&level.to_be_bytes(), 1), &(level + 1).to_be_bytes(), 1));
    let mut discharges: Vec<_> = (0..levels).map(asking).collect();
    discharges.push(bound(hand_out(&levels.to_be_bytes(), 1)));
    let check = move || {
        let refs: Vec<_> = discharges.iter().collect();
        assert_eq!(verify(&root, &key(), &refs), Ok(()));
        assert_eq!(verify(&root, &key(), &refs[..refs.len() - 1]), Err(DischargeError::Missing));
    };
    std::thread::Builder::new().stack_size(128 * 1024).spawn(check).unwrap().join().unwrap();
}

/// `token_with([])` and a caveat whose verification id is anything: its holder can write that.
fn token_asking_with(verification_id: &[u8]) -> Macaroon {
    let signature = hmac(&hmac_key(), &identifier().to_bytes());
    let bytes = RawMacaroon::v2()
        .field(LOCATION, b"lsat")
        .field(IDENTIFIER, &identifier().to_bytes())
        .end()
        .field(IDENTIFIER, b"1")
        .field(VERIFICATION_ID, verification_id)
        .end()
        .end()
        .field(SIGNATURE, &signature_after(&signature, verification_id, b"1"))
        .build();
    decode(&bytes).unwrap()
}

/// What the chain of a token starts from: derived from the master key, then by the key generator.
fn hmac_key() -> [u8; 32] {
    hmac(b"macaroons-key-generator", &hmac(&[7; 32], identifier().token_id.as_bytes()))
}

#[test]
fn a_verification_id_that_does_not_decrypt_is_refused() {
    let genuine = ask(token_with::<&str>([]), b"1", 1);
    let genuine = genuine.as_macaroon_ref().caveats().last().unwrap();
    let genuine = genuine.third_party().unwrap().verification_id().to_vec();
    let verdict = |verification_id: &[u8]| {
        let root = token_asking_with(verification_id);
        let discharge = hand_out(b"1", 1).bind(&root.as_macaroon_ref());
        verify(&root, &key(), &[&discharge])
    };
    assert_eq!(verdict(&genuine), Ok(()));
    for len in 1..genuine.len() {
        assert_eq!(verdict(&genuine[..len]), Err(DischargeError::VerificationId), "{len} bytes");
    }
    for bit in 0..genuine.len() * 8 {
        let mut flipped = genuine.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(verdict(&flipped), Err(DischargeError::VerificationId), "bit {bit}");
    }
    assert_eq!(verdict(&[&genuine[..], &[0]].concat()), Err(DischargeError::VerificationId));
    // Sealed after another caveat, so with another signature.
    let elsewhere = ask(token_with(["a=b"]), b"1", 1);
    let elsewhere = elsewhere.as_macaroon_ref().caveats().last().unwrap();
    let elsewhere = elsewhere.third_party().unwrap().verification_id();
    assert_eq!(verdict(elsewhere), Err(DischargeError::VerificationId));
}

/// Every step of a whole credential, of these macaroons, with the keys of the tokens among them.
fn redeem_with(
    macaroons: &[&Macaroon],
    preimage: Option<&str>,
    unknown: UnknownCaveats,
) -> Result<Result<Grant, Rejection>, CredentialError> {
    let list: Vec<_> = macaroons.iter().map(|macaroon| macaroon.to_base64()).collect();
    let preimage = preimage.map(|preimage| format!(":{preimage}")).unwrap_or_default();
    read(format!("L402 {}{preimage}", list.join(",")).as_bytes(), |found| {
        let keys: Vec<_> = found[0].token_ids().map(|id| master().root_key(&id)).collect();
        found[0].clone().authenticate(&keys)?.prove_payment()?.permit(&request(), unknown)
    })
}

fn redeem(macaroons: &[&Macaroon]) -> Result<Grant, Rejection> {
    redeem_with(macaroons, Some(&preimage_hex()), UnknownCaveats::Skip).unwrap()
}

/// The sold token, good for members of the club only, and the club's discharge with these caveats.
fn sale<C: AsRef<[u8]>>(caveats: impl IntoIterator<Item = C>) -> (Macaroon, Macaroon) {
    let root = ask(token(), b"member", 1);
    let discharge = attenuate(hand_out(b"member", 1), caveats).bind(&root.as_macaroon_ref());
    (root, discharge)
}

#[test]
fn a_credential_with_its_discharge_is_granted_what_was_sold() {
    let (root, discharge) = sale::<&str>([]);
    let grant = redeem(&[&root, &discharge]).unwrap();
    assert_eq!((grant.payment_hash, grant.token_id), (identifier().payment_hash, identifier().token_id));
    assert_eq!((grant.amount, grant.uses, grant.expires_at), (Some(PRICE), Uses::ONCE, EXPIRES_AT));
    assert_eq!(
        redeem_with(&[&root, &discharge], Some(&preimage_hex()), UnknownCaveats::Refuse),
        Ok(Ok(grant))
    );
}

#[test]
fn the_caveats_of_a_discharge_must_hold_like_those_of_the_token() {
    let verdict = |caveat: &str| {
        let (root, discharge) = sale([caveat]);
        redeem(&[&root, &discharge])
    };
    let at = |seconds: u64| format!("expires_at={}", NOW.as_secs() + seconds);
    assert!(verdict("path=/report").is_ok());
    assert_eq!(verdict("path=/other"), Err(Rejection::OtherPath));
    assert_eq!(verdict("method=POST"), Err(Rejection::OtherMethod));
    assert_eq!(verdict(&at(0)), Err(Rejection::Expired));
    assert_eq!(verdict("uses=none"), Err(Rejection::MalformedCaveat));
    assert_eq!(verdict(&format!("preimage={}", "cd".repeat(32))), Err(Rejection::WrongPreimage));
    // What both allow is what the stricter allows.
    assert_eq!(verdict(&at(1)).unwrap().expires_at.as_secs(), NOW.as_secs() + 1);
    assert_eq!(verdict(&at(1_000_000)).unwrap().expires_at, EXPIRES_AT);
    assert_eq!(verdict("uses=9").unwrap().uses, Uses::ONCE);

    let (root, discharge) = sale(["rank = colonel"]);
    for (unknown, expected) in
        [(UnknownCaveats::Skip, None), (UnknownCaveats::Refuse, Some(Rejection::UnknownCaveat))]
    {
        let verdict = redeem_with(&[&root, &discharge], Some(&preimage_hex()), unknown).unwrap();
        assert_eq!(verdict.err(), expected);
    }

    // Also those of a discharge that a discharge asks for.
    let asking = ask(hand_out(b"member", 1), b"adult", 2).bind(&root.as_macaroon_ref());
    for (caveat, expected) in [("path=/report", None), ("path=/other", Some(Rejection::OtherPath))] {
        let nested = attenuate(hand_out(b"adult", 2), [caveat]).bind(&root.as_macaroon_ref());
        assert_eq!(redeem(&[&root, &asking, &nested]).err(), expected);
        assert_eq!(redeem(&[&root, &nested, &asking]).err(), expected);
    }
}

#[test]
fn a_credential_with_the_wrong_discharges_is_refused() {
    let (root, discharge) = sale::<&str>([]);
    let bind = |macaroon: Macaroon| macaroon.bind(&root.as_macaroon_ref());
    assert_eq!(redeem(&[&root]), Err(Rejection::Undischarged));
    assert_eq!(redeem(&[&root, &hand_out(b"member", 1)]), Err(Rejection::BadDischarge));
    assert_eq!(redeem(&[&root, &bind(hand_out(b"member", 2))]), Err(Rejection::BadDischarge));
    let to_another = hand_out(b"member", 1).bind(&token().as_macaroon_ref());
    assert_eq!(redeem(&[&root, &to_another]), Err(Rejection::BadDischarge));
    assert_eq!(redeem(&[&root, &discharge, &discharge]), Err(Rejection::DischargeUnused));
    assert_eq!(redeem(&[&root, &discharge, &hand_out(b"member", 9)]), Err(Rejection::DischargeUnused));

    let undecryptable = token_asking_with(&[0; 72]);
    let for_it = hand_out(b"1", 1).bind(&undecryptable.as_macaroon_ref());
    assert_eq!(redeem(&[&undecryptable, &for_it]), Err(Rejection::BadDischarge));

    let twice = ask(root.clone(), b"member", 1);
    let once = hand_out(b"member", 1).bind(&twice.as_macaroon_ref());
    assert_eq!(redeem(&[&twice, &once]), Err(Rejection::DischargeReused));
    let itself = bind(ask(hand_out(b"member", 1), b"member", 1));
    assert_eq!(redeem(&[&root, &itself]), Err(Rejection::DischargeReused));

    let asking = bind(ask(hand_out(b"member", 1), b"adult", 2));
    assert_eq!(redeem(&[&root, &asking]), Err(Rejection::Undischarged));
    let two = ask(root.clone(), b"adult", 2);
    let one_of_two = hand_out(b"member", 1).bind(&two.as_macaroon_ref());
    assert_eq!(redeem(&[&two, &one_of_two]), Err(Rejection::Undischarged));

    let forged = Macaroon::new(&club_key(9), &identifier().to_bytes(), b"lsat").unwrap();
    let forged = ask(forged, b"member", 1);
    let for_it = hand_out(b"member", 1).bind(&forged.as_macaroon_ref());
    assert_eq!(redeem(&[&forged, &for_it]), Err(Rejection::BadSignature));
    assert_eq!(redeem(&[&forged]), Err(Rejection::BadSignature));
}

/// What nobody asked for is a token, as ever, and must be one.
#[test]
fn a_macaroon_that_no_caveat_asks_for_is_no_discharge() {
    let refused = Err(CredentialError::Identifier(IdentifierError::Length));
    let outcome =
        |macaroons: &[&Macaroon]| redeem_with(macaroons, Some(&preimage_hex()), UnknownCaveats::Skip);
    let (root, discharge) = sale::<&str>([]);
    let stray = hand_out(b"stray", 1).bind(&root.as_macaroon_ref());
    assert_eq!(outcome(&[&root, &stray]), refused);
    assert_eq!(outcome(&[&root, &discharge, &stray]), refused);
    assert_eq!(outcome(&[&root, &stray, &discharge]), refused);
    assert_eq!(outcome(&[&token(), &discharge]), refused);
    assert_eq!(outcome(&[&discharge, &root]), refused, "the token comes first");
    // A first-party caveat asks for nothing.
    assert_eq!(outcome(&[&token_with(["member"]), &discharge]), refused);
    // Two that ask for each other are asked for by nobody.
    let (to_4, to_3) = (ask(hand_out(b"3", 3), b"4", 4), ask(hand_out(b"4", 4), b"3", 3));
    assert_eq!(outcome(&[&root, &to_4, &to_3]), refused);

    let stranger = l402_core::Preimage::from_bytes([0xcd; 32]);
    let of_stranger = Macaroon::new(&key(), &identifier_of(&stranger, [3; 32]).to_bytes(), b"").unwrap();
    assert_eq!(outcome(&[&root, &discharge, &of_stranger]), Err(CredentialError::MixedPayments));
    let five = [&root, &discharge, &discharge, &discharge, &discharge];
    assert_eq!(outcome(&five), Err(CredentialError::TooManyMacaroons));
}

#[test]
fn tokens_and_discharges_may_be_mixed() {
    let (root, discharge) = sale::<&str>([]);
    let id = identifier_of(&preimage(), [4; 32]);
    let second_key = master().root_key(&id.token_id);
    let second = Macaroon::new(&second_key, &id.to_bytes(), b"lsat").unwrap();
    let second = attenuate(second, ["expires_at=1900000001"]);
    for list in [[&root, &second, &discharge], [&root, &discharge, &second]] {
        assert_eq!(redeem(&list).unwrap().expires_at.as_secs(), 1_900_000_001);
        let text = list.map(Macaroon::to_base64).join(",");
        read(format!("L402 {text}:{}", preimage_hex()).as_bytes(), |found| {
            let ids: Vec<_> = found[0].token_ids().collect();
            assert_eq!(ids, [identifier().token_id, id.token_id]);
            for keys in [&[key()][..], &[key(), second_key.clone(), club_key(1)]] {
                let verdict = found[0].clone().authenticate(keys).map(|_| ());
                assert_eq!(verdict, Err(Rejection::UnknownRootKey));
            }
            let swapped = found[0].clone().authenticate(&[second_key.clone(), key()]).map(|_| ());
            assert_eq!(swapped, Err(Rejection::BadSignature));
        })
        .unwrap();
    }
    let forged = Macaroon::new(&club_key(9), &id.to_bytes(), b"lsat").unwrap();
    assert_eq!(redeem(&[&root, &discharge, &forged]), Err(Rejection::BadSignature));

    // A discharge is bound to the first token, and is none for the second.
    let second = ask(second, b"member", 1);
    assert_eq!(redeem(&[&root, &discharge, &second]), Err(Rejection::Undischarged));
    let for_second = hand_out(b"member", 1).bind(&second.as_macaroon_ref());
    assert_eq!(redeem(&[&root, &for_second, &second]), Err(Rejection::BadDischarge));
    assert_eq!(redeem(&[&root, &second, &discharge, &for_second]), Err(Rejection::DischargeUnused));
}

#[test]
fn a_discharge_that_looks_like_a_token_is_a_discharge() {
    let id = identifier_of(&preimage(), [4; 32]);
    let root = ask(token(), &id.to_bytes(), 1);
    let discharge = hand_out(&id.to_bytes(), 1).bind(&root.as_macaroon_ref());
    assert!(redeem(&[&root, &discharge]).is_ok());
    let text = format!("L402 {},{}:{}", root.to_base64(), discharge.to_base64(), preimage_hex());
    assert_eq!(read(text.as_bytes(), |found| found[0].token_ids().count()), Ok(1));
    // The token with this identifier does not pass for the discharge, and is refused rather than left out.
    let token = Macaroon::new(&master().root_key(&id.token_id), &id.to_bytes(), b"").unwrap();
    assert_eq!(redeem(&[&root, &token]), Err(Rejection::BadDischarge));
}

#[test]
fn a_discharge_proves_no_payment() {
    let caveat = format!("preimage={}", preimage_hex());
    let (root, discharge) = sale([&caveat]);
    let verdict = redeem_with(&[&root, &discharge], None, UnknownCaveats::Skip).unwrap();
    assert_eq!(verdict, Err(Rejection::MissingPreimage));
    assert!(redeem(&[&root, &discharge]).is_ok());
    // Nor does a missing one earn a new invoice before the payment is proven.
    let verdict = redeem_with(&[&root], None, UnknownCaveats::Skip).unwrap();
    assert_eq!(verdict, Err(Rejection::MissingPreimage));
    let two = ask(root, b"adult", 2);
    let one_of_two = hand_out(b"member", 1).bind(&two.as_macaroon_ref());
    let verdict = redeem_with(&[&two, &one_of_two], None, UnknownCaveats::Skip).unwrap();
    assert_eq!(verdict, Err(Rejection::MissingPreimage));
}

#[test]
fn credentials_with_other_discharges_are_not_the_same() {
    let (root, discharge) = sale::<&str>([]);
    let (_, other) = sale(["a=b"]);
    let same = |one: &[&Macaroon], another: &[&Macaroon]| {
        let text = [one, another].map(|list| {
            let list: Vec<_> = list.iter().map(|macaroon| macaroon.to_base64()).collect();
            format!("L402 {}:{}", list.join(","), preimage_hex())
        });
        read(text.join(", ").as_bytes(), |found| found[0].is_same_as(&found[1])).unwrap()
    };
    assert!(same(&[&root, &discharge], &[&root, &discharge]));
    assert!(!same(&[&root, &discharge], &[&root, &other]));
    assert!(!same(&[&root, &discharge], &[&root]));
    assert!(!same(&[&root], &[&root, &discharge]));
    assert!(!same(&[&root, &discharge], &[&root, &discharge, &discharge]));
}

#[test]
fn no_tampered_credential_is_granted_anything() {
    let (root, discharge) = sale(["path=/report"]);
    let grant = redeem(&[&root, &discharge]).unwrap();
    let mut granted = 0;
    let outcome =
        |macaroons: &[&Macaroon]| redeem_with(macaroons, Some(&preimage_hex()), UnknownCaveats::Skip);
    for bit in 0..root.as_bytes().len() * 8 {
        if let Some(Ok(outcome)) = flip(&root, bit).map(|flipped| outcome(&[&flipped, &discharge])) {
            assert!(outcome.is_err() || outcome == Ok(grant), "bit {bit}");
            granted += usize::from(outcome.is_ok());
        }
    }
    assert_eq!(granted, 8 * ("lsat".len() + "https://club.test".len()));
    granted = 0;
    for bit in 0..discharge.as_bytes().len() * 8 {
        if let Some(Ok(outcome)) = flip(&discharge, bit).map(|flipped| outcome(&[&root, &flipped])) {
            assert!(matches!(outcome, Err(Rejection::BadDischarge)) || outcome == Ok(grant), "bit {bit}");
            granted += usize::from(outcome.is_ok());
        }
    }
    assert_eq!(granted, 8 * "https://club.test".len());
}

/// A caveat to add: first-party, or third-party with the id and the key of this number.
#[derive(Clone, Debug)]
enum AddedCaveat {
    First(Vec<u8>),
    Third(u8),
}

fn caveats() -> impl Strategy<Value = Vec<AddedCaveat>> {
    let first = prop::collection::vec(any::<u8>(), 0..40).prop_map(AddedCaveat::First);
    prop::collection::vec(prop_oneof![first, (0_u8..4).prop_map(AddedCaveat::Third)], 0..4)
}

/// How a discharge comes to differ from a good one.
#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    Missing,
    Twice,
    Unbound,
    OtherRoot,
    OtherKey,
    Flipped(usize),
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        24 => Just(Fault::None),
        1 => Just(Fault::Missing),
        1 => Just(Fault::Twice),
        1 => Just(Fault::Unbound),
        1 => Just(Fault::OtherRoot),
        1 => Just(Fault::OtherKey),
        2 => any::<usize>().prop_map(Fault::Flipped),
    ]
}

fn with_caveats(macaroon: Macaroon, caveats: &[AddedCaveat], nonce: u8) -> Macaroon {
    caveats.iter().fold(macaroon, |macaroon, caveat| match caveat {
        AddedCaveat::First(caveat) => macaroon.attenuate(caveat).unwrap(),
        AddedCaveat::Third(number) => {
            macaroon.add_third_party(&club_key(*number), &[*number], b"club", [nonce; 24]).unwrap()
        }
    })
}

/// The ids that are asked for, following discharges, as far as each is new.
fn asked_for(root: &[AddedCaveat], of_discharges: &[Vec<AddedCaveat>; 4]) -> Vec<u8> {
    let mut found = Vec::new();
    let mut asking = vec![root];
    while let Some(caveats) = asking.pop() {
        for caveat in caveats {
            if let AddedCaveat::Third(number) = caveat
                && !found.contains(number)
            {
                found.push(*number);
                asking.push(&of_discharges[usize::from(*number)]);
            }
        }
    }
    found
}

fn theirs(macaroon: &Macaroon) -> Option<libmacaroon::Macaroon> {
    libmacaroon::Macaroon::deserialize_binary(macaroon.as_bytes()).ok()
}

fn they_verify(root: &Macaroon, discharges: &[Macaroon]) -> Option<bool> {
    let discharges: Vec<_> = discharges.iter().map(theirs).collect::<Option<_>>()?;
    let mut verifier = libmacaroon::Verifier::default();
    verifier.satisfy_general(|_| true);
    let key = libmacaroon::MacaroonKey::generate(b"root key");
    Some(verifier.verify(&theirs(root)?, &key, &discharges).is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// libmacaroon is the Rust port of libmacaroons. It parses more than we do, so what only it can read is
    /// left out.
    #[test]
    fn libmacaroon_comes_to_the_same_verdict(
        root_caveats in caveats(),
        of_discharges in prop::array::uniform4(caveats()),
        faults in prop::array::uniform4(fault()),
        nonce in any::<u8>(),
        root_fault in prop_oneof![9 => Just(None), 1 => any::<usize>().prop_map(Some)],
    ) {
        let our_key = RootKey::new(b"root key").unwrap();
        let mut root = with_caveats(Macaroon::new(&our_key, b"root", b"here").unwrap(), &root_caveats, nonce);
        let mut discharges = Vec::new();
        for number in asked_for(&root_caveats, &of_discharges) {
            let (fault, caveats) = (faults[usize::from(number)], &of_discharges[usize::from(number)]);
            let seed = if matches!(fault, Fault::OtherKey) { 9 } else { number };
            let unbound = with_caveats(Macaroon::new(&club_key(seed), &[number], b"club").unwrap(), caveats, nonce);
            let bound = unbound.clone().bind(&root.as_macaroon_ref());
            match fault {
                Fault::None | Fault::OtherKey => discharges.push(bound),
                Fault::Missing => {}
                Fault::Twice => discharges.extend([bound.clone(), bound]),
                Fault::Unbound => discharges.push(unbound),
                Fault::OtherRoot => discharges.push(unbound.bind(&token().as_macaroon_ref())),
                Fault::Flipped(bit) => {
                    let flipped = flip(&bound, bit % (bound.as_bytes().len() * 8));
                    prop_assume!(flipped.is_some());
                    discharges.extend(flipped);
                }
            }
        }
        if let Some(bit) = root_fault {
            let flipped = flip(&root, bit % (root.as_bytes().len() * 8));
            prop_assume!(flipped.is_some());
            root = flipped.unwrap_or(root);
        }
        let refs: Vec<_> = discharges.iter().collect();
        let ours = verify(&root, &our_key, &refs);
        let theirs = they_verify(&root, &discharges);
        prop_assume!(theirs.is_some());
        prop_assert_eq!(Some(ours.is_ok()), theirs, "{:?}", ours);
    }

    #[test]
    fn what_libmacaroon_mints_is_accepted(
        id in prop::collection::vec(any::<u8>(), 1..100),
        root_key in prop::collection::vec(any::<u8>(), 1..100),
        caveat_key in prop::collection::vec(any::<u8>(), 1..100),
        caveat in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        use libmacaroon::{Format, Macaroon as Theirs, MacaroonKey};

        let their_key = MacaroonKey::generate(&root_key);
        let their_caveat_key = MacaroonKey::generate(&caveat_key);
        let mut root = Theirs::create(Some("here"), &their_key, "root").unwrap();
        root.add_third_party_caveat("there", &their_caveat_key, &id).unwrap();
        let mut discharge = Theirs::create(Some("there"), &their_caveat_key, &id).unwrap();
        discharge.add_first_party_caveat(&caveat).unwrap();
        root.bind(&mut discharge);

        let ours = |macaroon: &Theirs| decode(&base64(&macaroon.serialize(Format::V2).unwrap())).unwrap();
        let verdict = verify(&ours(&root), &RootKey::new(&root_key).unwrap(), &[&ours(&discharge)]);
        prop_assert_eq!(verdict, Ok(()));
    }
}
