//! The `l402` command: fetch what costs money, within a budget.

#![forbid(unsafe_code)]

mod cli;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    cli::run().await
}
