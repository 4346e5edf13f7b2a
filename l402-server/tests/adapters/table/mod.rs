//! The scenario table: every row runs against axum and actix-web, which have to answer alike.

mod answers;
mod codes;
mod credentials;
mod handlers;
mod idempotency;
mod policies;
mod requests;
mod streams;
mod unpaid;

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use crate::row::{Row, Step};
use crate::secrecy;

pub(crate) fn rows() -> Vec<Row> {
    [
        credentials::rows(),
        codes::rows(),
        policies::rows(),
        requests::rows(),
        unpaid::rows(),
        answers::rows(),
        handlers::rows(),
        streams::rows(),
        idempotency::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Runs the rows whose name has `L402_ROW` in it; all without it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_frameworks_answer_as_the_table_says() {
    let wanted = std::env::var("L402_ROW").unwrap_or_default();
    let mut failures = Vec::new();
    for row in rows().iter().filter(|row| row.name.contains(&wanted)) {
        if let Err(failure) = attempt(row).await {
            failures.push(failure);
        }
    }
    assert!(failures.is_empty(), "{} rows fail:\n\n{}", failures.len(), failures.join("\n\n"));

    assert!(wanted.len() > 1 || secrecy::count() > 3000, "only {} secrets were looked for", secrecy::count());
    assert!(secrecy::has_seen("l402.verify"), "nothing was logged");
}

/// Runs the rows whose names begin so, for a test of the attack list.
pub(crate) async fn run_all(start: &str) {
    let mut rows = rows();
    rows.retain(|row| row.name.starts_with(start));
    assert!(!rows.is_empty(), "there is no row '{start}'");
    for row in &rows {
        let result = attempt(row).await;
        assert!(result.is_ok(), "{}", result.unwrap_err());
    }
}

/// Names the row in what goes wrong.
async fn attempt(row: &Row) -> Result<(), String> {
    let result = AssertUnwindSafe(row.run()).catch_unwind().await;
    let result = result.unwrap_or_else(|_| Err("the test itself panics; see above".to_owned()));
    result.map_err(|failure| format!("ROW '{}': {failure}", row.name))
}

#[test]
fn rows_have_names_of_their_own_and_cover_every_code() {
    let rows = rows();
    let names: BTreeSet<_> = rows.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), rows.len(), "two rows have the same name");
    assert!(rows.len() >= 60, "{} rows", rows.len());

    let steps = rows.iter().flat_map(|row| &row.steps);
    let seen: BTreeSet<_> = steps
        .filter_map(|step| match step {
            Step::Ask(ask) | Step::Buy(ask) | Step::Finish(ask) | Step::Only(_, ask) => ask.code(),
            _ => None,
        })
        .collect();
    let missing: Vec<_> = codes::ALL.iter().filter(|code| !seen.contains(*code)).collect();
    assert!(missing.is_empty(), "no row expects {missing:?}");
}
