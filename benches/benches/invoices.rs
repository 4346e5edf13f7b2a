//! Reading an invoice, for those who sell and for those who pay.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may stop")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use l402_core::Msat;
use l402_core::bolt11::{InvoiceFacts, InvoiceTerms};
use l402_core::ports::{InvoiceProvider, NewInvoice};
use l402_dev::DevNode;

fn reading(criterion: &mut Criterion) {
    let wanted = NewInvoice::new(Msat::from_sat(10), "one report".to_owned(), Duration::from_secs(600));
    let provider = DevNode::new().unwrap().provider();
    let text = provider.create_invoice(wanted).into_ready().unwrap().unwrap().bolt11;
    let mut group = criterion.benchmark_group("invoice");
    group.bench_function("terms", |bencher| {
        bencher.iter(|| black_box(&*text).parse::<InvoiceTerms>());
    });
    group.bench_function("facts, with the signature", |bencher| {
        bencher.iter(|| black_box(&*text).parse::<InvoiceFacts>());
    });
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
