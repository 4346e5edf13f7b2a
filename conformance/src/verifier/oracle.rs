//! What must become of a token, worked out by the suite itself.

use super::protocol::Hello;
use crate::generate::token::{NOW, SERVICE};
use crate::vectors::Expectation;
use crate::wire::macaroon::{Macaroon, identifier_payment_hash};
use crate::wire::{sha256, unhex32};

/// What a token is held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) root_key: &'a [u8],
    /// `None` when it is in a caveat, or nowhere.
    pub(super) preimage: Option<&'a [u8]>,
    pub(super) capability: Option<&'a str>,
}

/// What must become of V2 bytes.
///
/// Where verifiers may differ, because the bytes are another spelling of something that is signed, both is
/// acceptable.
pub(super) fn judge_bytes(bytes: &[u8], question: &Question<'_>, hello: &Hello) -> Expectation {
    let read = Macaroon::parse(bytes).or_else(|reason| {
        let surplus =
            reason.strip_suffix(" bytes follow the signature").and_then(|count| count.parse::<usize>().ok());
        surplus
            .and_then(|count| bytes.len().checked_sub(count))
            .ok_or(reason)
            .and_then(|end| Macaroon::parse(&bytes[..end]))
    });
    let Ok(macaroon) = read else { return Expectation::Invalid };
    if macaroon.clone().signed_with(question.root_key).signature != macaroon.signature {
        return Expectation::Invalid;
    }
    let is_canonical = macaroon.to_bytes() == bytes;
    match judge(&macaroon, question, hello) {
        Expectation::Valid if !is_canonical => Expectation::Acceptable,
        expectation => expectation,
    }
}

/// What must become of a macaroon that is rightly signed.
pub(super) fn judge(macaroon: &Macaroon, question: &Question<'_>, hello: &Hello) -> Expectation {
    let conditions: Vec<(&[u8], &[u8])> =
        macaroon.first_party_caveats.iter().filter_map(|caveat| condition(caveat)).collect();
    let hash = identifier_payment_hash(&macaroon.identifier);
    if hello.judges("identifier") && hash.is_err() {
        return Expectation::Invalid;
    }
    if hello.judges("preimage") {
        let Ok(hash) = hash else { return Expectation::Invalid };
        match is_paid(question.preimage, &conditions, hash) {
            Expectation::Valid => {}
            other => return other,
        }
    }
    let holds = holds_services(&conditions, hello)
        && holds_capabilities(&conditions, question.capability, hello)
        && holds_time(&conditions, hello);
    if holds { Expectation::Valid } else { Expectation::Invalid }
}

fn condition(caveat: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = caveat.iter().position(|byte| *byte == b'=')?;
    Some((&caveat[..equals], &caveat[equals + 1..]))
}

/// The values of one condition, in order.
fn values<'a>(conditions: &[(&[u8], &'a [u8])], name: &str) -> Vec<&'a [u8]> {
    conditions.iter().filter(|(found, _)| *found == name.as_bytes()).map(|(_, value)| *value).collect()
}

fn is_paid(given: Option<&[u8]>, conditions: &[(&[u8], &[u8])], hash: [u8; 32]) -> Expectation {
    let fits = |preimage: &[u8]| preimage.len() == 32 && sha256(preimage) == hash;
    let in_caveats: Vec<bool> = values(conditions, "preimage")
        .into_iter()
        .map(|text| str::from_utf8(text).ok().and_then(unhex32).is_some_and(|preimage| fits(&preimage)))
        .collect();
    match given {
        Some(preimage) if !fits(preimage) => Expectation::Invalid,
        Some(_) if in_caveats.iter().all(|fits| *fits) => Expectation::Valid,
        None if in_caveats.last() != Some(&true) => Expectation::Invalid,
        None if in_caveats.iter().all(|fits| *fits) => Expectation::Valid,
        _ => Expectation::Acceptable,
    }
}

type Items<'a> = Vec<&'a [u8]>;

/// Every list within the one before, and the last one with what is asked for.
fn narrows_to(lists: &[Items<'_>], wanted: Option<&str>) -> bool {
    let within = |pair: &[Items<'_>]| pair[1].iter().all(|item| pair[0].contains(item));
    let has = |list: &Items<'_>| wanted.is_none_or(|wanted| list.contains(&wanted.as_bytes()));
    lists.iter().all(has) && lists.windows(2).all(within)
}

fn holds_services(conditions: &[(&[u8], &[u8])], hello: &Hello) -> bool {
    let names = |value: &'_ [u8]| -> Option<Vec<Vec<u8>>> {
        value.split(|byte| *byte == b',').map(|item| item.strip_suffix(b":0").map(<[u8]>::to_vec)).collect()
    };
    let lists: Option<Vec<Vec<Vec<u8>>>> = values(conditions, "services").into_iter().map(names).collect();
    let Some(lists) = lists else { return !hello.judges("services") };
    let lists: Vec<Items<'_>> = lists.iter().map(|list| list.iter().map(Vec::as_slice).collect()).collect();
    !hello.judges("services") || narrows_to(&lists, Some(SERVICE))
}

fn holds_capabilities(conditions: &[(&[u8], &[u8])], wanted: Option<&str>, hello: &Hello) -> bool {
    let lists: Vec<Items<'_>> = values(conditions, &format!("{SERVICE}_capabilities"))
        .into_iter()
        .map(|value| value.split(|byte| *byte == b',').collect())
        .collect();
    !hello.judges("capabilities") || narrows_to(&lists, wanted)
}

fn holds_time(conditions: &[(&[u8], &[u8])], hello: &Hello) -> bool {
    let ends: Option<Vec<u64>> = values(conditions, &format!("{SERVICE}_valid_until"))
        .into_iter()
        .map(|value| str::from_utf8(value).ok()?.parse().ok())
        .collect();
    let Some(ends) = ends else { return !hello.judges("valid_until") };
    !hello.judges("valid_until")
        || (ends.iter().all(|end| NOW < *end) && ends.windows(2).all(|pair| pair[1] <= pair[0]))
}
