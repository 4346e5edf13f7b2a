//! Caveats beyond those that are minted: services as other servers write them, and conditions of one's own.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use l402_core::header::{CredentialRef, Scheme, credential_header_value};
use l402_core::{
    AtMost, CaveatPolicy, Identifier, Limits, Macaroon, Preimage, Rejection, RequestContext, RootKey,
    Satisfier, TokenId, UnixTime, UnknownCaveats,
};
use proptest::prelude::*;

const NOW: u64 = 1_900_000_000;

fn request() -> RequestContext<'static> {
    RequestContext::new("GET", "/report", UnixTime::from_secs(NOW))
        .with_service("meme")
        .with_capability("read")
}

fn judge(caveats: &[&str], request: &RequestContext<'_>, policy: CaveatPolicy<'_>) -> Result<(), Rejection> {
    let (key, preimage) = (RootKey::new(&[7; 32]).unwrap(), Preimage::from_bytes([9; 32]));
    let identifier =
        Identifier { payment_hash: preimage.payment_hash(), token_id: TokenId::from_bytes([3; 32]) };
    let bare = Macaroon::new(&key, &identifier.to_bytes(), b"lsat").unwrap();
    let macaroon =
        caveats.iter().fold(bare, |macaroon, caveat| macaroon.attenuate(caveat.as_bytes()).unwrap());
    let header = credential_header_value(Scheme::L402, &macaroon.to_base64(), &preimage);
    let (mut buffer, limits) = (Vec::new(), Limits::default());
    let credential = CredentialRef::parse_all(header.as_bytes(), &limits).next().unwrap().unwrap();
    let paid = credential.decode_into(&mut buffer, &limits).unwrap().authenticate(&[key]).unwrap();
    paid.prove_payment().unwrap().permit(request, policy).map(drop)
}

fn verdict(caveats: &[&str]) -> Result<(), Rejection> {
    judge(caveats, &request(), CaveatPolicy::default())
}

#[test]
fn services_name_what_a_token_is_for() {
    for (value, expected) in [
        ("meme:0", Ok(())),
        ("meme:7", Ok(())),
        ("loop:0,meme:0", Ok(())),
        ("meme:0,loop:1,pool:0", Ok(())),
        ("loop:0", Err(Rejection::CaveatNotMet)),
        ("mem:0", Err(Rejection::CaveatNotMet)),
        ("Meme:0", Err(Rejection::CaveatNotMet)),
        // The reference's own malformed values.
        ("", Err(Rejection::CaveatNotMet)),
        (":0", Err(Rejection::CaveatNotMet)),
        ("meme", Err(Rejection::CaveatNotMet)),
        ("meme:", Err(Rejection::CaveatNotMet)),
        ("meme:b", Err(Rejection::CaveatNotMet)),
        ("meme:0,", Err(Rejection::CaveatNotMet)),
        (",,", Err(Rejection::CaveatNotMet)),
        (" meme:0", Err(Rejection::CaveatNotMet)),
        ("meme:00", Err(Rejection::CaveatNotMet)),
        ("meme:99999999999999999999", Err(Rejection::CaveatNotMet)),
    ] {
        assert_eq!(verdict(&[&format!("services={value}")]), expected, "{value}");
    }
    let no_service = RequestContext::new("GET", "/report", UnixTime::from_secs(NOW));
    let judged = judge(&["services=meme:0"], &no_service, CaveatPolicy::default());
    assert_eq!(judged, Err(Rejection::CaveatNotMet), "a restriction that cannot be judged does not hold");
    assert_eq!(verdict(&[]), Ok(()), "no services caveat is every service");
}

#[test]
fn repeated_services_must_be_a_subset_and_the_last_decides() {
    for (first, then, expected) in [
        ("meme:1,loop:0", "meme:1", Ok(())),
        ("meme:1,loop:0", "meme:0", Ok(())),
        ("meme:1,loop:0", "loop:0", Err(Rejection::CaveatNotMet)),
        ("loop:0", "meme:0,loop:0", Err(Rejection::CaveatNotMet)),
        ("meme:0", "meme:1", Err(Rejection::WidenedCaveat)),
        ("meme:0", "meme:0,loop:0", Err(Rejection::WidenedCaveat)),
        ("meme:0", "nonsense", Err(Rejection::WidenedCaveat)),
    ] {
        let caveats = [format!("services={first}"), format!("services={then}")];
        assert_eq!(verdict(&[&caveats[0], &caveats[1]]), expected, "{first} then {then}");
    }
}

#[test]
fn capabilities_are_of_the_service_and_absence_is_all_of_them() {
    for (caveats, expected) in [
        (&["meme_capabilities=read"][..], Ok(())),
        (&["meme_capabilities=write,read"], Ok(())),
        (&["meme_capabilities=write"], Err(Rejection::CaveatNotMet)),
        (&["meme_capabilities="], Err(Rejection::CaveatNotMet)),
        (&["meme_capabilities=read,write", "meme_capabilities=read"], Ok(())),
        (&["meme_capabilities=read", "meme_capabilities=read"], Ok(())),
        (&["meme_capabilities=read", "meme_capabilities=read,write"], Err(Rejection::WidenedCaveat)),
        (&["loop_capabilities=write"], Ok(())), // another service's: unknown here
    ] {
        assert_eq!(verdict(caveats), expected, "{caveats:?}");
    }
    let nothing_in_particular =
        RequestContext::new("GET", "/report", UnixTime::from_secs(NOW)).with_service("meme");
    let judged = judge(&["meme_capabilities="], &nothing_in_particular, CaveatPolicy::default());
    assert_eq!(judged, Ok(()), "as the reference mints them");
}

#[test]
fn a_service_ends_at_its_second_and_never_later_than_before() {
    let until = |seconds: u64| format!("meme_valid_until={seconds}");
    assert_eq!(verdict(&[&until(NOW + 1)]), Ok(()));
    assert_eq!(verdict(&[&until(NOW)]), Err(Rejection::CaveatNotMet));
    assert_eq!(verdict(&[&until(NOW + 1000), &until(NOW + 500)]), Ok(()));
    assert_eq!(verdict(&[&until(NOW + 500), &until(NOW + 1000)]), Err(Rejection::WidenedCaveat));
    assert_eq!(verdict(&["meme_valid_until=soon"]), Err(Rejection::CaveatNotMet));
    assert_eq!(verdict(&["loop_valid_until=1"]), Ok(()), "another service's");
}

#[test]
fn a_real_token_of_the_reference_is_understood() {
    let caveats = ["services=meme:0", "meme_capabilities=read", &format!("meme_valid_until={}", NOW + 60)];
    assert_eq!(verdict(&caveats), Ok(()));
}

#[test]
fn one_can_add_conditions_of_ones_own() {
    struct Tenant;
    impl Satisfier for Tenant {
        fn handles(&self, condition: &str, _: &RequestContext<'_>) -> bool {
            condition == "tenant"
        }
        fn narrows(&self, previous: &str, next: &str) -> bool {
            previous == next
        }
        fn holds(&self, value: &str, _: &RequestContext<'_>) -> bool {
            value == "acme"
        }
    }
    let volume = AtMost::new("volume", 100);
    let own: [&dyn Satisfier; 2] = [&Tenant, &volume];
    let policy = CaveatPolicy::with_satisfiers(&own).with_unknown(UnknownCaveats::Refuse);
    for (caveats, expected) in [
        (&["tenant=acme", "volume=100"][..], Ok(())),
        (&["tenant=other"], Err(Rejection::CaveatNotMet)),
        (&["tenant=acme", "tenant=other"], Err(Rejection::WidenedCaveat)),
        (&["volume=99"], Err(Rejection::CaveatNotMet)),
        (&["volume=200", "volume=100"], Ok(())),
        (&["volume=100", "volume=200"], Err(Rejection::WidenedCaveat)),
        (&["volume=-1"], Err(Rejection::CaveatNotMet)),
        (&["other=1"], Err(Rejection::UnknownCaveat)),
        (&["path=/other"], Err(Rejection::OtherPath)),
    ] {
        assert_eq!(judge(caveats, &request(), policy), expected, "{caveats:?}");
    }
    assert_eq!(verdict(&["tenant=other"]), Ok(()), "unknown without the satisfier, so skipped");
}

/// Each repetition is held against the one just before it, whatever stands between and however many conditions there are.
#[test]
fn every_one_of_many_conditions_must_narrow() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let limits = names.map(|name| AtMost::new(name, 1));
    let own = limits.each_ref().map(|limit| limit as &dyn Satisfier);
    let policy = CaveatPolicy::with_satisfiers(&own);
    for name in names {
        let first = names.map(|name| format!("{name}=9"));
        let narrower = names.map(|name| format!("{name}=5"));
        let with = |last: &[&str]| {
            let last: Vec<String> = last.iter().map(|value| format!("{name}={value}")).collect();
            let caveats = first.iter().chain(&narrower).chain(&last).map(String::as_str);
            judge(&caveats.collect::<Vec<_>>(), &request(), policy)
        };
        assert_eq!(with(&["5", "4"]), Ok(()), "{name}");
        assert_eq!(with(&["7"]), Err(Rejection::WidenedCaveat), "{name}: narrower than the first only");
        assert_eq!(
            with(&["3", "4"]),
            Err(Rejection::WidenedCaveat),
            "{name}: narrower than the one but last"
        );
    }
}

proptest! {
    /// Whatever a holder adds, a refusal stays a refusal.
    #[test]
    fn no_appended_caveat_ever_allows_more(
        minted in prop::collection::vec(caveat(), 0..4),
        added in prop::collection::vec(caveat(), 1..4),
    ) {
        let volume = AtMost::new("volume", 100);
        let own: [&dyn Satisfier; 1] = [&volume];
        let policy = CaveatPolicy::with_satisfiers(&own);
        let minted: Vec<&str> = minted.iter().map(String::as_str).collect();
        let all: Vec<&str> = minted.iter().copied().chain(added.iter().map(String::as_str)).collect();
        if judge(&minted, &request(), policy).is_err() {
            prop_assert!(judge(&all, &request(), policy).is_err(), "{minted:?} + {added:?}");
        }
    }
}

fn caveat() -> impl Strategy<Value = String> {
    let service = "(meme|loop):[0-2](,(meme|loop):[0-2])?";
    prop_oneof![
        service.prop_map(|value| format!("services={value}")),
        "(read|write)?(,(read|write))?".prop_map(|value| format!("meme_capabilities={value}")),
        (NOW - 2..NOW + 3).prop_map(|value| format!("meme_valid_until={value}")),
        (98..103_u64).prop_map(|value| format!("volume={value}")),
        "[a-z]{1,8}=[a-z0-9]{0,4}".prop_map(|value| value),
    ]
}
