//! Writes `REPORT.md` and its plots from what the benchmarks left behind: see `make bench`.
#![allow(clippy::print_stdout, reason = "a command says what it wrote")]

mod figures;
mod machine;
mod plots;
mod tables;
mod targets;

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use figures::Figures;

const HEAD: &str = "\
# How fast it is: a report

Written by `make bench`, from one run, on one machine. Only ratios carry over to another one. What is measured how, and what
is behind a target that is missed, is in the [README](README.md).
";

fn main() -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let figures = Figures::read(&target_directory()?);
    let mut report = HEAD.to_owned();
    write!(report, "\n{}", machine::facts())?;
    write!(report, "\n{}", run(&figures))?;
    write!(report, "\n{}", targets::table(&figures))?;
    write!(report, "\n{}", tables::all(&figures))?;
    fs::create_dir_all(here.join("plots"))?;
    for plot in plots::all(&figures)? {
        fs::write(here.join("plots").join(format!("{}.svg", plot.name)), &plot.svg)?;
        writeln!(report, "\n![{}](plots/{}.svg)", plot.title, plot.name)?;
    }
    fs::write(here.join("REPORT.md"), report)?;
    println!("wrote benches/REPORT.md and benches/plots");
    Ok(())
}

/// How long the steps took, and what is missing.
fn run(figures: &Figures) -> String {
    let minutes = |seconds: u64| format!("{}:{:02}", seconds / 60, seconds % 60);
    let mut text = "## Run\n\n| step | minutes |\n|---|---|\n".to_owned();
    for step in &figures.steps {
        let failed = if step.is_done { "" } else { ", **failed**" };
        let _ = writeln!(text, "| {} | {}{failed} |", step.name, minutes(step.seconds));
    }
    let all = figures.steps.iter().map(|step| step.seconds).sum();
    let _ = writeln!(text, "| all | {} |", minutes(all));
    for missing in &figures.missing {
        let _ = writeln!(text, "\n**Not measured**: {missing}");
    }
    text
}

/// Above the directory of the profile that this program was built in.
fn target_directory() -> Result<PathBuf, Box<dyn Error>> {
    let executable = std::env::current_exe()?;
    Ok(executable.ancestors().nth(2).ok_or("no target directory")?.to_owned())
}
