//! The counts that are committed, and how those of a run compare.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

/// So many percent may a count stray where the same compiler made the program: what a C library of another version, whose
/// `memcpy` is counted, too, may make of it.
const TOLERANCE: f64 = 2.0;
/// And so many where it was another one.
const OTHER_COMPILER: f64 = 12.0;
/// A few instructions are no percentage.
const SLACK: i64 = 8;

pub(crate) struct Count {
    pub(crate) name: String,
    pub(crate) is: i64,
}

pub(crate) struct Table {
    compiler: String,
    target: String,
    counts: Vec<Count>,
}

pub(crate) struct Verdict {
    pub(crate) text: String,
    pub(crate) is_good: bool,
}

impl Table {
    /// What was counted now, and what compiled it.
    pub(crate) fn of(counts: Vec<Count>) -> Result<Self, Box<dyn Error>> {
        let output =
            Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("-vV").output()?;
        let text = String::from_utf8(output.stdout)?;
        let field =
            |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
        let compiler = format!("rustc {}, LLVM {}", field("release: "), field("LLVM version: "));
        Ok(Self { compiler, target: field("host: "), counts })
    }

    pub(crate) fn read() -> Result<Self, Box<dyn Error>> {
        let table: Value = serde_json::from_slice(&fs::read(path())?)?;
        let text = |key: &str| table[key].as_str().unwrap_or_default().to_owned();
        let counts = table["instructions"].as_object().into_iter().flatten();
        let counts =
            counts.filter_map(|(name, count)| Some(Count { name: name.clone(), is: count.as_i64()? }));
        Ok(Self { compiler: text("compiler"), target: text("target"), counts: counts.collect() })
    }

    pub(crate) fn write(&self) -> Result<(), Box<dyn Error>> {
        let counts: BTreeMap<_, _> = self.counts.iter().map(|count| (&*count.name, count.is)).collect();
        let table = json!({ "compiler": self.compiler, "target": self.target, "instructions": counts });
        fs::write(path(), format!("{}\n", serde_json::to_string_pretty(&table)?))?;
        Ok(())
    }

    /// Holds `found` to this. What got cheaper is told as well, or the next one who makes it dearer would go unseen.
    pub(crate) fn compare(&self, found: &Self) -> Verdict {
        let mut text = format!("instructions, by {}\n\n", found.compiler);
        let is_comparable = self.target == found.target;
        let tolerance = if self.compiler == found.compiler { TOLERANCE } else { OTHER_COMPILER };
        let mut is_good = true;
        for count in &found.counts {
            let expected = self.counts.iter().find(|known| known.name == count.name).map(|known| known.is);
            let strays = expected.is_none_or(|expected| {
                let allowed = (expected as f64 * tolerance / 100.0) as i64;
                (count.is - expected).abs() > allowed.max(SLACK)
            });
            let expected =
                expected.map_or_else(|| "not in the file".to_owned(), |expected| expected.to_string());
            let verdict = if strays && is_comparable { "STRAYS" } else { "" };
            let _ = writeln!(text, "{:<66} {:>6}  expected {expected:>6}  {verdict}", count.name, count.is);
            is_good &= !strays;
        }
        for gone in
            self.counts.iter().filter(|known| found.counts.iter().all(|count| count.name != known.name))
        {
            let _ = writeln!(text, "{:<66} is in the file, but nothing counts it", gone.name);
            is_good = false;
        }
        if !is_comparable {
            let _ = write!(text, "\nnot compared: the file is for {}, this is {}", self.target, found.target);
            return Verdict { text, is_good: true };
        }
        if self.compiler != found.compiler {
            let _ = writeln!(
                text,
                "\nthe file was written with {}: {tolerance} % are allowed, not {TOLERANCE}",
                self.compiler
            );
        }
        text.push_str(match is_good {
            true => "\nas expected",
            false => "\nif this is meant: `make instructions-update`, and say in the commit what it is worth",
        });
        Verdict { text, is_good }
    }
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("instructions.json")
}
