//! What was measured, read from where criterion and our own benchmarks keep it.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// The benchmarks that criterion does not take, in the order of the report.
const RECORDS: [&str; 5] =
    ["http_overhead-in-process", "http_overhead-sockets", "stores-memory", "stores-waiting", "client_cache"];

/// All figures of a run.
pub(crate) struct Figures {
    /// Nanoseconds of criterion, by group, function and what it was given.
    times: BTreeMap<(String, String, String), f64>,
    /// Rows of the benchmarks that criterion does not take: group, row, figures by name.
    pub(crate) rows: Vec<Row>,
    /// What `make bench-peers` wrote.
    pub(crate) peers: Option<Value>,
    /// The steps of the run, in order.
    pub(crate) steps: Vec<Step>,
    /// What should have been measured, and why there is nothing of it.
    pub(crate) missing: Vec<String>,
}

/// A step of `.ci/bench`.
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) seconds: u64,
    pub(crate) is_done: bool,
}

pub(crate) struct Row {
    pub(crate) group: String,
    pub(crate) name: String,
    figures: BTreeMap<String, f64>,
}

impl Figures {
    /// Reads what there is. What there is not, the report says.
    pub(crate) fn read(target: &Path) -> Self {
        let (times, rows, steps, missing) = (BTreeMap::new(), Vec::new(), Vec::new(), Vec::new());
        let mut figures = Self { times, rows, peers: None, steps, missing };
        let read = figures.read_criterion(&target.join("criterion"));
        figures.note(read);
        for name in RECORDS {
            let read = figures.read_rows(&target.join("bench").join(format!("{name}.json")));
            figures.note(read);
        }
        match read_json(&target.join("bench/peers.json")) {
            Ok(peers) => figures.peers = Some(peers),
            Err(error) => figures.missing.push(error.to_string()),
        }
        let read = figures.read_steps(&target.join("bench/steps"));
        figures.note(read);
        figures
    }

    fn note(&mut self, read: Result<(), Box<dyn Error>>) {
        self.missing.extend(read.err().map(|error| error.to_string()));
    }

    /// Lines of name, seconds and exit code, with tabs between them.
    fn read_steps(&mut self, path: &Path) -> Result<(), Box<dyn Error>> {
        for line in fs::read_to_string(path).map_err(|error| missing(path, &error))?.lines() {
            if let [name, seconds, code] = *line.split('\t').collect::<Vec<_>>() {
                let step = Step { name: name.to_owned(), seconds: seconds.parse()?, is_done: code == "0" };
                if !step.is_done {
                    self.missing
                        .push(format!("{name} ended with exit code {code}, so there may be less of it"));
                }
                self.steps.push(step);
            }
        }
        Ok(())
    }

    /// Every directory `new` below holds a measurement and says what it is one of.
    fn read_criterion(&mut self, directory: &Path) -> Result<(), Box<dyn Error>> {
        for entry in fs::read_dir(directory).map_err(|error| missing(directory, &error))? {
            let path = entry?.path();
            if path.ends_with("new") {
                let read = self.read_measurement(&path);
                self.note(read);
            } else if path.is_dir() {
                self.read_criterion(&path)?;
            }
        }
        Ok(())
    }

    fn read_measurement(&mut self, directory: &Path) -> Result<(), Box<dyn Error>> {
        let benchmark = read_json(&directory.join("benchmark.json"))?;
        let estimates = read_json(&directory.join("estimates.json"))?;
        let text = |key: &str| benchmark[key].as_str().unwrap_or_default().to_owned();
        let key = (text("group_id"), text("function_id"), text("value_str"));
        if let Some(ns) = estimates["median"]["point_estimate"].as_f64() {
            self.times.insert(key, ns);
        }
        Ok(())
    }

    fn read_rows(&mut self, path: &Path) -> Result<(), Box<dyn Error>> {
        for row in read_json(path)?.as_array().into_iter().flatten() {
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            let figures = row["figures"].as_object().into_iter().flatten();
            let figures = figures.filter_map(|(name, value)| Some((name.clone(), value.as_f64()?)));
            self.rows.push(Row { group: text("group"), name: text("row"), figures: figures.collect() });
        }
        Ok(())
    }

    /// Nanoseconds, as criterion's median.
    pub(crate) fn ns(&self, group: &str, function: &str, value: &str) -> Option<f64> {
        self.times.get(&(group.to_owned(), function.to_owned(), value.to_owned())).copied()
    }

    /// All that one group of criterion holds: function, value, nanoseconds.
    pub(crate) fn group(&self, group: &str) -> impl Iterator<Item = (&str, &str, f64)> {
        let of_group = self.times.iter().filter(move |((name, _, _), _)| name == group);
        of_group.map(|((_, function, value), ns)| (&**function, &**value, *ns))
    }

    /// One figure of our own benchmarks.
    pub(crate) fn figure(&self, group: &str, row: &str, figure: &str) -> Option<f64> {
        let row = self.rows.iter().find(|known| known.group == group && known.name == row)?;
        row.get(figure)
    }

    /// How many times our time a peer needs for a valid token of three caveats.
    pub(crate) fn peer(&self, implementation: &str) -> Option<f64> {
        let rows = self.peers.as_ref()?["rows"].as_array()?;
        let row = rows.iter().find(|row| {
            row["implementation"] == implementation && row["case"] == "valid" && row["caveats"] == 3
        })?;
        row["ratio_to_ours"].as_f64()
    }
}

impl Row {
    pub(crate) fn get(&self, figure: &str) -> Option<f64> {
        self.figures.get(figure).copied()
    }
}

fn read_json(path: &Path) -> Result<Value, Box<dyn Error>> {
    let bytes = fs::read(path).map_err(|error| missing(path, &error))?;
    Ok(serde_json::from_slice(&bytes)?)
}

fn missing(path: &Path, error: &std::io::Error) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}: {error}; the benchmarks write it, `make bench` runs them all")
}
