//! `l402-conformance vectors`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use l402_conformance::vectors::{self, VectorFile};

use super::{FAINT, Failure, HEADING};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List them
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write them to a folder, with their schema and the page about the shim protocol
    Copy {
        /// The folder; it is made if it does not exist
        directory: PathBuf,
    },
}

pub(super) fn run(options: &Options) -> Result<ExitCode, Failure> {
    match &options.command {
        Command::List { json } => list(*json)?,
        Command::Copy { directory } => {
            let written =
                vectors::copy(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
            let mut out = anstream::stdout().lock();
            for name in written {
                writeln!(out, "{}", directory.join(name).display())?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(as_json: bool) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    if as_json {
        writeln!(out, "{}", serde_json::to_string_pretty(vectors::files())?)?;
        return Ok(());
    }
    for VectorFile { suite, title, vectors, .. } in vectors::files() {
        writeln!(out, "{HEADING}{suite}{HEADING:#}  {title}: {} vectors", vectors.len())?;
        let width = vectors.iter().map(|vector| vector.id.len()).max().unwrap_or_default();
        for vector in vectors {
            let (id, comment) = (&vector.id, &vector.comment);
            let result = format!("{:?}", vector.result).to_lowercase();
            writeln!(out, "  {id:width$}  {FAINT}{result:10}{FAINT:#}  {comment}")?;
        }
    }
    Ok(())
}
