//! Servers that do not speak, or speak something else.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::time::Duration;

use l402_conformance::{Outcome, Report, Settings, Target, Verdict, server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Far more than an answer needs that is coming, however busy the machine is.
const LONG: Duration = Duration::from_secs(60);

/// Tests a server that reads a request, writes `answer` and hangs up.
async fn check(answer: &'static [u8]) -> Report {
    check_for(LONG, answer, true).await
}

/// The same for one that may hold the line, which is waited for so long.
async fn check_for(limit: Duration, answer: &'static [u8], hang_up: bool) -> Report {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target::new(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let read = stream.read(&mut [0; 4096]).await.unwrap();
            assert!(read > 0);
            stream.write_all(answer).await.unwrap();
            if !hang_up {
                held.push(stream);
            }
        }
    });
    server::check(&target.with_timeout(limit), None).await
}

fn first_failure(report: &Report) -> String {
    match &report.cases[0].outcome {
        Outcome::Fail { actual, .. } => actual.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nobody_there_is_the_harness_error_it_is() {
    let target = Target::new("http://127.0.0.1:1/").unwrap();
    let report = server::check(&target, None).await;
    assert!(
        matches!(&report.cases[0].outcome, Outcome::Error { reason } if reason.contains("cannot connect"))
    );
    assert_eq!(report.counts().errors, 1);
    assert_eq!(report.verdict(), Verdict::HarnessError);
}

#[tokio::test]
async fn a_server_that_owes_an_answer_fails() {
    for (limit, hang_up) in [(LONG, true), (Duration::from_secs(1), false)] {
        let report = check_for(limit, b"", hang_up).await;
        assert!(first_failure(&report).contains("no complete answer"));
        assert_eq!(report.verdict(), Verdict::Failing);
        assert_eq!(report.cases[0].evidence.len(), 1);
        assert!(report.cases[0].evidence[0].as_http().unwrap().request().starts_with(b"GET / HTTP/1.1\r\n"));
    }
    assert!(first_failure(&check(b"HTTP/1.1 402 X\r\nContent-").await).contains("24 bytes"));
    let other = check_for(LONG, b"220 smtp.example.com ESMTP\r\n", false).await;
    assert!(first_failure(&other).contains("not an HTTP/1.1"));
}

#[tokio::test]
async fn throttling_is_not_held_against_the_server() {
    let report = check(b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n").await;
    assert!(matches!(&report.cases[0].outcome, Outcome::Error { reason } if reason.contains("throttles")));
    assert_eq!(report.verdict(), Verdict::HarnessError);
}

#[tokio::test]
async fn a_body_that_never_ends_does_not_matter() {
    // The start must come in time, and all of the time is waited for the end.
    let start = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc";
    let report = check_for(Duration::from_secs(5), start, false).await;
    assert_eq!(first_failure(&report), "status 200");
    assert!(report.cases[0].evidence[0].as_http().unwrap().response().ends_with(b"abc"));
}

#[tokio::test]
async fn a_server_that_says_when_to_come_back_is_asked_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target::new(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        for answer in ["429 Too Many Requests\r\nRetry-After: 0", "402 Payment Required"] {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let settings = Settings::new().only("challenge/status-402");
    let report = server::run(&target, None, &settings, &mut |_| {}).await;
    assert_eq!(report.cases[0].outcome, Outcome::Pass);
}
