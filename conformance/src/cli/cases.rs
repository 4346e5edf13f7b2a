//! `l402-conformance list` and `explain`.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use l402_conformance::{Case, Suite};

use super::{FAINT, Failure, HEADING};

#[derive(Debug, Args)]
pub(super) struct ListOptions {
    /// Only this suite: server, client, verifier
    #[arg(long)]
    suite: Option<Suite>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExplainOptions {
    /// The id of the case, as `list` prints it
    id: String,
}

pub(super) fn list(options: &ListOptions) -> Result<ExitCode, Failure> {
    let mut cases = l402_conformance::cases();
    cases.retain(|case| options.suite.is_none_or(|suite| case.suite == suite));
    let mut out = anstream::stdout().lock();
    if options.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&cases)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let width = cases.iter().map(|case| case.id.len()).max().unwrap_or_default();
    for Case { id, level, title, .. } in cases {
        writeln!(out, "{id:width$}  {FAINT}{level:6}{FAINT:#}  {title}", level = level.to_string())?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn explain(options: &ExplainOptions) -> Result<ExitCode, Failure> {
    let cases = l402_conformance::cases();
    let Some(case) = cases.iter().find(|case| case.id == options.id) else {
        return Err(
            format!("no case is called {:?}; `l402-conformance list` has them all", options.id).into()
        );
    };
    let mut out = anstream::stdout().lock();
    writeln!(out, "{HEADING}{}{HEADING:#}  {}", case.id, case.title)?;
    writeln!(out, "  {}: {}", case.level, case.requirement)?;
    writeln!(out, "  source: {}", case.source)?;
    if let Some(ambiguity) = case.ambiguity {
        writeln!(out, "  texts contradict each other: {}", ambiguity.conflict)?;
        for scoring in ambiguity.scoring {
            writeln!(out, "    profile {}: {}, {}", scoring.profile, scoring.level, scoring.expects)?;
        }
    }
    for need in case.needs {
        writeln!(out, "  needs {need} [{}]", need.name())?;
    }
    for id in case.depends_on {
        writeln!(out, "  depends on {id}")?;
    }
    Ok(ExitCode::SUCCESS)
}
