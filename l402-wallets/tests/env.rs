//! Which wallet the environment names.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail")]

use std::collections::HashMap;

use l402_wallets::{EnvError, NamedWallet, from_vars};

fn with(vars: &[(&str, &str)]) -> Result<NamedWallet, EnvError> {
    let vars: HashMap<String, String> =
        vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    from_vars(|name| vars.get(name).cloned())
}

#[test]
fn an_empty_environment_says_what_to_set() {
    let error = with(&[("LNBITS_URL", " ")]).unwrap_err();
    assert!(matches!(error, EnvError::Nothing { .. }));
    for variable in ["LND_REST_URL", "CLN_SOCKET", "PHOENIXD_PASSWORD", "LNBITS_URL", "BLINK_API_KEY"] {
        assert!(error.to_string().contains(variable), "{error}");
    }
    let error = with(&[("OPENNODE_API_KEY", "hush")]).unwrap_err();
    assert!(error.to_string().contains("OpenNode returns no preimages"), "{error}");
    let error = with(&[("L402_WALLET", "opennode"), ("BLINK_API_KEY", "hush")]).unwrap_err();
    assert!(error.to_string().contains("OpenNode returns no preimages"), "{error}");
}

#[test]
fn names_and_networks_that_do_not_exist() {
    let error = with(&[("L402_WALLET", "piggybank")]).unwrap_err();
    assert!(error.to_string().contains("lnd, cln, phoenixd"), "{error}");
    #[cfg(feature = "blink")]
    {
        let error = with(&[("BLINK_API_KEY", "hush"), ("L402_NETWORK", "mainnet")]).unwrap_err();
        assert!(matches!(error, EnvError::UnknownNetwork), "{error}");
    }
}

#[cfg(not(feature = "lnbits"))]
#[test]
fn a_wallet_that_was_not_built_names_its_feature() {
    let error = with(&[("LNBITS_URL", "https://lnbits.example.com")]).unwrap_err();
    assert!(matches!(error, EnvError::NotBuilt { wallet: "lnbits", .. }), "{error}");
}

#[cfg(all(
    unix,
    feature = "lnd",
    feature = "cln",
    feature = "phoenixd",
    feature = "lnbits",
    feature = "alby",
    feature = "btcpay",
    feature = "nwc",
    feature = "blink",
    feature = "zbd",
    feature = "strike"
))]
mod all {
    use l402_core::Network;

    use super::*;

    /// What each wallet needs, in the documented order.
    const WALLETS: [(&str, &[(&str, &str)]); 12] = [
        ("lnd", &[("LND_REST_URL", "https://127.0.0.1:8080"), ("LND_MACAROON_HEX", "0201")]),
        ("cln", &[("CLN_SOCKET", "/run/lightning-rpc")]),
        ("cln", &[("CLN_REST_URL", "https://127.0.0.1:3010"), ("CLN_RUNE", "hush")]),
        ("phoenixd", &[("PHOENIXD_PASSWORD", "hush")]),
        ("lnbits", &[("LNBITS_URL", "https://lnbits.example.com"), ("LNBITS_ADMIN_KEY", "hush")]),
        ("alby", &[("ALBY_HUB_URL", "https://hub.example.com"), ("ALBY_HUB_TOKEN", "hush")]),
        (
            "btcpay",
            &[
                ("BTCPAY_URL", "https://pay.example.com"),
                ("BTCPAY_STORE_ID", "s"),
                ("BTCPAY_API_KEY", "hush"),
            ],
        ),
        ("nwc", &[("NWC_URI", NWC_URI)]),
        ("blink", &[("BLINK_API_KEY", "hush")]),
        ("zbd", &[("ZBD_API_KEY", "hush")]),
        ("strike", &[("STRIKE_API_KEY", "hush")]),
        ("alby-account", &[("ALBY_ACCESS_TOKEN", "hush")]),
    ];

    const NWC_URI: &str = "nostr+walletconnect://b889ff5b1513b641e2a139f661a661364979c5beee91842f8f0ef42ab558e9d4\
        ?relay=wss%3A%2F%2Frelay.example.com&secret=71a8c14c1407c113601079c4302dab36460f0ccd0ad506f1f2dc73b5100e4f3c";

    #[test]
    fn each_wallet_by_its_variables() {
        for (name, vars) in WALLETS {
            let found = with(vars).unwrap();
            assert_eq!((found.name, found.wallet.network()), (name, Network::Bitcoin));
            let vars: Vec<_> = vars.iter().copied().chain([("L402_NETWORK", "signet")]).collect();
            assert_eq!(format!("{:?}", with(&vars).unwrap()), format!("NamedWallet({name}, signet)"));
        }
    }

    #[test]
    fn the_first_of_several_is_taken_unless_one_is_named() {
        let mut all = Vec::new();
        for (name, vars) in WALLETS.iter().rev() {
            all.extend_from_slice(vars);
            assert_eq!(with(&all).unwrap().name, *name);
            let mut chosen = all.clone();
            chosen.push(("L402_WALLET", "alby-account"));
            assert_eq!(with(&chosen).unwrap().name, "alby-account");
        }
    }

    #[test]
    fn half_a_configuration_is_an_error_and_not_another_wallet() {
        for (name, vars) in WALLETS.iter().filter(|(_, vars)| vars.len() > 1) {
            let half = [vars[0], ("BLINK_API_KEY", "hush")];
            let error = with(&half).unwrap_err();
            assert!(matches!(&error, EnvError::Missing { wallet, .. } if wallet == name), "{error}");
        }
        let error = with(&[("L402_WALLET", "lnbits")]).unwrap_err();
        assert_eq!(error.to_string(), "the wallet lnbits needs LNBITS_URL, too");
    }

    #[test]
    fn wrong_values_are_named_and_not_shown() {
        for (vars, variable) in [
            (
                vec![("LND_REST_URL", "https://n"), ("LND_MACAROON_FILE", "/nonexistent/hush")],
                "LND_MACAROON_FILE",
            ),
            (vec![("LNBITS_URL", "http://hush.example.com"), ("LNBITS_ADMIN_KEY", "hush")], "lnbits"),
            (vec![("NWC_URI", "nostr+walletconnect://hush?secret=hush")], "nwc"),
            (vec![("BLINK_API_KEY", "hush\u{e9}\nhush")], "blink"),
        ] {
            let said = everything_said_by(&with(&vars).unwrap_err());
            assert!(said.contains(variable) && !said.contains("hush"), "{said}");
        }
    }

    fn everything_said_by(error: &EnvError) -> String {
        let source = std::error::Error::source(error).map(|source| format!(": {source}"));
        format!("{error}{} {error:?}", source.unwrap_or_default())
    }
}
