//! Macaroons with third-party caveats and their discharges: the verdict is that of a plain model, a changed bit is
//! noticed, and a credential is granted only what verifies.
//!
//! The bytes are instructions: which caveats which macaroon has, who signed it, and what is done to it afterwards.

#![no_main]

use l402_core::header::CredentialRef;
use l402_core::{DischargeError, Limits, Macaroon, MacaroonRef, RequestContext, RootKey, UnknownCaveats};
use l402_core_fuzz::{NOW, bare_token, key};
use libfuzzer_sys::fuzz_target;

/// A macaroon, and what is known of it.
struct Made {
    macaroon: Macaroon,
    id: u8,
    key: u8,
    /// The discharges it asks for: identifier and key.
    asks: Vec<(u8, u8)>,
    is_bound: bool,
}

const IDS: u8 = 5;
const KEYS: u8 = 3;

fuzz_target!(|data: &[u8]| {
    let mut data = data.iter().copied();
    let Some(mut made) = make(&mut data) else { return };
    let root = made.remove(0);
    let root_view = root.macaroon.as_macaroon_ref();
    for discharge in &mut made {
        if discharge.is_bound {
            discharge.macaroon = discharge.macaroon.clone().bind(&root_view);
        }
    }
    let discharges: Vec<_> = made.iter().map(|made| made.macaroon.as_macaroon_ref()).collect();
    let verdict = root_view.verify_discharged(&key(), &discharges);
    assert_eq!(verdict.is_ok(), model(&root, &made), "{verdict:?}");
    assert_eq!(root_view.verify_discharged(&test_key(0), &discharges), Err(DischargeError::RootSignature));

    let granted = grants(&root_view, &discharges);
    if verdict.is_ok() && discharges.len() < 4 {
        assert!(granted, "the conditions are none that is known");
    }
    if granted {
        assert_eq!(verdict, Ok(()));
        check_changed(&root.macaroon, &discharges, &mut data);
    }
});

/// The root and up to three discharges, which ask for each other as the bytes say.
fn make(data: &mut impl Iterator<Item = u8>) -> Option<Vec<Made>> {
    let count = data.next()? % 4;
    let root = Made { macaroon: bare_token(), id: IDS, key: KEYS, asks: Vec::new(), is_bound: false };
    let mut made = vec![root];
    for _ in 0..count {
        let [id, key, is_bound] = [data.next()? % IDS, data.next()? % KEYS, data.next()? % 8];
        let macaroon = Macaroon::new(&test_key(key), &[id], b"").ok()?;
        made.push(Made { macaroon, id, key, asks: Vec::new(), is_bound: is_bound > 0 });
    }
    for made in &mut made {
        for _ in 0..data.next()? % 4 {
            let caveat = data.next()?;
            made.macaroon = if caveat >= 0xc0 {
                made.macaroon.clone().attenuate(&[caveat]).ok()?
            } else {
                let (id, key) = (caveat % IDS, caveat / IDS % KEYS);
                made.asks.push((id, key));
                made.macaroon.clone().add_third_party(&test_key(key), &[id], b"x", [caveat; 24]).ok()?
            };
        }
    }
    Some(made)
}

fn test_key(key: u8) -> RootKey {
    RootKey::new(&[key; 3]).unwrap()
}

/// Whether the discharges are those that were asked for, each once, of the right key and bound.
fn model(root: &Made, discharges: &[Made]) -> bool {
    let mut used = vec![false; discharges.len()];
    let mut asked = root.asks.clone();
    while let Some((id, key)) = asked.pop() {
        // Of two with the same identifier, one is not used.
        let Some(index) = discharges.iter().position(|discharge| discharge.id == id) else { return false };
        let discharge = &discharges[index];
        if std::mem::replace(&mut used[index], true) || discharge.key != key || !discharge.is_bound {
            return false;
        }
        asked.extend(&discharge.asks);
    }
    !used.contains(&false)
}

/// Whether a credential of these macaroons is granted anything.
fn grants(root: &MacaroonRef<'_>, discharges: &[MacaroonRef<'_>]) -> bool {
    let preimage = l402_core_fuzz::preimage().expose_hex();
    let all: Vec<_> = [root].into_iter().chain(discharges).map(|it| it.to_owned().to_base64()).collect();
    let value = format!("L402 {}:{preimage}", all.join(","));
    let limits = Limits::default();
    let credential = CredentialRef::parse_all(value.as_bytes(), &limits).next().unwrap().unwrap();
    let mut buffer = Vec::new();
    let Ok(unverified) = credential.decode_into(&mut buffer, &limits) else { return false };
    let keys = vec![key(); unverified.token_ids().count()];
    let paid = unverified.authenticate(&keys).and_then(|authentic| authentic.prove_payment());
    let request = RequestContext::new("GET", "/report", NOW);
    paid.and_then(|paid| paid.permit(&request, UnknownCaveats::Skip)).is_ok()
}

/// That a bit changed anywhere but in a location, which nothing signs, is noticed.
fn check_changed(root: &Macaroon, discharges: &[MacaroonRef<'_>], data: &mut impl Iterator<Item = u8>) {
    let mut all: Vec<Vec<u8>> = [root.as_macaroon_ref()]
        .iter()
        .chain(discharges)
        .map(|macaroon| macaroon.as_bytes().to_vec())
        .collect();
    let next = |data: &mut dyn Iterator<Item = u8>| usize::from(data.next().unwrap_or_default());
    let which = next(data) % all.len();
    let at = (next(data) << 8 | next(data)) % all[which].len();
    all[which][at] ^= 1 << (next(data) % 8);
    let decoded = all.iter().map(|bytes| MacaroonRef::decode(bytes, &Limits::default()));
    let Ok(changed) = decoded.collect::<Result<Vec<_>, _>>() else { return };
    let originals: Vec<_> = [root.as_macaroon_ref()].iter().chain(discharges).map(signed_parts).collect();
    let is_same = changed.iter().map(signed_parts).eq(originals);
    assert_eq!(changed[0].verify_discharged(&key(), &changed[1..]).is_ok(), is_same);
    assert!(!grants(&changed[0], &changed[1..]) || is_same);
}

fn signed_parts(macaroon: &MacaroonRef<'_>) -> Vec<Vec<u8>> {
    let mut parts = vec![macaroon.identifier().to_vec(), macaroon.signature().to_vec()];
    for caveat in macaroon.caveats() {
        parts.push(caveat.id().to_vec());
        parts.push(caveat.third_party().map_or(Vec::new(), |party| party.verification_id().to_vec()));
    }
    parts
}
