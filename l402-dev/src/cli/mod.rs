//! Commands and their options.

mod demo;
mod faults;
mod invoice;
mod pay;
mod serve;

use std::fmt::Display;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A Lightning node for development: real signed invoices and preimages, no real money.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 all went as it should, 1 it did not, 2 the command line is wrong.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch a request get paid for, and three attacks fail
    Demo(demo::Options),
    Serve(serve::Options),
    /// Pay an invoice of a running dev node and print the preimage
    Pay(pay::Options),
    /// Create an invoice on a running dev node and print it
    Invoice(invoice::Options),
    /// Make things go wrong on a running dev node
    Faults(faults::Options),
}

/// What a command fails with: shown as it is, so it says what to do.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

pub(crate) async fn run(cli: Cli) -> ExitCode {
    let outcome = match cli.command {
        Command::Demo(options) => demo::run(options).await,
        Command::Serve(options) => serve::run(options).await,
        Command::Pay(options) => pay::run(options).await,
        Command::Invoice(options) => invoice::run(options).await,
        Command::Faults(options) => faults::run(options).await,
    };
    outcome.unwrap_or_else(|failure| {
        say_on_stderr(&format_args!("error: {failure}"));
        ExitCode::FAILURE
    })
}

fn say_on_stderr(line: &dyn Display) {
    // Nothing can be done about a standard error that is closed.
    let _ = writeln!(anstream::stderr(), "{line}");
}

fn random_secret() -> Result<[u8; 32], Failure> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| format!("the system gives no random bytes: {error}"))?;
    Ok(secret)
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> Failure {
    format!("cannot listen on {address}: {error}; choose another with --listen 127.0.0.1:0").into()
}
