//! Accounts are found by their names.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

use l402_core::Msat;
use l402_dev::{DevNode, DevNodeError};

#[test]
fn a_name_is_one_accounts() {
    let node = DevNode::new().unwrap();
    let alice = node.open_account("alice", Msat::from_sat(5)).unwrap();
    for taken in ["alice", "payer", "payee"] {
        let error = node.open_account(taken, Msat::from_sat(7)).unwrap_err();
        assert!(matches!(&error, DevNodeError::NameTaken(name) if name == taken), "{error}");
        assert!(error.to_string().contains("take another name"), "{error}");
    }
    assert_eq!(node.accounts().len(), 3, "nothing was opened");
    assert_eq!(node.account("alice").unwrap().spend_key(), alice.spend_key());
    assert_eq!(alice.balance(), Msat::from_sat(5));
}

#[test]
fn wallets_without_a_name_take_none_that_is_taken() {
    let node = DevNode::new().unwrap();
    let named = node.open_account("wallet-3", Msat::from_sat(5)).unwrap();
    let _wallet = node.wallet_with_balance(Msat::from_sat(7));
    let names: Vec<_> = node.accounts().into_iter().map(|account| account.name).collect();
    assert_eq!(
        names.iter().map(|name| &**name).collect::<Vec<_>>(),
        ["payer", "payee", "wallet-3", "wallet-4"]
    );
    assert_eq!(named.balance(), Msat::from_sat(5));
}
