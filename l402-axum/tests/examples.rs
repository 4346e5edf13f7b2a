//! Every example is run and bought from, as its output says.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test may fail")]

#[path = "common/example.rs"]
mod example;
#[path = "../../l402-server/tests/stores/redis_server.rs"]
#[allow(dead_code, reason = "the tests of the stores use more of it")]
mod redis_server;

use example::Example;

#[tokio::test]
async fn every_example_sells_what_it_says() {
    for (name, expected) in [
        ("paywall", "The report. Your receipt is "),
        ("per_route_prices", "It is sunny in lisbon."),
        ("dynamic_price", "Here are your 3 pages."),
        ("free_tier", "Not your keys, not your coins. Thank you for paying."),
        ("custom_provider", "The report."),
        ("sse", "data: three\n\ndata: two\n\ndata: one\n\ndata: lift-off\n\n"),
    ] {
        let bought = Example::start(name, &[]).walk().await;
        assert!(bought.starts_with(expected), "{name}: {bought}");
    }
}

#[tokio::test]
async fn instances_over_redis_share_what_was_spent() {
    let redis = redis_server::RedisServer::start();
    let mut example = Example::start("redis_instances", &[&redis.url()]);
    let (other, url) = (example.url("Other:"), example.url("Ask:"));
    let credential = example.buy(&url).await;
    assert_eq!(example.get(&other, Some(&credential)).await.text().await.unwrap(), "The report.\n");
    for url in [&url, &other] {
        assert_eq!(example.get(url, Some(&credential)).await.status(), 402);
    }
}
