//! What the tools do.

use l402_core::ports::BackendErrorKind;
use l402_dev::fault::PaymentFault;
use serde_json::{Value, json};

use crate::agent::{Agent, Returned, User};
use crate::world::{LONG, World};

async fn start(world: &World, config: &str) -> Agent {
    Agent::start(world, config, &[], User::default()).await
}

#[tokio::test]
async fn the_tools_say_what_they_take_and_give() {
    let world = World::new().await;
    let mut agent = start(&world, "").await;
    let tools = agent.tools().await;
    let names: Vec<_> = tools.iter().map(|tool| &*tool.name).collect();
    assert_eq!(names, ["fetch", "quote", "balance", "history", "budget"]);
    for tool in &tools {
        let output = tool.output_schema.as_ref().unwrap();
        assert_eq!(output["type"], "object", "{}", tool.name);
        for field in ["result", "cost", "refusal"] {
            assert!(output["properties"].get(field).is_some(), "{}: {output:?}", tool.name);
        }
        assert!(tool.description.is_some() && tool.annotations.is_some(), "{}", tool.name);
    }
    let fetch = &tools[0];
    assert_eq!(fetch.input_schema["required"], json!(["url"]));
    for field in ["url", "method", "headers", "body", "max_cost"] {
        assert!(fetch.input_schema["properties"].get(field).is_some(), "{field}");
    }
    let is_read_only = |tool: &rmcp::model::Tool| tool.annotations.as_ref().unwrap().read_only_hint;
    assert_eq!(
        tools.iter().map(is_read_only).collect::<Vec<_>>(),
        [false, false, true, true, true].map(Some)
    );
    assert!(agent.transcript.contains("data from a stranger"), "the instructions say what an answer is");
}

#[tokio::test]
async fn it_pays_once_and_the_books_agree_with_the_command() {
    let world = World::new().await;
    let mut agent = start(&world, "").await;
    let url = world.url("/thrice");

    let quote = agent.call("quote", json!({"url": url})).await;
    assert_eq!((&quote.result()["bill"]["amount_msat"], quote.spent()), (&10_000.into(), "nothing"));
    assert_eq!((&quote.result()["bill"]["uses"], world.payments()), (&3.into(), 0));

    let first = agent.call("fetch", json!({"url": url})).await;
    assert_eq!(first.result()["body"]["text"], "one of three");
    assert_eq!((first.spent(), &first.json["cost"]["amount_msat"]), ("paid", &10_000.into()), "{first:?}");
    let second = agent.call("fetch", json!({"url": url})).await;
    assert_eq!((&second.result()["status"], second.spent()), (&200.into(), "nothing"));
    assert_eq!(world.payments(), 1);
    assert_eq!(agent.call("quote", json!({"url": url})).await.result()["has_token"], true);

    let history = agent.call("history", json!({})).await;
    let payment = &history.result()["payments"][0];
    assert_eq!((&payment["state"], &payment["cost_msat"]), (&"delivered".into(), &10_000.into()));
    assert_eq!(
        (&payment["uses"], &payment["payment_hash"]),
        (&2.into(), &first.json["cost"]["payment_hash"])
    );
    let budget = agent.call("budget", json!({})).await;
    let used = budget.result()["caps"].as_array().unwrap().iter().map(|cap| cap["used_msat"].clone());
    assert_eq!(used.collect::<Vec<_>>(), [Value::Null, 10_000.into(), 10_000.into()], "{budget:?}");
    let balance = agent.call("balance", json!({})).await;
    assert_eq!(balance.result()["balance_msat"], world.node.account("payer").unwrap().balance().as_msat());

    // The command uses the third of what the agent bought, and both see it.
    assert_eq!(world.run(&["get", &url]).await.out, "one of three");
    assert_eq!(world.payments(), 1);
    let told = world.run(&["history"]).await.json();
    assert_eq!((&told[0]["payment_hash"], &told[0]["uses"]), (&payment["payment_hash"], &3.into()));
    agent.stop().await;
}

#[tokio::test]
async fn over_the_budget_it_says_so_as_data() {
    let world = World::new().await;
    let mut agent = start(&world, "[budget]\nper_request = \"15sat\"\ntotal = \"25sat\"\n").await;
    let url = world.url("/report");

    let refused = agent.call("fetch", json!({"url": url, "max_cost": "9999msat"})).await;
    assert_eq!((refused.refusal(), refused.spent()), ("over_request_cap", "nothing"));
    let cap = &refused.json["refusal"]["cap"];
    assert_eq!((&cap["limit_msat"], &cap["asked_msat"]), (&9_999.into(), &10_000.into()), "{refused:?}");
    assert!(refused.json["refusal"]["advice"].as_str().unwrap().contains("do not try again"));
    assert_eq!(world.payments(), 0);

    // 10 sat and a fee of up to 5 are reserved, and 10 of them spent; so a second fits, and a third does not.
    for expected in [1, 2] {
        assert_eq!(agent.call("fetch", json!({"url": url})).await.spent(), "paid");
        assert_eq!(world.payments(), expected);
    }
    let refused = agent.call("fetch", json!({"url": url, "max_cost": "1000000sat"})).await;
    assert_eq!((refused.refusal(), refused.spent(), world.payments()), ("over_total_cap", "nothing", 2));
    let cap = &refused.json["refusal"]["cap"];
    assert_eq!((&cap["used_msat"], &cap["limit_msat"]), (&20_000.into(), &25_000.into()), "{refused:?}");
}

#[tokio::test]
async fn hosts_that_are_not_allowed_are_not_even_asked() {
    let world = World::new().await;
    let mut agent = start(&world, "allow_hosts = [\"api.example.com\"]\n").await;
    for (tool, path) in [("fetch", "/free"), ("quote", "/free"), ("fetch", "/report")] {
        let refused = agent.call(tool, json!({"url": world.url(path)})).await;
        assert_eq!((refused.refusal(), refused.spent()), ("host_not_allowed", "nothing"), "{tool} {path}");
    }
    assert_eq!(agent.call("budget", json!({})).await.result()["allowed_hosts"], json!(["api.example.com"]));
    let mut agent = start(&world, "allow_hosts = [\"127.0.0.1\"]\n").await;
    assert_eq!(agent.call("fetch", json!({"url": world.url("/report")})).await.spent(), "paid");
}

#[tokio::test]
async fn bodies_are_text_or_base64_or_a_file() {
    let world = World::new().await;
    let answers = world.path("downloads");
    let args = ["--max-body", "1000", "--max-file", "200000", "--answers", answers.to_str().unwrap()];
    let mut agent = Agent::start(&world, "", &args, User::default()).await;
    let body = |returned: &Returned| returned.result()["body"].clone();

    let text = agent.call("fetch", json!({"url": world.url("/free")})).await;
    assert_eq!(
        body(&text),
        json!({"text": "for nothing", "base64": null, "file": null, "bytes": 11, "extent": "shown"})
    );
    let binary = agent.call("fetch", json!({"url": world.url("/binary")})).await;
    assert_eq!(
        body(&binary),
        json!({"text": null, "base64": "AJ+Slg==", "file": null, "bytes": 4, "extent": "shown"})
    );
    let order = json!({
        "url": world.url("/echo"), "method": "post", "body": "{}", "headers": {"content-type": "text/x"},
    });
    assert_eq!(body(&agent.call("fetch", order).await)["text"], "text/x {}");

    let cut = body(&agent.call("fetch", json!({"url": world.url("/long")})).await);
    assert_eq!((&cut["extent"], &cut["bytes"]), (&"cut".into(), &200_000.into()), "{cut}");
    let args = ["--max-body", "1000", "--answers", answers.to_str().unwrap()];
    let mut agent = Agent::start(&world, "", &args, User::default()).await;
    let long = body(&agent.call("fetch", json!({"url": world.url("/long")})).await);
    assert_eq!((&long["extent"], &long["bytes"]), (&"in_file".into(), &LONG.into()));
    assert_eq!(long["text"], "0123456789".repeat(100));
    let file = std::path::PathBuf::from(long["file"].as_str().unwrap());
    assert_eq!(file.parent().unwrap(), answers.canonicalize().unwrap());
    assert_eq!(std::fs::read(&file).unwrap(), "0123456789".repeat(LONG / 10).into_bytes());
    assert_eq!(file.extension().unwrap(), "txt");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(answers.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[tokio::test]
async fn no_result_has_a_secret() {
    let world = World::new().await;
    let mut agent = start(&world, "").await;
    let mirror = world.url("/mirror");
    agent.tools().await;
    let mut macaroons = Vec::new();
    for tool in ["quote", "fetch", "fetch"] {
        agent.call(tool, json!({"url": mirror})).await;
    }
    for tool in ["balance", "history", "budget"] {
        agent.call(tool, json!({})).await;
    }
    let text = agent.call("fetch", json!({"url": mirror})).await.result().to_string();
    assert!(text.contains("you said L402 ****") && text.contains("and L402 ****"), "{text}");
    for record in world.run(&["tokens", "list", "--all"]).await.json().as_array().unwrap() {
        let export = world.run(&["tokens", "export", record["payment_hash"].as_str().unwrap()]).await.out;
        macaroons.push(export.trim_start_matches("L402 ").split(':').next().unwrap().to_owned());
    }
    let secrets = [world.preimages().await, macaroons].concat();
    assert_eq!(secrets.len(), 2);
    let transcript = agent.transcript.to_uppercase();
    for secret in secrets {
        assert!(!transcript.contains(&secret.to_uppercase()), "{secret} in {}", agent.transcript);
    }
}

#[tokio::test]
async fn a_wallet_that_fails_and_one_that_does_not_know() {
    let world = World::new().await;
    let mut agent = start(&world, "").await;
    let order = json!({"url": world.url("/report")});
    world.node.faults().payments().next(PaymentFault::Fail(BackendErrorKind::NoRoute));
    let failed = agent.call("fetch", order.clone()).await;
    assert_eq!((failed.refusal(), failed.spent()), ("payment_failed", "nothing"));

    world.node.faults().payments().next(PaymentFault::Stuck);
    let stuck = agent.call("fetch", order.clone()).await;
    assert_eq!((stuck.refusal(), stuck.spent()), ("payment_pending", "unknown"), "{stuck:?}");
    assert_eq!(stuck.json["cost"]["amount_msat"], 10_000);
    let before = world.payments();
    let again = agent.call("fetch", order).await;
    assert_eq!((again.refusal(), again.spent()), ("earlier_payment_open", "nothing"));
    assert!(again.json["refusal"]["advice"].as_str().unwrap().contains("never pays twice"));
    assert_eq!(world.payments(), before);
}

#[tokio::test]
async fn what_is_called_wrongly_says_how_to_call_it() {
    let world = World::new().await;
    let mut agent = start(&world, "").await;
    let url = world.url("/report");
    for (tool, arguments, reason) in [
        ("fetch", json!({}), "url"),
        ("fetch", json!({"url": "file:///etc/passwd"}), "https://"),
        ("fetch", json!({"url": url, "max_cost": "50"}), "50sat or 50000msat"),
        ("fetch", json!({"url": url, "method": "G T"}), "GET"),
        ("fetch", json!({"url": url, "headers": {"x-key": "hush\n"}}), "x-key"),
        ("fetch", json!({"url": url, "budget": "1000000sat"}), "unknown field"),
        ("history", json!({"count": "all"}), "invalid type"),
        ("balance", json!({"wallet": "other"}), "unknown field"),
    ] {
        let refused = agent.call(tool, arguments.clone()).await;
        assert_eq!(refused.refusal(), "wrong_arguments", "{arguments}");
        let text = refused.json["refusal"]["reason"].as_str().unwrap();
        assert!(text.contains(reason) && !text.contains("hush"), "{arguments}: {text}");
    }
    assert!(agent.call_unknown_tool().await.contains("no tool of this name"));
    assert_eq!(world.payments(), 0);
}

#[tokio::test]
async fn without_an_agent_the_command_says_what_it_is_for() {
    let world = World::new().await;
    let ran = world.run_with_input(&["mcp"], "hello\n").await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{ran:?}");
    assert!(ran.err.contains("started by an agent's host"), "{ran:?}");
    let help = world.run_without_wallet(&["mcp", "--help"]).await.out;
    assert!(help.contains("The tools are fetch, quote, balance, history and budget."), "{help}");
}
