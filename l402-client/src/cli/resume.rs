//! `l402 resume`.

use std::process::ExitCode;

use serde_json::json;

use super::failure::Failure;
use super::output::Output;
use super::settings::{Options, Settings};

/// Asks the wallet about every payment whose outcome is open. Succeeds when none is left.
pub(crate) async fn run(options: &Options, output: Output) -> Result<ExitCode, Failure> {
    let resumed = Settings::read(options)?.paying_client(output)?.resume().await?;
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
    })?;
    if resumed.open.is_empty() { Ok(ExitCode::SUCCESS) } else { Ok(super::failure::Exit::Spent.into()) }
}
