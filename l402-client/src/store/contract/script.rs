//! What the cases say to a store, and how they judge the answers.

use std::fmt::Debug;
use std::sync::Arc;

use l402_core::header::Scheme;
use l402_core::ports::StoreError;
use l402_core::{Msat, PaymentHash, Preimage, UnixTime};

use crate::budget::{Budget, Counted, Period};
use crate::store::{Begun, Intent, Purpose, Record, Step, Store, Wanted};

/// `Err` says what happened instead.
pub(super) type Verdict = Result<(), String>;

pub(super) const NOW: u64 = 1_900_000_000;

pub(super) fn at(seconds: u64) -> UnixTime {
    UnixTime::from_secs(seconds)
}

pub(super) fn hash(number: u64) -> PaymentHash {
    preimage(number).payment_hash()
}

pub(super) fn preimage(number: u64) -> Preimage {
    let mut bytes = [0x5a; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Preimage::from_bytes(bytes)
}

/// A payment of `amount` to `a.example`, with a fee of at most 10 msat.
pub(super) fn intent(number: u64, amount: u64) -> Intent {
    Intent {
        payment_hash: hash(number),
        amount: Msat::from_msat(amount),
        max_fee: Msat::from_msat(10),
        invoice: format!("lnbcrt{number}"),
        expires_at: at(NOW + 600),
        scheme: Scheme::Lsat,
        macaroon: format!("macaroon {number}"),
        purpose: Purpose {
            host: "a.example".to_owned(),
            origin: "https://a.example".to_owned(),
            method: "GET".to_owned(),
            path: "/report".to_owned(),
            request: [7; 32],
        },
        begun_at: at(NOW),
    }
}

pub(super) fn to_host(host: &str, intent: Intent) -> Intent {
    let purpose = Purpose { host: host.to_owned(), origin: format!("https://{host}"), ..intent.purpose };
    Intent { purpose, ..intent }
}

pub(super) fn paid(number: u64, fee: Option<u64>) -> Step {
    Step::Paid { preimage: preimage(number), fee: fee.map(Msat::from_msat) }
}

#[allow(clippy::needless_pass_by_value, reason = "cases say what they expect in place")]
pub(super) fn expect<T: PartialEq + Debug>(what: &str, found: Result<T, StoreError>, expected: T) -> Verdict {
    match found {
        Ok(found) if found == expected => Ok(()),
        Ok(found) => Err(format!("{what}: {found:?} instead of {expected:?}.")),
        Err(error) => Err(format!("{what}: {error}.")),
    }
}

pub(super) async fn begin(store: &dyn Store, intent: Intent) -> Verdict {
    begin_within(store, intent, Budget::unlimited(), Begun::Reserved).await
}

pub(super) async fn begin_within(
    store: &dyn Store,
    intent: Intent,
    budget: Budget,
    expected: Begun,
) -> Verdict {
    expect("begin", store.begin(intent, Arc::new(budget)).await, expected)
}

pub(super) async fn advance(store: &dyn Store, number: u64, step: Step, expected: bool) -> Verdict {
    let what = format!("{step:?}");
    expect(&what, store.advance(hash(number), step, at(NOW + 5)).await, expected)
}

pub(super) async fn get(store: &dyn Store, number: u64) -> Result<Record, String> {
    let mut found = find(store, Wanted::One(hash(number))).await?;
    found.pop().ok_or_else(|| format!("payment {number} is not there."))
}

pub(super) async fn find(store: &dyn Store, wanted: Wanted) -> Result<Vec<Record>, String> {
    store.find(wanted).await.map_err(|error| format!("find: {error}."))
}

/// The numbers of the payments that are found.
pub(super) async fn expect_found(store: &dyn Store, wanted: Wanted, expected: &[u64]) -> Verdict {
    let what = format!("{wanted:?}");
    let found: Vec<_> = find(store, wanted).await?.iter().map(|record| record.intent.payment_hash).collect();
    expect(&what, Ok(found), expected.iter().copied().map(hash).collect())
}

pub(super) async fn expect_used(
    store: &dyn Store,
    host: Option<&str>,
    period: Period,
    now: u64,
    expected: u64,
) -> Verdict {
    let counted = vec![Counted::new(host.map(str::to_owned), period)];
    let what = format!("used {counted:?} at {now}");
    expect(&what, store.used(counted, at(now)).await, vec![Msat::from_msat(expected)])
}
