//! What was measured, read from where criterion and our own benchmarks keep it.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// All figures of a run.
pub(crate) struct Figures {
    /// Nanoseconds of criterion, by group, function and what it was given.
    times: BTreeMap<(String, String, String), f64>,
    /// Rows of the benchmarks that criterion does not take: group, row, figures by name.
    pub(crate) rows: Vec<Row>,
    /// What `make bench-peers` wrote.
    pub(crate) peers: Option<Value>,
}

pub(crate) struct Row {
    pub(crate) group: String,
    pub(crate) name: String,
    figures: BTreeMap<String, f64>,
}

impl Figures {
    pub(crate) fn read(target: &Path) -> Result<Self, Box<dyn Error>> {
        let mut figures = Self { times: BTreeMap::new(), rows: Vec::new(), peers: None };
        figures.read_criterion(&target.join("criterion"))?;
        for name in ["http_overhead", "stores", "client_cache"] {
            figures.read_rows(&target.join("bench").join(format!("{name}.json")))?;
        }
        figures.peers = fs::read(target.join("bench/peers.json"))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(figures)
    }

    /// Every directory `new` below holds a measurement and says what it is one of.
    fn read_criterion(&mut self, directory: &Path) -> Result<(), Box<dyn Error>> {
        for entry in fs::read_dir(directory).map_err(|error| missing(directory, &error))? {
            let path = entry?.path();
            if path.ends_with("new") {
                let benchmark = read_json(&path.join("benchmark.json"))?;
                let estimates = read_json(&path.join("estimates.json"))?;
                let text = |key: &str| benchmark[key].as_str().unwrap_or_default().to_owned();
                let key = (text("group_id"), text("function_id"), text("value_str"));
                if let Some(ns) = estimates["median"]["point_estimate"].as_f64() {
                    self.times.insert(key, ns);
                }
            } else if path.is_dir() {
                self.read_criterion(&path)?;
            }
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
