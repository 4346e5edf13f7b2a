//! Requests, and what they cost.

use std::path::Path;

use l402_core::Msat;

use crate::world::{DATA, World};

#[tokio::test]
async fn it_pays_and_prints_the_body_alone() {
    let world = World::new().await;
    let ran = world.run(&["get", &world.url("/report")]).await;
    assert_eq!((ran.code, ran.out.as_str()), (0, "the report"), "{ran:?}");
    assert!(ran.err.contains("paid 10 sat"), "{ran:?}");
    assert_eq!(world.payments(), 1);
}

#[tokio::test]
async fn a_token_is_used_before_another_is_bought() {
    let world = World::new().await;
    for _ in 0..3 {
        let ran = world.run(&["get", &world.url("/thrice")]).await;
        assert_eq!((ran.code, ran.out.as_str()), (0, "one of three"), "{ran:?}");
        assert_eq!(world.payments(), 1);
    }
    assert_eq!(world.run(&["quote", &world.url("/thrice")]).await.json()["has_token"], false);
    assert_eq!(world.run(&["get", &world.url("/thrice")]).await.code, 0);
    assert_eq!(world.payments(), 2);
    assert_eq!(world.run(&["quote", &world.url("/thrice")]).await.json()["has_token"], true);
}

#[tokio::test]
async fn over_the_budget_nothing_is_paid() {
    let world = World::new().await;
    let ran = world.run(&["get", "--max-cost", "9999msat", &world.url("/report")]).await;
    assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
    assert!(ran.err.contains("nothing was spent"), "{ran:?}");
    assert_eq!(world.payments(), 0);

    let config = world.path("config.toml");
    std::fs::write(&config, "[budget]\nper_day = \"25sat\"\n").unwrap();
    let args = ["--config", config.to_str().unwrap(), "--json", "get"];
    // 10 sat and a fee of up to 10 more; when it is known to be none, there is room for a second, and none for a third.
    assert_eq!(world.run(&[&args[..], &[&world.url("/report")]].concat()).await.code, 0);
    let ran = world.run(&[&args[..], &[&world.url("/report")]].concat()).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    let error: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!(error["error"]["code"], "over_day_cap");
    assert_eq!(error["error"]["spent"], "nothing");
    assert_eq!(world.payments(), 1);
}

#[tokio::test]
async fn a_dry_run_pays_nothing() {
    let world = World::new().await;
    for args in [&["get", "--dry-run"][..], &["quote"]] {
        let ran = world.run(&[args, &[&world.url("/report")]].concat()).await;
        assert_eq!((ran.code, &ran.json()["amount_msat"]), (0, &10_000.into()), "{ran:?}");
    }
    assert_eq!(world.run(&["quote", &world.url("/free")]).await.json()["free"], true);
    let ran = world.run(&["quote", "--max-cost", "1sat", &world.url("/report")]).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    assert_eq!(world.payments(), 0);
}

#[tokio::test]
async fn bodies_come_from_arguments_files_and_input() {
    let world = World::new().await;
    let file = world.path("body");
    std::fs::write(&file, "from a file").unwrap();
    let url = world.url("/echo");
    let at_file = format!("@{}", file.display());
    for (args, input, expected) in [
        (&["post", &url, "-d", "a=b"][..], "", "application/x-www-form-urlencoded a=b"),
        (&["post", &url, "--data-json", "{}"], "", "application/json {}"),
        (&["post", &url, "-d", &at_file, "-H", "content-type: text/x"], "", "text/x from a file"),
        (&["request", "post", &url, "-d", "@-"], "typed", "application/x-www-form-urlencoded typed"),
    ] {
        let ran = world.run_with_input(args, input).await;
        assert_eq!((ran.code, ran.out.as_str()), (0, expected), "{ran:?}");
    }
}

#[tokio::test]
async fn a_download_goes_on_where_it_ended() {
    let world = World::new().await;
    let file = world.path("file");
    let name = file.to_str().unwrap();
    let args = ["get", &world.url("/file"), "-o", name];
    let ran = world.run(&args).await;
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), DATA);

    for goes_on in [&["--continue"][..], &["-C", "-"], &["-C-"], &["--continue-at", "-"]] {
        std::fs::write(&file, &DATA[..5]).unwrap();
        let ran = world.run(&[&args[..], goes_on].concat()).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), DATA, "{goes_on:?}");
    }
    assert_eq!(world.run(&[&args[..], &["-C", "5"]].concat()).await.code, 2);
}

#[tokio::test]
async fn what_cannot_be_written_is_not_paid_for() {
    let world = World::new().await;
    let ran = world.run(&["get", &world.url("/report"), "-o", "/nonexistent/file"]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(world.payments(), 0);
}

#[tokio::test]
async fn errors_of_the_server_and_of_the_network() {
    let world = World::new().await;
    let file = world.path("kept");
    std::fs::write(&file, "before").unwrap();
    let missing = world.url("/missing");
    assert_eq!(world.run(&["get", &missing]).await.code, 0);
    assert_eq!(world.run(&["get", "-f", &missing]).await.code, 22);
    assert_eq!(world.run(&["get", &missing, "-o", file.to_str().unwrap()]).await.code, 22);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "before");
    assert_eq!(world.run(&["get", &missing, "-o", world.path("new").to_str().unwrap()]).await.code, 22);
    assert!(!world.path("new").exists());
    assert_eq!(world.run(&["get", "http://127.0.0.1:1/"]).await.code, 1);
    assert_eq!(world.run(&["get", "not a url"]).await.code, 2);
    let ran = world.run(&["head", &world.url("/free")]).await;
    assert!(ran.out.starts_with("HTTP/1.1 200 OK\n"), "{ran:?}");
}

#[tokio::test]
async fn wallets_by_file_variable_and_configuration() {
    let world = World::new().await;
    let key = world.node.account("payer").unwrap().spend_key();
    let file = world.path("key");
    std::fs::write(&file, &key).unwrap();
    let url = world.url("/report");
    let by_file = world.lnbits(&format!("key_file={}", file.display()));
    #[cfg(unix)]
    for (mode, code) in [(0o644, 2), (0o600, 0)] {
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        let ran = world.run_without_wallet(&["wallet", "doctor", "--wallet", &by_file]).await;
        assert_eq!((ran.code, ran.err.contains("others can read it")), (code, code == 2), "{ran:?}");
    }

    let ran = world.run_without_wallet(&["get", &url, "--wallet", &by_file]).await;
    assert_eq!((ran.code, ran.out.as_str()), (0, "the report"), "{ran:?}");

    let by_variable = world.lnbits("key_env=MY_KEY");
    let mut command = world.command(&["get", &url, "--wallet", &by_variable]);
    assert_eq!(command.env("MY_KEY", &key).output().await.unwrap().status.code(), Some(0));

    std::fs::create_dir_all(world.path(".config/l402")).unwrap();
    std::fs::write(world.path(".config/l402/config.toml"), format!("wallet = \"{by_file}\"\n")).unwrap();
    assert_eq!(world.run_without_wallet(&["get", &url]).await.out, "the report");
    assert_eq!(world.payments(), 3);

    let ran =
        world.run_without_wallet(&["get", &url, "--wallet", &world.lnbits(&format!("key={key}"))]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("key_file=PATH") && !ran.err.contains(&key), "{ran:?}");
    let nwc = "nostr+walletconnect://b889?relay=wss%3A%2F%2Fr.example&secret=71a8c14c";
    let ran = world.run_without_wallet(&["get", &url, "--wallet", nwc]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("uri_file") && !ran.err.contains("71a8c14c"), "{ran:?}");
}

#[tokio::test]
async fn without_a_wallet_everything_else_works() {
    let world = World::new().await;
    let ran = world.run_without_wallet(&["get", &world.url("/free")]).await;
    assert_eq!((ran.code, ran.out.as_str()), (0, "for nothing"), "{ran:?}");
    let url = world.url("/report");
    let ran = world.run_without_wallet(&["get", "--network", "regtest", &url]).await;
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("there is no wallet; set L402_WALLET"), "{ran:?}");
    let ran = world.run_without_wallet(&["quote", "--network", "regtest", &url]).await;
    assert_eq!(ran.json()["amount_msat"], 10_000, "{ran:?}");
}

#[tokio::test]
async fn a_wallet_that_does_not_pay_and_one_that_does_not_know() {
    let world = World::new().await;
    let url = world.url("/report");
    let faults = world.node.faults();
    faults.payments().next(l402_dev::fault::PaymentFault::Fail(l402_core::ports::BackendErrorKind::NoRoute));
    let ran = world.run(&["get", &url]).await;
    assert_eq!(ran.code, 4, "{ran:?}");
    assert!(ran.err.contains("nothing was spent"), "{ran:?}");

    faults.payments().next(l402_dev::fault::PaymentFault::Stuck);
    let ran = world.run(&["get", &url]).await;
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.err.contains("10 sat may have been spent") && ran.err.contains("l402 resume"), "{ran:?}");
    // Nothing is paid again, neither by the same request nor by `resume`.
    let before = world.payments();
    assert_eq!(world.run(&["get", &url]).await.code, 5);
    let ran = world.run(&["resume"]).await;
    assert_eq!((ran.code, ran.json()["open"].as_array().unwrap().len()), (5, 1), "{ran:?}");
    assert_eq!(world.payments(), before);
    let used = world.run(&["budget"]).await.json()["caps"][0]["used_msat"].as_u64().unwrap();
    assert!(used >= Msat::from_sat(10).as_msat(), "{used}");
}

#[tokio::test]
async fn what_goes_wrong_after_paying_says_what_was_spent() {
    let world = World::new().await;
    let spent = |ran: &crate::world::Ran| {
        let error: serde_json::Value = serde_json::from_str(ran.err.lines().last().unwrap()).unwrap();
        (error["error"]["spent"].clone(), error["error"]["amount_msat"].clone())
    };
    let paid = ("paid".into(), 10_000.into());
    let ran = world.run(&["--json", "get", "-f", &world.url("/broken")]).await;
    assert_eq!((ran.code, spent(&ran)), (22, paid.clone()), "{ran:?}");
    let full = Path::new("/dev/full");
    if full.exists() {
        let ran = world.run(&["--json", "get", &world.url("/report"), "-o", "/dev/full"]).await;
        assert_eq!((ran.code, spent(&ran)), (5, paid), "{ran:?}");
        let ran = world.run(&["get", &world.url("/report"), "-o", "/dev/null"]).await;
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}
