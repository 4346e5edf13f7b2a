//! Tokens verified in a second: by `l402-core` in this process, by the hashing that nobody can avoid, and by a
//! verifier in any language.
//!
//! The last one is the shim that `L402_SHIM` names, a command as for `l402-conformance verifier --cmd`:
//!
//! ```text
//! L402_SHIM='python3 conformance/shims/python/l402_shim.py' cargo bench -p l402-benches --bench verify_throughput
//! ```
//!
//! A shim is asked over pipes, 64 requests at a time, with JSON on both sides: compare shims with shims. Paths in the
//! command are seen from the folder that cargo was started in.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs, reason = "a benchmark may stop")]

#[allow(dead_code, reason = "tokens that are not valid are measured elsewhere")]
mod work;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use l402_conformance::verifier;
use l402_core::Limits;
use work::floor::{blocks, compressions};
use work::{CAVEATS, Keys, RIGHT, credential, verify};

fn throughput(criterion: &mut Criterion) {
    let limits = Limits::default();
    let mut buffer = Vec::with_capacity(1024);
    let mut group = criterion.benchmark_group("verify throughput");
    group.throughput(Throughput::Elements(1));
    group.bench_function("floor", |bencher| {
        bencher.iter(|| compressions(black_box(blocks(CAVEATS.len()))));
    });
    let header = credential(&Keys::Given, &CAVEATS, &RIGHT);
    group.bench_function("l402-core", |bencher| {
        bencher.iter(|| verify(&Keys::Given, &limits, black_box(header.as_bytes()), &mut buffer).unwrap());
    });
    match std::env::var("L402_SHIM") {
        Ok(command) => shim(&mut group, &command),
        Err(_) => eprintln!(
            "verify throughput: set L402_SHIM to the command of a verifier's shim to measure it, too"
        ),
    }
    group.finish();
}

fn shim(group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>, command: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut shim = runtime.block_on(verifier::Throughput::start(command)).unwrap();
    let name = format!("shim: {}", shim.name());
    group.measurement_time(Duration::from_secs(5)).sample_size(20);
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|count| {
            let count = usize::try_from(count).unwrap();
            runtime.block_on(shim.verify(count)).unwrap()
        });
    });
}

criterion_group!(benches, throughput);
criterion_main!(benches);
