//! Which wallet a line of text names.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail")]
#![cfg(all(
    feature = "lnbits",
    feature = "lnd",
    feature = "cln",
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

#[test]
fn every_form_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "hush\n").unwrap();
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
    ] {
        assert_eq!(find(&text).unwrap().name, name, "{text}");
    }
    let regtest = find("blink:?key_env=HUSH&network=regtest").unwrap();
    assert_eq!(regtest.wallet.network(), Network::Regtest);
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
