//! `l402 get`, `post` and the others: one request, paid for if need be.

mod arguments;
mod delivery;

use std::process::ExitCode;

use l402_client::{L402Client, Receipt, RequestBuilder, Spent};
use l402_core::ports::StoreError;
use serde_json::json;

use super::failure::Failure;
use super::output::Output;
use super::quote;
use super::settings::{Options, Settings};
pub(crate) use arguments::{AnyMethod, Get, Order, WithBody};
use delivery::Target;

pub(crate) async fn run(order: Order, options: &Options, output: Output) -> Result<ExitCode, Failure> {
    let settings = Settings::read(options)?;
    let client = settings.paying_client(output)?;
    if order.is_dry_run() {
        return quote::show(prepare(&client, &order)?, &order, &client, output).await;
    }
    // Before anything is paid for: what it is for can be written.
    let mut target = Target::open(&order)?;
    finish_earlier(&client, output).await?;

    let request = target.continued(prepare(&client, &order)?);
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => {
            target.give_up();
            return Err(error.into());
        }
    };
    output.end_progress();
    let receipt = Receipt::of(&response).cloned();
    if let Some(receipt) = &receipt {
        tell(receipt, output);
    }
    let spent = receipt.map_or(Spent::Nothing, Spent::Paid);
    target.deliver(response, &order, output).await.map_err(|failure| failure.after(spent))
}

pub(crate) fn prepare(client: &L402Client, order: &Order) -> Result<RequestBuilder, Failure> {
    let mut request = client.request(order.method()?, order.url()?).headers(order.headers()?);
    if let Some(body) = order.body()? {
        request = request.body(body);
    }
    if let Some(timeout) = order.timeout() {
        request = request.timeout(timeout);
    }
    if let Some(max_cost) = order.max_cost() {
        request = request.max_cost(max_cost);
    }
    Ok(request)
}

/// What a crash interrupted. It costs a look at the store when nothing did.
async fn finish_earlier(client: &L402Client, output: Output) -> Result<(), StoreError> {
    let resumed = client.resume().await?;
    for receipt in &resumed.paid {
        output.note(&format!(
            "an interrupted payment of {} was made; its token is kept ({})",
            receipt.amount, receipt.payment_hash
        ));
    }
    for open in &resumed.open {
        output.note(&format!(
            "the payment {} is still open; {} stays reserved",
            open.payment_hash, open.reserved
        ));
    }
    Ok(())
}

/// Money was spent, so it is said, whoever watches.
fn tell(receipt: &Receipt, output: Output) {
    if output.is_json_asked() {
        output.note_json(&json!({"paid": {
            "amount_msat": receipt.amount.as_msat(),
            "fee_msat": receipt.fee.map(l402_core::Msat::as_msat),
            "payment_hash": receipt.payment_hash.to_string(),
            "paid_at": receipt.paid_at.as_secs(),
        }}));
        return;
    }
    let fee = match receipt.fee {
        Some(fee) if !fee.is_zero() => format!(" and a fee of {fee}"),
        Some(_) => String::new(),
        None => " and a fee that the wallet does not tell".to_owned(),
    };
    output.note(&format!("paid {}{fee} ({})", receipt.amount, receipt.payment_hash));
}
