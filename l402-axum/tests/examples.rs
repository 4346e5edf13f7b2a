//! Every example runs, sells and delivers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail")]

mod example;
#[path = "../../l402-server/tests/stores/redis_server.rs"]
#[allow(dead_code, reason = "the tests of the stores use more of it")]
mod redis_server;

use example::Example;
use redis_server::RedisServer;
use reqwest::StatusCode;

/// What the instances of one shop share.
const ROOT_KEY: &str = "9a4b1f07c3e8d25560fe7b3489d1a2cc07e5b86913f4da5e2c7081b99f36ad12";

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
async fn what_is_bought_at_one_instance_is_spent_once_at_either() {
    let redis = RedisServer::start();
    let example =
        Example::start("redis_instances", &[("REDIS_URL", &redis.url()), ("L402_ROOT_KEY", ROOT_KEY)]);
    let credential = example.pay("/report").await;
    let other = example.said("Second:");
    let answer = example.get_url(&other, Some(&credential)).await;
    assert_eq!(answer.text().await.unwrap(), "the report\n");
    assert_eq!(example.get("/report", Some(&credential)).await.status(), StatusCode::PAYMENT_REQUIRED);
    assert_eq!(example.get_url(&other, Some(&credential)).await.status(), StatusCode::PAYMENT_REQUIRED);
}
