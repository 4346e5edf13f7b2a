//! `l402-dev demo`: the README's first command.

mod attack;
mod serve;
mod shop;
mod story;
mod walk;

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Args;

use super::Failure;
use shop::Shop;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Print one JSON object instead of the story
    #[arg(long)]
    json: bool,
    /// Keep the paid API running, and print how to walk through it with curl
    #[arg(long)]
    serve: bool,
    /// Where the API listens; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

pub(crate) async fn run(options: Options) -> Result<ExitCode, Failure> {
    let shop = Shop::open(options.listen).await?;
    if options.serve {
        return serve::run(&shop, options.json).await;
    }
    let walk = walk::run(&shop).await?;
    let mut out = anstream::stdout().lock();
    if options.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&walk.report)?)?;
    } else {
        story::tell(&mut out, &shop, &walk)?;
    }
    Ok(if walk.report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
