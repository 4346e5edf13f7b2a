//! Figures that criterion does not take: printed, and kept for the report.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

/// The figures of one benchmark, as rows of a group.
pub(crate) struct Record {
    name: &'static str,
    rows: Vec<Value>,
}

impl Record {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, rows: Vec::new() }
    }

    /// Adds a row: what was measured, and its figures by name.
    pub(crate) fn add(&mut self, group: &str, row: &str, figures: &[(&str, f64)]) {
        let figures: serde_json::Map<String, Value> =
            figures.iter().map(|(name, figure)| ((*name).to_owned(), json!(figure))).collect();
        self.rows.push(json!({ "group": group, "row": row, "figures": figures }));
    }

    /// Writes the rows where the report looks for them: in the directory `bench` next to that of the profile.
    fn write(&self) -> std::io::Result<()> {
        let executable = std::env::current_exe()?;
        let target = executable.ancestors().nth(3).map(PathBuf::from).unwrap_or_default();
        let directory = target.join("bench");
        fs::create_dir_all(&directory)?;
        let text = serde_json::to_string_pretty(&self.rows)?;
        fs::write(directory.join(format!("{}.json", self.name)), text)
    }
}

/// Kept whatever happens: a benchmark that stops half-way has measured the first half.
impl Drop for Record {
    fn drop(&mut self) {
        if let Err(error) = self.write() {
            println!("the figures of {} cannot be kept: {error}", self.name);
        }
    }
}
