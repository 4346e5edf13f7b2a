//! What is done with a token, step by step, next to the SHA-256 work that no implementation can avoid.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may stop")]

mod work;

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use l402_core::header::{Challenge, ChallengeRef, CredentialRef};
use l402_core::{
    Identifier, Limits, Macaroon, MacaroonRef, MasterKey, MintRequest, Msat, RequestContext, RootKey,
    TokenId, UnixTime, Uses, mint,
};
use work::floor::{blocks, blocks_of_caveat, compressions};
use work::forged::forged;
use work::{CAVEATS, Keys, RIGHT, SECRET, WRONG, caveats, credential, verify};

const COUNTS: [usize; 4] = [0, 3, 10, 64];
/// The counts that the plot of cost by caveats has besides.
const MORE_COUNTS: [usize; 5] = [1, 5, 20, 32, 48];
const CAVEAT_BYTES: [usize; 6] = [16, 55, 119, 247, 503, 1015];

/// What the server of this workspace mints, as far as it has the sizes of [`work::CAVEATS`].
const MINTED: [&str; 3] = ["path=/report", "method=GET", "expires_at=1999999999"];

/// Header bytes in, grant out.
fn verifying(criterion: &mut Criterion) {
    let derived = Keys::Derived(MasterKey::from_bytes(SECRET));
    let mut group = criterion.benchmark_group("verify");
    for count in COUNTS.into_iter().chain(MORE_COUNTS) {
        floor(&mut group, count, blocks(count));
        valid(&mut group, "given key", count, &Keys::Given, &caveats(count));
    }
    for count in COUNTS {
        valid(&mut group, "derived key", count, &derived, &caveats(count));
    }
    valid(&mut group, "derived key, minted caveats", 3, &derived, &MINTED);
    group.finish();

    // A caveat that is unknown is skipped, as the specification wants, but it is signed like all others.
    let mut group = criterion.benchmark_group("verify by bytes of a caveat");
    for bytes in CAVEAT_BYTES {
        let caveat = format!("note={}", "x".repeat(bytes - 5));
        floor(&mut group, bytes, blocks(0) + 3 * blocks_of_caveat(bytes));
        valid(&mut group, "given key", bytes, &Keys::Given, &[&*caveat; 3]);
    }
    group.finish();
}

fn floor(group: &mut BenchmarkGroup<'_, WallTime>, at: usize, blocks: usize) {
    group.bench_function(BenchmarkId::new("floor", at), |bencher| {
        bencher.iter(|| compressions(black_box(blocks)));
    });
}

fn valid(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, at: usize, keys: &Keys, caveats: &[&str]) {
    let limits = Limits::default();
    let mut buffer = Vec::with_capacity(8192);
    let header = credential(keys, caveats, &RIGHT);
    assert!(verify(keys, &limits, header.as_bytes(), &mut buffer).is_some());
    group.bench_function(BenchmarkId::new(name, at), |bencher| {
        bencher.iter(|| verify(keys, &limits, black_box(header.as_bytes()), &mut buffer));
    });
}

/// What a flood of bad tokens costs.
fn rejecting(criterion: &mut Criterion) {
    let limits = Limits::default();
    let derived = Keys::Derived(MasterKey::from_bytes(SECRET));
    let mut buffer = Vec::with_capacity(8192);
    let hex = "09".repeat(32);
    let mut group = criterion.benchmark_group("reject");
    floor(&mut group, 3, blocks(3));
    for (name, header) in [
        ("wrong signature", forged(credential(&derived, &CAVEATS, &RIGHT))),
        ("wrong preimage", credential(&derived, &caveats(3), &WRONG)),
        ("not base64", format!("L402 {}*:{hex}", "A".repeat(255))),
        ("not a macaroon", format!("L402 {}:{hex}", "A".repeat(256))),
        ("preimage that is not hex", format!("L402 {}:{}", "A".repeat(256), "x".repeat(64))),
        ("too large", format!("L402 {}:{hex}", "A".repeat(limits.header_bytes))),
        ("other scheme", "Bearer abc".to_owned()),
    ] {
        assert!(verify(&derived, &limits, header.as_bytes(), &mut buffer).is_none());
        group.bench_function(name, |bencher| {
            bencher.iter(|| verify(&derived, &limits, black_box(header.as_bytes()), &mut buffer));
        });
    }
    group.finish();
}

/// The steps of a verification, and what comes before it: reading the text, reading the macaroon, the chain of HMACs.
fn steps(criterion: &mut Criterion) {
    let limits = Limits::default();
    let key = RootKey::new(&SECRET).unwrap();
    let mut buffer = Vec::with_capacity(8192);
    for (name, group) in
        [("parse credential", "read and decode"), ("decode macaroon", "V2"), ("chain", "signature compared")]
    {
        let mut named = criterion.benchmark_group(name);
        for count in COUNTS {
            let header = credential(&Keys::Given, &caveats(count), &RIGHT);
            let text = header[5..].split(':').next().unwrap();
            let macaroon = Macaroon::from_base64(text, &limits).unwrap();
            let macaroon = macaroon.as_bytes();
            named.bench_function(BenchmarkId::new(group, count), |bencher| match name {
                "parse credential" => bencher.iter(|| {
                    let value = black_box(header.as_bytes());
                    let credential = CredentialRef::parse_all(value, &limits).next().unwrap().unwrap();
                    black_box(credential.decode_into(&mut buffer, &limits).is_ok())
                }),
                "decode macaroon" => {
                    bencher.iter(|| MacaroonRef::decode(black_box(macaroon), &limits));
                }
                _ => {
                    let macaroon = MacaroonRef::decode(macaroon, &limits).unwrap();
                    bencher.iter(|| assert!(black_box(&macaroon).is_signed_by(black_box(&key))));
                }
            });
        }
        named.finish();
    }
}

/// What an offer takes, and what a client does with it.
fn offering(criterion: &mut Criterion) {
    let limits = Limits::default();
    let master = MasterKey::from_bytes(SECRET);
    let identifier =
        Identifier { payment_hash: RIGHT.payment_hash(), token_id: TokenId::sealing(master.id(), [3; 32]) };
    let request = RequestContext::new("GET", "/report", UnixTime::from_secs(1_900_000_000));
    let terms = MintRequest::new(identifier, &request, Msat::from_sat(10))
        .with_uses(Uses::ONCE)
        .with_expiry(UnixTime::from_secs(1_999_999_999));
    let mut group = criterion.benchmark_group("mint");
    group.bench_function("five caveats, derived key", |bencher| {
        bencher.iter(|| mint(black_box(&terms), &master.root_key(&identifier.token_id)));
    });
    group.finish();

    let macaroon = mint(&terms, &master.root_key(&identifier.token_id)).unwrap();
    let challenge = Challenge::new(macaroon, format!("lnbcrt100n1{}", "q".repeat(280))).unwrap();
    let [value, twins] = [challenge.to_header_value(), challenge.to_aperture_header_values().join(", ")];
    let mut group = criterion.benchmark_group("parse challenge");
    for (name, value) in [("ours", &value), ("LSAT and L402 in one field", &twins)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let found = ChallengeRef::parse_all(black_box(value.as_bytes()), &limits);
                black_box(found.filter(Result::is_ok).count())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, verifying, rejecting, steps, offering);
criterion_main!(benches);
