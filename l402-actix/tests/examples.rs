//! Every example is run and bought from, as its output says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

#[path = "../../l402-axum/tests/common/example.rs"]
mod example;

use example::Example;

#[tokio::test]
async fn every_example_sells_what_it_says() {
    for (name, expected) in
        [("actix_paywall", "The report. Your receipt is "), ("actix_scopes", "It is sunny in lisbon.")]
    {
        let bought = Example::start(name, &[]).walk().await;
        assert!(bought.starts_with(expected), "{name}: {bought}");
    }
}
