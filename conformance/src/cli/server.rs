//! `l402-conformance server`.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anstyle::Style;
use clap::Args;
use l402_conformance::{CaseReport, Exchange, Outcome, Payer, Report, Target, Verdict, server};

use super::{BAD, FAINT, Failure, GOOD, HEADING, NOTABLE};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// What to test: a URL that answers 402, and 2xx to a GET that is paid for (http:// only)
    #[arg(long)]
    url: String,
    /// Who pays: a shell command that gets the invoice on its standard input and prints the preimage as hex, or the
    /// URL of a dev node; without it, the cases that need one are skipped
    #[arg(long, value_name = "COMMAND or URL")]
    payer: Option<String>,
    /// A URL that tokens for the first one must not open
    #[arg(long, value_name = "URL")]
    other_url: Option<String>,
    /// How long one answer may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(options: Options) -> Result<ExitCode, Failure> {
    let mut target = Target::new(&options.url)?.with_timeout(Duration::from_secs(options.timeout));
    if let Some(url) = &options.other_url {
        target = target.with_other_url(url)?;
    }
    let payer = options.payer.as_deref().map(payer).transpose()?;
    let report = server::check(&target, payer.as_ref()).await;
    let mut out = anstream::stdout().lock();
    if options.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else {
        print(&mut out, &report)?;
    }
    Ok(ExitCode::from(report.verdict().exit_code()))
}

/// No command starts like a URL.
fn payer(text: &str) -> Result<Payer, Failure> {
    if text.starts_with("http://") || text.starts_with("https://") {
        return Ok(Payer::node(text)?);
    }
    Ok(Payer::command(text))
}

fn print(out: &mut impl Write, report: &Report) -> io::Result<()> {
    for case in &report.cases {
        print_case(out, case)?;
    }
    let verdict = report.verdict();
    let style = match verdict {
        Verdict::Conformant => GOOD,
        Verdict::Partial => NOTABLE,
        _ => BAD,
    };
    writeln!(out, "\n{}: {}", report.target, report.counts())?;
    writeln!(out, "verdict: {style}{verdict}{style:#}")
}

fn print_case(out: &mut impl Write, report: &CaseReport) -> io::Result<()> {
    let (style, word) = mark(&report.outcome);
    writeln!(out, "{style}{word:5}{style:#} {}  {FAINT}{}{FAINT:#}", report.case.id, report.case.title)?;
    match &report.outcome {
        Outcome::Fail { expected, actual } | Outcome::Warn { expected, actual } => {
            let case = &report.case;
            writeln!(out, "      {}: {}", case.level, case.requirement)?;
            writeln!(out, "      source:   {}", case.source)?;
            writeln!(out, "      expected: {}", printable(expected))?;
            writeln!(out, "      actual:   {}", printable(actual))?;
            report.exchanges.last().map_or(Ok(()), |exchange| print_exchange(out, exchange))
        }
        Outcome::Skip { reason } | Outcome::Error { reason } => {
            writeln!(out, "      {}", printable(reason))
        }
        _ => Ok(()),
    }
}

const fn mark(outcome: &Outcome) -> (Style, &'static str) {
    match outcome {
        Outcome::Pass => (GOOD, "PASS"),
        Outcome::Fail { .. } => (BAD, "FAIL"),
        Outcome::Warn { .. } => (NOTABLE, "WARN"),
        Outcome::Skip { .. } => (FAINT, "SKIP"),
        _ => (BAD, "ERROR"),
    }
}

fn print_exchange(out: &mut impl Write, exchange: &Exchange) -> io::Result<()> {
    for (mark, bytes) in [('>', exchange.request()), ('<', exchange.response())] {
        let shown = &bytes[..bytes.len().min(MAX_SHOWN_BYTES)];
        for line in shown.split_inclusive(|byte| *byte == b'\n') {
            writeln!(out, "      {FAINT}{mark} {}{FAINT:#}", line.escape_ascii())?;
        }
        if shown.len() < bytes.len() {
            writeln!(out, "      {FAINT}{mark} ({} bytes more){FAINT:#}", bytes.len() - shown.len())?;
        }
    }
    writeln!(out, "      {HEADING}again:{HEADING:#}")?;
    exchange.curl().lines().try_for_each(|line| writeln!(out, "{line}"))
}

/// Without what could steer the terminal: the text may be the server's.
fn printable(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}

/// Enough for the head of an answer and a few lines of its body; the JSON has all.
const MAX_SHOWN_BYTES: usize = 4096;
