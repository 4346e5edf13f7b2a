//! Payments whose outcome somebody says by hand.

use std::time::Duration;

use l402_dev::fault::PaymentFault;
use serde_json::Value;

use crate::world::World;

/// The hash of a payment that the command knows no outcome of.
async fn leave_open(world: &World, fault: PaymentFault) -> String {
    world.node.faults().payments().next(fault);
    assert_eq!(world.run(&["get", &world.url("/report")]).await.code, 5);
    let history = world.run(&["history"]).await.json();
    assert_eq!(history[0]["state"], "paying", "{history}");
    history[0]["payment_hash"].as_str().unwrap().to_owned()
}

async fn used(world: &World) -> Value {
    world.run(&["budget"]).await.json()["caps"][0]["used_msat"].clone()
}

#[tokio::test]
async fn a_preimage_in_a_file_settles_a_payment() {
    let world = World::new().await;
    let hash = leave_open(&world, PaymentFault::StuckThenSettle(Duration::ZERO)).await;
    let (file, wrong) = (world.path("preimage"), world.path("wrong"));
    std::fs::write(&file, world.preimages().await.remove(0) + "\n").unwrap();
    std::fs::write(&wrong, "00".repeat(32)).unwrap();
    let settle = async |name: &str, file: &std::path::Path| {
        // Without a wallet, as with one that cannot look payments up.
        let file = file.to_str().unwrap();
        let args = ["resume", "--settle", name, "--preimage-file", file, "--fee", "3sat"];
        world.run_without_wallet(&args).await
    };
    for (name, file, reason) in [
        (&*hash, &wrong, "of another payment"),
        (&hash, &world.path("missing"), "cannot read"),
        (&hash, &world.path("."), "cannot read"),
        (&hash[..3], &file, "no open payment has this hash"),
        (&"0".repeat(64), &file, "no open payment has this hash"),
    ] {
        let ran = settle(name, file).await;
        assert!(ran.code == 2 && ran.err.contains(reason), "{reason}: {ran:?}");
    }
    assert_eq!(used(&world).await, 20_000);

    let ran = settle(&hash[..8], &file).await;
    assert_eq!((ran.code, &ran.json()["paid"][0]["payment_hash"]), (0, &hash.into()), "{ran:?}");
    assert_eq!(used(&world).await, 13_000);
    let ran = world.run(&["get", &world.url("/report")]).await;
    assert_eq!((ran.out.as_str(), world.payments()), ("the report", 1), "its token was used: {ran:?}");
}

#[tokio::test]
async fn a_payment_is_given_up_only_by_somebody_who_is_sure() {
    let world = World::new().await;
    let hash = leave_open(&world, PaymentFault::Stuck).await;
    let settle = ["resume", "--settle", &hash, "--failed"];
    let ran = world.run_without_wallet(&settle).await;
    assert!(ran.code == 3 && ran.err.contains("--yes"), "nobody was asked: {ran:?}");
    let sure = [&settle[..], &["--yes"]].concat();
    let ran = world.run(&sure).await;
    assert!(ran.code == 1 && ran.err.contains("under way"), "the wallet knows better: {ran:?}");
    assert_eq!(used(&world).await, 20_000);

    let ran = world.run_without_wallet(&sure).await;
    assert_eq!((ran.code, &ran.json()["failed"][0]), (0, &hash.clone().into()), "{ran:?}");
    assert_eq!(used(&world).await, 0);
    assert_eq!(world.run(&["history"]).await.json()[0]["state"], "failed");
}

#[tokio::test]
async fn half_an_order_is_refused() {
    let world = World::new().await;
    for args in [
        &["resume", "--settle", "abcd"][..],
        &["resume", "--failed"],
        &["resume", "--preimage-file", "f"],
        &["resume", "--settle", "abcd", "--failed", "--preimage-file", "f"],
        &["resume", "--settle", "abcd", "--failed", "--fee", "1sat"],
        &["resume", "--yes"],
    ] {
        assert_eq!(world.run(args).await.code, 2, "{args:?}");
    }
    assert_eq!(world.run(&["resume"]).await.code, 0);
}
