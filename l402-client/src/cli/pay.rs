//! `l402 pay`.

use std::process::ExitCode;

use clap::Args;
use l402_core::Msat;
use serde_json::json;

use super::amount;
use super::decode::text_or_input;
use super::failure::Failure;
use super::output::Output;
use super::settings::{Options, Settings};

const REMARKS: &str = "\
    Prints the preimage. Within the same budget and journal as everything else: an invoice that was paid \
    before is not paid again.";

#[derive(Debug, Args)]
#[command(after_help = REMARKS)]
pub(crate) struct Arguments {
    /// The invoice (lnbc...); - for standard input
    invoice: String,
    /// Pay at most this much, fee included, where the budget allows more
    #[arg(long, value_name = "AMOUNT", value_parser = amount::parse)]
    max_cost: Option<Msat>,
}

pub(crate) async fn run(
    arguments: Arguments,
    options: &Options,
    output: Output,
) -> Result<ExitCode, Failure> {
    let text = text_or_input(&arguments.invoice)?;
    let text = text.trim();
    let scheme = "lightning:";
    let has_scheme = text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let invoice = if has_scheme { &text[scheme.len()..] } else { text };

    let client = Settings::read(options)?.paying_client(output)?;
    let paid = client.pay_invoice(invoice, arguments.max_cost).await?;
    output.end_progress();
    if paid.was_paid {
        output.note("it was paid before; nothing was spent now");
    }
    let preimage = paid.preimage.expose_hex();
    let json = json!({
        "preimage": preimage,
        "payment_hash": paid.receipt.payment_hash.to_string(),
        "amount_msat": paid.receipt.amount.as_msat(),
        "fee_msat": paid.receipt.fee.map(Msat::as_msat),
        "paid_at": paid.receipt.paid_at.as_secs(),
        "was_paid": paid.was_paid,
    });
    output.result(&json, || preimage.clone())?;
    Ok(ExitCode::SUCCESS)
}
