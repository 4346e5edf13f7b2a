//! For the browser: one file of HTML. `maud` escapes everything that is put into it.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::human::shortened;
use super::{CaseReport, Report};
use crate::http::Exchange;
use crate::outcome::Evidence;

const STYLE: &str = include_str!("report.css");

/// Nothing may run or be loaded, should markup of somebody else ever get in.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'";

pub(super) fn render(report: &Report) -> String {
    let title = format!("L402 {} conformance: {}", report.suite, report.verdict());
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "L402 " (report.suite) " conformance: " span class=(verdict_class(report)) { (report.verdict()) } }
                (summary(report))
                @for reason in &report.stale { p class="fail" { "error: " (reason) } }
                main { @for case in &report.cases { (case_row(case)) } }
            }
        }
    };
    // HTML has no form for control characters, escaped or not.
    let mut text = page.into_string().replace(|c: char| c.is_control() && c != '\n', "\u{fffd}");
    text.push('\n');
    text
}

fn verdict_class(report: &Report) -> &'static str {
    match report.verdict().exit_code() {
        0 => "pass",
        3 => "warn",
        _ => "fail",
    }
}

fn summary(report: &Report) -> Markup {
    html! {
        dl {
            dt { "target" } dd { (report.target) }
            @for (name, value) in &report.facts { dt { (name) } dd { (value) } }
            dt { "profile" } dd { (report.profile) @if report.strict { ", strict" } }
            dt { "suite" } dd { "l402-conformance " (env!("CARGO_PKG_VERSION")) ", seed " (report.seed) }
            dt { "time" } dd { (format!("{:.1} s", report.duration.as_secs_f64())) }
            dt { "result" } dd { (report.counts()) }
            @if report.left_out > 0 { dt { "left out" } dd { (report.left_out) " of the MUSTs" } }
        }
    }
}

fn case_row(report: &CaseReport) -> Markup {
    let case = &report.case;
    let known = report.known_deviation.as_ref().filter(|_| report.difference().is_some());
    let word = if known.is_some() { "known" } else { report.word() };
    let open = report.difference().is_some() && known.is_none();
    html! {
        details id=(case.id) open[open] {
            summary {
                span class=(format!("mark {word}")) { (word) } " "
                code { (case.id) } " " span class="level" { (case.level) } " " (case.title)
            }
            blockquote { (case.requirement) footer { (case.source) } }
            @if let Some(ambiguity) = case.ambiguity {
                p { "Texts contradict each other: " (ambiguity.conflict) }
                ul { @for scoring in ambiguity.scoring {
                    li { "profile " (scoring.profile) ": " (scoring.level) ", " (scoring.expects) }
                } }
            }
            @for note in &report.notes { p { (note) } }
            @if let Some(reason) = report.reason() { p { (reason) } }
            @if let Some(reason) = known { p { "known deviation: " (reason) } }
            @if let Some((expected, actual)) = report.difference() {
                dl { dt { "expected" } dd { (expected) } dt { "actual" } dd { (actual) } }
            }
            @for evidence in report.evidence.iter().rev().take(MAX_SHOWN_EVIDENCE).rev() { (shown(evidence)) }
        }
    }
}

/// The last ones are what the outcome is about; the JSON has all.
const MAX_SHOWN_EVIDENCE: usize = 3;

fn shown(evidence: &Evidence) -> Markup {
    match evidence {
        Evidence::Http(exchange) => shown_exchange(exchange),
        Evidence::Transcript { title, text } => html! { p { (title) } (block(text)) },
    }
}

fn shown_exchange(exchange: &Exchange) -> Markup {
    let lines = |bytes: &[u8]| -> String {
        bytes
            .split_inclusive(|byte| *byte == b'\n')
            .map(|line| format!("{}\n", line.escape_ascii()))
            .collect()
    };
    html! {
        p { "sent" } (block(&lines(exchange.request())))
        p { "answered" } (block(&lines(exchange.response())))
        p { "again" } (block(exchange.curl()))
    }
}

fn block(text: &str) -> Markup {
    let (shown, more) = shortened(text);
    html! { pre { (shown) @if more > 0 { "\n(" (more) " bytes more)" } } }
}
