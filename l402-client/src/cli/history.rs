//! `l402 history`.

use std::process::ExitCode;

use clap::Args;
use l402_client::store::Record;
use l402_core::Msat;
use serde_json::{Value, json};

use super::failure::Failure;
use super::output::{Output, printable};
use super::settings::{Options, Settings};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// How many, the newest first
    #[arg(long, short = 'n', default_value_t = 20)]
    count: usize,
}

pub(crate) async fn run(
    arguments: &Arguments,
    options: &Options,
    output: Output,
) -> Result<ExitCode, Failure> {
    let records = Settings::read(options)?.books()?.history(arguments.count).await?;
    let json = Value::Array(records.iter().map(as_json).collect());
    output.result(&json, || match records.as_slice() {
        [] => "nothing was paid yet".to_owned(),
        records => records.iter().map(as_text).collect(),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Without preimage, macaroon and invoice.
pub(crate) fn as_json(record: &Record) -> Value {
    let intent = &record.intent;
    json!({
        "payment_hash": intent.payment_hash.to_string(),
        "state": record.state.name(),
        "amount_msat": intent.amount.as_msat(),
        "fee_msat": record.fee.map(Msat::as_msat),
        "cost_msat": record.cost().as_msat(),
        "origin": intent.purpose.origin,
        "method": intent.purpose.method,
        "path": intent.purpose.path,
        "begun_at": intent.begun_at.as_secs(),
        "changed_at": record.changed_at.as_secs(),
        "uses": record.used,
        "has_token": record.has_token(),
    })
}

fn as_text(record: &Record) -> String {
    let (intent, purpose) = (&record.intent, &record.intent.purpose);
    let hash = intent.payment_hash.to_string();
    let line = format!(
        "{}  {:>10}  {:<9}  {} {}{}",
        &hash[..12],
        record.cost().to_string(),
        record.state,
        purpose.method,
        purpose.origin,
        purpose.path
    );
    printable(&line) + "\n"
}
