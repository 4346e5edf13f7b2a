//! For a pull request: Markdown.

use std::fmt::{self, Write};

use super::human::shortened;
use super::{CaseReport, Report};
use crate::outcome::Evidence;

pub(super) fn render(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    _ = write_report(&mut out, report);
    out
}

fn write_report(out: &mut String, report: &Report) -> fmt::Result {
    writeln!(out, "# L402 {} conformance: {}\n", report.suite, report.verdict())?;
    writeln!(out, "| | |\n|---|---|")?;
    let mut row = |name: &str, value: &str| writeln!(out, "| {} | {} |", inline(name), inline(value));
    row("target", &report.target)?;
    report.facts.iter().try_for_each(|(name, value)| row(name, value))?;
    let strict = if report.strict { ", strict" } else { "" };
    row("profile", &format!("{}{strict}", report.profile))?;
    row("suite", &format!("l402-conformance {}, seed {}", env!("CARGO_PKG_VERSION"), report.seed))?;
    row("result", &report.counts().to_string())?;
    if report.left_out > 0 {
        row("left out", &format!("{} of the MUSTs", report.left_out))?;
    }
    for reason in &report.stale {
        writeln!(out, "\n**error:** {}", inline(reason))?;
    }
    writeln!(out, "\n| case | level | outcome | |\n|---|---|---|---|")?;
    for report in &report.cases {
        let case = &report.case;
        let actual = report.difference().map(|(_, actual)| actual).or(report.reason());
        let known = report.known_deviation.as_ref().filter(|_| report.difference().is_some());
        let word = if known.is_some() { "known" } else { report.word() };
        let text =
            known.map(String::as_str).or(actual).map_or_else(|| report.notes.join("; "), str::to_owned);
        writeln!(out, "| `{}` | {} | {word} | {} |", case.id, case.level, inline(&text))?;
    }
    report.cases.iter().try_for_each(|case| write_details(out, case))
}

fn write_details(out: &mut String, report: &CaseReport) -> fmt::Result {
    let Some((expected, actual)) = report.difference() else { return Ok(()) };
    let case = &report.case;
    writeln!(out, "\n## `{}`\n\n{}\n", case.id, inline(case.title))?;
    writeln!(
        out,
        "> {}: {}\n>\n> {}\n",
        case.level,
        inline(case.requirement),
        inline(&case.source.to_string())
    )?;
    writeln!(out, "- expected: {}\n- actual: {}", inline(expected), inline(actual))?;
    if let Some(reason) = &report.known_deviation {
        writeln!(out, "- known deviation: {}", inline(reason))?;
    }
    match report.evidence.last() {
        None => Ok(()),
        Some(Evidence::Http(exchange)) => {
            let sent = exchange.request().escape_ascii().to_string().replace(r"\n", "\\n\n");
            let answered = exchange.response().escape_ascii().to_string().replace(r"\n", "\\n\n");
            block(out, &sent)?;
            block(out, &answered)?;
            block(out, exchange.curl())
        }
        Some(Evidence::Transcript { title, text }) => {
            writeln!(out, "\n{}:", inline(title))?;
            block(out, text)
        }
    }
}

/// Text within a line or a cell of a table: nothing in it is markup.
fn inline(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                safe.push('\\');
                safe.push(char);
            }
            char if char.is_control() => safe.push(' '),
            char => safe.push(char),
        }
    }
    safe
}

/// Text in a fence that is longer than any within it.
fn block(out: &mut String, text: &str) -> fmt::Result {
    let text = text.replace(|c: char| c.is_control() && !matches!(c, '\n' | '\t'), "\u{fffd}");
    let (shown, more) = shortened(&text);
    let mut longest = 2;
    for run in shown.split(|c| c != '`') {
        longest = longest.max(run.len());
    }
    let fence = "`".repeat(longest + 1);
    writeln!(out, "\n{fence}text\n{}\n{fence}", shown.trim_end())?;
    if more > 0 { writeln!(out, "({more} bytes more)") } else { Ok(()) }
}
