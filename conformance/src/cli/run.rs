//! What every suite's command has in common: which cases run, how they are scored, where the reports go.

use std::fs;
use std::io::{IsTerminal, Write, stderr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use l402_conformance::{Expected, Level, Profile, Progress, Report, Settings};

use super::Failure;

/// Flatten it into a command's options.
#[derive(Debug, Args)]
pub(super) struct RunOptions {
    /// Run this case and those it depends on; `*` stands for anything (repeatable)
    #[arg(long, value_name = "CASE", help_heading = SELECTION)]
    only: Vec<String>,
    /// Leave this case out; `*` stands for anything (repeatable)
    #[arg(long, value_name = "CASE", help_heading = SELECTION)]
    skip: Vec<String>,
    /// Run cases of this level and stricter ones: must, should, may, info
    #[arg(long, value_name = "LEVEL", help_heading = SELECTION)]
    level: Option<Level>,
    /// It does not have this, by a name that `explain` shows: cases that need it are unsupported, not skipped
    /// (repeatable)
    #[arg(long, value_name = "NEED", help_heading = SELECTION)]
    without: Vec<String>,
    /// Try everything where a sample would do, such as every bit of a token: thousands of requests
    #[arg(long, help_heading = SELECTION)]
    exhaustive: bool,
    /// Repeat the run that had this seed
    #[arg(long, value_name = "NUMBER", help_heading = SELECTION)]
    seed: Option<u64>,
    /// How many values each generated case tries [default: 256 for verifiers, 48 for servers, 8 for clients]
    #[arg(long, value_name = "NUMBER", help_heading = GENERATED)]
    cases: Option<u32>,
    /// Keep generated values that went wrong in this folder, as small as they can be made
    #[arg(long, value_name = "DIR", help_heading = GENERATED)]
    save: Option<PathBuf>,
    /// Try the value of this file again, in its case and in those that it depends on
    #[arg(long, value_name = "FILE", help_heading = GENERATED)]
    replay: Option<PathBuf>,
    /// Whose reading counts where texts contradict each other: default, aperture, l402kit
    #[arg(long, default_value_t, help_heading = SCORING)]
    profile: Profile,
    /// Warnings and unchecked MUSTs fail, too
    #[arg(long, help_heading = SCORING)]
    strict: bool,
    /// Known deviations: TOML lines such as "case/id" = "reason"; one that passes is an error
    #[arg(long, value_name = "FILE", help_heading = SCORING)]
    expected: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Human, help_heading = REPORTS)]
    format: Format,
    /// Also write a report to this file, in the form that its name ends with: .txt, .json, .xml (JUnit), .md, .html
    /// (repeatable)
    #[arg(long, value_name = "FILE", help_heading = REPORTS)]
    output: Vec<Output>,
}

const SELECTION: &str = "Which cases";
const GENERATED: &str = "Generated cases";
const SCORING: &str = "How they are scored";
const REPORTS: &str = "Reports";

/// The forms of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
    Junit,
    Markdown,
    Html,
}

impl Format {
    fn render(self, report: &Report, colors: bool) -> String {
        match self {
            Self::Human => report.to_human(colors),
            Self::Json => format!("{}\n", report.to_json()),
            Self::Junit => report.to_junit(),
            Self::Markdown => report.to_markdown(),
            Self::Html => report.to_html(),
        }
    }
}

/// A file for a report.
#[derive(Clone, Debug)]
struct Output {
    format: Format,
    path: PathBuf,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = PathBuf::from(text);
        let extension = path.extension().and_then(|extension| extension.to_str());
        let format = match extension.unwrap_or_default() {
            "txt" => Format::Human,
            "json" => Format::Json,
            "xml" => Format::Junit,
            "md" => Format::Markdown,
            "html" => Format::Html,
            _ => return Err("the name must end with .txt, .json, .xml, .md or .html".to_owned()),
        };
        Ok(Self { format, path })
    }
}

impl RunOptions {
    pub(super) fn settings(&self) -> Result<Settings, Failure> {
        let mut settings = Settings::new().with_profile(self.profile).with_expected(self.expected()?);
        for pattern in &self.only {
            settings = settings.only(pattern);
        }
        for pattern in &self.skip {
            settings = settings.skip(pattern);
        }
        for need in &self.without {
            settings = settings.without(need);
        }
        if let Some(level) = self.level {
            settings = settings.with_level(level);
        }
        if let Some(seed) = self.seed {
            settings = settings.with_seed(seed);
        }
        if self.exhaustive {
            settings = settings.exhaustive();
        }
        if let Some(count) = self.cases {
            settings = settings.with_generated(count);
        }
        if let Some(directory) = &self.save {
            settings = settings.with_save(directory);
        }
        if let Some(file) = &self.replay {
            settings = settings.with_replay(file)?;
        }
        Ok(if self.strict { settings.strict() } else { settings })
    }

    fn expected(&self) -> Result<Expected, Failure> {
        let Some(path) = &self.expected else { return Ok(Expected::default()) };
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(text.parse()?)
    }

    /// Writes all reports, and says how it ended.
    pub(super) fn finish(&self, report: &Report) -> Result<ExitCode, Failure> {
        for Output { format, path } in &self.output {
            let text = format.render(report, false);
            fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        // Colours are taken out again where nobody would see them.
        anstream::stdout().lock().write_all(self.format.render(report, true).as_bytes())?;
        Ok(ExitCode::from(report.verdict().exit_code()))
    }
}

/// A bar on a terminal; nothing elsewhere.
pub(super) fn progress() -> impl FnMut(Progress<'_>) + Send {
    let bar = ProgressBar::no_length();
    bar.set_draw_target(if stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    });
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    move |progress| match progress {
        Progress::Begin { of, case, .. } => {
            bar.set_length(of as u64);
            bar.set_message(case.id);
        }
        Progress::End(_) => {
            bar.inc(1);
            if bar.length() == Some(bar.position()) {
                bar.finish_and_clear();
            }
        }
        _ => {}
    }
}
