//! What was paid, what is kept, and what a wallet and a token say.

use std::time::Duration;

use l402_core::{Msat, Preimage};
use l402_dev::fault::PaymentFault;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::world::World;

#[tokio::test]
async fn history_tokens_and_budget_show_a_payment_and_no_secret() {
    let world = World::new().await;
    let first = world.run(&["get", &world.url("/thrice")]).await;
    assert_eq!(first.code, 0, "{first:?}");
    let preimage = world.preimages().await.remove(0);

    let history = world.run(&["history"]).await;
    let record = &history.json()[0];
    assert_eq!(
        (&record["state"], &record["cost_msat"]),
        (&"delivered".into(), &10_000.into()),
        "{history:?}"
    );
    let hash = record["payment_hash"].as_str().unwrap().to_owned();

    let list = world.run(&["tokens", "list"]).await;
    assert_eq!(list.json()[0]["payment_hash"], *hash);
    assert_eq!((&list.json()[0]["uses"], &list.json()[0]["uses_bought"]), (&1.into(), &3.into()));
    let show = world.run(&["tokens", "show", &hash[..8]]).await;
    assert_eq!(show.json()["decoded"]["payment_hash"], *hash);
    let budget = world.run(&["budget"]).await;
    assert_eq!(budget.json()["caps"][0]["used_msat"], 10_000, "{budget:?}");
    assert_eq!(budget.json()["caps"][0]["left_msat"], 9_990_000);
    let text = world.run(&["history", "--text"]).await;
    assert!(text.out.contains("10 sat  delivered  GET http://127.0.0.1:"), "{text:?}");

    for ran in [&first, &history, &list, &show, &budget, &text] {
        assert!(!ran.out.contains(&preimage) && !ran.err.contains(&preimage), "{ran:?}");
    }
    let export = world.run(&["tokens", "export", &hash]).await;
    assert!(export.out.starts_with("L402 ") && export.out.trim_end().ends_with(&preimage), "{export:?}");
    let authorization = format!("authorization: {}", export.out.trim_end());
    let file = world.path("headers");
    std::fs::write(&file, authorization).unwrap();
    let at_file = format!("@{}", file.display());
    let shown = world.run(&["get", &world.url("/thrice"), "-H", &at_file]).await;
    assert_eq!(shown.out, "one of three", "{shown:?}");

    // One that is used up is listed on request only.
    assert_eq!(world.run(&["get", &world.url("/report")]).await.code, 0);
    let count = async |args: &[&str]| world.run(args).await.json().as_array().unwrap().len();
    assert_eq!((count(&["tokens", "list"]).await, count(&["tokens", "list", "--all"]).await), (1, 2));

    assert_eq!(world.run(&["tokens", "rm", &hash]).await.code, 0);
    assert_eq!(world.run(&["tokens", "list"]).await.json().as_array().unwrap().len(), 0);
    assert_eq!(world.run(&["tokens", "export", &hash]).await.code, 2);
    assert_eq!(world.payments(), 2);
}

#[tokio::test]
async fn a_narrowed_token_opens_less() {
    let world = World::new().await;
    assert_eq!(world.run(&["get", &world.url("/thrice")]).await.code, 0);
    let history = world.run(&["history"]).await.json();
    let hash = history[0]["payment_hash"].as_str().unwrap();
    for (caveat, is_open) in [("method=GET", true), ("method=POST", false)] {
        let credential = world.run(&["attenuate", hash, caveat, "--text"]).await.out;
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.get(world.url("/thrice"));
        let answer = request.header("authorization", credential.trim_end()).send().await.unwrap();
        assert_eq!(answer.status() == 200, is_open, "{caveat}");
    }
    let credential = world.run(&["tokens", "export", hash]).await.out;
    let ran = world.run_with_input(&["attenuate", "-", "path=/thrice"], &credential).await;
    assert!(ran.json()["credential"].as_str().unwrap().starts_with("L402 "), "{ran:?}");
    assert_eq!(world.run(&["attenuate", hash, "nonsense"]).await.code, 2);
}

#[tokio::test]
async fn decode_says_what_a_challenge_is() {
    let world = World::new().await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(world.url("/report")).send().await.unwrap();
    let challenge = answer.headers()["www-authenticate"].to_str().unwrap().to_owned();
    let ran = world.run_with_input(&["decode", "-"], &challenge).await;
    assert_eq!((&ran.json()["kind"], &ran.json()["hashes_match"]), (&"challenge".into(), &true.into()));
    let ran = world.run(&["decode", "--text", &challenge]).await;
    assert!(ran.out.contains("they belong together") && ran.out.contains("10 sat"), "{ran:?}");
    assert_eq!(world.run(&["decode", "garbage"]).await.code, 1);
}

#[tokio::test]
async fn the_doctor_examines_the_wallet() {
    let world = World::new().await;
    let ran = world.run(&["wallet", "doctor"]).await;
    assert_eq!((ran.code, &ran.json()["ok"]), (0, &true.into()), "{ran:?}");
    let wrong = world.lnbits("key_env=WRONG");
    let mut command = world.command(&["wallet", "doctor", "--wallet", &wrong]);
    let ran = crate::world::ran(command.env("WRONG", "0123456789").output().await.unwrap());
    assert_eq!((ran.code, &ran.json()["ok"]), (1, &false.into()), "{ran:?}");
    assert_eq!(world.run_without_wallet(&["wallet", "doctor"]).await.code, 2);
    assert_eq!(world.payments(), 0);
}

#[tokio::test]
async fn configuration_that_is_wrong_says_where() {
    let world = World::new().await;
    let config = world.path("config.toml");
    for (text, advice) in [
        ("[budget]\nper_day = \"25\"\n", "line 2"),
        ("allow_hosts = []\nbugdet = 1\n", "unknown field"),
        ("allow_hosts = [\"other.example\"]\n", "host"),
    ] {
        std::fs::write(&config, text).unwrap();
        let ran = world.run(&["--config", config.to_str().unwrap(), "get", &world.url("/report")]).await;
        assert!(matches!(ran.code, 2 | 3) && ran.err.contains(advice), "{text}: {ran:?}");
    }
    assert_eq!(world.payments(), 0);
}

#[tokio::test]
async fn help_and_completions() {
    let world = World::new().await;
    let help = world.run_without_wallet(&["--help"]).await.out;
    for line in [
        "   0  all went as it should",
        "   1  it did not, and nothing was spent",
        "   2  the command line, the configuration or the wallet's address is wrong",
        "   3  refused by the budget, --max-cost or the list of hosts; nothing was spent",
        "   4  the wallet did not pay; nothing was spent",
        "   5  money was spent, or may have been, and there is no answer for it; see `l402 resume`",
        "  22  the server answered with an HTTP error, and --fail or --output was given",
    ] {
        assert!(help.contains(line), "{help}");
    }
    for (command, remark) in [
        ("attenuate", "cannot take the conditions off"),
        ("check", "Asks five times without paying"),
        ("decode", "Preimages and signatures are not shown"),
        ("pay", "an invoice that was paid before is not"),
        ("quote", "so ask sparingly"),
        ("resume", "you say what became"),
    ] {
        let help = world.run_without_wallet(&[command, "--help"]).await.out;
        let text = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(remark), "{command}: {help}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let ran = world.run_without_wallet(&["completions", shell]).await;
        assert!(ran.out.contains("l402") && ran.out.contains("quote"), "{shell}");
    }
}

#[tokio::test]
async fn an_invoice_is_paid_once_and_within_the_budget() {
    let world = World::new().await;
    let invoice = world.invoice_for(Msat::from_sat(20)).await;

    let ran = world.run(&["pay", &invoice.bolt11, "--max-cost", "19sat"]).await;
    assert_eq!((ran.code, world.payments()), (3, 0), "{ran:?}");
    let ran = world.run_with_input(&["pay", "-"], &format!("lightning:{}\n", invoice.bolt11)).await;
    let preimage: Preimage = ran.json()["preimage"].as_str().unwrap().parse().unwrap();
    assert_eq!(preimage.payment_hash(), invoice.payment_hash, "{ran:?}");
    let again = world.run(&["pay", &invoice.bolt11]).await.json();
    assert_eq!((&again["was_paid"], &again["preimage"]), (&true.into(), &ran.json()["preimage"]));
    assert_eq!(world.payments(), 1);

    assert_eq!(world.run(&["tokens", "list"]).await.json().as_array().unwrap().len(), 0);
    assert_eq!(world.run(&["budget"]).await.json()["caps"][0]["used_msat"], 20_000);
    assert_eq!(world.run(&["history"]).await.json()[0]["method"], "PAY");

    // Stuck, and paid after all while nobody looked.
    let invoice = world.invoice_for(Msat::from_sat(20)).await;
    world.node.faults().payments().next(PaymentFault::StuckThenSettle(Duration::ZERO));
    let codes =
        [world.run(&["pay", &invoice.bolt11]).await.code, world.run(&["pay", &invoice.bolt11]).await.code];
    assert_eq!((codes, world.payments()), ([5, 0], 2));
}

#[tokio::test]
async fn a_server_is_examined() {
    let world = World::new().await;
    let ran = world.run_without_wallet(&["check", &world.url("/report")]).await;
    assert_eq!((ran.code, &ran.json()["ok"]), (0, &true.into()), "{ran:?}");
    let verdict = |report: &serde_json::Value, rule: &str| {
        let found = report["findings"].as_array().unwrap().iter().find(|it| it["rule"] == rule).cloned();
        found.unwrap_or_else(|| panic!("{rule}: {report}"))["verdict"].clone()
    };
    for rule in [
        "status",
        "challenge",
        "parameters",
        "invoice",
        "same payment",
        "caching",
        "body",
        "probes",
        "forgery",
    ] {
        assert_eq!(verdict(&ran.json(), rule), "ok", "{rule}: {ran:?}");
    }

    let free = world.run_without_wallet(&["check", &world.url("/free")]).await;
    assert_eq!(free.code, 1, "{free:?}");
    for rule in ["status", "challenge", "forgery"] {
        assert_eq!(verdict(&free.json(), rule), "bad", "{rule}: {free:?}");
    }

    let mixed_up =
        format!("L402 macaroon=\"{}\", invoice=\"{}\"", world.macaroon().await, world.invoice().await);
    let server = MockServer::start().await;
    let bill = ResponseTemplate::new(402).insert_header("www-authenticate", mixed_up.as_str());
    Mock::given(any()).respond_with(bill).mount(&server).await;
    let ran = world.run_without_wallet(&["check", &server.uri()]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(verdict(&ran.json(), "same payment"), "bad", "{ran:?}");
    for rule in ["parameters", "caching", "cors", "probes", "body"] {
        assert_eq!(verdict(&ran.json(), rule), "warn", "{rule}: {ran:?}");
    }
    assert_eq!(world.payments(), 0);
}
