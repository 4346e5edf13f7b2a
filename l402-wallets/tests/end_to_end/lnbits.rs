//! LNbits on both sides: one instance with two wallets. `make test-real` starts one.

use std::env::var;

use l402_core::Msat;
use l402_providers::lnbits::LnbitsProvider;
use l402_wallets::Endpoint;
use l402_wallets::lnbits::LnbitsWallet;

use crate::shop;
use crate::trade::{self, Trade};

#[tokio::test]
#[ignore = "make test-real"]
async fn two_wallets_trade() {
    let needed = |name: &str| var(name).unwrap_or_else(|_| panic!("{name} is not set; run `make test-real`"));
    let endpoint = || Endpoint::new(&needed("LNBITS_URL")).unwrap();
    let provider = LnbitsProvider::new(endpoint(), needed("LNBITS_INVOICE_KEY")).unwrap();
    let wallet = LnbitsWallet::new(endpoint(), needed("LNBITS_ADMIN_KEY")).unwrap();
    let (price, too_dear) = (Msat::from_sat(21), Msat::from_sat(5_000_000));
    trade::check(Trade { name: "lnbits", seller: &provider, buyer: &wallet, price, too_dear }).await;
    shop::a_report_is_sold_once(provider, wallet).await;
}
