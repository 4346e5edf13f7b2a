//! `l402 wallet doctor`.

use std::process::ExitCode;

use clap::Subcommand;
use l402_core::PaymentHash;
use l402_core::ports::{BackendErrorKind, Wallet};
use serde_json::json;

use super::failure::{Failure, with_causes};
use super::output::Output;
use super::settings::{Options, Settings};
use super::wallet::HOW_TO_SET;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Whether the wallet answers, and what it can do. Pays nothing
    Doctor,
}

/// What one question showed.
struct Finding {
    name: &'static str,
    is_good: bool,
    text: String,
}

impl Finding {
    fn new(name: &'static str, is_good: bool, text: impl Into<String>) -> Self {
        Self { name, is_good, text: text.into() }
    }
}

pub(crate) async fn run(
    Command::Doctor: Command,
    options: &Options,
    output: Output,
) -> Result<ExitCode, Failure> {
    let found = Settings::read(options)?.wallet()?;
    let found = found.ok_or_else(|| Failure::usage(format!("there is no wallet; {HOW_TO_SET}")))?;
    let findings = examine(&*found.wallet).await;
    let is_well = findings.iter().all(|finding| finding.is_good);
    let json = json!({
        "wallet": found.name,
        "network": found.wallet.network().to_string(),
        "ok": is_well,
        "findings": findings.iter().map(|it| json!({
            "name": it.name, "ok": it.is_good, "text": it.text,
        })).collect::<Vec<_>>(),
    });
    output.result(&json, || {
        let mut text = format!("{} on {}\n", found.name, found.wallet.network());
        for Finding { name, is_good, text: what } in &findings {
            text += &format!("  {} {name}: {what}\n", if *is_good { "ok " } else { "BAD" });
        }
        text
    })?;
    if is_well { Ok(ExitCode::SUCCESS) } else { Ok(super::failure::Exit::Failed.into()) }
}

async fn examine(wallet: &dyn Wallet) -> Vec<Finding> {
    let can = wallet.capabilities();
    let mut findings = Vec::new();
    findings.push(if can.preimage_on_pay {
        Finding::new("preimages", true, "payments return their preimage, which is what is bought")
    } else {
        Finding::new(
            "preimages",
            false,
            "payments return no preimage, so nothing can be bought; use another wallet",
        )
    });
    findings.push(match wallet.balance().await {
        Ok(balance) if balance.is_zero() => {
            Finding::new("balance", false, "0 sat; there is nothing to pay with")
        }
        Ok(balance) => Finding::new("balance", true, balance.to_string()),
        // Not needed for paying, and a narrow key may not allow it; but a wrong key fails here, too.
        Err(error) => Finding::new("balance", false, with_causes(&error)),
    });
    findings.push(if can.can_lookup {
        lookup(wallet).await
    } else {
        let text = "none: a payment that is interrupted stays reserved until you know what became of it";
        Finding::new("lookups", true, text)
    });
    findings.push(Finding::new(
        "fee limit",
        true,
        match can.fee_limit {
            true => "honoured",
            false => {
                "not honoured: the wallet pays the fee it thinks right, and that counts against the budget"
            }
        },
    ));
    findings
}

/// Asks for a payment that there cannot be.
async fn lookup(wallet: &dyn Wallet) -> Finding {
    match wallet.lookup(PaymentHash::from_bytes([0; 32])).await {
        Err(error) if error.kind() == BackendErrorKind::NotFound => {
            Finding::new("lookups", true, "work: interrupted payments can be finished")
        }
        Err(error) => Finding::new("lookups", false, with_causes(&error)),
        Ok(_) => Finding::new("lookups", false, "it knows of a payment that there cannot be"),
    }
}
