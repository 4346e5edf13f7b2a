//! For people: lines of text, coloured on a terminal.

use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};

use super::{CaseReport, Report, Verdict};
use crate::http::Exchange;
use crate::outcome::{Evidence, Outcome};

/// Enough for the head of an answer and a few lines of its body; the other forms have more, the JSON all.
pub(super) const MAX_SHOWN_BYTES: usize = 4096;

pub(super) fn render(report: &Report, colors: bool) -> String {
    let mut out = String::new();
    let palette = Palette::new(colors);
    // Writing to a string cannot fail.
    _ = write_report(&mut out, report, &palette);
    out
}

struct Palette {
    heading: Style,
    good: Style,
    bad: Style,
    notable: Style,
    faint: Style,
}

impl Palette {
    const fn new(colors: bool) -> Self {
        if !colors {
            let plain = Style::new();
            return Self { heading: plain, good: plain, bad: plain, notable: plain, faint: plain };
        }
        Self {
            heading: Style::new().bold(),
            good: AnsiColor::Green.on_default(),
            bad: AnsiColor::Red.on_default().bold(),
            notable: AnsiColor::Yellow.on_default(),
            faint: Style::new().dimmed(),
        }
    }

    const fn mark(&self, report: &CaseReport) -> (Style, &'static str) {
        match report.outcome {
            Outcome::Fail { .. } | Outcome::Warn { .. } if report.known_deviation.is_some() => {
                (self.faint, "KNOWN")
            }
            Outcome::Pass => (self.good, "PASS"),
            Outcome::Fail { .. } => (self.bad, "FAIL"),
            Outcome::Warn { .. } => (self.notable, "WARN"),
            Outcome::Skip { .. } => (self.faint, "SKIP"),
            Outcome::Unsupported { .. } => (self.faint, "UNSUP"),
            Outcome::Error { .. } => (self.bad, "ERROR"),
        }
    }

    const fn verdict(&self, verdict: Verdict) -> Style {
        match verdict {
            Verdict::Conformant | Verdict::KnownDeviations => self.good,
            Verdict::Partial => self.notable,
            Verdict::Failing | Verdict::HarnessError => self.bad,
        }
    }
}

fn write_report(out: &mut String, report: &Report, palette: &Palette) -> fmt::Result {
    let Palette { bad, faint, .. } = palette;
    for case in &report.cases {
        write_case(out, case, palette)?;
    }
    writeln!(out, "\n{}: {}", printable(&report.target), report.counts())?;
    for (name, value) in &report.facts {
        writeln!(out, "{faint}{}: {}{faint:#}", printable(name), printable(value))?;
    }
    if report.left_out > 0 {
        writeln!(out, "left out: {} of the MUSTs", report.left_out)?;
    }
    for reason in &report.stale {
        writeln!(out, "{bad}error:{bad:#} {}", printable(reason))?;
    }
    let Report { profile, seed, .. } = report;
    let strict = if report.strict { ", strict" } else { "" };
    let style = palette.verdict(report.verdict());
    writeln!(out, "{faint}profile {profile}{strict}, seed {seed}{faint:#}")?;
    writeln!(out, "verdict: {style}{}{style:#}", report.verdict())
}

fn write_case(out: &mut String, report: &CaseReport, palette: &Palette) -> fmt::Result {
    let faint = palette.faint;
    let (style, word) = palette.mark(report);
    let case = &report.case;
    writeln!(out, "{style}{word:5}{style:#} {}  {faint}{}{faint:#}", case.id, case.title)?;
    for note in &report.notes {
        writeln!(out, "      {}", printable(note))?;
    }
    if let Some(reason) = report.reason() {
        writeln!(out, "      {}", printable(reason))?;
    }
    let Some((expected, actual)) = report.difference() else { return Ok(()) };
    if let Some(reason) = &report.known_deviation {
        writeln!(out, "      known:    {}", printable(reason))?;
        return writeln!(out, "      actual:   {}", printable(actual));
    }
    writeln!(out, "      {}: {}", case.level, case.requirement)?;
    writeln!(out, "      source:   {}", case.source)?;
    if let Some(ambiguity) = case.ambiguity {
        writeln!(out, "      texts:    {}", ambiguity.conflict)?;
    }
    writeln!(out, "      expected: {}", printable(expected))?;
    writeln!(out, "      actual:   {}", printable(actual))?;
    report.evidence.last().map_or(Ok(()), |evidence| write_evidence(out, evidence, palette))
}

fn write_evidence(out: &mut String, evidence: &Evidence, palette: &Palette) -> fmt::Result {
    let faint = palette.faint;
    match evidence {
        Evidence::Http(exchange) => write_exchange(out, exchange, palette),
        Evidence::Transcript { title, text } => {
            writeln!(out, "      {}:", printable(title))?;
            let (shown, more) = shortened(text);
            shown
                .lines()
                .try_for_each(|line| writeln!(out, "      {faint}| {}{faint:#}", printable(line)))?;
            if more > 0 { writeln!(out, "      {faint}| ({more} bytes more){faint:#}") } else { Ok(()) }
        }
    }
}

fn write_exchange(out: &mut String, exchange: &Exchange, palette: &Palette) -> fmt::Result {
    let Palette { faint, heading, .. } = palette;
    for (mark, bytes) in [('>', exchange.request()), ('<', exchange.response())] {
        let shown = &bytes[..bytes.len().min(MAX_SHOWN_BYTES)];
        for line in shown.split_inclusive(|byte| *byte == b'\n') {
            writeln!(out, "      {faint}{mark} {}{faint:#}", line.escape_ascii())?;
        }
        if shown.len() < bytes.len() {
            writeln!(out, "      {faint}{mark} ({} bytes more){faint:#}", bytes.len() - shown.len())?;
        }
    }
    writeln!(out, "      {heading}again:{heading:#}")?;
    let (shown, more) = shortened(exchange.curl());
    if more > 0 {
        return writeln!(out, "      a line of {} bytes; the JSON has it", exchange.curl().len());
    }
    shown.lines().try_for_each(|line| writeln!(out, "{line}"))
}

/// The start of a text, and how many bytes are left of it.
pub(super) fn shortened(text: &str) -> (&str, usize) {
    let end = (0..=text.len().min(MAX_SHOWN_BYTES)).rev().find(|at| text.is_char_boundary(*at));
    let shown = &text[..end.unwrap_or_default()];
    (shown, text.len() - shown.len())
}

/// Without what could steer the terminal: the text may be somebody else's.
fn printable(text: &str) -> String {
    text.replace(char::is_control, "\u{fffd}")
}
