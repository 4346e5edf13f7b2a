//! The figures behind the targets, group by group.

use std::fmt::Write as _;

use crate::figures::{Figures, Row};
use crate::targets::number;

pub(crate) fn all(figures: &Figures) -> String {
    let mut tables = String::new();
    tokens(figures, &mut tables);
    peers(figures, &mut tables);
    rows(figures, &mut tables);
    tables
}

const GROUPS: [(&str, &str); 8] = [
    ("verify", "Header bytes in, grant out, by number of caveats"),
    ("verify by bytes of a caveat", "Three caveats of so many bytes each"),
    ("reject", "What a bad token costs"),
    ("parse credential", "Reading the header, decoding hex and base64, by number of caveats"),
    ("decode macaroon", "Macaroon V2, by number of caveats"),
    ("chain", "Signing again and comparing, by number of caveats"),
    ("mint", "Minting a token"),
    ("parse challenge", "Reading a challenge"),
];

/// What criterion measured. A group with a floor of its own has a column of multiples.
fn tokens(figures: &Figures, tables: &mut String) {
    tables.push_str("## Tokens\n");
    for (group, title) in GROUPS {
        let mut measured: Vec<_> = figures.group(group).collect();
        if measured.is_empty() {
            let _ = writeln!(tables, "\n{title}: not measured.");
            continue;
        }
        let _ = writeln!(tables, "\n{title}:\n\n| | | ns | × floor |\n|---|---|---|---|");
        measured.sort_by_key(|(function, value, _)| (*function, value.parse::<u64>().unwrap_or(0)));
        for (function, value, ns) in measured {
            let floor = figures.ns(group, "floor", value).or_else(|| figures.ns(group, "floor", "3"));
            let multiple = floor.map_or_else(|| "–".to_owned(), |floor| number(ns / floor));
            let _ = writeln!(tables, "| {function} | {value} | {} | {multiple} |", number(ns));
        }
    }
    tables.push_str("\n## Invoices\n\n| | µs |\n|---|---|\n");
    for (function, _, ns) in figures.group("invoice") {
        let _ = writeln!(tables, "| {function} | {} |", number(ns / 1e3));
    }
}

/// Verifiers of others, in the same run as ours.
fn peers(figures: &Figures, tables: &mut String) {
    tables.push_str("\n## Verifiers of others\n\n");
    let Some(peers) = &figures.peers else {
        tables.push_str("Not measured in this run; `make bench-peers` does.\n");
        return;
    };
    tables.push_str(
        "| implementation | version | checks | caveats | ns | × our time | × floor | allocations |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for row in peers["rows"].as_array().into_iter().flatten().filter(|row| row["case"] == "valid") {
        let text = |key: &str| row[key].as_str().unwrap_or("–").to_owned();
        let figure = |key: &str| row[key].as_f64().map_or_else(|| "–".to_owned(), number);
        let checks = match &row["verifies"] {
            serde_json::Value::Array(checks) => {
                checks.iter().filter_map(|check| check.as_str()).collect::<Vec<_>>().join(", ")
            }
            other => other.as_str().unwrap_or("–").to_owned(),
        };
        let _ = writeln!(
            tables,
            "| {} | {} | {checks} | {} | {} | {} | {} | {} |",
            text("implementation"),
            text("version"),
            row["caveats"],
            figure("ns_median"),
            figure("ratio_to_ours"),
            figure("ratio_to_floor"),
            figure("allocations"),
        );
    }
    for skipped in peers["skipped"].as_array().into_iter().flatten() {
        let text = |key: &str| skipped[key].as_str().unwrap_or("–").to_owned();
        let _ = writeln!(tables, "\nNot measured: {}: {}", text("implementation"), text("reason"));
    }
}

/// What our own benchmarks kept: a table for each group, with the columns that its rows have.
fn rows(figures: &Figures, tables: &mut String) {
    let mut group = "";
    let mut columns: &[(&str, &str)] = &[];
    for row in &figures.rows {
        if row.group != group {
            group = &row.group;
            let part = PARTS.iter().find(|(prefix, _, _)| group.starts_with(prefix));
            let (title, named) = part.map_or(("", &[][..]), |(_, title, named)| (*title, *named));
            columns = named;
            let names: String = columns.iter().map(|(_, name)| format!(" {name} |")).collect();
            let rules = "---|".repeat(columns.len() + 1);
            let _ = writeln!(tables, "\n## {title} {group}\n\n| |{names}\n|{rules}");
        }
        let cells: String = columns.iter().map(|(key, _)| cell(row, key)).collect();
        let _ = writeln!(tables, "| {} |{cells}", row.name);
    }
}

fn cell(row: &Row, key: &str) -> String {
    row.get(key).map_or_else(|| " – |".to_owned(), |figure| format!(" {} |", number(figure)))
}

type Part = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Groups by how they begin: what stands before their names in the title, and which figures they have.
const PARTS: [Part; 6] = [
    (
        "in process",
        "Requests,",
        &[("all_us", "µs in all"), ("added_us", "µs added"), ("added_best_us", "at best")],
    ),
    (
        "sockets",
        "Requests,",
        &[
            ("all_us", "µs in all"),
            ("added_us", "µs added"),
            ("cpu_rate", "× bare, requests a CPU second"),
            ("rate", "× bare, requests a second"),
            ("p50", "× bare, p50"),
            ("p99", "× bare, p99"),
            ("requests_per_s", "requests/s"),
            ("p50_us", "p50, µs"),
            ("p99_us", "p99, µs"),
        ],
    ),
    ("memory by size", "Uses,", &[("ns", "ns a claim")]),
    (
        "memory",
        "Uses,",
        &[
            ("millions_per_s", "millions a second of CPU time"),
            ("of_map", "× map"),
            ("growing_ms", "growing, ms"),
            ("sweeping_ms", "sweeping, ms"),
            ("now", "bytes"),
            ("peak", "bytes at the peak"),
        ],
    ),
    ("client", "Paying", &[("us", "µs"), ("low_us", "lower quartile"), ("high_us", "upper quartile")]),
    ("", "Uses,", &[("per_s", "a second"), ("of_set_nx", "× `SET NX EX`")]),
];
