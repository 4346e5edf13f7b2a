//! `l402 completions`.

use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// bash, zsh, fish, elvish or powershell
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    clap_complete::generate(arguments.shell, &mut Cli::command(), "l402", &mut std::io::stdout());
    ExitCode::SUCCESS
}
