//! The README's table says what the wallets say of themselves.
#![allow(clippy::unwrap_used, reason = "a test may fail")]
#![cfg(all(
    feature = "alby",
    feature = "blink",
    feature = "btcpay",
    feature = "cln",
    feature = "lnbits",
    feature = "lnd",
    feature = "phoenixd",
    feature = "zbd"
))]

use l402_core::ports::Wallet;
use l402_wallets::Endpoint;

#[test]
fn the_table_is_true() {
    let endpoint = || Endpoint::new("https://node.example.com").unwrap();
    let rune = l402_wallets::cln::Rune::new("key");
    let rows: [(&str, &str, Box<dyn Wallet>); 8] = [
        ("alby", "Alby Hub", Box::new(l402_wallets::alby::AlbyWallet::new(endpoint(), "key").unwrap())),
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
        ("lnbits", "LNbits", Box::new(l402_wallets::lnbits::LnbitsWallet::new(endpoint(), "key").unwrap())),
        ("lnd", "LND (REST)", Box::new(l402_wallets::lnd::LndWallet::new(endpoint(), "00").unwrap())),
        (
            "phoenixd",
            "phoenixd",
            Box::new(l402_wallets::phoenixd::PhoenixdWallet::new(endpoint(), "key").unwrap()),
        ),
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
