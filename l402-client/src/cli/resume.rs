//! `l402 resume`.

use std::fs;
use std::io::Read;
use std::process::ExitCode;

use clap::Args;
use l402_client::store::{Record, Wanted};
use l402_client::{L402Client, Resumed, SettleError, Settlement};
use l402_core::{Msat, PaymentHash, Preimage};
use serde_json::json;

use super::failure::{Exit, Failure};
use super::output::Output;
use super::settings::{Options, Settings};
use super::{amount, approval};

const REMARKS: &str = "\
    Asks the wallet about every payment whose outcome is open; succeeds when none is left. With --settle \
    you say what became of one, where the wallet cannot: look for it in the wallet's own list of \
    payments.";

#[derive(Debug, Args)]
#[command(after_help = REMARKS)]
pub(crate) struct Arguments {
    /// Settle this payment by hand: its hash, or the beginning of it
    #[arg(long, value_name = "HASH", requires = "Outcome")]
    settle: Option<String>,
    #[command(flatten)]
    outcome: Outcome,
    /// The fee it had; without, the highest that was allowed counts
    #[arg(long, value_name = "AMOUNT", requires = "preimage_file", value_parser = amount::parse)]
    fee: Option<Msat>,
    /// With --failed: do not ask whether it is sure
    #[arg(long, requires = "failed")]
    yes: bool,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct Outcome {
    /// It was made: a file with the preimage that proves it, or - for standard input
    #[arg(long, value_name = "FILE", requires = "settle")]
    preimage_file: Option<String>,
    /// It was not made, and will not be. If it was made after all, the same request is paid for a second time
    #[arg(long, requires = "settle")]
    failed: bool,
}

pub(crate) async fn run(
    arguments: Arguments,
    options: &Options,
    output: Output,
) -> Result<ExitCode, Failure> {
    let client = Settings::read(options)?.paying_client(output)?;
    let resumed = match &arguments.settle {
        Some(name) => settle(&client, name, &arguments).await?,
        None => client.resume().await?,
    };
    show(&resumed, output)?;
    if resumed.open.is_empty() { Ok(ExitCode::SUCCESS) } else { Ok(Exit::Spent.into()) }
}

async fn settle(client: &L402Client, name: &str, arguments: &Arguments) -> Result<Resumed, Failure> {
    let record = find(client, name).await?;
    let payment_hash = record.intent.payment_hash;
    let settlement = match &arguments.outcome.preimage_file {
        Some(path) => Settlement::Paid { preimage: read_preimage(path)?, fee: arguments.fee },
        None => {
            if !arguments.yes {
                let sure = approval::confirm(question(&record)).await;
                sure.map_err(|reason| {
                    Failure::refused("not_confirmed", format!("{reason}; --yes says it is sure"))
                })?;
            }
            Settlement::NotPaid
        }
    };
    let mut settled = Resumed::default();
    match client.settle(payment_hash, settlement).await? {
        Some(receipt) => settled.paid.push(receipt),
        None => settled.failed.push(payment_hash),
    }
    Ok(settled)
}

/// By its hash, or, if it is open, by the beginning of it.
async fn find(client: &L402Client, name: &str) -> Result<Record, Failure> {
    let name = name.trim().to_ascii_lowercase();
    let wanted = name.parse::<PaymentHash>().map_or(Wanted::Open, Wanted::One);
    let mut found = client.store().find(wanted).await?;
    found.retain(|record| name.len() >= 4 && record.intent.payment_hash.to_string().starts_with(&name));
    match (found.pop(), found.is_empty()) {
        (Some(record), true) => Ok(record),
        (Some(_), false) => Err(Failure::usage("several payments begin so; give more of the hash")),
        (None, _) => Err(Failure::usage("no open payment has this hash; `l402 history` shows them")),
    }
}

/// # Security
/// A command line is seen by others, and together with the token the preimage is what was bought.
fn read_preimage(path: &str) -> Result<Preimage, Failure> {
    const LIMIT: u64 = 1024;
    let mut text = String::new();
    let read = if path == "-" {
        std::io::stdin().lock().take(LIMIT).read_to_string(&mut text)
    } else {
        fs::File::open(path).and_then(|file| file.take(LIMIT).read_to_string(&mut text))
    };
    read.map_err(|error| Failure::usage(format!("cannot read {path}: {error}")))?;
    text.trim().parse().map_err(|_| Failure::usage("a preimage is written as 64 hex digits"))
}

fn question(record: &Record) -> String {
    let purpose = &record.intent.purpose;
    format!(
        "Is it sure that {} for {} {}{} were not paid, and will not be?\n  payment {}\nIf they were, the same request is \
         paid for a second time.",
        record.intent.amount, purpose.method, purpose.origin, purpose.path, record.intent.payment_hash
    )
}

impl From<SettleError> for Failure {
    fn from(error: SettleError) -> Self {
        let text = super::failure::with_causes(&error);
        match error {
            SettleError::PreimageMismatch | SettleError::Unknown(_) => Self::usage(text),
            _ => Self::failed(text),
        }
    }
}

fn show(resumed: &Resumed, output: Output) -> std::io::Result<()> {
    let json = json!({
        "paid": resumed.paid.iter().map(|it| json!({
            "payment_hash": it.payment_hash.to_string(), "amount_msat": it.amount.as_msat(),
        })).collect::<Vec<_>>(),
        "failed": resumed.failed.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "open": resumed.open.iter().map(|it| json!({
            "payment_hash": it.payment_hash.to_string(),
            "reserved_msat": it.reserved.as_msat(),
            "expires_at": it.expires_at.as_secs(),
        })).collect::<Vec<_>>(),
    });
    output.result(&json, || {
        let mut text = String::new();
        for it in &resumed.paid {
            text += &format!("{} was made: {}; its token is kept\n", it.payment_hash, it.amount);
        }
        for hash in &resumed.failed {
            text += &format!("{hash} was not made; nothing was spent\n");
        }
        for it in &resumed.open {
            text += &format!("{} is still open; {} stays reserved\n", it.payment_hash, it.reserved);
        }
        if text.is_empty() { "no payment is open".to_owned() } else { text }
    })
}
