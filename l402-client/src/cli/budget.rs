//! `l402 budget`.

use std::process::ExitCode;

use clap::Args;
use l402_client::{CapScope, Period, Usage};
use serde_json::{Value, json};

use super::failure::Failure;
use super::output::Output;
use super::settings::{Options, Settings};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// With the caps on each host, as they are for this one
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
}

pub(crate) async fn run(
    arguments: Arguments,
    options: &Options,
    output: Output,
) -> Result<ExitCode, Failure> {
    let settings = Settings::read(options)?;
    let client = settings.books()?;
    let usage = match &arguments.host {
        Some(host) => client.usage_for(host).await?,
        None => client.usage().await?,
    };
    let budget = settings.budget();
    let single: Vec<_> = budget.caps().filter(|cap| cap.period == Period::Request).collect();
    let json = json!({
        "per_request": single.iter().map(|cap| json!({
            "limit_msat": cap.limit.as_msat(), "scope": scope(&cap.scope),
        })).collect::<Vec<_>>(),
        "caps": usage.iter().map(as_json).collect::<Vec<_>>(),
        "config": settings.path.display().to_string(),
    });
    output.result(&json, || {
        let mut text: String = single.iter().map(|cap| format!("{cap}\n")).collect();
        for usage in &usage {
            text += &format!("{}: {} used, {} left\n", usage.cap, usage.used, usage.left());
        }
        text + &format!("set in {}, section [budget]", settings.path.display())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn as_json(usage: &Usage) -> Value {
    json!({
        "period": period(usage.cap.period),
        "scope": scope(&usage.cap.scope),
        "limit_msat": usage.cap.limit.as_msat(),
        "used_msat": usage.used.as_msat(),
        "left_msat": usage.left().as_msat(),
    })
}

pub(crate) const fn period(period: Period) -> &'static str {
    match period {
        Period::Hour => "hour",
        Period::Day => "day",
        Period::Total => "total",
        _ => "request",
    }
}

pub(crate) fn scope(scope: &CapScope) -> String {
    match scope {
        CapScope::EachHost => "each host".to_owned(),
        CapScope::Host(host) => host.clone(),
        _ => "all".to_owned(),
    }
}
