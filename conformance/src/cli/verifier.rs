//! `l402-conformance verifier`.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use l402_conformance::verifier::{self, Throughput, Verifier};

use super::run::{RunOptions, progress};
use super::{Failure, HEADING};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The shim: a shell command that starts a program which reads requests from its standard input and answers them,
    /// line by line; `vectors copy` writes the page about it
    #[arg(long, value_name = "COMMAND")]
    cmd: String,
    /// How long one answer may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// Measure how many tokens it verifies in a second instead of testing it
    #[arg(long)]
    bench: bool,
    #[command(flatten)]
    run: RunOptions,
}

pub(super) async fn run(options: Options) -> Result<ExitCode, Failure> {
    if options.bench {
        return bench(&options.cmd).await;
    }
    let settings = options.run.settings()?;
    let verifier = Verifier::command(&options.cmd).with_timeout(Duration::from_secs(options.timeout));
    let report = verifier::run(&verifier, &settings, &mut progress()).await;
    options.run.finish(&report)
}

/// Each measurement takes about so long.
const MEASURED: Duration = Duration::from_secs(1);
const ROUNDS: usize = 5;

async fn bench(command: &str) -> Result<ExitCode, Failure> {
    let mut shim = Throughput::start(command).await?;
    let warm = shim.verify(256).await?;
    let count = (256.0 * MEASURED.as_secs_f64() / warm.as_secs_f64()).clamp(64.0, 1e6) as usize;
    let (mut best, mut floor) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        best = best.min(shim.verify(count).await?);
        floor = floor.min(verifier::floor(count));
    }
    let per_second = |time: Duration| count as f64 / time.as_secs_f64();
    let mut out = anstream::stdout().lock();
    writeln!(out, "{HEADING}{}{HEADING:#}", shim.name())?;
    writeln!(
        out,
        "  {:>12.0} verifications a second, with pipes and JSON; best of {ROUNDS} rounds of {count}",
        per_second(best)
    )?;
    writeln!(out, "  {:>12.0} a second is what the hashing alone allows on this machine", per_second(floor))?;
    writeln!(out, "  {:>12.1} times the floor", best.as_secs_f64() / floor.as_secs_f64())?;
    Ok(ExitCode::SUCCESS)
}
