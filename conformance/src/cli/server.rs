//! `l402-conformance server`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use l402_conformance::{Payer, Target, server};

use super::Failure;
use super::run::{RunOptions, progress};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// What to test: a URL that answers 402, and 2xx to a GET that is paid for (http:// only)
    #[arg(long)]
    url: String,
    /// Who pays: a shell command that gets the invoice on its standard input and prints the preimage as hex, or the
    /// URL of a dev node; without it, the cases that need one are skipped
    #[arg(long, value_name = "COMMAND or URL")]
    payer: Option<String>,
    /// A URL that tokens for the first one must not open
    #[arg(long, value_name = "URL")]
    other_url: Option<String>,
    /// How long one answer may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    #[command(flatten)]
    run: RunOptions,
}

pub(super) async fn run(options: Options) -> Result<ExitCode, Failure> {
    let settings = options.run.settings()?;
    let mut target = Target::new(&options.url)?.with_timeout(Duration::from_secs(options.timeout));
    if let Some(url) = &options.other_url {
        target = target.with_other_url(url)?;
    }
    let payer = options.payer.as_deref().map(payer).transpose()?;
    let report = server::run(&target, payer.as_ref(), &settings, &mut progress()).await;
    options.run.finish(&report)
}

/// No command starts like a URL.
fn payer(text: &str) -> Result<Payer, Failure> {
    if text.starts_with("http://") || text.starts_with("https://") {
        return Ok(Payer::node(text)?);
    }
    Ok(Payer::command(text))
}
