//! `l402-dev invoice`.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use l402_dev::control::{self, InvoiceOrder};

use super::Failure;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// What it costs, in satoshi
    sats: u64,
    /// The address of the node, as `serve` and `demo --serve` print it
    #[arg(long, value_name = "URL")]
    node: String,
    /// What it is for
    #[arg(long, value_name = "TEXT", default_value = "")]
    memo: String,
    /// The account that is paid
    #[arg(long, value_name = "NAME", default_value = "payee")]
    account: String,
    /// How long it can be paid, in seconds
    #[arg(long, value_name = "SECS", default_value_t = 3600)]
    expiry: u64,
}

/// Prints the invoice alone, so that a shell can capture it.
pub(crate) async fn run(options: Options) -> Result<ExitCode, Failure> {
    let Options { sats, node, memo, account, expiry } = options;
    let amount_msat = sats.checked_mul(1000).ok_or("there are not so many satoshi")?;
    let order = InvoiceOrder { amount_msat, description: memo, expires_in: expiry, account: Some(account) };
    let bolt11 = control::create_invoice(&node, &order).await?;
    writeln!(anstream::stdout(), "{bolt11}")?;
    Ok(ExitCode::SUCCESS)
}
