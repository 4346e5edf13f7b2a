//! The gate as a whole: who gets in, what everybody else is told, and what it costs the node.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod common;

use common::secrecy::other_master_key;
use common::{NOW, PRICE, Shop, admission, answer, body, master_key, verdict};
use l402_core::header::{Scheme, credential_header_value};
use l402_core::{
    Identifier, KeyRing, Limits, Macaroon, Network, Preimage, RootKey, TokenId, UnknownCaveats, Uses,
};
use l402_server::stores::MemoryReplayStore;
use l402_server::{BuildError, Gate, QuoteError, RequestParts};
use std::time::Duration;

#[tokio::test]
async fn an_unpaid_request_gets_a_challenge_in_the_one_form() {
    let shop = Shop::open();
    let reply = answer(shop.get("/report", &[]).await);

    assert_eq!(verdict(&reply), (402, "payment_required".to_owned()));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let body = body(&reply);
    let (macaroon, invoice) = (body["macaroon"].as_str().unwrap(), body["invoice"].as_str().unwrap());
    assert_eq!(
        reply.header("www-authenticate").unwrap(),
        format!(r#"L402 macaroon="{macaroon}", invoice="{invoice}", version="0", token="{macaroon}""#)
    );
    assert_eq!((&body["price_sats"], &body["price_msat"]), (&10.into(), &10_000.into()));
    assert_eq!(body["expires_at"], NOW.as_secs() + 600);
    assert_eq!(body["payment_hash"], shop.node.invoices()[0].payment_hash.to_string());
    assert!(invoice.starts_with("lnbcrt100n1"), "{invoice}");
}

#[tokio::test]
async fn a_paid_token_gets_in_exactly_once() {
    let shop = Shop::open();
    let token = shop.buy("/report").await;

    let admitted = admission(shop.get("/report", &[token.header().as_bytes()]).await);
    let grant = *admitted.grant().unwrap();
    assert_eq!((grant.amount, grant.uses), (Some(PRICE), Uses::ONCE));
    assert_eq!(admitted.finish(200).await, Ok(()));

    let reply = answer(shop.get("/report", &[token.header().as_bytes()]).await);
    assert_eq!(verdict(&reply), (402, "token_used".to_owned()));
    assert_ne!(body(&reply)["macaroon"], token.macaroon.as_str(), "a fresh challenge");
    assert_eq!(shop.invoices(), 2);
}

#[tokio::test]
async fn a_replay_in_other_clothes_is_a_replay() {
    let shop = Shop::open();
    let token = shop.buy("/report").await;
    admission(shop.get("/report", &[token.header().as_bytes()]).await).finish(200).await.unwrap();

    let hex = token.preimage.expose_hex();
    let url_safe = token.macaroon.replace('+', "-").replace('/', "_");
    for header in [
        format!("L402 {}:{}", token.macaroon, hex.to_uppercase()),
        format!("LSAT {}:{hex}", token.macaroon),
        format!("l402   {}:{hex}", url_safe.trim_end_matches('=')),
        format!(r#"L402 token="{}", preimage="{hex}""#, token.macaroon),
        format!("L402 {0},{0}:{hex}", token.macaroon),
    ] {
        let reply = answer(shop.get("/report", &[header.as_bytes()]).await);
        assert_eq!(verdict(&reply), (402, "token_used".to_owned()), "{header}");
    }
}

#[tokio::test]
async fn a_use_comes_back_when_the_handler_did_not_deliver() {
    let shop = Shop::open();
    let token = shop.buy("/report").await;
    for status in [302, 307, 400, 404, 500, 503] {
        let admitted = admission(shop.get("/report", &[token.header().as_bytes()]).await);
        assert_eq!(admitted.finish(status).await, Ok(()), "the handler's own answer goes out");
    }
    // A panic, a timeout or a disconnect drops the admission.
    drop(admission(shop.get("/report", &[token.header().as_bytes()]).await));

    admission(shop.get("/report", &[token.header().as_bytes()]).await).finish(204).await.unwrap();
    assert_eq!(verdict(&answer(shop.get("/report", &[token.header().as_bytes()]).await)).0, 402);
}

#[tokio::test]
async fn a_token_in_use_is_neither_spent_nor_free() {
    let shop = Shop::open();
    let token = shop.buy("/report").await;
    let first = admission(shop.get("/report", &[token.header().as_bytes()]).await);

    let reply = answer(shop.get("/report", &[token.header().as_bytes()]).await);
    assert_eq!(verdict(&reply), (409, "token_in_use".to_owned()));
    assert_eq!(reply.header("retry-after"), Some("1"));
    assert_eq!(shop.invoices(), 1, "waiting costs no invoice");

    drop(first);
    admission(shop.get("/report", &[token.header().as_bytes()]).await).finish(200).await.unwrap();
}

#[tokio::test]
async fn a_lease_heals_and_a_late_answer_is_withheld() {
    let shop = Shop::open_with(|gate| gate.lease(Duration::from_secs(30)));
    let token = shop.buy("/report").await;
    let hung = admission(shop.get("/report", &[token.header().as_bytes()]).await);

    shop.clock.advance(Duration::from_secs(31));
    let heir = admission(shop.get("/report", &[token.header().as_bytes()]).await);

    let reply = hung.finish(200).await.unwrap_err();
    assert_eq!(verdict(&reply), (503, "lease_lost".to_owned()), "never two deliveries");
    heir.finish(200).await.unwrap();
}

#[tokio::test]
async fn forged_tampered_and_foreign_tokens_are_refused_without_an_invoice() {
    let shop = Shop::open();
    let token = shop.buy("/report").await;
    let own = Preimage::from_bytes([5; 32]);
    let mint = |key: &RootKey, token_id| {
        let identifier = Identifier { payment_hash: own.payment_hash(), token_id };
        let macaroon = Macaroon::new(key, &identifier.to_bytes(), b"lsat").unwrap();
        credential_header_value(Scheme::L402, &macaroon.to_base64(), &own)
    };
    let ours = TokenId::sealing(master_key().id(), [9; 32]);
    let forged = mint(&RootKey::new(b"not the key").unwrap(), ours);
    let unsigned = mint(&RootKey::new(&[0; 32]).unwrap(), ours);
    let foreign_key = other_master_key();
    let foreign_id = TokenId::sealing(foreign_key.id(), [9; 32]);
    let foreign = mint(&foreign_key.root_key(&foreign_id), foreign_id);
    let other_preimage = credential_header_value(Scheme::L402, &token.macaroon, &own);
    let zero_preimage =
        credential_header_value(Scheme::L402, &token.macaroon, &Preimage::from_bytes([0; 32]));
    let attenuated = tamper(&token.macaroon, |bytes| replace(bytes, b"uses=1", b"uses=9"));
    let repriced = tamper(&token.macaroon, |bytes| replace(bytes, b"amount=10000", b"amount=90000"));
    let rerouted = tamper(&token.macaroon, |bytes| replace(bytes, b"path=/report", b"path=/dearer"));
    let hex = token.preimage.expose_hex();

    let before = shop.invoices();
    for (header, code) in [
        (forged, "bad_signature"),
        (unsigned, "bad_signature"),
        (foreign, "unknown_root_key"),
        (other_preimage, "wrong_preimage"),
        (zero_preimage, "wrong_preimage"),
        (format!("L402 {}", token.macaroon), "missing_preimage"),
        (format!("L402 {attenuated}:{hex}"), "bad_signature"),
        (format!("L402 {repriced}:{hex}"), "bad_signature"),
        (format!("L402 {rerouted}:{hex}"), "bad_signature"),
    ] {
        let reply = answer(shop.get("/report", &[header.as_bytes()]).await);
        assert_eq!(verdict(&reply), (401, code.to_owned()), "{header}");
        assert_eq!(reply.header("www-authenticate"), Some("L402"));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
    assert_eq!(shop.invoices(), before);
    admission(shop.get("/report", &[token.header().as_bytes()]).await).finish(200).await.unwrap();
}

#[tokio::test]
async fn a_token_opens_nothing_but_what_it_was_bought_for() {
    let shop = Shop::open();
    let token = shop.buy("/report").await;
    for (method, path, code) in [
        ("GET", "/dear", "wrong_path"),
        ("GET", "/report/", "wrong_path"),
        ("GET", "/Report", "wrong_path"),
        ("GET", "/%72eport", "wrong_path"),
        ("POST", "/report", "wrong_method"),
    ] {
        let reply = answer(shop.send(method, path, &[token.header().as_bytes()]).await);
        assert_eq!(verdict(&reply), (402, code.to_owned()), "{method} {path}");
        assert!(body(&reply)["invoice"].is_string(), "an honest buyer can pay and go on");
    }
}

#[tokio::test]
async fn a_token_expires() {
    let shop = Shop::open();
    let token = shop.buy("/report").await;
    shop.clock.advance(Duration::from_secs(600 + 3600 - 1));
    drop(admission(shop.get("/report", &[token.header().as_bytes()]).await));
    shop.clock.advance(Duration::from_secs(1));
    let reply = answer(shop.get("/report", &[token.header().as_bytes()]).await);
    assert_eq!(verdict(&reply), (402, "token_expired".to_owned()));
}

#[tokio::test]
async fn another_instance_with_the_same_secret_accepts_the_token() {
    let shop = Shop::open();
    let token = shop.buy("/report").await;
    let twin = Shop::open();
    admission(twin.get("/report", &[token.header().as_bytes()]).await).finish(200).await.unwrap();
}

#[tokio::test]
async fn tokens_outlive_the_rotation_of_their_secret_until_the_cut_off() {
    let token = Shop::open().buy("/report").await;
    let new = other_master_key();
    let cut_off = NOW.saturating_add(Duration::from_secs(60));
    let ring = KeyRing::new(new.clone()).with_retired(master_key(), cut_off);
    let shop = Shop::open_with(|gate| gate.root_keys(ring));

    drop(admission(shop.get("/report", &[token.header().as_bytes()]).await));
    let fresh = shop.buy("/report").await;
    let only_new = Shop::open_with(|gate| gate.root_key(new));
    drop(admission(only_new.get("/report", &[fresh.header().as_bytes()]).await));

    shop.clock.advance(Duration::from_secs(60));
    let reply = answer(shop.get("/report", &[token.header().as_bytes()]).await);
    assert_eq!(verdict(&reply), (402, "token_revoked".to_owned()), "it was sold here, and gets a new offer");
    admission(shop.get("/report", &[fresh.header().as_bytes()]).await).finish(200).await.unwrap();
}

#[tokio::test]
async fn an_attenuated_token_works_and_is_narrower() {
    let shop = Shop::open();
    let token = shop.buy("/report").await;
    for (caveat, code) in [
        (format!("expires_at={NOW}"), "token_expired"),
        ("uses=2".to_owned(), "widened_caveat"),
        ("path=/dear".to_owned(), "wrong_path"),
        ("uses=01".to_owned(), "malformed_caveat"),
    ] {
        let reply = answer(shop.get("/report", &[token.attenuated(&caveat).as_bytes()]).await);
        assert_eq!(verdict(&reply), (402, code.to_owned()), "{caveat}");
    }
    let preimage_inside = token.attenuated(&format!("preimage={}", token.preimage.expose_hex()));
    let without_colon = preimage_inside.split(':').next().unwrap();
    admission(shop.get("/report", &[without_colon.as_bytes()]).await).finish(200).await.unwrap();
    assert_eq!(verdict(&answer(shop.get("/report", &[token.header().as_bytes()]).await)).1, "token_used");
}

#[tokio::test]
async fn a_buyer_cannot_make_the_store_forget() {
    let shop = Shop::open();
    let token = shop.buy("/report").await;
    let narrowed = token.attenuated(&format!("expires_at={}", NOW.as_secs() + 1));
    admission(shop.get("/report", &[narrowed.as_bytes()]).await).finish(200).await.unwrap();

    shop.clock.advance(Duration::from_secs(3600)); // long after, and the token itself still lives
    let reply = answer(shop.get("/report", &[token.header().as_bytes()]).await);
    assert_eq!(verdict(&reply), (402, "token_used".to_owned()));
}

#[tokio::test]
async fn an_instance_whose_clock_is_ahead_gives_no_use_back() {
    let store = MemoryReplayStore::with_capacity(1);
    let (shop, ahead) =
        (Shop::open_with(|gate| gate.store(store.clone())), Shop::open_with(|gate| gate.store(store)));
    let token = shop.buy("/report").await;
    admission(shop.get("/report", &[token.header().as_bytes()]).await).finish(200).await.unwrap();

    let until_it_expires = Duration::from_secs(600 + 3600);
    ahead.clock.advance(until_it_expires);
    ahead.buy("/report").await; // the same payment hash as the token, since the nodes have one seed
    let other = ahead.buy("/report").await;
    let reply = answer(ahead.get("/report", &[other.header().as_bytes()]).await);
    assert_eq!(verdict(&reply), (503, "store_full".to_owned()), "the one token is remembered");

    shop.clock.advance(until_it_expires - Duration::from_secs(1));
    let reply = answer(shop.get("/report", &[token.header().as_bytes()]).await);
    assert_eq!(verdict(&reply), (402, "token_used".to_owned()));
}

#[tokio::test]
async fn malformed_credentials_get_a_clear_401_and_no_invoice() {
    let shop = Shop::open();
    let token = shop.buy("/report").await;
    let other = shop.buy("/report").await;
    let (header, twin) = (token.header(), other.header());
    let hex = token.preimage.expose_hex();
    let before = shop.invoices();
    let long = format!("L402 {}:{hex}", "A".repeat(10_000));
    let joined = format!("{header}, {twin}");
    let macaroon = &token.macaroon;
    let table: Vec<(Vec<Vec<u8>>, &str)> = vec![
        (vec![b"L402".into()], "malformed_credential"),
        (vec![b"L402 ".into()], "malformed_credential"),
        (vec![b"L402 :".into()], "malformed_credential"),
        (vec![b"L402 garbage".into()], "malformed_credential"),
        (vec![b"L402 ====:00".into()], "malformed_credential"),
        (vec![format!("L402 :{hex}").into()], "malformed_credential"),
        (vec![format!("L402 {macaroon}").into()], "missing_preimage"),
        (vec![format!("L402 {macaroon}:{}", &hex[1..]).into()], "malformed_credential"),
        (vec![format!("L402 {macaroon}:{hex}00").into()], "malformed_credential"),
        (vec![format!("L402 {macaroon}:{hex}\0").into()], "malformed_credential"),
        (vec![format!("L402 \x01{macaroon}:{hex}").into()], "malformed_credential"),
        (vec![b"L402 \xff\xfe\xc3\x28:00".into()], "malformed_credential"),
        (vec![b"\xff\xfe".into()], "malformed_credential"),
        (vec![format!("{macaroon}:{hex}").into()], "malformed_credential"),
        (vec![long.into()], "credential_too_long"),
        (vec![header.clone().into(), twin.into()], "ambiguous_credentials"),
        (vec![joined.into()], "ambiguous_credentials"),
        (vec![header.into(), b"L402 garbage".into()], "malformed_credential"),
    ];
    for (values, code) in table {
        let values: Vec<&[u8]> = values.iter().map(Vec::as_slice).collect();
        let reply = answer(shop.get("/report", &values).await);
        let shown: Vec<_> = values.iter().map(|value| String::from_utf8_lossy(value)).collect();
        assert_eq!(verdict(&reply), (401, code.to_owned()), "{shown:?}");
        assert!(!body(&reply)["error"].as_str().unwrap().is_empty());
    }
    assert_eq!(shop.invoices(), before);
}

#[tokio::test]
async fn credentials_of_other_schemes_are_no_credential() {
    let shop = Shop::open();
    for value in [&b""[..], b"Bearer abc", b"Basic YTpi", b"Payment x=\"L402 y\""] {
        let reply = answer(shop.get("/report", &[value]).await);
        assert_eq!(verdict(&reply), (402, "payment_required".to_owned()));
    }
    let token = shop.buy("/report").await;
    drop(admission(shop.get("/report", &[b"Bearer abc", token.header().as_bytes()]).await));
}

#[tokio::test]
async fn the_same_credential_twice_is_one() {
    let shop = Shop::open();
    let token = shop.buy("/report").await;
    let lsat = token.header().replace("L402", "LSAT");
    let joined = format!("{lsat}, {}", token.header());
    drop(admission(shop.get("/report", &[lsat.as_bytes(), token.header().as_bytes()]).await));
    drop(admission(shop.get("/report", &[joined.as_bytes()]).await));
}

#[tokio::test]
async fn head_and_options_get_no_invoice_and_no_way_in() {
    let shop = Shop::open();
    let token = shop.buy("/report").await;
    for method in ["HEAD", "OPTIONS"] {
        let reply = answer(shop.send(method, "/report", &[]).await);
        assert_eq!(verdict(&reply), (402, "payment_required".to_owned()));
        let reply = answer(shop.send(method, "/report", &[token.header().as_bytes()]).await);
        assert_eq!(verdict(&reply), (402, "wrong_method".to_owned()));
        assert_eq!(reply.header("www-authenticate"), None);
    }
    assert_eq!(shop.invoices(), 1);
}

#[tokio::test]
async fn a_path_that_fits_no_caveat_is_not_sold() {
    let shop = Shop::open();
    for too_long in [1100, 1020] {
        let reply = answer(shop.get(&format!("/{}", "a".repeat(too_long)), &[]).await);
        assert_eq!(verdict(&reply), (414, "path_too_long".to_owned()), "with `path=`, too");
    }
    assert_eq!(shop.invoices(), 0);
    let longest = format!("/{}", "a".repeat(1000));
    let token = shop.buy(&longest).await;
    drop(admission(shop.get(&longest, &[token.header().as_bytes()]).await));
}

#[tokio::test]
async fn a_method_that_fits_no_caveat_is_not_sold() {
    let shop = Shop::open();
    let reply = answer(shop.send(&"M".repeat(1100), "/report", &[]).await);
    assert_eq!(verdict(&reply), (501, "method_too_long".to_owned()));
    assert_eq!(shop.invoices(), 0);
}

#[tokio::test]
async fn a_path_that_reads_as_a_route_template_opens_only_itself() {
    let shop = Shop::open();
    let token = shop.buy("/items/{id}").await;
    let header = token.header();
    let headers: &[(&str, &[u8])] = &[("authorization", header.as_bytes())];
    let at = |path| RequestParts::new("GET", path, &headers).with_route(Some("/items/{id}"));
    let reply = answer(shop.gate.decide(&at("/items/7")).await);
    assert_eq!(verdict(&reply), (402, "wrong_path".to_owned()));
    admission(shop.gate.decide(&at("/items/{id}")).await).finish(200).await.unwrap();
}

#[test]
fn a_request_does_not_show_its_credential() {
    let headers: &[(&str, &[u8])] = &[("authorization", b"L402 secret:secret")];
    let shown = format!("{:?}", RequestParts::new("GET", "/report", &headers));
    assert_eq!(shown, r#"RequestParts { method: "GET", path: "/report", route: None, .. }"#);
}

#[tokio::test]
async fn settings_do_what_they_say() {
    let (minute, hour) = (Duration::from_secs(60), Duration::from_secs(3600));
    let shop = Shop::open_with(|gate| {
        let gate = gate.description("a report").invoice_expiry(minute).token_lifetime(2 * hour);
        gate.unknown_caveats(UnknownCaveats::Refuse).limits(Limits::default().with_header_bytes(1024))
    });
    let reply = answer(shop.get("/report", &[]).await);
    assert_eq!(body(&reply)["expires_at"], NOW.as_secs() + 60);
    assert_eq!(shop.node.invoices()[0].description, "a report");
    let token = shop.pay(&reply).await;

    let unknown = answer(shop.get("/report", &[token.attenuated("moon=full").as_bytes()]).await);
    assert_eq!(verdict(&unknown), (402, "unknown_caveat".to_owned()));
    let padded = format!("{}{}", token.header(), " ".repeat(1000));
    let long = answer(shop.get("/report", &[padded.as_bytes()]).await);
    assert_eq!(verdict(&long), (401, "credential_too_long".to_owned()));
    shop.clock.advance(minute + 2 * hour - Duration::from_secs(1));
    drop(admission(shop.get("/report", &[token.header().as_bytes()]).await));

    let elsewhere = Shop::open_with(|gate| gate.network(Network::Bitcoin));
    assert_eq!(verdict(&answer(elsewhere.get("/report", &[]).await)).0, 503);
}

#[test]
fn settings_that_make_no_sense_are_refused_when_built() {
    let node = l402_dev::DevNode::new().unwrap();
    let gate = || Gate::builder(node.provider());
    let zero = l402_core::Msat::ZERO;
    assert_eq!(gate().price(PRICE).build().unwrap_err(), BuildError::MissingRootKey);
    assert_eq!(gate().root_key(master_key()).build().unwrap_err(), BuildError::MissingPrice);
    assert_eq!(
        gate().root_key(master_key()).price(zero).build().unwrap_err(),
        BuildError::Quote(QuoteError::ZeroPrice)
    );
    let no_lease = gate().root_key(master_key()).price(PRICE).lease(Duration::ZERO);
    assert_eq!(no_lease.build().unwrap_err(), BuildError::ZeroDuration);
    let no_expiry = gate().root_key(master_key()).price(PRICE).invoice_expiry(Duration::ZERO);
    assert_eq!(no_expiry.build().unwrap_err(), BuildError::ZeroDuration);
    let deaf = gate().root_key(master_key()).price(PRICE).limits(Limits::default().with_caveats(4));
    assert_eq!(deaf.build().unwrap_err(), BuildError::LimitsTooTight);
}

fn tamper(macaroon: &str, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = base64_simd::STANDARD.decode_to_vec(macaroon).unwrap();
    change(&mut bytes);
    base64_simd::STANDARD.encode_to_string(bytes)
}

fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    bytes[at..at + to.len()].copy_from_slice(to);
}

#[tokio::test]
async fn a_macaroon_in_a_field_of_its_own_pays() {
    let shop = Shop::open();
    let token = shop.buy("/report").await;
    let paid = Macaroon::from_base64(&token.macaroon, &Limits::default()).unwrap();
    let paid = paid.attenuate(format!("preimage={}", token.preimage.expose_hex()).as_bytes()).unwrap();
    let hex = |macaroon: &Macaroon| -> String {
        macaroon.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let other = hex(&Macaroon::new(&RootKey::new(b"lnd").unwrap(), b"lnd's own", b"lnd").unwrap());
    let narrower = hex(&paid.clone().attenuate(b"note=other").unwrap());
    let (paid, forged) = (hex(&paid), hex(&paid).replace("757365733d31", "757365733d39"));
    let send = async |headers: &[(&str, &[u8])]| {
        shop.gate.decide(&RequestParts::new("GET", "/report", &headers)).await
    };
    for (headers, expected) in [
        (&[("macaroon", other.as_bytes())][..], (402, "payment_required")),
        (&[("macaroon", forged.as_bytes())][..], (401, "bad_signature")),
        (&[("macaroon", &b"zz"[..])][..], (401, "malformed_credential")),
        // Only where there is nothing that comes before.
        (&[("macaroon", paid.as_bytes()), ("authorization", b"Bearer x")][..], (402, "payment_required")),
        (
            &[("macaroon", paid.as_bytes()), ("grpc-metadata-macaroon", other.as_bytes())][..],
            (402, "payment_required"),
        ),
        // Two that differ, and none of them is picked.
        (
            &[("macaroon", paid.as_bytes()), ("macaroon", narrower.as_bytes())][..],
            (401, "ambiguous_credentials"),
        ),
        (
            &[("macaroon", paid.as_bytes()), ("macaroon", other.as_bytes())][..],
            (401, "ambiguous_credentials"),
        ),
        (&[("macaroon", paid.as_bytes()), ("macaroon", b"zz")][..], (401, "malformed_credential")),
    ] {
        let reply = answer(send(headers).await);
        assert_eq!((reply.status, reply.code()), expected);
    }
    drop(admission(send(&[("macaroon", paid.as_bytes()), ("macaroon", paid.as_bytes())]).await));
    drop(admission(send(&[("macaroon", paid.as_bytes())]).await));
    admission(send(&[("grpc-metadata-macaroon", paid.as_bytes())]).await).finish(200).await.unwrap();
    assert_eq!(answer(send(&[("macaroon", paid.as_bytes())]).await).code(), "token_used");
}
