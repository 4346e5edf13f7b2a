//! Payments that the user is asked about, past the model.

use rmcp::model::ElicitationAction;
use serde_json::{Value, json};

use crate::agent::{Agent, User};
use crate::world::World;

/// 10 sat, and a fee of up to 10.
const ASK_ABOVE: &str = "ask_above = \"15sat\"\n";

#[tokio::test]
async fn the_user_decides_on_dear_payments() {
    for (answer, expected) in [
        ((ElicitationAction::Accept, json!({"pay": true})), None),
        ((ElicitationAction::Accept, json!({"pay": false})), Some("the user said no")),
        ((ElicitationAction::Accept, json!({})), Some("could not be asked")),
        ((ElicitationAction::Accept, json!({"pay": "yes"})), Some("could not be asked")),
        ((ElicitationAction::Decline, Value::Null), Some("the user said no")),
        ((ElicitationAction::Cancel, Value::Null), Some("the user said no")),
    ] {
        let world = World::new().await;
        let user = User { answer: Some(answer.clone()), ..User::default() };
        let mut agent = Agent::start(&world, ASK_ABOVE, &[], user.clone()).await;
        let returned = agent.call("fetch", json!({"url": world.url("/report")})).await;
        match expected {
            None => assert_eq!((returned.spent(), world.payments()), ("paid", 1), "{answer:?}"),
            Some(reason) => {
                assert_eq!(
                    (returned.refusal(), returned.spent(), world.payments()),
                    ("not_approved", "nothing", 0)
                );
                assert!(
                    returned.json["refusal"]["reason"].as_str().unwrap().contains(reason),
                    "{returned:?}"
                );
                // What was reserved is free again.
                let budget = agent.call("budget", json!({})).await;
                assert_eq!(budget.result()["caps"][1]["used_msat"], 0, "{budget:?}");
            }
        }
        let shown = user.shown.lock().unwrap().clone();
        assert_eq!(shown.len(), 1, "{answer:?}");
        let origin = world.url("");
        for fact in ["Pay 10 sat and a fee of at most 10 sat", &origin, "node 0", "payment "] {
            assert!(shown[0].contains(fact), "{fact} not in {}", shown[0]);
        }
    }
}

#[tokio::test]
async fn a_host_that_cannot_ask_pays_only_what_needs_no_asking() {
    let world = World::new().await;
    let mut agent = Agent::start(&world, ASK_ABOVE, &[], User::default()).await;
    let refused = agent.call("fetch", json!({"url": world.url("/report")})).await;
    assert_eq!((refused.refusal(), world.payments()), ("not_approved", 0));
    assert!(refused.json["refusal"]["reason"].as_str().unwrap().contains("no elicitation"), "{refused:?}");

    let mut agent = Agent::start(&world, "ask_above = \"20sat\"\n", &[], User::default()).await;
    assert_eq!(agent.call("fetch", json!({"url": world.url("/report")})).await.spent(), "paid");
    let mut agent = Agent::start(&world, "", &["--ask"], User::default()).await;
    assert_eq!(agent.call("fetch", json!({"url": world.url("/report")})).await.refusal(), "not_approved");
}
