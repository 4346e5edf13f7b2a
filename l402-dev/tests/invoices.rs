//! The invoices a dev node signs, and what it tells of them.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod support;

use std::time::Duration;

use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{BackendErrorKind, InvoiceProvider, NewInvoice, ProviderCapabilities, Settlement};
use l402_core::{ManualClock, Msat, Network, Preimage, UnixTime};
use l402_dev::DevNode;
use lightning_invoice::{Bolt11Invoice, Bolt11InvoiceDescriptionRef, Currency};
use secp256k1::{Secp256k1, SecretKey};
use support::{EXPIRY, NOW, invoice, node, now, order, paid, pay};

#[test]
fn an_invoice_says_what_was_ordered() {
    let (node, _) = node();
    for msat in [1, 999, 1_000, 10_000, 12_345_678, 2_100_000_000_000_000_000 / 1_000] {
        let amount = Msat::from_msat(msat);
        let invoice = invoice(&node, amount);
        let facts: InvoiceFacts = invoice.bolt11.parse().unwrap();
        assert!(invoice.bolt11.starts_with("lnbcrt"), "{}", invoice.bolt11);
        assert_eq!(facts.amount, Some(amount));
        assert_eq!(facts.payment_hash, invoice.payment_hash);
        assert_eq!(facts.network, Network::Regtest);
        assert_eq!(facts.expires_at, NOW.saturating_add(EXPIRY));
        assert_eq!(invoice.lookup_id, invoice.payment_hash.to_string());
    }
}

#[test]
fn an_invoice_is_complete_bolt11_signed_by_the_node() {
    let (node, _) = node();
    let signed: Bolt11Invoice = invoice(&node, Msat::from_sat(10)).bolt11.parse().unwrap();
    signed.check_signature().unwrap();
    assert_eq!(signed.recover_payee_pub_key().serialize(), node.node_id());
    assert_eq!(signed.currency(), Currency::Regtest);
    assert_eq!(signed.duration_since_epoch(), Duration::from_secs(NOW.as_secs()));
    assert_eq!(signed.expiry_time(), EXPIRY);
    assert_eq!(signed.min_final_cltv_expiry_delta(), 18);
    assert!(signed.features().is_some_and(|features| features.requires_payment_secret()));
    assert_eq!(description(&signed), "one report");
}

#[test]
fn no_two_invoices_share_a_secret() {
    let (node, _) = node();
    let signed: Vec<Bolt11Invoice> =
        (0..20).map(|_| invoice(&node, Msat::from_sat(1)).bolt11.parse().unwrap()).collect();
    let mut hashes: Vec<_> = signed.iter().map(|invoice| *invoice.payment_hash()).collect();
    let mut secrets: Vec<_> = signed.iter().map(|invoice| invoice.payment_secret().0).collect();
    hashes.sort_unstable();
    hashes.dedup();
    secrets.sort_unstable();
    secrets.dedup();
    assert_eq!((hashes.len(), secrets.len()), (20, 20));
}

#[test]
fn what_a_node_publishes_is_no_preimage() {
    let (node, _) = node();
    let invoices: Vec<_> = (0..3).map(|_| invoice(&node, Msat::from_sat(1))).collect();
    let hashes: Vec<_> = invoices.iter().map(|invoice| invoice.payment_hash).collect();
    for invoice in &invoices {
        let signed: Bolt11Invoice = invoice.bolt11.parse().unwrap();
        let payment_secret = Preimage::from_bytes(signed.payment_secret().0);
        assert!(!hashes.contains(&payment_secret.payment_hash()));

        let preimage = paid(pay(&node.wallet(), &invoice.bolt11)).preimage;
        let key = SecretKey::from_slice(preimage.expose()).unwrap();
        assert_ne!(key.public_key(&Secp256k1::signing_only()).serialize(), node.node_id(), "the node's key");
    }
}

#[test]
fn a_seed_and_a_clock_decide_everything() {
    let texts = |seed: [u8; 32], at: UnixTime| -> Vec<String> {
        let node = DevNode::builder().seed(seed).clock(ManualClock::at(at)).build().unwrap();
        (1..=5).map(|sat| invoice(&node, Msat::from_sat(sat)).bolt11).collect()
    };
    let later = NOW.saturating_add(Duration::from_secs(1));
    assert_eq!(texts([7; 32], NOW), texts([7; 32], NOW));
    for (other, what) in [(texts([8; 32], NOW), "seed"), (texts([7; 32], later), "time")] {
        assert!(texts([7; 32], NOW).iter().zip(&other).all(|(a, b)| a != b), "{what}");
    }
}

#[test]
fn a_seed_gives_the_same_preimages_in_the_same_order() {
    let preimages = || -> Vec<String> {
        let (node, _) = node();
        (0..5)
            .map(|_| {
                let invoice = invoice(&node, Msat::from_sat(1));
                paid(pay(&node.wallet(), &invoice.bolt11)).preimage.expose_hex()
            })
            .collect()
    };
    let first = preimages();
    assert_eq!(first, preimages());
    for (index, preimage) in first.iter().enumerate() {
        assert!(!first[..index].contains(preimage), "{index}");
    }
}

#[test]
fn nodes_without_a_seed_have_nothing_in_common() {
    let (one, other) = (DevNode::new().unwrap(), DevNode::new().unwrap());
    assert_ne!(one.node_id(), other.node_id());
    assert_ne!(
        invoice(&one, Msat::from_sat(1)).payment_hash,
        invoice(&other, Msat::from_sat(1)).payment_hash
    );
}

#[test]
fn the_default_clock_is_the_systems() {
    let node = DevNode::new().unwrap();
    let before: UnixTime = std::time::SystemTime::now().into();
    invoice(&node, Msat::from_sat(1));
    let after: UnixTime = std::time::SystemTime::now().into();
    let created_at = node.invoices()[0].created_at;
    assert!(before <= created_at && created_at <= after);
}

#[test]
fn a_long_description_is_cut_at_a_character() {
    let (node, _) = node();
    for (ordered, expected) in [
        ("x".repeat(639), "x".repeat(639)),
        ("x".repeat(640), "x".repeat(639)),
        // Two-byte characters: byte 639 is in the middle of one.
        ("é".repeat(400), "é".repeat(319)),
        ("x".to_owned() + &"é".repeat(400), "x".to_owned() + &"é".repeat(319)),
        ("₿".repeat(214), "₿".repeat(213)),
        ("🎉".repeat(100_000), "🎉".repeat(159)),
        (String::new(), String::new()),
    ] {
        let request = NewInvoice::new(Msat::from_sat(1), ordered, EXPIRY);
        let invoice = now(node.provider().create_invoice(request)).unwrap();
        invoice.bolt11.parse::<InvoiceFacts>().unwrap();
        assert_eq!(description(&invoice.bolt11.parse().unwrap()), expected);
        assert_eq!(node.invoices().last().unwrap().description, expected);
    }
}

#[test]
fn what_an_invoice_cannot_express_is_refused() {
    let (node, _) = node();
    let too_long = Duration::from_secs(u64::MAX);
    for (amount, expires_in) in [(Msat::ZERO, EXPIRY), (Msat::MAX, EXPIRY), (Msat::from_sat(1), too_long)] {
        let request = NewInvoice::new(amount, String::new(), expires_in);
        let error = now(node.provider().create_invoice(request)).unwrap_err();
        assert_eq!(error.kind(), BackendErrorKind::InvalidInvoice, "{amount} for {expires_in:?}");
        assert_eq!(error.backend(), "dev");
        assert!(std::error::Error::source(&error).is_some(), "the reason is missing");
    }
    let far_future = DevNode::builder().clock(ManualClock::at(UnixTime::MAX)).build().unwrap();
    assert!(now(far_future.provider().create_invoice(order(Msat::from_sat(1)))).is_err());
    assert!(node.invoices().is_empty() && far_future.invoices().is_empty());
}

#[test]
fn an_expiry_below_a_second_is_zero_seconds() {
    let (node, _) = node();
    let request = NewInvoice::new(Msat::from_sat(1), String::new(), Duration::from_millis(999));
    let invoice = now(node.provider().create_invoice(request)).unwrap();
    assert_eq!(invoice.bolt11.parse::<InvoiceFacts>().unwrap().expires_at, NOW);
    assert_eq!(node.invoices()[0].expires_at, NOW);
    assert!(matches!(settlement(&node, &invoice.lookup_id), Settlement::Expired));
}

#[test]
fn settlement_tells_what_became_of_an_invoice() {
    let (node, clock) = node();
    let (first, second) = (invoice(&node, Msat::from_sat(1)), invoice(&node, Msat::from_sat(2)));
    assert!(matches!(settlement(&node, &first.lookup_id), Settlement::Open));

    clock.advance(Duration::from_secs(599));
    assert!(matches!(settlement(&node, &first.lookup_id), Settlement::Open));
    paid(pay(&node.wallet(), &first.bolt11));

    clock.advance(Duration::from_secs(1));
    let Settlement::Settled { preimage: Some(preimage), settled_at } = settlement(&node, &first.lookup_id)
    else {
        panic!("not settled");
    };
    assert_eq!(preimage.payment_hash(), first.payment_hash);
    assert_eq!(settled_at, Some(NOW.saturating_add(Duration::from_secs(599))));
    assert!(matches!(settlement(&node, &second.lookup_id), Settlement::Expired));
}

#[test]
fn settlement_knows_the_nodes_own_invoices_only() {
    let (node, _) = node();
    let elsewhere = invoice(&DevNode::new().unwrap(), Msat::from_sat(1));
    let own = invoice(&node, Msat::from_sat(1));
    for unknown in [elsewhere.lookup_id.as_str(), "", "not hex", &own.lookup_id[..63], &own.bolt11] {
        assert!(matches!(settlement(&node, unknown), Settlement::NotFound), "{unknown:?}");
    }
}

#[test]
fn records_are_in_order_and_complete() {
    let (node, clock) = node();
    let first = invoice(&node, Msat::from_sat(3));
    clock.advance(Duration::from_secs(5));
    let second = invoice(&node, Msat::from_sat(1));
    clock.advance(Duration::from_secs(5));
    paid(pay(&node.wallet(), &second.bolt11));

    let records = node.invoices();
    let seen: Vec<_> = records
        .iter()
        .map(|r| (r.payment_hash, r.amount, r.created_at, r.expires_at, r.settled_at))
        .collect();
    let at = |secs| UnixTime::from_secs(NOW.as_secs() + secs);
    assert_eq!(
        seen,
        [
            (first.payment_hash, Msat::from_sat(3), NOW, at(600), None),
            (second.payment_hash, Msat::from_sat(1), at(5), at(605), Some(at(10))),
        ]
    );
    assert!(records.iter().all(|record| record.description == "one report"));
}

#[test]
fn handles_share_one_node() {
    let (node, _) = node();
    let invoice = now(node.provider().clone().create_invoice(order(Msat::from_sat(1)))).unwrap();
    assert_eq!(node.clone().invoices()[0].payment_hash, invoice.payment_hash);
    assert_eq!(node.provider().network(), Network::Regtest);
    assert_eq!(node.provider().capabilities(), ProviderCapabilities::FULL);
}

fn settlement(node: &DevNode, lookup_id: &str) -> Settlement {
    now(node.provider().settlement(lookup_id.to_owned())).unwrap()
}

fn description(invoice: &Bolt11Invoice) -> String {
    match invoice.description() {
        Bolt11InvoiceDescriptionRef::Direct(text) => text.as_inner().0.clone(),
        Bolt11InvoiceDescriptionRef::Hash(_) => panic!("a hash"),
    }
}
