//! The client's own rules: budgets, hosts, approval.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use l402_client::{
    Approval, Budget, ClientError, Denial, L402Client, L402ClientBuilder, Period, Proposal, Quote, Spent,
};
use l402_core::{ManualClock, Msat};

use crate::support::till::Till;
use crate::support::{INVOICE_EXPIRY, NOW, PRICE, Shop};

fn builder(till: &Till) -> L402ClientBuilder {
    L402Client::builder(till.clone()).clock(ManualClock::at(NOW))
}

async fn get(client: &L402Client, shop: &Shop, path: &str) -> Result<(), ClientError> {
    client.get(shop.url(path)).send().await.map(|response| assert_eq!(response.status(), 200))
}

#[tokio::test]
async fn every_cap_holds_with_the_fee_in_it() {
    // Each call costs 10 007 msat, and up to 20 000 before the fee is known.
    let sat = Msat::from_sat;
    for (budget, calls, code) in [
        (Budget::unlimited().per_hour(sat(40)), 2, "over_hour_cap"),
        (Budget::unlimited().per_hour(Msat::from_msat(40_014)), 3, "over_hour_cap"),
        (Budget::unlimited().per_day(Msat::from_msat(40_013)), 2, "over_day_cap"),
        (Budget::unlimited().total(Msat::from_msat(30_007)), 2, "over_total_cap"),
        (Budget::unlimited().total(Msat::from_msat(30_006)), 1, "over_total_cap"),
        (Budget::unlimited().per_host(Period::Hour, sat(20)), 1, "over_hour_cap"),
        (Budget::unlimited().for_host("127.0.0.1", Period::Total, sat(20)), 1, "over_total_cap"),
        (Budget::unlimited().per_request(Msat::from_msat(9_999)), 0, "over_request_cap"),
    ] {
        let till = Till::new();
        let shop = till.open().await;
        let client = builder(&till).budget(budget.clone()).build().unwrap();
        for _ in 0..calls {
            get(&client, &shop, "/").await.unwrap_or_else(|error| panic!("{budget:?}: {error:?}"));
        }
        let error = get(&client, &shop, "/").await.unwrap_err();
        assert_eq!((error.code(), error.spent()), (code, Spent::Nothing), "{budget:?}: {error}");
        assert_eq!(till.payments(), calls, "{budget:?}");
    }
}

#[tokio::test]
async fn one_host_does_not_use_up_the_caps_of_another() {
    let till = Till::new();
    let shop = till.open().await;
    let client =
        builder(&till).budget(Budget::unlimited().per_host(Period::Day, Msat::from_sat(20))).build().unwrap();
    get(&client, &shop, "/").await.unwrap();
    get(&client, &shop, "/").await.unwrap_err();
    client.get(shop.url("/").replace("127.0.0.1", "localhost")).send().await.unwrap();
    let usage = client.usage_for("localhost").await.unwrap();
    assert_eq!((usage[0].used, usage[0].left()), (Msat::from_msat(10_007), Msat::from_msat(9_993)));
    assert_eq!(client.usage().await.unwrap(), []);
}

#[tokio::test]
async fn windows_open_again() {
    let (till, clock) = (Till::new(), ManualClock::at(NOW));
    let shop = till.open().await;
    let budget = Budget::unlimited().per_hour(Msat::from_sat(20));
    let client = builder(&till).clock(clock.clone()).budget(budget).build().unwrap();
    get(&client, &shop, "/").await.unwrap();
    get(&client, &shop, "/").await.unwrap_err();
    clock.advance(Duration::from_secs(3_600));
    till.now_is(NOW.saturating_add(Duration::from_secs(3_600)));
    get(&client, &shop, "/").await.unwrap();
}

/// Of many calls at once only as many pay as the budget has room for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_at_once_share_a_budget() {
    let till = Till::new();
    let shop = Arc::new(till.open().await);
    let budget = Budget::unlimited().total(Msat::from_sat(100));
    let client = builder(&till).max_fee(Msat::from_msat(7)).budget(budget).build().unwrap();
    let calls: Vec<_> = (0..30)
        .map(|_| {
            let (client, shop) = (client.clone(), Arc::clone(&shop));
            tokio::spawn(async move { get(&client, &shop, "/").await.is_ok() })
        })
        .collect();
    let mut paid = 0;
    for call in calls {
        paid += u32::from(call.await.unwrap());
    }
    assert_eq!((paid, till.payments()), (9, 9), "nine times 10 007 msat fit into 100 sat");
    assert_eq!(client.usage().await.unwrap()[0].used, Msat::from_msat(90_063));
}

#[tokio::test]
async fn the_fee_limit_shrinks_to_what_the_cap_leaves() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let till = Till::new();
    let shop = till.open().await;
    let approve = |seen: &Arc<Mutex<Vec<Msat>>>| {
        let seen = Arc::clone(seen);
        move |proposal: Proposal| {
            seen.lock().unwrap().push(proposal.max_fee);
            std::future::ready(Approval::Granted)
        }
    };
    for cap in [10_000, 10_500, 20_000, 900_000] {
        let budget = Budget::unlimited().per_request(Msat::from_msat(cap));
        get(&builder(&till).budget(budget).approve(approve(&seen)).build().unwrap(), &shop, "/")
            .await
            .unwrap();
    }
    let expected = [0, 500, 10_000, 10_000].map(Msat::from_msat);
    assert_eq!(*seen.lock().unwrap(), expected);
}

#[tokio::test]
async fn one_request_may_have_a_lower_cap() {
    let till = Till::new();
    let shop = till.open().await;
    let client = builder(&till).build().unwrap();
    let error = client.get(shop.url("/")).max_cost(Msat::from_msat(9_999)).send().await.unwrap_err();
    let ClientError::Denied(Denial::OverCap { cap, asked, .. }) = &error else { panic!("{error:?}") };
    assert_eq!((cap.limit, *asked), (Msat::from_msat(9_999), PRICE));
    client.get(shop.url("/")).max_cost(PRICE).send().await.unwrap();
    let till = till.at(Msat::from_sat(1_001));
    let error = client.get(shop.url("/b")).max_cost(Msat::from_sat(5_000)).send().await.unwrap_err();
    assert_eq!(error.code(), "over_request_cap", "it raises none: {error}");
    assert_eq!(till.payments(), 1);
}

#[tokio::test]
async fn hosts_that_are_not_allowed_are_not_paid() {
    let till = Till::new();
    let shop = till.open().await;
    let client = builder(&till).allow_hosts(["api.example.com", "LOCALHOST"]).build().unwrap();
    let error = get(&client, &shop, "/").await.unwrap_err();
    let ClientError::Denied(denial) = &error else { panic!("{error:?}") };
    assert_eq!(*denial, Denial::HostNotAllowed { host: "127.0.0.1".to_owned() });
    assert_eq!((denial.code(), till.payments()), ("host_not_allowed", 0));
    client.get(shop.url("/").replace("127.0.0.1", "localhost")).send().await.unwrap();
}

#[tokio::test]
async fn approval_is_asked_for_with_facts_and_obeyed() {
    let (till, seen) = (Till::new(), Arc::new(Mutex::new(Vec::new())));
    let shop = till.open().await;
    let approver = {
        let seen = Arc::clone(&seen);
        move |proposal: Proposal| {
            seen.lock().unwrap().push(proposal);
            std::future::ready(Approval::Refused(Some("not today".to_owned())))
        }
    };
    let client = builder(&till).approve(approver).build().unwrap();
    let error = get(&client, &shop, "/").await.unwrap_err();
    assert_eq!(error.to_string(), "the payment was not approved: not today");
    assert_eq!((error.code(), error.spent(), till.payments()), ("not_approved", Spent::Nothing, 0));
    let usage = client.usage().await.unwrap();
    assert!(usage.iter().all(|usage| usage.used.is_zero()), "{usage:?}");
    let proposal = seen.lock().unwrap().remove(0);
    assert_eq!((proposal.origin.as_str(), proposal.amount), (shop.url("").as_str(), PRICE));
    assert_eq!(proposal.expires_at, NOW.saturating_add(INVOICE_EXPIRY));
    assert!(!format!("{proposal:?}").contains("a report"), "the description is the server's: {proposal:?}");
}

#[tokio::test]
async fn an_approval_that_comes_too_late_is_none() {
    let (till, clock) = (Till::new(), ManualClock::at(NOW));
    let shop = till.open().await;
    let slow = {
        let clock = clock.clone();
        move |_: Proposal| {
            clock.advance(INVOICE_EXPIRY);
            std::future::ready(Approval::Granted)
        }
    };
    let client = builder(&till).clock(clock).approve(slow).build().unwrap();
    let error = get(&client, &shop, "/").await.unwrap_err();
    assert!(matches!(error, ClientError::Expired { .. }), "{error:?}");
    assert_eq!(till.payments(), 0);
}

#[tokio::test]
async fn a_quote_costs_nothing() {
    let till = Till::new();
    let shop = till.open().await;
    let client = builder(&till).build().unwrap();
    let Quote::Offer(offer) = client.get(shop.url("/")).quote().await.unwrap() else { panic!("no offer") };
    assert_eq!((offer.amount(), offer.origin()), (PRICE, shop.url("").as_str()));
    assert_eq!(offer.token().uses, Some(1));
    assert_eq!((till.payments(), shop.requests().await.len()), (0, 1));
    till.at(Msat::from_sat(1_001));
    assert_eq!(client.get(shop.url("/")).quote().await.unwrap_err().code(), "over_request_cap");
    let free = Shop::with(|_| wiremock::ResponseTemplate::new(200)).await;
    assert!(matches!(client.get(free.url("/")).quote().await.unwrap(), Quote::Free(_)));
    assert_eq!(client.history(1).await.unwrap().len(), 0);
}
