//! Nostr Wallet Connect on both sides: a dev node's wallets, two connections of their own, a real relay.

use l402_core::Msat;
use l402_dev::DevNode;
use l402_dev::facade::nwc::Nwc;
use l402_providers::nwc::NwcProvider;
use l402_wallets::nwc::{NwcUri, NwcWallet};

use crate::shop;
use crate::trade::{self, Trade};

#[tokio::test]
async fn two_connections_trade() {
    let node = DevNode::new().unwrap();
    let served = Nwc::start(&node).await.unwrap();
    let uri = |account: &str| NwcUri::parse(served.uri(account).unwrap()).unwrap();
    let provider = NwcProvider::new(uri("payee")).unwrap().with_network(DevNode::NETWORK);
    let wallet = NwcWallet::new(uri("payer")).unwrap().with_network(DevNode::NETWORK);
    let (provider, wallet) = (provider.checked().await.unwrap(), wallet.checked().await.unwrap());

    let too_dear = Msat::from_sat(2 * DevNode::DEFAULT_BALANCE.as_msat() / 1000);
    let price = Msat::from_sat(21);
    trade::check(Trade { name: "nwc", seller: &provider, buyer: &wallet, price, too_dear }).await;

    let before = node.invoices().len();
    shop::a_report_is_sold_once(provider, wallet).await;
    assert_eq!(
        node.invoices().len() - before,
        3,
        "one for each report, and one with the refusal of the used token"
    );
}
