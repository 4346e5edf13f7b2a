//! For continuous integration: JUnit XML.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{CaseReport, Report};
use crate::outcome::{Evidence, Outcome};

pub(super) fn render(report: &Report) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing to memory cannot fail.
    _ = write_report(&mut writer, report);
    let mut xml = String::from_utf8(writer.into_inner()).unwrap_or_default();
    xml.push('\n');
    xml
}

type Out = Writer<Vec<u8>>;

fn write_report(out: &mut Out, report: &Report) -> io::Result<()> {
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    out.create_element("testsuites").write_inner_content(|out| write_suite(out, report))?;
    Ok(())
}

fn write_suite(out: &mut Out, report: &Report) -> io::Result<()> {
    let failing = report.cases.iter().filter(|case| verdict(case) == "failure").count();
    let counts = report.counts();
    let errors = counts.errors + report.stale.len();
    let not_run = report.cases.iter().filter(|case| verdict(case) == "skipped").count();
    out.create_element("testsuite")
        .with_attribute(("name", format!("l402-conformance {}", report.suite).as_str()))
        .with_attribute(("tests", (report.cases.len() + report.stale.len()).to_string().as_str()))
        .with_attribute(("failures", failing.to_string().as_str()))
        .with_attribute(("errors", errors.to_string().as_str()))
        .with_attribute(("skipped", not_run.to_string().as_str()))
        .with_attribute(("time", format!("{:.3}", report.duration.as_secs_f64()).as_str()))
        .write_inner_content(|out| {
            out.create_element("properties").write_inner_content(|out| write_properties(out, report))?;
            report.cases.iter().try_for_each(|case| write_case(out, case))?;
            report.stale.iter().try_for_each(|reason| write_stale(out, reason))
        })?;
    Ok(())
}

fn write_properties(out: &mut Out, report: &Report) -> io::Result<()> {
    let mut property = |name: &str, value: &str| {
        out.create_element("property")
            .with_attribute(("name", legal(name).as_str()))
            .with_attribute(("value", legal(value).as_str()))
            .write_empty()
            .map(drop)
    };
    property("target", &report.target)?;
    property("verdict", &report.verdict().to_string())?;
    property("profile", &report.profile.to_string())?;
    property("seed", &report.seed.to_string())?;
    property("suite_version", env!("CARGO_PKG_VERSION"))?;
    report.facts.iter().try_for_each(|(name, value)| property(name, value))
}

/// The element that says how a case ended; a warning is a pass.
fn verdict(report: &CaseReport) -> &'static str {
    match report.outcome {
        Outcome::Fail { .. } if report.known_deviation.is_none() => "failure",
        Outcome::Error { .. } => "error",
        Outcome::Fail { .. } | Outcome::Skip { .. } | Outcome::Unsupported { .. } => "skipped",
        Outcome::Pass | Outcome::Warn { .. } => "pass",
    }
}

fn write_case(out: &mut Out, report: &CaseReport) -> io::Result<()> {
    let case = &report.case;
    let group = case.id.rsplit_once('/').map_or(case.id, |(group, _)| group);
    let element = out
        .create_element("testcase")
        .with_attribute(("classname", group))
        .with_attribute(("name", format!("{}: {}", case.id, case.title).as_str()));
    let (verdict, output) = (verdict(report), output(report));
    if verdict == "pass" && output.is_empty() {
        element.write_empty()?;
        return Ok(());
    }
    element.write_inner_content(|out| {
        if verdict != "pass" {
            let text = details(report);
            let message = report.difference().map(|(_, actual)| actual).or(report.reason());
            let message = report.known_deviation.as_deref().or(message).unwrap_or_default();
            let level = case.level.to_string();
            out.create_element(verdict)
                .with_attribute(("message", legal(message).as_str()))
                .with_attribute(("type", level.as_str()))
                .write_text_content(BytesText::new(&text))?;
        }
        if !output.is_empty() {
            out.create_element("system-out").write_text_content(BytesText::new(&output))?;
        }
        Ok(())
    })?;
    Ok(())
}

fn write_stale(out: &mut Out, reason: &str) -> io::Result<()> {
    out.create_element("testcase")
        .with_attribute(("classname", "settings"))
        .with_attribute(("name", legal(reason).as_str()))
        .write_inner_content(|out| {
            out.create_element("error").with_attribute(("message", legal(reason).as_str())).write_empty()?;
            Ok(())
        })?;
    Ok(())
}

fn details(report: &CaseReport) -> String {
    let case = &report.case;
    let mut lines = vec![format!("{}: {}", case.level, case.requirement), format!("source: {}", case.source)];
    if let Some((expected, actual)) = report.difference() {
        lines.extend([format!("expected: {expected}"), format!("actual: {actual}")]);
    }
    if let Some(evidence) = report.evidence.last() {
        lines.push(match evidence {
            Evidence::Http(exchange) => format!("again: {}", exchange.curl()),
            Evidence::Transcript { title, text } => format!("{title}:\n{text}"),
        });
    }
    legal(&lines.join("\n"))
}

fn output(report: &CaseReport) -> String {
    let warning = match &report.outcome {
        Outcome::Warn { expected, actual } => Some(format!("warning: expected {expected}; got {actual}")),
        _ => None,
    };
    legal(&report.notes.iter().cloned().chain(warning).collect::<Vec<_>>().join("\n"))
}

/// Without the characters that XML 1.0 cannot hold, even escaped.
fn legal(text: &str) -> String {
    let illegal = |c: char| matches!(c, '\0'..='\x08' | '\x0b'..='\x1f' | '\u{fffe}' | '\u{ffff}');
    text.replace(illegal, "\u{fffd}")
}
