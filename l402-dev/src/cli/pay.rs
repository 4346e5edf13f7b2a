//! `l402-dev pay`.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use l402_dev::control;

use super::Failure;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The invoice, from the 402 answer (lnbcrt...)
    invoice: String,
    /// The address of the node, as `serve` and `demo --serve` print it
    #[arg(long, value_name = "URL")]
    node: String,
}

/// Prints the preimage alone, so that a shell can capture it.
pub(crate) async fn run(options: Options) -> Result<ExitCode, Failure> {
    let preimage = control::pay(&options.node, &options.invoice).await?;
    writeln!(anstream::stdout(), "{}", preimage.expose_hex())?;
    Ok(ExitCode::SUCCESS)
}
