//! Lists of caveats on a token that is signed and paid: each one more allows the same or less.
//!
//! The first byte chooses what the request says and how it is judged; the caveats are lines after it.

#![no_main]

use l402_core::header::{Scheme, credential_header_value};
use l402_core::{
    AtMost, CaveatPolicy, Grant, Limits, Macaroon, Rejection, RequestContext, Satisfier, UnixTime,
    UnknownCaveats, Uses,
};
use l402_core_fuzz::{NOW, bare_token, key, preimage, read};
use libfuzzer_sys::fuzz_target;

const MOST: usize = 24; // every list is judged anew for each caveat

fuzz_target!(|data: &[u8]| {
    let Some((flags, caveats)) = data.split_first() else { return };
    let has = |bit: u8| flags & 1 << bit != 0;
    let mut request = RequestContext::new("GET", "/report", NOW);
    if has(0) {
        request = request.with_route("/{page}");
    }
    if has(1) {
        request = request.with_service("shop");
    }
    if has(2) {
        request = request.with_capability("read");
    }
    let at_most = AtMost::new("volume", 1000);
    let satisfiers: &[&dyn Satisfier] = &[&at_most, &AtMost::new("volume", 0), &AtMost::new("", 3)];
    let satisfiers = if has(3) { satisfiers } else { &[] };
    let skipping = CaveatPolicy::with_satisfiers(satisfiers);
    let refusing = skipping.with_unknown(UnknownCaveats::Refuse);
    let in_header = !has(4);

    let mut token = bare_token();
    let mut before = permit(&token, in_header, &request, skipping);
    for caveat in caveats.split(|byte| *byte == b'\n').take(MOST) {
        token = token.attenuate(caveat).unwrap();
        let after = permit(&token, in_header, &request, skipping);
        assert_narrower(&before, &after);
        if let Ok(grant) = &after {
            assert!(NOW < grant.expires_at);
            // Whoever knows fewer conditions refuses less, and whoever refuses the unknown refuses more.
            assert_eq!(permit(&token, in_header, &request, UnknownCaveats::Skip.into()), Ok(*grant));
            let strict = permit(&token, in_header, &request, refusing);
            assert!(matches!(strict, Err(Verdict::Refused(Rejection::UnknownCaveat))) || strict == after);
            let mut later = request;
            later.now = grant.expires_at;
            let late = permit(&token, in_header, &later, skipping);
            assert!(late.is_err() || grant.expires_at == UnixTime::MAX);
        }
        before = after;
    }
});

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Malformed,
    Refused(Rejection),
}

fn permit(
    token: &Macaroon,
    in_header: bool,
    request: &RequestContext<'_>,
    policy: CaveatPolicy<'_>,
) -> Result<Grant, Verdict> {
    let text = token.to_base64();
    let value = if in_header {
        credential_header_value(Scheme::L402, &text, &preimage())
    } else {
        format!("L402 {text}")
    };
    let limits = Limits::default().with_header_bytes(usize::MAX);
    let granted = read(value.as_bytes(), &limits, |found| {
        let [credential] = found else { panic!("one credential is {}", found.len()) };
        credential.clone().authenticate(&[key()])?.prove_payment()?.permit(request, policy)
    });
    granted.map_err(|_| Verdict::Malformed)?.map_err(Verdict::Refused)
}

/// Only a preimage that was missing can come with a caveat.
fn assert_narrower(before: &Result<Grant, Verdict>, after: &Result<Grant, Verdict>) {
    let Ok(after) = after else { return };
    match before {
        Ok(before) => {
            assert_eq!((before.payment_hash, before.token_id), (after.payment_hash, after.token_id));
            assert!(before.amount.is_none_or(|amount| after.amount.is_some_and(|after| after <= amount)));
            assert!(uses(after) <= uses(before));
            assert!(after.expires_at <= before.expires_at);
        }
        Err(Verdict::Refused(Rejection::MissingPreimage)) => {}
        Err(refused) => panic!("{refused:?} became a grant"),
    }
}

fn uses(grant: &Grant) -> u64 {
    match grant.uses {
        Uses::Limited(uses) => uses.get().into(),
        Uses::Unlimited => u64::MAX,
    }
}
