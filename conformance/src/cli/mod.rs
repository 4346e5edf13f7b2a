//! Commands and their options.

mod cases;
#[cfg(feature = "client")]
mod client;
mod run;
#[cfg(feature = "client")]
mod serve;
mod server;
mod vectors;
mod verifier;

use std::error::Error;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use anstyle::Style;
use clap::{Parser, Subcommand};

/// Conformance tests for L402 servers, clients and token libraries in any language.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  conformant: every MUST was checked and is kept, but for the deviations in --expected
  1  failing: a MUST is broken; with --strict, anything is not as it should be
  2  harness error: the suite could not find out, or the command line or --expected is wrong
  3  partial: no MUST is broken, but some were not checked, for example without --payer";

#[derive(Debug, Subcommand)]
enum Command {
    /// Test a server
    Server(Box<server::Options>),
    /// Test a token verifier in any language, through a small program around it
    Verifier(Box<verifier::Options>),
    /// List the test vectors, or copy them to a folder
    Vectors(vectors::Options),
    /// Test a client
    #[cfg(feature = "client")]
    Client(Box<client::Options>),
    /// Run a shop and wallets, honest or hostile, to try a client by hand
    #[cfg(feature = "client")]
    Serve(serve::Options),
    /// List the cases
    List(cases::ListOptions),
    /// Say what a case requires, and where that is written
    Explain(cases::ExplainOptions),
}

/// What a command fails with: shown as it is, so it says what to do.
type Failure = Box<dyn Error + Send + Sync>;

pub(crate) async fn run(cli: Cli) -> ExitCode {
    let outcome = match cli.command {
        Command::Server(options) => server::run(*options).await,
        Command::Verifier(options) => verifier::run(*options).await,
        Command::Vectors(options) => vectors::run(&options),
        #[cfg(feature = "client")]
        Command::Client(options) => client::run(*options).await,
        #[cfg(feature = "client")]
        Command::Serve(options) => serve::run(options).await,
        Command::List(options) => cases::list(&options),
        Command::Explain(options) => cases::explain(&options),
    };
    outcome.unwrap_or_else(|failure| {
        say_on_stderr(&format_args!("error: {failure}"));
        ExitCode::from(HARNESS_ERROR)
    })
}

const HARNESS_ERROR: u8 = 2;

const HEADING: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();

fn say_on_stderr(line: &dyn Display) {
    // Nothing can be done about a standard error that is closed.
    let _ = writeln!(anstream::stderr(), "{line}");
}
