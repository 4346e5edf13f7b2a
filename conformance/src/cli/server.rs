//! `l402-conformance server`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use l402_conformance::{Expiry, Hook, Payer, Target, Trust, server};

use super::Failure;
use super::run::{RunOptions, progress};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// What to test: a URL that answers 402, and 2xx to a GET that is paid for
    #[arg(long)]
    url: String,
    /// Who pays: a shell command that gets the invoice on its standard input and prints the preimage as hex, or the
    /// URL of a dev node; without it, the cases that need one are skipped
    #[arg(long, value_name = "COMMAND or URL")]
    payer: Option<String>,
    /// A URL that tokens for the first one must not open
    #[arg(long, value_name = "URL")]
    other_url: Option<String>,
    /// A method that tokens for GET must not pay for, such as POST; it is sent without a body
    #[arg(long, value_name = "METHOD")]
    other_method: Option<String>,
    /// A URL that sells, and whose handler answers 5xx, always or the first time
    #[arg(long, value_name = "URL")]
    failing_url: Option<String>,
    /// A URL whose tokens expire; needs --expires-after or --expire
    #[arg(long, value_name = "URL")]
    expiring_url: Option<String>,
    /// How long the tokens of --expiring-url are good
    #[arg(long, value_name = "SECONDS", requires = "expiring_url", conflicts_with = "expire")]
    expires_after: Option<u64>,
    /// What makes the tokens of --expiring-url expire: a shell command, or a URL that gets a POST
    #[arg(long, value_name = "COMMAND or URL", requires = "expiring_url")]
    expire: Option<String>,
    /// What restarts the server: a shell command, or a URL that gets a POST
    #[arg(long, value_name = "COMMAND or URL")]
    restart: Option<String>,
    /// Over https, accept certificates of the authorities in this PEM file instead of the public ones
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    ca: Option<PathBuf>,
    /// Over https, accept any certificate
    #[arg(long)]
    insecure: bool,
    /// How long one answer may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// The longest header field to send
    #[arg(long, value_name = "BYTES", default_value_t = 160 * 1024, value_parser = clap::value_parser!(u32).range(1024..))]
    max_header: u32,
    /// How many requests to send at once where requests are sent at once
    #[arg(long, value_name = "REQUESTS", default_value_t = 16, value_parser = clap::value_parser!(u16).range(2..=1000))]
    parallel: u16,
    #[command(flatten)]
    run: RunOptions,
}

pub(super) async fn run(options: Options) -> Result<ExitCode, Failure> {
    let settings = options.run.settings()?;
    let target = target(&options)?;
    let payer = options.payer.as_deref().map(Payer::parse).transpose()?;
    let report = server::run(&target, payer.as_ref(), &settings, &mut progress()).await;
    options.run.finish(&report)
}

fn target(options: &Options) -> Result<Target, Failure> {
    let mut target = Target::new(&options.url)?
        .with_timeout(Duration::from_secs(options.timeout))
        .with_max_header_bytes(options.max_header as usize)
        .with_parallel(options.parallel.into());
    if let Some(url) = &options.other_url {
        target = target.with_other_url(url)?;
    }
    if let Some(method) = &options.other_method {
        target = target.with_other_method(method)?;
    }
    if let Some(url) = &options.failing_url {
        target = target.with_failing_url(url)?;
    }
    if let Some(url) = &options.expiring_url {
        let expiry = match (options.expires_after, &options.expire) {
            (Some(seconds), _) => Expiry::After(Duration::from_secs(seconds)),
            (None, Some(hook)) => Expiry::Hook(Hook::parse(hook)?),
            (None, None) => return Err("--expiring-url needs --expires-after or --expire".into()),
        };
        target = target.with_expiring_url(url, expiry)?;
    }
    if let Some(restart) = &options.restart {
        target = target.with_restart(Hook::parse(restart)?);
    }
    if let Some(file) = &options.ca {
        target = target.with_trust(Trust::authority(file)?);
    }
    if options.insecure {
        target = target.with_trust(Trust::anybody());
    }
    Ok(target)
}
