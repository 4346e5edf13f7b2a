//! Which wallet a line of text names.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail")]
#![cfg(all(
    feature = "lnbits",
    feature = "lnd",
    feature = "cln",
    feature = "dev",
    feature = "phoenixd",
    feature = "nwc",
    feature = "blink"
))]

use l402_core::Network;
use l402_core::ports::{PayOutcome, PayRequest, Wallet};
use l402_core::{Msat, bolt11::InvoiceFacts};
use l402_dev::{DevNode, facade};
use l402_wallets::{NamedWallet, WalletUrlError, from_url};

const NWC_URI: &str = "nostr+walletconnect://b889ff5b1513b641e2a139f661a661364979c5beee91842f8f0ef42ab558e9d4\
    ?relay=wss%3A%2F%2Frelay.example.com&secret=71a8c14c1407c113601079c4302dab36460f0ccd0ad506f1f2dc73b5100e4f3c";

fn find(text: &str) -> Result<NamedWallet, WalletUrlError> {
    from_url(text, |name| (name == "HUSH").then(|| "hush".to_owned()))
}

/// A file that only its owner can read.
fn secret_file(folder: &tempfile::TempDir) -> std::path::PathBuf {
    let file = folder.path().join("secret");
    std::fs::write(&file, "hush\n").unwrap();
    set_mode(&file, 0o600);
    file
}

#[cfg(unix)]
fn set_mode(file: &std::path::Path, mode: u32) {
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_: &std::path::Path, _: u32) {}

#[test]
fn every_form_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let file = secret_file(&folder);
    let file = file.display();
    for (text, name) in [
        (format!("lnbits://lnbits.example.com?key_file={file}"), "lnbits"),
        ("lnbits://127.0.0.1:3402/lnbits?key_env=HUSH".to_owned(), "lnbits"),
        (format!("lnd://10.0.0.7:8080?macaroon_file={file}"), "lnd"),
        ("cln:///run/lightning-rpc".to_owned(), "cln"),
        ("cln://node.example.com:3010?rune_env=HUSH".to_owned(), "cln"),
        ("phoenixd:?password_env=HUSH".to_owned(), "phoenixd"),
        ("phoenixd://127.0.0.1:9740?password_env=HUSH".to_owned(), "phoenixd"),
        ("blink:?key_env=HUSH".to_owned(), "blink"),
        (NWC_URI.to_owned(), "nwc"),
        ("dev://127.0.0.1:3402".to_owned(), "dev"),
        ("dev://[::1]:3402/?network=regtest".to_owned(), "dev"),
    ] {
        assert_eq!(find(&text).unwrap().name, name, "{text}");
    }
    let regtest = find("blink:?key_env=HUSH&network=regtest").unwrap();
    assert_eq!(regtest.wallet.network(), Network::Regtest);
}

#[cfg(unix)]
#[test]
fn files_that_others_can_read_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = secret_file(&folder);
    let key = format!("lnbits://lnbits.example.com?key_file={}", file.display());
    let macaroon = format!("lnd://10.0.0.7:8080?macaroon_file={}", file.display());
    for (mode, takes_key, takes_macaroon) in [
        (0o600, true, true),
        (0o400, true, true),
        (0o640, false, true), // as LND writes its macaroons
        (0o660, false, true),
        (0o620, false, true),
        (0o604, false, false),
        (0o644, false, false),
        (0o606, false, false),
    ] {
        set_mode(&file, mode);
        for (text, is_taken) in [(&key, takes_key), (&macaroon, takes_macaroon)] {
            let found = find(text).map(|found| found.name).map_err(|error| error.to_string());
            assert_eq!(found.is_ok(), is_taken, "{mode:o} {text}: {found:?}");
            let advice = found.err().unwrap_or_else(|| "chmod 600".to_owned());
            assert!(advice.contains("chmod 600") && !advice.contains("hush"), "{mode:o}: {advice}");
        }
    }
    // Certificates are no secrets.
    set_mode(&file, 0o600);
    let certificate = folder.path().join("certificate");
    std::fs::write(&certificate, "nonsense").unwrap();
    set_mode(&certificate, 0o644);
    let error = find(&format!("{macaroon}&tls_cert_file={}", certificate.display())).unwrap_err();
    assert!(!error.to_string().contains("others can read"), "{error}");
}

/// A part of it would be another secret, and the backend's refusal would say nothing of that.
#[test]
fn a_file_too_long_for_a_secret_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = secret_file(&folder);
    let text = format!("lnbits://lnbits.example.com?key_file={}", file.display());
    for (length, is_taken) in [(64 << 10, true), ((64 << 10) + 1, false)] {
        std::fs::write(&file, "k".repeat(length)).unwrap();
        let found = find(&text).map(|found| found.name).map_err(|error| error.to_string());
        assert_eq!(found.is_ok(), is_taken, "{found:?}");
    }
    assert!(find(&text).unwrap_err().to_string().contains("too long for a secret"));
}

#[test]
fn secrets_in_the_text_are_refused_and_never_shown() {
    for text in ["lnbits://x.example?key=hush", "phoenixd://u:hush@x.example", "alby://x.example?token=hush"]
    {
        let error = find(text).unwrap_err();
        assert!(matches!(error, WalletUrlError::SecretInText { .. }), "{text}: {error}");
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    }
}

#[test]
fn mistakes_are_answered_with_what_to_do() {
    for (text, advice) in [
        ("piggybank", "lnbits://"),
        ("piggybank://x", "phoenixd"),
        ("lnbits://x.example?keyfile=k", "key_file, key_env, network"),
        ("lnbits://x.example?key_file=/nonexistent", "/nonexistent cannot be read"),
        ("lnbits://x.example?key_env=UNSET", "UNSET is not set"),
        ("lnbits://x.example", "LNBITS_ADMIN_KEY"),
        ("zbd://x.example", "zbd:?"),
        ("dev:3402", "http://127.0.0.1:3402/node"),
        ("dev://127.0.0.1:3402?network=bitcoin", "dev takes the parameters network=regtest"),
        ("lnbits+http://x.example?key_env=HUSH", "cannot be set up"),
    ] {
        let error = find(text).unwrap_err().to_string();
        assert!(error.contains(advice), "{text}: {error}");
    }
}

#[tokio::test]
async fn the_wallet_that_is_named_pays() {
    let node = DevNode::new().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = axum::Router::new().nest("/lnbits", facade::lnbits::router(&node));
    tokio::spawn(axum::serve(listener, app).into_future());
    let key = node.account("payer").unwrap().spend_key();
    let text = format!("lnbits://{address}/lnbits?key_env=KEY&network=regtest");
    let found = from_url(&text, |name| (name == "KEY").then(|| key.clone())).unwrap();

    let order = l402_core::ports::NewInvoice::new(
        Msat::from_sat(5),
        String::new(),
        core::time::Duration::from_secs(600),
    );
    let bolt11 =
        l402_core::ports::InvoiceProvider::create_invoice(&node.provider(), order).await.unwrap().bolt11;
    let hash = bolt11.parse::<InvoiceFacts>().unwrap().payment_hash;
    let paying = PayRequest::new(bolt11, hash, Msat::ZERO, core::time::Duration::from_secs(10));
    assert!(matches!(found.wallet.pay(paying).await.unwrap(), PayOutcome::Paid(_)));
}
