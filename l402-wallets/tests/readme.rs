//! The README's table says what the wallets say of themselves.
#![allow(clippy::unwrap_used, reason = "a test may fail")]
#![cfg(all(
    feature = "alby",
    feature = "blink",
    feature = "btcpay",
    feature = "cln",
    feature = "dev",
    feature = "ldk",
    feature = "lnbits",
    feature = "lnd",
    feature = "nwc",
    feature = "phoenixd",
    feature = "strike",
    feature = "zbd"
))]

use std::sync::Arc;

use l402_core::ports::Wallet;
use l402_wallets::Endpoint;

const NWC_URI: &str = "nostr+walletconnect://b889ff5b1513b641e2a139f661a661364979c5beee91842f8f0ef42ab558e9d4\
    ?relay=wss%3A%2F%2Frelay.example.com&secret=71a8c14c1407c113601079c4302dab36460f0ccd0ad506f1f2dc73b5100e4f3c";

#[test]
fn the_table_is_true() {
    let endpoint = || Endpoint::new("https://node.example.com").unwrap();
    let nwc = || l402_wallets::nwc::NwcUri::parse(NWC_URI).unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let mut builder = l402_wallets::ldk::ldk_node::Builder::new();
    builder.set_storage_dir_path(folder.path().to_str().unwrap().to_owned());
    let ldk = builder.build().unwrap();
    let rune = l402_wallets::cln::Rune::new("key");
    let rows: [(&str, &str, Box<dyn Wallet>); 13] = [
        ("alby", "Alby Hub", Box::new(l402_wallets::alby::AlbyWallet::new(endpoint(), "key").unwrap())),
        (
            "alby",
            "Alby, accounts that it keeps",
            Box::new(l402_wallets::alby::AlbyAccountWallet::new("key").unwrap()),
        ),
        ("blink", "Blink", Box::new(l402_wallets::blink::BlinkWallet::new("key").unwrap())),
        (
            "btcpay",
            "BTCPay Server (a store's node)",
            Box::new(l402_wallets::btcpay::BtcPayWallet::new(endpoint(), "store", "key").unwrap()),
        ),
        (
            "cln",
            "Core Lightning (clnrest, socket)",
            Box::new(l402_wallets::cln::ClnWallet::rest(endpoint(), rune).unwrap()),
        ),
        (
            "dev",
            "`l402-dev`, without real money",
            Box::new(l402_wallets::dev::DevNodeWallet::new("http://127.0.0.1:3402/node").unwrap()),
        ),
        (
            "ldk",
            "LDK node, in the program",
            Box::new(l402_wallets::ldk::LdkWallet::new(Arc::new(ldk)).unwrap()),
        ),
        ("lnbits", "LNbits", Box::new(l402_wallets::lnbits::LnbitsWallet::new(endpoint(), "key").unwrap())),
        ("lnd", "LND (REST)", Box::new(l402_wallets::lnd::LndWallet::new(endpoint(), "00").unwrap())),
        ("nwc", "Nostr Wallet Connect (NIP-47)", Box::new(l402_wallets::nwc::NwcWallet::new(nwc()).unwrap())),
        (
            "phoenixd",
            "phoenixd",
            Box::new(l402_wallets::phoenixd::PhoenixdWallet::new(endpoint(), "key").unwrap()),
        ),
        ("strike", "Strike", Box::new(l402_wallets::strike::StrikeWallet::new("key").unwrap())),
        ("zbd", "ZBD", Box::new(l402_wallets::zbd::ZbdWallet::new("key").unwrap())),
    ];
    let mut table = "| feature | backend | fee limit | lookups |\n|---|---|---|---|\n".to_owned();
    for (feature, name, wallet) in rows {
        let it = wallet.capabilities();
        assert!(it.preimage_on_pay, "{feature} cannot buy anything");
        let limit = if it.fee_limit { "honoured" } else { "not honoured" };
        let lookups = if it.can_lookup { "yes" } else { "no" };
        table += &format!("| `{feature}` | {name} | {limit} | {lookups} |\n");
    }
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    assert!(readme.contains(&table), "README.md should contain\n{table}");
}
