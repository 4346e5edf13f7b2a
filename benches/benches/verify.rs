//! Verifying a token: header bytes in, grant out, next to the SHA-256 work that no implementation can avoid.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may stop")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use l402_core::header::{CredentialRef, Scheme, credential_header_value};
use l402_core::{
    Grant, Identifier, Limits, Macaroon, MasterKey, Preimage, RequestContext, TokenId, UnixTime,
    UnknownCaveats,
};
use sha2::block_api::compress256;

/// As many caveats as the tokens that are compared elsewhere have.
const CAVEATS: [&str; 3] = ["path=/report", "method=GET", "expires_at=1999999999"];
const NOW: UnixTime = UnixTime::from_secs(1_900_000_000);

struct Shop {
    master: MasterKey,
    limits: Limits,
}

impl Shop {
    fn credential(&self, caveats: usize, preimage: &Preimage) -> String {
        let token_id = TokenId::sealing(self.master.id(), [3; 32]);
        let identifier = Identifier { payment_hash: Preimage::from_bytes([9; 32]).payment_hash(), token_id };
        let bare = Macaroon::new(&self.master.root_key(&token_id), &identifier.to_bytes(), b"lsat").unwrap();
        let macaroon = CAVEATS[..caveats]
            .iter()
            .fold(bare, |macaroon, caveat| macaroon.attenuate(caveat.as_bytes()).unwrap());
        credential_header_value(Scheme::L402, &macaroon.to_base64(), preimage)
    }

    fn verify(&self, header: &[u8], buffer: &mut Vec<u8>) -> Option<Grant> {
        let credential = CredentialRef::parse_all(header, &self.limits).next()?.ok()?;
        let unverified = credential.decode_into(buffer, &self.limits).ok()?;
        unverified.screen().ok()?;
        let key = self.master.root_key(&unverified.token_id());
        let request = RequestContext::new("GET", "/report", NOW);
        unverified
            .authenticate(&[key])
            .ok()?
            .prove_payment()
            .ok()?
            .permit(&request, UnknownCaveats::Skip)
            .ok()
    }
}

fn verify(criterion: &mut Criterion) {
    let shop = Shop { master: MasterKey::from_bytes([7; 32]), limits: Limits::default() };
    let mut buffer = Vec::with_capacity(1024);
    let mut group = criterion.benchmark_group("verify");
    for caveats in [0, CAVEATS.len()] {
        group.bench_function(BenchmarkId::new("floor", caveats), |bencher| {
            bencher.iter(|| compressions(black_box(floor(caveats))));
        });
        let header = shop.credential(caveats, &Preimage::from_bytes([9; 32]));
        assert!(shop.verify(header.as_bytes(), &mut buffer).is_some());
        group.bench_function(BenchmarkId::new("valid", caveats), |bencher| {
            bencher.iter(|| shop.verify(black_box(header.as_bytes()), &mut buffer));
        });
    }

    let wrong_preimage = shop.credential(CAVEATS.len(), &Preimage::from_bytes([8; 32]));
    let mut wrong_signature = shop.credential(CAVEATS.len(), &Preimage::from_bytes([9; 32]));
    let colon = wrong_signature.find(':').unwrap();
    wrong_signature.replace_range(colon - 6..colon - 4, "AA");
    for (name, header) in [
        ("wrong preimage", wrong_preimage.as_str()),
        ("wrong signature", wrong_signature.as_str()),
        ("not base64", "L402 ****:00"),
        ("other scheme", "Bearer abc"),
    ] {
        assert!(shop.verify(header.as_bytes(), &mut buffer).is_none());
        group.bench_function(name, |bencher| {
            bencher.iter(|| shop.verify(black_box(header.as_bytes()), &mut buffer));
        });
    }
    group.finish();
}

/// The compressions of a token with its own root key and caveats of one block: two to derive the chain key, five
/// for the identifier, four for each caveat, one for the preimage.
const fn floor(caveats: usize) -> usize {
    2 + 5 + 4 * caveats + 1
}

/// That many compressions in one call: one after another, as a chain has to be, and nothing in between.
fn compressions(count: usize) -> [u32; 8] {
    const MOST: [[u8; 64]; floor(CAVEATS.len())] = [[0; 64]; floor(CAVEATS.len())];
    let mut state = [0; 8];
    compress256(&mut state, &MOST[..count]);
    state
}

criterion_group!(benches, verify);
criterion_main!(benches);
