//! Whatever comes in, what goes out is header fields.

use l402_server::{Cors, Profile, Reply};
use proptest::prelude::*;

use crate::common::{Shop, admission, answer};
use crate::send;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Control bytes, and bytes beyond ASCII, would let a client write fields of its own into an answer.
    #[test]
    fn no_input_makes_a_field_that_cannot_be_sent(
        accept in nasty(), origin in nasty(), asked_method in nasty(), asked_fields in nasty(), credential in nasty(),
        method in prop::sample::select(vec!["GET", "POST", "OPTIONS", "HEAD"]),
        path in "/[ -~]{0,40}", description in ".{0,80}", profile in 0..3_usize, any_origin: bool,
    ) {
        let profile = [Profile::DEFAULT, Profile::L402KIT, Profile::APERTURE][profile];
        let cors = if any_origin { Cors::any_origin() } else { Cors::origins(["https://app.example"]) };
        let shop = Shop::open_with(|gate| gate.profile(profile).cors(cors).description(description));
        let fields: &[(&str, &[u8])] = &[
            ("accept", &accept),
            ("origin", &origin),
            ("access-control-request-method", &asked_method),
            ("access-control-request-headers", &asked_fields),
            ("authorization", &credential),
        ];
        let reply = answer(block_on(send(&shop, method, &path, fields)));
        check(&reply)?;
    }

    #[test]
    fn no_handler_makes_the_gate_send_one_either(
        vary in prop::collection::vec(nasty(), 0..3), expose in prop::collection::vec(nasty(), 0..3), origin in nasty(),
        cache in prop::collection::vec(nasty(), 0..3),
    ) {
        let shop = Shop::open_with(|gate| gate.cors(Cors::origins(["https://app.example"])));
        let header = block_on(shop.buy("/report")).header();
        let request: &[(&str, &[u8])] = &[("origin", &origin), ("authorization", header.as_bytes())];
        let admitted = admission(block_on(send(&shop, "GET", "/report", request)));
        let fields = vary.iter().map(|value| ("vary", value.as_slice()));
        let fields = fields.chain(expose.iter().map(|value| ("access-control-expose-headers", value.as_slice())));
        let fields = fields.chain(cache.iter().map(|value| ("cache-control", value.as_slice())));
        let fields: Vec<(&str, &[u8])> = fields.collect();
        let mut edits = Vec::new();
        admitted.header_edits(200, &fields.as_slice()).for_each(|name, value| edits.push((name, value)));
        for (name, value) in edits {
            prop_assert!(is_sendable(&value), "{name}: {value:?}");
        }
    }
}

/// Bytes at random, and what might be taken for a field.
fn nasty() -> impl Strategy<Value = Vec<u8>> {
    let fields = vec![
        "text/html",
        "text/html\r\nset-cookie: a=b",
        "https://app.example",
        "https://app.example\nx: y",
        "null",
        "L402 garbage\r\n",
        "authorization, x-own",
        "*",
        "GET",
    ];
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..64),
        prop::sample::select(fields).prop_map(|field| field.as_bytes().to_vec()),
    ]
}

fn check(reply: &Reply) -> Result<(), TestCaseError> {
    for (name, value) in &reply.headers {
        prop_assert!(
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        );
        prop_assert!(is_sendable(value), "{name}: {value:?}");
    }
    Ok(())
}

fn is_sendable(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
