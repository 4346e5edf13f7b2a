//! `l402 tokens`.

use std::process::ExitCode;
use std::time::SystemTime;

use clap::{Args, Subcommand};
use l402_client::decode::decode;
use l402_client::store::{Record, Step};
use l402_client::{L402Client, TokenFacts};
use l402_core::header::credential_header_value;
use l402_core::{Limits, UnixTime};
use serde_json::{Value, json};

use super::failure::Failure;
use super::history;
use super::output::{Output, printable};
use super::settings::{Options, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Those that may still be accepted
    List(List),
    /// What one says about itself, without its secrets
    Show(Which),
    /// Never show these again
    Rm(Several),
    /// Print the Authorization value: a secret that opens what was paid for
    Export(Which),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Those that are used up or have expired, too
    #[arg(long, short)]
    all: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The payment hash, or its beginning
    #[arg(value_name = "HASH")]
    name: String,
}

#[derive(Debug, Args)]
pub(crate) struct Several {
    /// The payment hashes, or their beginnings
    #[arg(value_name = "HASH", required = true)]
    names: Vec<String>,
}

pub(crate) async fn run(command: Command, options: &Options, output: Output) -> Result<ExitCode, Failure> {
    let client = Settings::read(options)?.books()?;
    let tokens = client.tokens().await?;
    match command {
        Command::List(List { all }) => {
            let now = SystemTime::now().into();
            let good: Vec<_> = tokens.into_iter().filter(|record| all || is_good(record, now)).collect();
            list(&good, output)?;
        }
        Command::Show(Which { name }) => show(find(&tokens, &name)?, output)?,
        Command::Export(Which { name }) => output.line(&credential(find(&tokens, &name)?)?)?,
        Command::Rm(Several { names }) => {
            let found: Vec<_> = names.iter().map(|name| find(&tokens, name)).collect::<Result<_, _>>()?;
            remove(&client, &found, output).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// As far as the token itself says.
fn is_good(record: &Record, now: UnixTime) -> bool {
    let Ok(facts) = TokenFacts::read(&record.intent.macaroon, &Limits::default()) else { return true };
    facts.uses.is_none_or(|uses| record.used < uses) && facts.expires_at.is_none_or(|end| now < end)
}

fn list(tokens: &[Record], output: Output) -> std::io::Result<()> {
    let json = Value::Array(tokens.iter().map(as_json).collect());
    output.result(&json, || match tokens {
        [] => "no token is kept".to_owned(),
        tokens => tokens.iter().map(as_text).collect(),
    })
}

fn show(record: &Record, output: Output) -> Result<(), Failure> {
    let mut json = as_json(record);
    json["decoded"] = match decode(&record.intent.macaroon) {
        Ok(decoded) => serde_json::to_value(decoded).map_err(|error| Failure::failed(error.to_string()))?,
        Err(_) => Value::Null, // some servers' tokens are no macaroons
    };
    output.result(&json, || {
        let text = serde_json::to_string_pretty(&json).unwrap_or_default();
        printable(&text)
    })?;
    Ok(())
}

async fn remove(client: &L402Client, found: &[&Record], output: Output) -> Result<(), Failure> {
    let hashes: Vec<_> = found.iter().map(|record| record.intent.payment_hash).collect();
    for hash in &hashes {
        client.store().advance(*hash, Step::Dropped, SystemTime::now().into()).await?;
    }
    let json = json!({"removed": hashes.iter().map(ToString::to_string).collect::<Vec<_>>()});
    output.result(&json, || hashes.iter().map(|hash| format!("removed {hash}\n")).collect())?;
    Ok(())
}

fn credential(record: &Record) -> Result<String, Failure> {
    let preimage = record.preimage.as_ref().ok_or_else(|| Failure::failed("this token is not paid for"))?;
    Ok(credential_header_value(record.intent.scheme, &record.intent.macaroon, preimage))
}

/// The only one whose hash begins so.
pub(crate) fn find<'a>(tokens: &'a [Record], name: &str) -> Result<&'a Record, Failure> {
    let name = name.to_ascii_lowercase();
    let mut found = tokens
        .iter()
        .filter(|record| name.len() >= 4 && record.intent.payment_hash.to_string().starts_with(&name));
    match (found.next(), found.next()) {
        (Some(record), None) => Ok(record),
        (Some(_), Some(_)) => Err(Failure::usage("several tokens begin so; give more of the payment hash")),
        _ => Err(Failure::usage("no token has this payment hash; `l402 tokens list` shows them")),
    }
}

fn as_json(record: &Record) -> Value {
    let mut json = history::as_json(record);
    let facts = TokenFacts::read(&record.intent.macaroon, &Limits::default()).ok();
    json["uses_bought"] = json!(facts.as_ref().and_then(|facts| facts.uses));
    json["expires_at"] = json!(facts.and_then(|facts| facts.expires_at).map(UnixTime::as_secs));
    json
}

fn as_text(record: &Record) -> String {
    let purpose = &record.intent.purpose;
    let facts = TokenFacts::read(&record.intent.macaroon, &Limits::default()).ok();
    let uses = match facts.and_then(|facts| facts.uses) {
        Some(uses) => format!("used {} of {uses}", record.used),
        None => format!("used {}", record.used),
    };
    let hash = record.intent.payment_hash.to_string();
    let line = format!("{}  {uses:<14}  {} {}{}", &hash[..12], purpose.method, purpose.origin, purpose.path);
    printable(&line) + "\n"
}
