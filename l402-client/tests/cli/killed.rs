//! The command is killed while it pays, and the next one finishes what it began.

use std::process::Stdio;
use std::time::Duration;

use l402_dev::fault::PaymentFault;

use crate::world::World;

#[tokio::test]
async fn what_a_killed_command_paid_for_is_not_lost_and_not_paid_again() {
    let world = World::new().await;
    let url = world.url("/report");
    // The money moves at once, and the answer never comes in time: it takes as long as the node lets it.
    world.node.faults().payments().next(PaymentFault::Slow(Duration::from_secs(30)));
    let mut command = world.command(&["get", &url]);
    command.env("L402_WALLET", world.wallet()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    while world.payments() == 0 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended without paying");
        tokio::task::yield_now().await;
    }
    child.kill().await.unwrap();

    let open = world.run(&["history"]).await.json();
    assert_eq!(open[0]["state"], "paying", "{open}");
    let resumed = world.run(&["resume"]).await;
    assert_eq!((resumed.code, &resumed.json()["paid"][0]["amount_msat"]), (0, &10_000.into()), "{resumed:?}");
    let ran = world.run(&["get", &url]).await;
    assert_eq!((ran.code, ran.out.as_str()), (0, "the report"), "{ran:?}");
    assert_eq!(world.payments(), 1);
}
