//! The same tokens, verified by this workspace and by the crate `macaroon`, in one run.
//!
//! The root key is given to both. Around `macaroon` stands the least that a server needs: the header is split, the hex
//! is decoded and the preimage compared, each with the fastest crate for it.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may stop")]

#[path = "../../benches/work/mod.rs"]
#[allow(dead_code, reason = "nobody else derives root keys")]
mod work;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use hex_simd::AsOut;
use l402_core::Limits;
use macaroon::{ByteString, Macaroon, MacaroonKey, Verifier};
use sha2::{Digest, Sha256};
use work::{CAVEATS, Keys, RIGHT, SECRET, WRONG, blocks, compressions, credential, forged, verify};

fn ours_and_theirs(criterion: &mut Criterion) {
    macaroon::initialize().unwrap();
    let limits = Limits::default();
    let mut buffer = Vec::with_capacity(1024);
    let mut group = criterion.benchmark_group("peers");
    group.bench_function("floor", |bencher| {
        bencher.iter(|| compressions(black_box(blocks(CAVEATS.len()))));
    });
    for (name, header, is_valid) in [
        ("valid", credential(&Keys::Given, &CAVEATS, &RIGHT), true),
        ("wrong signature", forged(&Keys::Given), false),
        ("wrong preimage", credential(&Keys::Given, &CAVEATS, &WRONG), false),
    ] {
        assert_eq!(verify(&Keys::Given, &limits, header.as_bytes(), &mut buffer).is_some(), is_valid);
        group.bench_function(format!("{name}/l402-core"), |bencher| {
            bencher.iter(|| verify(&Keys::Given, &limits, black_box(header.as_bytes()), &mut buffer));
        });
        assert_eq!(verify_with_macaroon(&header).is_some(), is_valid);
        group.bench_function(format!("{name}/macaroon"), |bencher| {
            bencher.iter(|| verify_with_macaroon(black_box(&header)));
        });
    }
    group.finish();
}

fn verify_with_macaroon(header: &str) -> Option<()> {
    let (macaroon, preimage) = header.strip_prefix("L402 ")?.split_once(':')?;
    let mut bytes = [0; 32];
    hex_simd::decode(preimage.as_bytes(), bytes.as_mut_slice().as_out()).ok()?;
    let macaroon = Macaroon::deserialize_binary(&base64_simd::STANDARD.decode_to_vec(macaroon).ok()?).ok()?;
    let identifier = macaroon.identifier();
    if identifier.0.get(2..34)? != Sha256::digest(bytes).as_slice() {
        return None;
    }
    let mut verifier = Verifier::default();
    verifier.satisfy_general(|caveat| caveat.0 == CAVEATS[0].as_bytes());
    verifier.satisfy_general(|caveat| caveat.0 == CAVEATS[1].as_bytes());
    verifier.satisfy_general(is_in_time);
    verifier.verify(&macaroon, &MacaroonKey::generate(&SECRET), Vec::new()).ok()
}

fn is_in_time(caveat: &ByteString) -> bool {
    let end = caveat.0.strip_prefix(b"api_valid_until=").and_then(|end| str::from_utf8(end).ok());
    end.and_then(|end| end.parse::<u64>().ok()).is_some_and(|end| 1_900_000_000 < end)
}

criterion_group!(benches, ours_and_theirs);
criterion_main!(benches);
