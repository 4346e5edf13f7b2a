//! Killed with SIGKILL at every step of a purchase and at any time, a client pays at most once for what it wants, loses
//! no token, and keeps its budget to the millisatoshi.
//!
//! Each run buys one thing from one shop in a process of its own, which is killed; the next process finds out what
//! happened and must get the thing for one payment altogether. `--ignored` runs a thousand.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests, too")]

mod child;
mod world;

use std::time::Duration;

use child::{POINTS, Point};
use l402_client::Receipt;
use world::{PRICE, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_step() {
    runs_at_steps(World::new().await, 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_time() {
    runs_at_any_time(World::new().await, 60).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes two to seven minutes: 1 000 kills; make test-real"]
async fn killed_a_thousand_times() {
    runs_at_steps(World::new().await, 30).await;
    runs_at_any_time(World::new().await, 700).await;
}

async fn runs_at_steps(mut world: World, rounds: u32) {
    for round in 0..rounds {
        for point in POINTS {
            let item = format!("/item/{round}/{}", point.name());
            let child = world.child(&item, Some(point));
            let status = child.wait_with_output().unwrap();
            assert!(!status.status.success(), "{item}: it was to be killed: {status:?}");
            world.recover(&item, Some(point)).await;
        }
    }
    let kills = rounds * u32::try_from(POINTS.len()).unwrap();
    assert_eq!(world.node.payments().len(), usize::try_from(kills).unwrap());
}

/// The process tells when it starts to buy; from then on it lives for a while between nothing and what a whole purchase
/// takes, and a bit longer: about one in five is done before it is killed, however busy the machine is.
async fn runs_at_any_time(mut world: World, kills: u32) {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut longest = world.time_of_a_purchase().await;
    let mut killed = 0;
    for run in 0_u64.. {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let item = format!("/item/{run}");
        let mut child = world.child(&item, None);
        child::wait_for_start(&mut child);
        // The one place where a test waits for time to pass: it must not know where in the purchase it strikes.
        let micros = u64::try_from(longest.as_micros()).unwrap();
        tokio::time::sleep(Duration::from_micros(random % micros)).await;
        child.kill().unwrap();
        let was_done = child.wait().unwrap().success();
        world.recover(&item, None).await;
        if was_done {
            longest -= longest / 8;
            continue;
        }
        longest += longest / 32;
        killed += 1;
        if killed == kills {
            return;
        }
    }
}

/// What a purchase comes to without anybody being killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_world_is_in_order() {
    let world = World::new().await;
    let output = world.child("/item/1", None).wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let answer = world.client.get(world.url("/item/1")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(Receipt::of(&answer), None, "the other process bought the token");
    assert_eq!(world.node.payments().len(), 1);
    assert_eq!(world.spent().await, PRICE);
    assert!(matches!(POINTS[0], Point::BeforeBegin));
}
