//! The wallets, in the order in which they are looked for, and how each is made from variables.

use l402_core::ports::Wallet;

use super::{EnvError, Vars};
#[cfg(feature = "lnd")]
use crate::secret_file::Forbidden;

/// A wallet that the environment may name.
pub(super) struct Source {
    pub(super) name: &'static str,
    /// Any of these says that this wallet is meant.
    pub(super) triggers: &'static [&'static str],
    pub(super) connect: Connect,
}

type Connect = fn(&'static str, &Vars<'_>) -> Result<Box<dyn Wallet>, EnvError>;

pub(super) const SOURCES: &[Source] = &[
    Source { name: "lnd", triggers: &["LND_REST_URL"], connect: lnd },
    Source { name: "cln", triggers: &["CLN_SOCKET", "CLN_REST_URL"], connect: cln },
    Source { name: "phoenixd", triggers: &["PHOENIXD_PASSWORD"], connect: phoenixd },
    Source { name: "lnbits", triggers: &["LNBITS_URL"], connect: lnbits },
    Source { name: "alby", triggers: &["ALBY_HUB_URL"], connect: alby },
    Source { name: "btcpay", triggers: &["BTCPAY_URL"], connect: btcpay },
    Source { name: "nwc", triggers: &["NWC_URI"], connect: nwc },
    Source { name: "blink", triggers: &["BLINK_API_KEY"], connect: blink },
    Source { name: "zbd", triggers: &["ZBD_API_KEY"], connect: zbd },
    Source { name: "strike", triggers: &["STRIKE_API_KEY"], connect: strike },
    Source { name: "alby-account", triggers: &["ALBY_ACCESS_TOKEN"], connect: alby_account },
];

/// A service that cannot be paid from, with its variable, and why.
pub(super) struct Unusable {
    pub(super) name: &'static str,
    pub(super) trigger: &'static str,
    pub(super) why: &'static str,
}

pub(super) const UNUSABLE: &[Unusable] = &[Unusable {
    name: "opennode",
    trigger: "OPENNODE_API_KEY",
    why: "OpenNode returns no preimages, and without them nothing can be bought",
}];

/// Stands for a wallet whose feature is off.
macro_rules! not_built {
    ($($feature:literal $connect:ident),* $(,)?) => {
        $(
            #[cfg(not(feature = $feature))]
            fn $connect(wallet: &'static str, _: &Vars<'_>) -> Result<Box<dyn Wallet>, EnvError> {
                Err(EnvError::NotBuilt { wallet, feature: $feature })
            }
        )*
    };
}

not_built!(
    "lnd" lnd, "cln" cln, "phoenixd" phoenixd, "lnbits" lnbits, "alby" alby, "alby" alby_account, "btcpay" btcpay,
    "nwc" nwc, "blink" blink, "zbd" zbd, "strike" strike
);

#[cfg(feature = "lnd")]
fn lnd(wallet: &'static str, vars: &Vars<'_>) -> Result<Box<dyn Wallet>, EnvError> {
    let wrong = |source| EnvError::Config { wallet, source };
    let mut endpoint = endpoint(wallet, vars, "LND_REST_URL")?;
    if let Some(certificate) = vars.file("LND_TLS_CERT_FILE")? {
        endpoint = endpoint.pinned_certificate(&certificate).map_err(wrong)?;
    }
    let macaroon = match vars.secret_file("LND_MACAROON_FILE", Forbidden::Others)? {
        Some(macaroon) => macaroon,
        None => match vars.get("LND_MACAROON_HEX") {
            Some(hex) => hex.into_bytes(),
            None => return Err(EnvError::Missing { wallet, variable: "LND_MACAROON_FILE" }),
        },
    };
    let lnd = crate::lnd::LndWallet::new(endpoint, macaroon).map_err(wrong)?;
    Ok(Box::new(lnd.with_network(vars.network()?)))
}

#[cfg(feature = "cln")]
fn cln(wallet: &'static str, vars: &Vars<'_>) -> Result<Box<dyn Wallet>, EnvError> {
    use crate::cln::{ClnWallet, Rune};

    let wrong = |source| EnvError::Config { wallet, source };
    #[cfg(unix)]
    if let Some(path) = vars.get("CLN_SOCKET") {
        let cln = ClnWallet::socket(path).map_err(wrong)?;
        return Ok(Box::new(cln.with_network(vars.network()?)));
    }
    let mut endpoint = endpoint(wallet, vars, "CLN_REST_URL")?;
    if let Some(certificate) = vars.file("CLN_CA_FILE")? {
        endpoint = endpoint.root_certificate(&certificate).map_err(wrong)?;
    }
    let rune = Rune::new(vars.need(wallet, "CLN_RUNE")?);
    let cln = ClnWallet::rest(endpoint, rune).map_err(wrong)?;
    Ok(Box::new(cln.with_network(vars.network()?)))
}

#[cfg(feature = "phoenixd")]
fn phoenixd(wallet: &'static str, vars: &Vars<'_>) -> Result<Box<dyn Wallet>, EnvError> {
    let wrong = |source| EnvError::Config { wallet, source };
    let url = vars.get("PHOENIXD_URL").unwrap_or_else(|| "http://127.0.0.1:9740".to_owned());
    let endpoint = crate::Endpoint::new(&url).map_err(wrong)?;
    let password = vars.need(wallet, "PHOENIXD_PASSWORD")?;
    let phoenixd = crate::phoenixd::PhoenixdWallet::new(endpoint, password).map_err(wrong)?;
    Ok(Box::new(phoenixd.with_network(vars.network()?)))
}

#[cfg(feature = "lnbits")]
fn lnbits(wallet: &'static str, vars: &Vars<'_>) -> Result<Box<dyn Wallet>, EnvError> {
    let wrong = |source| EnvError::Config { wallet, source };
    let endpoint = endpoint(wallet, vars, "LNBITS_URL")?;
    let key = vars.need(wallet, "LNBITS_ADMIN_KEY")?;
    let lnbits = crate::lnbits::LnbitsWallet::new(endpoint, key).map_err(wrong)?;
    Ok(Box::new(lnbits.with_network(vars.network()?)))
}

#[cfg(feature = "alby")]
fn alby(wallet: &'static str, vars: &Vars<'_>) -> Result<Box<dyn Wallet>, EnvError> {
    let wrong = |source| EnvError::Config { wallet, source };
    let endpoint = endpoint(wallet, vars, "ALBY_HUB_URL")?;
    let token = vars.need(wallet, "ALBY_HUB_TOKEN")?;
    let alby = crate::alby::AlbyWallet::new(endpoint, token).map_err(wrong)?;
    Ok(Box::new(alby.with_network(vars.network()?)))
}

#[cfg(feature = "btcpay")]
fn btcpay(wallet: &'static str, vars: &Vars<'_>) -> Result<Box<dyn Wallet>, EnvError> {
    let wrong = |source| EnvError::Config { wallet, source };
    let endpoint = endpoint(wallet, vars, "BTCPAY_URL")?;
    let store = vars.need(wallet, "BTCPAY_STORE_ID")?;
    let key = vars.need(wallet, "BTCPAY_API_KEY")?;
    let btcpay = crate::btcpay::BtcPayWallet::new(endpoint, store, key).map_err(wrong)?;
    Ok(Box::new(btcpay.with_network(vars.network()?)))
}

#[cfg(feature = "nwc")]
fn nwc(wallet: &'static str, vars: &Vars<'_>) -> Result<Box<dyn Wallet>, EnvError> {
    use crate::nwc::{NwcUri, NwcWallet};

    let wrong = |source| EnvError::Config { wallet, source };
    let uri = NwcUri::parse(&vars.need(wallet, "NWC_URI")?).map_err(wrong)?;
    Ok(Box::new(NwcWallet::new(uri).map_err(wrong)?.with_network(vars.network()?)))
}

#[cfg(feature = "blink")]
fn blink(wallet: &'static str, vars: &Vars<'_>) -> Result<Box<dyn Wallet>, EnvError> {
    use crate::blink::BlinkWallet;

    let wrong = |source| EnvError::Config { wallet, source };
    let key = vars.need(wallet, "BLINK_API_KEY")?;
    let blink = match vars.get("BLINK_URL") {
        Some(url) => BlinkWallet::at(crate::Endpoint::new(&url).map_err(wrong)?, key),
        None => BlinkWallet::new(key),
    };
    Ok(Box::new(blink.map_err(wrong)?.with_network(vars.network()?)))
}

#[cfg(feature = "zbd")]
fn zbd(wallet: &'static str, vars: &Vars<'_>) -> Result<Box<dyn Wallet>, EnvError> {
    let wrong = |source| EnvError::Config { wallet, source };
    let zbd = crate::zbd::ZbdWallet::new(vars.need(wallet, "ZBD_API_KEY")?).map_err(wrong)?;
    Ok(Box::new(zbd.with_network(vars.network()?)))
}

#[cfg(feature = "strike")]
fn strike(wallet: &'static str, vars: &Vars<'_>) -> Result<Box<dyn Wallet>, EnvError> {
    let wrong = |source| EnvError::Config { wallet, source };
    let strike = crate::strike::StrikeWallet::new(vars.need(wallet, "STRIKE_API_KEY")?).map_err(wrong)?;
    Ok(Box::new(strike.with_network(vars.network()?)))
}

#[cfg(feature = "alby")]
fn alby_account(wallet: &'static str, vars: &Vars<'_>) -> Result<Box<dyn Wallet>, EnvError> {
    let wrong = |source| EnvError::Config { wallet, source };
    let token = vars.need(wallet, "ALBY_ACCESS_TOKEN")?;
    let alby = crate::alby::AlbyAccountWallet::new(token).map_err(wrong)?;
    Ok(Box::new(alby.with_network(vars.network()?)))
}

#[cfg(feature = "_http")]
#[allow(dead_code, reason = "not every backend has a URL")]
fn endpoint(
    wallet: &'static str,
    vars: &Vars<'_>,
    variable: &'static str,
) -> Result<crate::Endpoint, EnvError> {
    let url = vars.need(wallet, variable)?;
    crate::Endpoint::new(&url).map_err(|source| EnvError::Config { wallet, source })
}
