//! `l402 mcp`: the client as tools for agents, over the Model Context Protocol (MCP).
//!
//! # Security
//! What a server sends is data for the model and nothing else. It decides on no payment: caps, hosts and approvals are
//! the owner's, and nothing that a tool returns is a secret.

mod answer;
mod approval;
mod books;
mod fetch;
mod file;
mod outcome;
mod quote;
mod server;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use l402_client::L402Client;
use rmcp::ServiceExt;
use rmcp::transport::stdio;

use super::failure::{Failure, with_causes};
use super::output::Output;
use super::settings::{Options, Settings, make_private};
use answer::Sizes;
use approval::ThroughHost;
use server::Server;

const REMARKS: &str = "\
    For agents: their host starts this command and speaks MCP with it over standard input and output. \
    The tools are fetch, quote, balance, history and budget. The model can spend what the configuration \
    allows, and no more; with `allow_hosts` it can reach these hosts only; payments above `ask_above` \
    are asked about in the agent's window.";

#[derive(Debug, Args)]
#[command(after_help = REMARKS)]
pub(crate) struct Arguments {
    /// How much of an answer the model gets, in bytes; longer ones are in a file as a whole
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 10)]
    max_body: usize,
    /// How much of an answer is taken at all, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 100 << 20)]
    max_file: u64,
    /// The folder for long answers [default: `answers` beside the store]
    #[arg(long, value_name = "FOLDER")]
    answers: Option<PathBuf>,
    /// How long a server may take, in seconds, each time it is asked
    #[arg(long, short = 'm', value_name = "SECS", default_value_t = 60)]
    timeout: u64,
}

/// What the tools work with.
struct Desk {
    client: L402Client,
    settings: Settings,
    sizes: Sizes,
    answers: PathBuf,
    timeout: Duration,
}

pub(crate) async fn run(
    arguments: Arguments,
    options: &Options,
    output: Output,
) -> Result<ExitCode, Failure> {
    let settings = Settings::read(options)?;
    let client = settings.client(ThroughHost { ask_above: settings.ask_above() })?;
    let resumed = client.resume().await?;
    if !resumed.open.is_empty() {
        output.note("some payments are still open; `l402 resume` shows them");
    }
    // Before anything is paid for: there is room for long answers.
    let answers = match arguments.answers {
        Some(folder) => make_private(&folder).map(|()| folder)?,
        None => settings.folder_beside_store("answers")?,
    };
    let desk = Desk {
        client,
        settings,
        sizes: Sizes { shown: arguments.max_body, taken: arguments.max_file },
        answers,
        timeout: Duration::from_secs(arguments.timeout),
    };
    let serving = Server::new(desk).serve(stdio()).await;
    let serving = serving.map_err(|error| {
        let text = format!(
            "this command is started by an agent's host, which then speaks MCP: {}",
            with_causes(&error)
        );
        Failure::failed(text)
    })?;
    let ended = serving.waiting().await;
    ended.map_err(|error| Failure::failed(with_causes(&error)))?;
    Ok(ExitCode::SUCCESS)
}
