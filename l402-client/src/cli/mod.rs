//! Commands and their options.

mod amount;
mod approval;
mod attenuate;
mod budget;
mod check;
mod completions;
mod decode;
mod doctor;
mod failure;
mod fetch;
mod history;
#[cfg(feature = "mcp")]
mod mcp;
mod output;
mod pay;
mod quote;
mod resume;
mod settings;
mod tokens;
mod wallet;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;
use output::Output;
use settings::Options;

/// Fetch what costs money: pays L402 bills over Lightning, once, within a budget
#[derive(Debug, Parser)]
#[command(name = "l402", version, arg_required_else_help = true, after_help = failure::EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// GET a URL, and pay for it if need be
    Get(fetch::Get),
    /// POST to a URL, and pay for it if need be
    Post(fetch::WithBody),
    /// PUT to a URL, and pay for it if need be
    Put(fetch::WithBody),
    /// PATCH a URL, and pay for it if need be
    Patch(fetch::WithBody),
    /// DELETE a URL, and pay for it if need be
    Delete(fetch::WithBody),
    /// HEAD of a URL: status and header fields
    Head(fetch::Get),
    /// Any method
    Request(fetch::AnyMethod),
    /// What a URL costs, without paying
    Quote(quote::Arguments),
    /// Pay an invoice
    Pay(pay::Arguments),
    /// What a challenge, credential, macaroon or invoice says
    Decode(decode::Arguments),
    /// The tokens that were bought
    #[command(subcommand)]
    Tokens(tokens::Command),
    /// The latest payments
    History(history::Arguments),
    /// What may be spent, and what has been
    Budget(budget::Arguments),
    /// Find out what became of payments that were interrupted
    Resume(resume::Arguments),
    /// The wallet that pays
    #[command(subcommand)]
    Wallet(doctor::Command),
    /// Whether a server's bills are such that every known client can pay them
    Check(check::Arguments),
    /// Narrow a token
    Attenuate(attenuate::Arguments),
    /// Let an agent fetch what costs money: serves MCP on standard input and output
    #[cfg(feature = "mcp")]
    Mcp(mcp::Arguments),
    /// Print what a shell needs to complete commands
    Completions(completions::Arguments),
}

pub(crate) async fn run() -> ExitCode {
    let Cli { options, command } = Cli::parse();
    let output = Output::new(&options);
    match execute(command, &options, output).await {
        Ok(code) => code,
        Err(failure) => failure.report(output),
    }
}

async fn execute(command: Command, options: &Options, output: Output) -> Result<ExitCode, Failure> {
    match command {
        Command::Get(get) => fetch::run(get.order("GET"), options, output).await,
        Command::Head(get) => fetch::run(get.order("HEAD"), options, output).await,
        Command::Post(it) => fetch::run(it.order("POST"), options, output).await,
        Command::Put(it) => fetch::run(it.order("PUT"), options, output).await,
        Command::Patch(it) => fetch::run(it.order("PATCH"), options, output).await,
        Command::Delete(it) => fetch::run(it.order("DELETE"), options, output).await,
        Command::Request(it) => fetch::run(it.order(), options, output).await,
        Command::Quote(it) => quote::run(it, options, output).await,
        Command::Pay(it) => pay::run(it, options, output).await,
        Command::Decode(it) => decode::run(&it, output),
        Command::Tokens(it) => tokens::run(it, options, output).await,
        Command::History(it) => history::run(&it, options, output).await,
        Command::Budget(it) => budget::run(it, options, output).await,
        Command::Resume(it) => resume::run(it, options, output).await,
        Command::Wallet(it) => doctor::run(it, options, output).await,
        Command::Check(it) => check::run(it, output).await,
        Command::Attenuate(it) => attenuate::run(it, options, output).await,
        #[cfg(feature = "mcp")]
        Command::Mcp(it) => mcp::run(it, options, output).await,
        Command::Completions(it) => Ok(completions::run(&it)),
    }
}
