//! Every example runs, sells and delivers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

#[path = "../../l402-axum/tests/example/mod.rs"]
mod example;

use example::Example;

#[actix_web::test]
async fn every_example_sells_and_delivers() {
    for (name, path) in
        [("actix_paywall", "/paid/report"), ("actix_prices", "/weather/paris"), ("actix_prices", "/bundle/1")]
    {
        let mut example = Example::start(name, &[]);
        let answer = example.buy(path).await;
        assert!(!answer.text().await.unwrap().is_empty(), "{name} {path}");
    }
}
