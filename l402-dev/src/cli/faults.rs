//! `l402-dev faults`.

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use l402_dev::control::{self, FaultOrder};

use super::Failure;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The address of the node, as `serve` and `demo --serve` print it
    #[arg(long, value_name = "URL", global = true, default_value = "http://127.0.0.1:3402/node")]
    node: String,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show what waits to go wrong
    List,
    /// Order a fault; without --times or --hash it happens at every call
    Add {
        /// When it happens: invoice, payment or lookup
        operation: String,
        /// What happens, such as fail=no-route, stuck-then-settle=5s, wrong-amount or down
        fault: String,
        /// At the next calls, this many of them
        #[arg(long, value_name = "N", conflicts_with = "hash")]
        times: Option<u32>,
        /// At calls about this payment hash
        #[arg(long, value_name = "HEX")]
        hash: Option<String>,
    },
    /// Forget all faults
    Clear,
}

pub(crate) async fn run(options: Options) -> Result<ExitCode, Failure> {
    let Options { node, action } = options;
    let faults = match action {
        Action::List => control::faults(&node).await?,
        Action::Add { operation, fault, times, hash } => {
            let order = FaultOrder { operation, fault, times, payment_hash: hash };
            control::add_fault(&node, &order).await?
        }
        Action::Clear => {
            control::clear_faults(&node).await?;
            Vec::new()
        }
    };
    let mut out = anstream::stdout();
    for fault in faults {
        writeln!(out, "{fault}")?;
    }
    Ok(ExitCode::SUCCESS)
}
