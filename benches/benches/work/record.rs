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
    pub(crate) fn keep(self) {
        let executable = std::env::current_exe().unwrap();
        let target = executable.ancestors().nth(3).map(PathBuf::from).unwrap();
        let directory = target.join("bench");
        fs::create_dir_all(&directory).unwrap();
        let text = serde_json::to_string_pretty(&Value::Array(self.rows)).unwrap();
        fs::write(directory.join(format!("{}.json", self.name)), text).unwrap();
    }
}
