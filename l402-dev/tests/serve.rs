//! `l402-dev serve` as other software finds it.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/served.rs"]
mod served;

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use l402_client::L402Client;
use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{InvoiceProvider, NewInvoice, PayOutcome, PayRequest, Wallet};
use l402_core::{Msat, Network};
use l402_dev::control::{self, FaultOrder};
use l402_providers::{Endpoint, lnd::LndProvider};
use l402_wallets::lnbits::LnbitsWallet;
use l402_wallets::lnd::LndWallet;
use serde_json::Value;
use served::{BIN, Served};

fn lnbits_wallet(served: &Served) -> LnbitsWallet {
    let endpoint = Endpoint::new(&served.text("lnbits")).unwrap();
    let wallet = LnbitsWallet::new(endpoint, served.key("payer", "spend_key")).unwrap();
    wallet.with_network(Network::Regtest)
}

fn l402_dev(args: &[&str]) -> Output {
    Command::new(BIN).args(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

async fn state(node_url: &str) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let text = client.get(format!("{node_url}/state")).send().await.unwrap().text().await.unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The whole product: our client, our wallet for LNbits, the node as LNbits, and our paywall.
#[tokio::test]
async fn the_client_buys_every_route_with_a_wallet_of_other_software() {
    let served = Served::start(&[]);
    let client = L402Client::builder(lnbits_wallet(&served)).build().unwrap();
    let premium = served.text("premium");
    for (path, sats, body) in
        [("", 10, "premium"), ("/reports/7", 25, "Report 7"), ("/stream", 5, "tick 5 of 5")]
    {
        let response = client.get(format!("{premium}{path}")).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert!(response.text().await.unwrap().contains(body), "{path}");
        let state = state(&served.text("node")).await;
        assert_eq!(state["payments"][0]["amount_msat"], sats * 1000, "{path}");
    }
}

#[tokio::test]
async fn lnd_is_there_over_tls_with_a_certificate_to_trust() {
    let directory = tempfile::tempdir().unwrap();
    let cert = directory.path().join("tls.cert");
    let served = Served::start(&["--lnd-tls", "127.0.0.1:0", "--lnd-cert", cert.to_str().unwrap()]);
    let pem = std::fs::read(&cert).unwrap();
    assert_eq!(served.ready["lnd_tls"]["cert_pem"].as_str().unwrap().as_bytes(), pem);
    let url = served.ready["lnd_tls"]["url"].as_str().unwrap();
    let endpoint = || Endpoint::new(url).unwrap().root_certificate(&pem).unwrap();
    let provider = LndProvider::new(endpoint(), served.key("payee", "receive_key")).unwrap();
    let order = NewInvoice::new(Msat::from_sat(3), "over TLS".to_owned(), Duration::from_secs(600));
    let invoice = provider.with_network(Network::Regtest).create_invoice(order).await.unwrap();
    let wallet = LndWallet::new(endpoint(), served.key("payer", "spend_key")).unwrap();
    let outcome = pay(&wallet.with_network(Network::Regtest), &invoice.bolt11).await;
    assert!(matches!(outcome, PayOutcome::Paid(_)), "{outcome:?}");

    let untrusting = LndWallet::new(Endpoint::new(url).unwrap(), served.key("payer", "spend_key")).unwrap();
    assert!(untrusting.balance().await.is_err(), "a certificate that nobody vouches for");
}

#[cfg(unix)]
#[tokio::test]
async fn core_lightnings_socket_belongs_to_one_account() {
    use l402_wallets::cln::ClnWallet;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lightning-rpc");
    let socket = format!("alice={}", path.display());
    let served = Served::start(&["--account", "alice=500", "--cln-socket", &socket]);
    let wallet = ClnWallet::socket(&path).unwrap().with_network(Network::Regtest);
    let bolt11 = control_invoice(&served, "payee");
    assert!(matches!(pay(&wallet, &bolt11).await, PayOutcome::Paid(_)));
    assert_eq!(wallet.balance().await.unwrap(), Msat::from_sat(479));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn clnrest_is_there_for_every_account() {
    use l402_wallets::cln::{ClnWallet, Rune};
    let served = Served::start(&["--account", "alice=500"]);
    let endpoint = Endpoint::new(&served.text("clnrest")).unwrap();
    let wallet = ClnWallet::rest(endpoint, Rune::new(served.key("alice", "spend_key"))).unwrap();
    let wallet = wallet.with_network(Network::Regtest);
    let bolt11 = control_invoice(&served, "payee");
    assert!(matches!(pay(&wallet, &bolt11).await, PayOutcome::Paid(_)));
    assert_eq!(wallet.balance().await.unwrap(), Msat::from_sat(479));
}

#[tokio::test]
async fn the_state_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("state.json");
    let args = ["--state", file.to_str().unwrap(), "--account", "alice=500"];
    let (before, key, open) = {
        let served = Served::start(&args);
        let paid = control_invoice(&served, "payee");
        let open = control_invoice(&served, "alice");
        control::pay(&served.text("node"), &paid).await.unwrap();
        let before = state(&served.text("node")).await;
        wait_until(|| std::fs::read_to_string(&file).is_ok_and(|saved| saved.contains("\"state\":\"paid\"")))
            .await;
        (before, served.key("alice", "spend_key"), open)
    };
    let served = Served::start(&args);
    let node = served.text("node");
    let after = state(&node).await;
    for field in ["node_id", "accounts", "invoices", "payments"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_eq!(served.key("alice", "spend_key"), key);
    control::pay(&node, &open).await.unwrap();
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "it holds preimages");
    }

    let broken = directory.path().join("broken.json");
    std::fs::write(&broken, "{}").unwrap();
    let refused = l402_dev(&["serve", "--listen", "127.0.0.1:0", "--state", broken.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("saved state"), "{refused:?}");
}

#[tokio::test]
async fn a_seed_gives_the_same_node_and_the_commands_drive_it() {
    let seed = "07".repeat(32);
    let (one, two) = (Served::start(&["--seed", &seed]), Served::start(&["--seed", &seed, "--fee", "1500"]));
    assert_eq!(one.key("payer", "spend_key"), two.key("payer", "spend_key"));
    let node = two.text("node");

    let invoice = stdout(&l402_dev(&["invoice", "21", "--memo", "tea", "--node", &node]));
    let facts: InvoiceFacts = invoice.trim_end().parse().unwrap();
    assert_eq!(facts.amount, Some(Msat::from_sat(21)));

    let added = l402_dev(&["faults", "add", "payment", "fail=no-route", "--times", "1", "--node", &node]);
    assert_eq!(stdout(&added), "payment next fail=no-route\n");
    let refused = l402_dev(&["pay", invoice.trim_end(), "--node", &node]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(stdout(&l402_dev(&["faults", "list", "--node", &node])), "");
    let bad = l402_dev(&["faults", "add", "payment", "bad-luck", "--node", &node]);
    assert!(String::from_utf8_lossy(&bad.stderr).contains("wrong-preimage"), "{bad:?}");

    let preimage = stdout(&l402_dev(&["pay", invoice.trim_end(), "--node", &node]));
    let preimage: l402_core::Preimage = preimage.trim_end().parse().unwrap();
    assert_eq!(preimage.payment_hash(), facts.payment_hash);
    assert_eq!(state(&node).await["payments"][0]["fee_msat"], 1500);
    let order = FaultOrder {
        operation: "payment".to_owned(),
        fault: "stuck".to_owned(),
        times: None,
        payment_hash: Some(facts.payment_hash.to_string()),
    };
    assert_eq!(control::add_fault(&node, &order).await.unwrap().len(), 1);
    stdout(&l402_dev(&["faults", "clear", "--node", &node]));
    assert_eq!(control::faults(&node).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let served = Served::start(&[]);
    let url = served.text("url");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (path, content_type) in [
        ("/", "text/html"),
        ("/app.js", "text/javascript"),
        ("/style.css", "text/css"),
        ("/setup", "application/json"),
    ] {
        let response = client.get(format!("{url}{path}")).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-type").starts_with(content_type), "{path}");
        assert!(header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        let text = response.text().await.unwrap();
        if path != "/setup" {
            assert!(!text.contains("http:") && !text.contains("https:"), "{path}");
        }
    }
    let explained = client.post(format!("{url}/decode")).body(control_invoice(&served, "payee"));
    let explained = explained.send().await.unwrap().text().await.unwrap();
    assert!(explained.contains("\"amount_msat\":21000"), "{explained}");
    let nonsense = client.post(format!("{url}/decode")).body("nonsense").send().await.unwrap();
    assert_eq!(nonsense.status(), 400);
}

#[test]
fn mistakes_are_answered_with_what_to_do() {
    for (args, advice) in [
        (&["--account", "a b=1"][..], "NAME=SATS"),
        (&["--account", "a=x"], "whole number"),
        (&["--lnd-cert", "x"], "--lnd-tls"),
        (&["--seed", "07", "--state", "x"], "--state"),
    ] {
        let output = l402_dev(&[&["serve", "--listen", "127.0.0.1:0"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(advice), "{args:?}: {output:?}");
    }
    let output = l402_dev(&["serve", "--listen", "127.0.0.1:0", "--seed", "07"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("64 hex"), "{output:?}");
    for taken in [&["--account", "payer=1"][..], &["--account", "a=1", "--account", "a=2"]] {
        let output = l402_dev(&[&["serve", "--listen", "127.0.0.1:0"], taken].concat());
        assert!(String::from_utf8_lossy(&output.stderr).contains("already; take another name"), "{output:?}");
    }
    let missing = Path::new("/nonexistent/state.json").to_str().unwrap();
    assert!(l402_dev(&["serve", "--listen", "nowhere", "--state", missing]).status.code() == Some(2));
}

fn control_invoice(served: &Served, account: &str) -> String {
    let output = l402_dev(&["invoice", "21", "--account", account, "--node", &served.text("node")]);
    stdout(&output).trim_end().to_owned()
}

async fn pay(wallet: &impl Wallet, bolt11: &str) -> PayOutcome {
    let hash = bolt11.parse::<InvoiceFacts>().unwrap().payment_hash;
    wallet.pay(PayRequest::new(bolt11.to_owned(), hash, Msat::ZERO, Duration::from_secs(10))).await.unwrap()
}

/// Waits for what another process does, with a limit that only a bug reaches.
async fn wait_until(done: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(std::time::Instant::now() < deadline, "never happened");
        tokio::task::yield_now().await;
    }
}
