//! The README's table says what the providers say of themselves.
#![allow(clippy::unwrap_used, reason = "a test may fail")]
#![cfg(all(
    feature = "alby",
    feature = "blink",
    feature = "btcpay",
    feature = "cln",
    feature = "ldk",
    feature = "lnbits",
    feature = "lnd",
    feature = "lnurl",
    feature = "managed",
    feature = "nwc",
    feature = "opennode",
    feature = "phoenixd",
    feature = "strike",
    feature = "zbd"
))]

use std::sync::Arc;

use l402_core::ports::InvoiceProvider;
use l402_providers::Endpoint;

const NWC_URI: &str = "nostr+walletconnect://b889ff5b1513b641e2a139f661a661364979c5beee91842f8f0ef42ab558e9d4\
    ?relay=wss%3A%2F%2Frelay.example.com&secret=71a8c14c1407c113601079c4302dab36460f0ccd0ad506f1f2dc73b5100e4f3c";

#[test]
fn the_table_is_true() {
    let endpoint = || Endpoint::new("https://node.example.com").unwrap();
    let nwc = || l402_providers::nwc::NwcUri::parse(NWC_URI).unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let mut builder = ldk_node::Builder::new();
    builder.set_storage_dir_path(folder.path().to_str().unwrap().to_owned());
    let ldk = builder.build().unwrap();
    let rune = l402_providers::cln::Rune::new("key");
    let rows: [(&str, &str, Box<dyn InvoiceProvider>); 14] = [
        ("alby", "Alby Hub", Box::new(l402_providers::alby::AlbyProvider::new(endpoint(), "key").unwrap())),
        ("blink", "Blink", Box::new(l402_providers::blink::BlinkProvider::new("key").unwrap())),
        (
            "btcpay",
            "BTCPay Server (a store's node)",
            Box::new(l402_providers::btcpay::BtcPayProvider::new(endpoint(), "store", "key").unwrap()),
        ),
        (
            "cln",
            "Core Lightning (clnrest, socket)",
            Box::new(l402_providers::cln::ClnProvider::rest(endpoint(), rune).unwrap()),
        ),
        (
            "ldk",
            "LDK node, in the program",
            Box::new(l402_providers::ldk::LdkProvider::new(Arc::new(ldk)).unwrap()),
        ),
        (
            "lnbits",
            "LNbits",
            Box::new(l402_providers::lnbits::LnbitsProvider::new(endpoint(), "key").unwrap()),
        ),
        ("lnd", "LND (REST)", Box::new(l402_providers::lnd::LndProvider::new(endpoint(), "00").unwrap())),
        (
            "lnurl",
            "Lightning Address, LNURL-pay (lookups with LUD-21)",
            Box::new(
                l402_providers::lnurl::LnurlProvider::from_address("a@example.com").unwrap().with_verify(),
            ),
        ),
        (
            "managed",
            "l402kit.com, managed",
            Box::new(l402_providers::managed::ManagedProvider::from_address("a@example.com").unwrap()),
        ),
        (
            "nwc",
            "Nostr Wallet Connect (NIP-47)",
            Box::new(l402_providers::nwc::NwcProvider::new(nwc()).unwrap()),
        ),
        ("opennode", "OpenNode", Box::new(l402_providers::opennode::OpenNodeProvider::new("key").unwrap())),
        (
            "phoenixd",
            "phoenixd",
            Box::new(l402_providers::phoenixd::PhoenixdProvider::new(endpoint(), "key").unwrap()),
        ),
        ("strike", "Strike", Box::new(l402_providers::strike::StrikeProvider::new("key").unwrap())),
        ("zbd", "ZBD", Box::new(l402_providers::zbd::ZbdProvider::new("key").unwrap())),
    ];
    let mut table =
        "| feature | backend | finest price | lookups | settlement check |\n|---|---|---|---|---|\n"
            .to_owned();
    for (feature, name, provider) in rows {
        let it = provider.capabilities();
        let price = if it.msat_precision { "1 msat" } else { "1 sat" };
        let lookups = if it.can_lookup { "yes" } else { "no" };
        let check = if it.needs_settlement_check { "**needed**" } else { "not needed" };
        table += &format!("| `{feature}` | {name} | {price} | {lookups} | {check} |\n");
    }
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    assert!(readme.contains(&table), "README.md should contain\n{table}");
}
