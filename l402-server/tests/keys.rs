//! Secrets: where they come from, and tokens whose time is over.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod common;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use base64_simd::STANDARD;
use common::secrecy::other_master_key;
use common::{Ask, NOW, PRICE, Shop, master_key, spend};
use l402_core::ports::RootKeyStore;
use l402_core::{Identifier, KeyRing, MasterKey, MintRequest, Preimage, RequestContext, TokenId, Uses, mint};
use l402_dev::DevNode;
use l402_server::keys::{
    KeyError, RevocationList, RotatingKeys, master_key_from_env, master_key_from_file, parse_master_key,
};
use l402_server::{BuildError, Gate};

const SECRET: [u8; 32] = [
    0x9a, 0x4b, 0x1f, 0x07, 0xc3, 0xe8, 0xd2, 0x55, 0x60, 0xfe, 0x7b, 0x34, 0x89, 0xd1, 0xa2, 0xcc, 0x07,
    0xe5, 0xb8, 0x69, 0x13, 0xf4, 0xda, 0x5e, 0x2c, 0x70, 0x81, 0xb9, 0x9f, 0x36, 0xad, 0x12,
];

fn hex() -> String {
    SECRET.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_spelling_of_a_secret_is_the_same_key() {
    let id = MasterKey::from_bytes(SECRET).id();
    let base64 = STANDARD.encode_to_string(SECRET);
    let url_safe = base64.replace('+', "-").replace('/', "_");
    for text in [
        hex(),
        hex().to_uppercase(),
        format!("  {}\n", hex()),
        base64,
        url_safe.trim_end_matches('=').to_owned(),
        url_safe,
    ] {
        assert_eq!(parse_master_key(&text).unwrap().id(), id, "{text}");
    }
}

#[test]
fn what_is_no_secret_or_a_weak_one_is_refused() {
    for text in
        ["", "hunter2", &hex()[1..], &format!("{}00", hex()), &"zz".repeat(32), "é".repeat(32).as_str()]
    {
        assert_eq!(parse_master_key(text).unwrap_err(), KeyError::NotASecret, "{text}");
    }
    let passphrase: String =
        "correct horse battery staple, yes".bytes().take(32).map(|b| format!("{b:02x}")).collect();
    for text in ["00".repeat(32), "0123456789abcdef".repeat(4), passphrase] {
        assert_eq!(parse_master_key(&text).unwrap_err(), KeyError::Weak, "{text}");
    }
}

#[tokio::test]
async fn nothing_is_sold_with_a_secret_that_can_be_guessed() {
    let passphrase = *b"correct horse battery staple, ye";
    let fifteen_bytes = std::array::from_fn(|number| (number % 15) as u8);
    for secret in [[7; 32], passphrase, fifteen_bytes] {
        let weak = MasterKey::from_bytes(secret);
        assert!(weak.is_guessable());
        let rotating = RotatingKeys::new(weak.clone());
        let behind_a_pointer: Arc<dyn RootKeyStore> = Arc::new(KeyRing::new(weak.clone()));
        let node = DevNode::new().unwrap();
        let gate = || Gate::builder(node.provider()).price(PRICE);
        for gate in
            [gate().root_key(weak.clone()), gate().root_keys(rotating), gate().root_keys(behind_a_pointer)]
        {
            assert_eq!(gate.build().unwrap_err(), BuildError::WeakRootKey);
        }
        let keys = RotatingKeys::new(master_key());
        assert_eq!(keys.rotate(weak, NOW), Err(KeyError::Weak));
        assert_eq!(keys.current_id(), master_key().id(), "nothing has changed");
    }
    let sixteen_bytes = std::array::from_fn(|number| (number % 16) as u8);
    assert!(!MasterKey::from_bytes(sixteen_bytes).is_guessable());
    assert!(!MasterKey::from_bytes(SECRET).is_guessable());
}

#[test]
fn a_secret_is_read_from_a_file_or_the_reason_why_not_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("root.key");
    fs::write(&path, hex() + "\n").unwrap();
    assert_eq!(master_key_from_file(&path).unwrap().id(), MasterKey::from_bytes(SECRET).id());

    fs::write(&path, "00".repeat(100_000)).unwrap();
    assert_eq!(master_key_from_file(&path).unwrap_err(), KeyError::NotASecret);
    let missing = master_key_from_file(folder.path().join("none")).unwrap_err();
    assert!(missing.to_string().ends_with("none: entity not found"), "{missing}");
    let unset = master_key_from_env("L402_TEST_UNSET").unwrap_err();
    assert!(unset.to_string().contains("L402_TEST_UNSET is not set"), "{unset}");
}

#[tokio::test]
async fn a_secret_is_rotated_while_requests_are_served() {
    let keys = RotatingKeys::new(master_key());
    let shop = Shop::open_with(|gate| gate.root_keys(keys.clone()));
    let old = shop.buy("/report").await;
    let never_used = shop.buy("/report").await;

    keys.rotate(other_master_key(), NOW.saturating_add(Duration::from_secs(60))).unwrap();
    let new = shop.buy("/report").await;
    for token in [&old, &new] {
        assert_eq!(spend(shop.ask(Ask::get("/report"), Some(token)).await).await, Ok(()));
    }
    let only_old = Shop::open();
    assert_eq!(spend(only_old.ask(Ask::get("/report"), Some(&new)).await).await, Err("unknown_root_key"));

    shop.clock.advance(Duration::from_secs(60));
    assert_eq!(spend(shop.ask(Ask::get("/report"), Some(&never_used)).await).await, Err("token_revoked"));
    assert_eq!(keys.current_id(), other_master_key().id());
}

/// Of several macaroons for one payment, each has to be signed with a secret that still counts, in whichever order.
#[tokio::test]
async fn one_macaroon_of_a_retired_secret_is_one_too_many() {
    let next = other_master_key();
    let preimage = Preimage::from_bytes([5; 32]);
    let request = RequestContext::new("GET", "/report", NOW);
    let minted = |secret: &MasterKey| {
        let token_id = TokenId::sealing(secret.id(), [9; 32]);
        let identifier = Identifier { payment_hash: preimage.payment_hash(), token_id };
        let terms = MintRequest::new(identifier, &request, PRICE).with_uses(Uses::Unlimited);
        let expiry = NOW.saturating_add(Duration::from_secs(3600));
        mint(&terms.with_expiry(expiry), &secret.root_key(&token_id)).unwrap().to_base64()
    };
    let (old, new) = (minted(&master_key()), minted(&next));
    let keys = RotatingKeys::new(master_key());
    keys.rotate(next, NOW.saturating_add(Duration::from_secs(60))).unwrap();
    let shop = Shop::open_with(|gate| gate.root_keys(keys));
    let verdict = async |macaroons: &str| {
        let header = format!("L402 {macaroons}:{}", preimage.expose_hex());
        spend(shop.get("/report", &[header.as_bytes()]).await).await
    };
    let both = [format!("{old},{new}"), format!("{new},{old}")];
    for macaroons in &both {
        assert_eq!(verdict(macaroons).await, Ok(()));
    }
    shop.clock.advance(Duration::from_secs(60));
    for macaroons in both.iter().chain([&old]) {
        assert_eq!(verdict(macaroons).await, Err("token_revoked"));
    }
    assert_eq!(verdict(&new).await, Ok(()));
}

#[tokio::test]
async fn a_token_can_be_taken_back_and_given_again() {
    let revoked = RevocationList::default();
    let shop = Shop::open_with(|gate| gate.revocations(revoked.clone()));
    let (token, other) = (shop.buy("/report").await, shop.buy("/report").await);
    revoked.revoke(token.preimage.payment_hash());
    let before = shop.invoices();
    assert_eq!(spend(shop.ask(Ask::get("/report"), Some(&token)).await).await, Err("token_revoked"));
    assert_eq!(shop.invoices(), before + 1, "with a new offer");
    assert_eq!(spend(shop.ask(Ask::get("/report"), Some(&other)).await).await, Ok(()));
    revoked.restore(&token.preimage.payment_hash());
    assert_eq!(spend(shop.ask(Ask::get("/report"), Some(&token)).await).await, Ok(()));
}

#[tokio::test]
async fn a_made_up_secret_is_never_the_same() {
    let token = Shop::open_with(|gate| gate.ephemeral_root_key()).buy("/report").await;
    let restarted = Shop::open_with(|gate| gate.ephemeral_root_key());
    assert_eq!(spend(restarted.ask(Ask::get("/report"), Some(&token)).await).await, Err("unknown_root_key"));
}
