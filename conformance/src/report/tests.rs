//! The reports, compared with files that were read by people. `BLESS=1` writes them anew.

use std::path::PathBuf;

use super::*;
use crate::case::{Ambiguity, Level, Scoring, Source};
use crate::expected::Expected;
use crate::http::Exchange;

/// Everything that is markup or an escape anywhere.
const HOSTILE: &str =
    "<script>alert('1')</script> & \"quotes\" `ticks` | pipe *bold* \x1b[31m\0 ]]> \u{fffe} é";

const AMBIGUITY: Ambiguity = Ambiguity {
    conflict: "one revision says 401, another 402",
    scoring: &[Scoring::new(Profile::Aperture, Level::Must, "402")],
};

fn exchange() -> Evidence {
    let request = b"GET /<b> HTTP/1.1\r\nAuthorization: L402 \x01\"`\xff\r\n\r\n".to_vec();
    let response = format!("HTTP/1.1 500 {HOSTILE}\r\n\r\n").into_bytes();
    Evidence::Http(Exchange::new(request, response, "curl --url 'http://a/<b>'".to_owned()))
}

fn sample() -> Report {
    let expected = Expected::default().with("known/fail", "it stays").with("known/pass", "it went");
    let settings = Settings::new().with_seed(42).with_expected(expected);
    let facts = vec![("server".to_owned(), HOSTILE.to_owned())];
    let subject = Subject { suite: Suite::Server, target: "http://a/<b>?x=1&y=2".to_owned(), facts };
    let mut report = Report::new(subject, &settings);
    let difference = || ("status 401".to_owned(), format!("status 500 for {HOSTILE}"));
    let (expected, actual) = difference();
    let fail = Outcome::Fail { expected, actual };
    let (expected, actual) = difference();
    let warn = Outcome::Warn { expected, actual };
    let source = Source::protocol("§6.1");
    let must = |id| Suite::Server.must(id, "a <title>", "The server MUST `do` it.", source);
    let none = Findings::default;
    let seen = |evidence| Findings { evidence: vec![evidence], notes: vec![format!("noted {HOSTILE}")] };
    let ledger = Evidence::transcript("what the ledger holds", format!("line 1\nline 2 ```` {HOSTILE}"));
    report.add(must("a/pass"), Outcome::Pass, seen(exchange()), &settings);
    report.add(must("a/fail"), fail.clone(), seen(exchange()), &settings);
    report.add(must("a/ambiguous").ambiguous(AMBIGUITY), warn, seen(ledger), &settings);
    report.add(must("b/skip").after(&["a/fail"]), Outcome::skip("depends on a/fail"), none(), &settings);
    report.add(must("b/unsupported"), Outcome::unsupported("gRPC"), none(), &settings);
    report.add(must("b/error"), Outcome::error(HOSTILE), none(), &settings);
    report.add(must("known/fail"), fail, seen(exchange()), &settings);
    report.add(must("known/pass"), Outcome::Pass, none(), &settings);
    report.left_out = 1;
    report
}

fn assert_golden(name: &str, text: &str) {
    let version = env!("CARGO_PKG_VERSION");
    let text = text.replace(version, "VERSION");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    assert!(text == golden, "{name} has changed; if it is better now, run again with BLESS=1\n{text}");
}

#[test]
fn for_people() {
    assert_golden("report.txt", &sample().to_human(false));
    let colored = sample().to_human(true);
    assert!(colored.contains("\x1b[1m\x1b[31mFAIL "), "{colored}");
    assert!(!sample().to_human(false).contains('\x1b'), "no colours but those of the report itself");
}

#[test]
fn for_programs() {
    let json = sample().to_json();
    assert_golden("report.json", &json);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["facts"]["server"], HOSTILE);
    assert_eq!(value["cases"][1]["evidence"][0]["kind"], "http");
}

#[test]
fn for_continuous_integration() {
    let xml = sample().to_junit();
    assert_golden("report.xml", &xml);
    let mut reader = quick_xml::Reader::from_str(&xml);
    let mut cases = 0;
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag) => {
                tag.attributes().for_each(|attribute| drop(attribute.unwrap()));
                cases += usize::from(tag.name().as_ref() == "testcase");
            }
            _ => {}
        }
    }
    assert_eq!(cases, 9, "eight cases and one stale entry");
    assert!(!xml.contains("<script"));
    assert!(!xml.contains(|c: char| c != '\n' && c != '\t' && c < ' '));
}

#[test]
fn for_a_pull_request() {
    let markdown = sample().to_markdown();
    assert_golden("report.md", &markdown);
    let (mut fence, mut fenced) = (None, 0);
    for line in markdown.lines() {
        let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
        match fence {
            None if ticks.len() > 2 => fence = Some(ticks),
            None => assert!(!line.contains("<script") && !line.contains('\x1b'), "{line}"),
            Some(open) if line == open => fence = None,
            Some(_) => fenced += 1,
        }
    }
    assert!(fence.is_none() && fenced > 10);
}

#[test]
fn for_a_browser() {
    let html = sample().to_html();
    assert_golden("report.html", &html);
    assert!(!html.contains("<script"), "nobody else's markup gets in");
    assert!(!html.contains(|c: char| c.is_control() && c != '\n'));
    assert!(!html.contains("src=") && !html.contains("href="), "nothing is loaded");
}
