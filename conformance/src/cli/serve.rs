//! `l402-conformance serve`.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;
use l402_conformance::client::{self, Playground, WalletKind};
use serde_json::{Map, Value, json};

use super::{FAINT, Failure, HEADING};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// What to be instead of an honest shop, such as paid-then-402
    #[arg(long, value_name = "NAME", default_value = "honest", hide_default_value = true)]
    hostile: String,
    /// Say which shops there are, and end
    #[arg(long)]
    list: bool,
    /// Where the shop listens; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8402")]
    listen: SocketAddr,
    /// The one wallet to serve: dev, lnd, lnbits, phoenixd, blink, nwc. Default: all of them
    #[arg(long, value_name = "KIND")]
    wallet: Option<WalletKind>,
    /// Speak https, with a certificate for this machine
    #[arg(long)]
    https: bool,
    /// Print one JSON object when it is ready, instead of text
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(options: Options) -> Result<ExitCode, Failure> {
    if options.list {
        return list();
    }
    let mut client = client::Options::new();
    if let Some(kind) = options.wallet {
        client = client.wallet(kind);
    }
    if options.https {
        client = client.https();
    }
    let playground = client::serve(&options.hostile, options.listen, &client).await?;
    announce(&playground, &options)?;
    tokio::signal::ctrl_c().await?;
    Ok(ExitCode::SUCCESS)
}

fn list() -> Result<ExitCode, Failure> {
    let width = client::scenes().map(|(name, _)| name.len()).max().unwrap_or_default();
    let mut out = anstream::stdout().lock();
    for (name, summary) in client::scenes() {
        writeln!(out, "{name:width$}  {FAINT}a shop that {summary}{FAINT:#}")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn announce(playground: &Playground, options: &Options) -> Result<(), Failure> {
    let url = playground.url();
    let mut out = anstream::stdout().lock();
    if options.json {
        let variables =
            playground.variables().iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        let variables: Map<String, Value> = variables.collect();
        writeln!(out, "{}", json!({"url": url, "shop": options.hostile, "variables": variables}))?;
        return Ok(out.flush()?);
    }
    writeln!(out, "A shop that {}: {HEADING}{url}{HEADING:#}\n", playground.summary())?;
    let variable = |wanted: &str| playground.variables().iter().find(|(name, _)| name == wanted);
    let trust = variable("L402_CONFORMANCE_CA_FILE").map(|(_, file)| format!(" --cacert '{file}'"));
    let trust = trust.unwrap_or_default();
    writeln!(out, "  look   curl{trust} -i {url}")?;
    if let Some((_, dev)) = variable("L402_DEV_URL") {
        writeln!(out, "  pay    curl --data INVOICE {dev}/pay")?;
        writeln!(out, "  show   curl{trust} -H 'Authorization: L402 MACAROON:PREIMAGE' {url}")?;
        writeln!(out, "  books  curl {dev}/state")?;
    }
    writeln!(out, "\nA client pays with these:\n")?;
    for (name, value) in playground.variables() {
        writeln!(out, "  export {name}='{value}'")?;
    }
    writeln!(out, "\nCtrl-C ends it.")?;
    Ok(out.flush()?)
}
