//! Verifying a token: header bytes in, grant out, next to the SHA-256 work that no implementation can avoid. And
//! reading an invoice, for those who sell and for those who pay.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may stop")]

mod work;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use l402_core::bolt11::{InvoiceFacts, InvoiceTerms};
use l402_core::ports::{InvoiceProvider, NewInvoice};
use l402_core::{Limits, MasterKey, Msat};
use l402_dev::DevNode;
use work::floor::{blocks, compressions};
use work::{CAVEATS, Keys, RIGHT, SECRET, WRONG, credential, forged, verify};

/// What the server of this workspace mints, as far as it has the sizes of [`CAVEATS`].
const MINTED: [&str; 3] = ["path=/report", "method=GET", "expires_at=1999999999"];

fn valid_and_invalid(criterion: &mut Criterion) {
    let limits = Limits::default();
    let derived = Keys::Derived(MasterKey::from_bytes(SECRET));
    let mut buffer = Vec::with_capacity(1024);
    let mut group = criterion.benchmark_group("verify");
    for count in [0, CAVEATS.len()] {
        group.bench_function(BenchmarkId::new("floor", count), |bencher| {
            bencher.iter(|| compressions(black_box(blocks(count))));
        });
        for (name, keys, caveats) in [
            ("given key", &Keys::Given, &CAVEATS[..count]),
            ("derived key", &derived, &CAVEATS[..count]),
            ("derived key, minted caveats", &derived, &MINTED[..count]),
        ] {
            let header = credential(keys, caveats, &RIGHT);
            assert!(verify(keys, &limits, header.as_bytes(), &mut buffer).is_some());
            group.bench_function(BenchmarkId::new(name, count), |bencher| {
                bencher.iter(|| verify(keys, &limits, black_box(header.as_bytes()), &mut buffer));
            });
        }
    }
    let hex = "09".repeat(32);
    for (name, header) in [
        ("wrong preimage", credential(&derived, &CAVEATS, &WRONG)),
        ("wrong signature", forged(&derived)),
        ("not base64", format!("L402 {}*:{hex}", "A".repeat(255))),
        ("not a macaroon", format!("L402 {}:{hex}", "A".repeat(256))),
        ("other scheme", "Bearer abc".to_owned()),
    ] {
        assert!(verify(&derived, &limits, header.as_bytes(), &mut buffer).is_none());
        group.bench_function(name, |bencher| {
            bencher.iter(|| verify(&derived, &limits, black_box(header.as_bytes()), &mut buffer));
        });
    }
    group.finish();
}

fn invoices(criterion: &mut Criterion) {
    let wanted = NewInvoice::new(Msat::from_sat(10), "one report".to_owned(), Duration::from_secs(600));
    let provider = DevNode::new().unwrap().provider();
    let text = provider.create_invoice(wanted).into_ready().unwrap().unwrap().bolt11;
    let mut group = criterion.benchmark_group("invoice");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("terms", |bencher| {
        bencher.iter(|| black_box(&*text).parse::<InvoiceTerms>());
    });
    group.bench_function("facts, with the signature", |bencher| {
        bencher.iter(|| black_box(&*text).parse::<InvoiceFacts>());
    });
    group.finish();
}

criterion_group!(benches, valid_and_invalid, invoices);
criterion_main!(benches);
