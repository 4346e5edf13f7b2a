//! `l402 quote`, and `--dry-run`.

use std::process::ExitCode;

use clap::Args;
use l402_client::decision::Offer;
use l402_client::{L402Client, Quote, RequestBuilder};
use serde_json::{Value, json};

use super::failure::Failure;
use super::fetch::{self, Order};
use super::output::Output;
use super::settings::{Options, Settings};

const REMARKS: &str = "\
    Most servers make an invoice for each question, so ask sparingly.";

#[derive(Debug, Args)]
#[command(after_help = REMARKS)]
pub(crate) struct Arguments {
    #[command(flatten)]
    request: fetch::Get,
    /// The method
    #[arg(long, short = 'X', value_name = "METHOD", default_value = "GET")]
    method: String,
}

pub(crate) async fn run(
    arguments: Arguments,
    options: &Options,
    output: Output,
) -> Result<ExitCode, Failure> {
    let order = arguments.request.order(&arguments.method);
    let client = Settings::read(options)?.paying_client(output)?;
    show(fetch::prepare(&client, &order)?, &order, &client, output).await
}

/// Asks, and pays nothing.
pub(crate) async fn show(
    request: RequestBuilder,
    order: &Order,
    client: &L402Client,
    output: Output,
) -> Result<ExitCode, Failure> {
    client.resume().await?;
    let has_token = client.credential(&order.method()?, &order.url()?).is_some();
    match request.quote().await? {
        Quote::Offer(offer) => {
            if let Some(limit) = order.max_cost().filter(|limit| offer.amount() > *limit) {
                let text = format!("{} is over --max-cost {limit}", offer.amount());
                return Err(Failure::refused("over_request_cap", text));
            }
            output.result(&as_json(&offer, has_token), || as_text(&offer, has_token))?;
        }
        Quote::Free(response) => {
            let status = response.status();
            let json = json!({"free": true, "status": status.as_u16(), "has_token": has_token});
            output.result(&json, || format!("free: the server answers {status}"))?;
        }
        _ => return Err(Failure::failed("this answer is none that this program knows")),
    }
    Ok(ExitCode::SUCCESS)
}

fn as_json(offer: &Offer, has_token: bool) -> Value {
    let token = offer.token();
    json!({
        "free": false,
        "amount_msat": offer.amount().as_msat(),
        "origin": offer.origin(),
        "payee": offer.payee().to_string(),
        "payment_hash": offer.payment_hash().to_string(),
        "expires_at": offer.expires_at().as_secs(),
        "has_token": has_token,
        "token": {
            "path": token.path,
            "route": token.route,
            "method": token.method,
            "services": token.services,
            "uses": token.uses,
            "expires_at": token.expires_at.map(l402_core::UnixTime::as_secs),
        },
    })
}

fn as_text(offer: &Offer, has_token: bool) -> String {
    let mut text = format!("{} to {}\n  payee    {}\n", offer.amount(), offer.origin(), offer.payee());
    let token = offer.token();
    for (name, value) in [
        ("path", token.path.clone()),
        ("route", token.route.clone()),
        ("method", token.method.clone()),
        ("services", Some(token.services.join(", ")).filter(|names| !names.is_empty())),
        ("uses", token.uses.map(|uses| uses.to_string())),
    ] {
        if let Some(value) = value {
            text += &format!("  {name:<8} {}\n", super::output::printable(&value));
        }
    }
    if has_token {
        text += "a token for it is at hand, so the next call need not be paid for";
    }
    text
}
