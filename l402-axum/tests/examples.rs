//! Every example runs, sells and delivers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod example;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use example::Example;
use reqwest::StatusCode;

#[tokio::test]
async fn every_example_sells_and_delivers() {
    for (name, path) in [
        ("paywall", "/report"),
        ("per_route_prices", "/weather/paris"),
        ("per_route_prices", "/bundle/1"),
        ("per_route_prices", "/news/7"),
        ("dynamic_price", "/answer?words=200"),
        ("custom_provider", "/report"),
    ] {
        let mut example = Example::start(name, &[]);
        let answer = example.buy(path).await;
        assert!(!answer.text().await.unwrap().is_empty(), "{name} {path}");
    }
}

#[tokio::test]
async fn the_free_tier_ends_after_three_calls() {
    let mut example = Example::start("free_tier", &[]);
    for _ in 0..3 {
        assert_eq!(example.get("/report", None).await.status(), StatusCode::OK);
    }
    let paid = example.buy("/report").await.text().await.unwrap();
    assert!(paid.contains("receipt"), "{paid}");
}

#[tokio::test]
async fn events_come_one_by_one() {
    let mut example = Example::start("sse", &[]);
    let mut events = example.buy("/ticks").await;
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    assert_eq!(events.chunk().await.unwrap().unwrap(), "data: tick 1\n\n");
    assert_eq!(events.chunk().await.unwrap().unwrap(), "data: tick 2\n\n");
}

#[tokio::test]
async fn two_instances_share_a_redis() {
    let redis = Redis::start();
    let mut example = Example::start("redis_instances", &[("REDIS_URL", &redis.url)]);
    let answer = example.buy("/report").await;
    assert_eq!(answer.text().await.unwrap(), "the report\n");
}

/// A Redis of one's own, on a free port.
struct Redis {
    process: Child,
    url: String,
}

impl Redis {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("redis-server does not start, run `make setup`: {error}"));
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let is_ready = lines.any(|line| line.unwrap().contains("Ready to accept connections"));
        assert!(is_ready, "redis-server ended");
        std::thread::spawn(move || lines.for_each(drop)); // what else it says must go somewhere
        Self { process, url: format!("redis://127.0.0.1:{port}/") }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
