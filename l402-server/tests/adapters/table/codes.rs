//! Every reason to refuse a credential.

use std::time::Duration;

use base64_simd::STANDARD;
use l402_core::{Identifier, Limits, Macaroon, Preimage, RootKey, UnknownCaveats};
use l402_server::{Quote, SettlementCheck};

use crate::ask::{get, post};
use crate::lab::{NOW, PRICE, ProviderFault, StoreFault};
use crate::row;
use crate::row::{Row, Step, after, buy, change, change_for, offered};
use crate::secrecy::other_master_key;
use crate::token::Token;

/// Every code that an answer can have. Left out are `internal`, when the system has no random bytes, and the codes
/// of discharges, which need a feature of `l402-core` that the gate does not turn on.
pub(super) const ALL: [&str; 35] = [
    "payment_required",
    "malformed_credential",
    "credential_too_long",
    "ambiguous_credentials",
    "unknown_root_key",
    "bad_signature",
    "wrong_preimage",
    "missing_preimage",
    "token_expired",
    "wrong_path",
    "wrong_method",
    "malformed_caveat",
    "widened_caveat",
    "caveat_not_met",
    "unknown_caveat",
    "token_revoked",
    "token_used",
    "token_in_use",
    "payment_pending",
    "invoice_expired",
    "settlement_unknown",
    "not_for_sale",
    "too_many_requests",
    "too_many_unpaid",
    "path_too_long",
    "method_too_long",
    "provider_unavailable",
    "price_unavailable",
    "store_unavailable",
    "store_full",
    "lease_lost",
    "idempotency_key_in_use",
    "idempotency_key_mismatch",
    "malformed_idempotency_key",
    "body_too_large",
];

fn one(token: &Token) -> Vec<String> {
    vec![token.header()]
}

/// A token that somebody without the key can make: its preimage fits, its signature does not.
fn forged(token: &Token) -> Token {
    let preimage = Preimage::from_bytes([0x42; 32]);
    let real = Macaroon::from_base64(&token.macaroon, &Limits::default()).unwrap();
    let real = real.as_macaroon_ref();
    let token_id = Identifier::decode(real.identifier()).unwrap().token_id;
    let identifier = Identifier { payment_hash: preimage.payment_hash(), token_id };
    let key = RootKey::new(b"a key of one's own").unwrap();
    let mut forged = Macaroon::new(&key, &identifier.to_bytes(), real.location()).unwrap();
    for caveat in real.caveats() {
        forged = forged.attenuate(caveat.id()).unwrap();
    }
    Token::new(&forged.to_base64(), &preimage)
}

/// The same token, for so many seconds from the start.
fn until(token: &Token, seconds: u64) -> Token {
    token.with_caveat(&format!("expires_at={}", NOW.as_secs() + seconds))
}

/// A token whose key id names a key that the server has never had.
fn of_another_server(token: &Token) -> Token {
    let mut bytes = token.bytes();
    let real = Macaroon::from_base64(&token.macaroon, &Limits::default()).unwrap();
    let identifier = real.as_macaroon_ref().identifier().to_owned();
    let at = bytes.windows(identifier.len()).position(|window| window == identifier).unwrap();
    // The key id is sealed in the last half of the identifier.
    bytes[at + identifier.len() - 32..at + identifier.len()].fill(0x5a);
    Token { macaroon: STANDARD.encode_to_string(bytes), ..token.clone() }
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        row!(
            "forged: signed with a key of one's own",
            buy(get("/report")),
            get("/report").written(|token| one(&forged(token))).refused(401, "bad_signature").invoices(1),
            get("/report").token().gives(200, "the report"),
        ),
        row!(
            "forged: one use made nine",
            buy(get("/report")),
            get("/report")
                .written(|token| one(&token.tampered(b"uses=1", b"uses=9")))
                .refused(401, "bad_signature")
                .without("retry-after")
                .invoices(1),
        ),
        row!(
            "forged: another path written into the token",
            buy(get("/items/1")),
            get("/items/2")
                .written(|token| one(&token.tampered(b"/items/1", b"/items/2")))
                .refused(401, "bad_signature"),
        ),
        row!(
            "forged: of another server",
            buy(get("/report")),
            get("/report")
                .written(|token| one(&of_another_server(token)))
                .refused(401, "unknown_root_key")
                .invoices(1),
        ),
        row!(
            "not paid: a preimage of another payment",
            buy(get("/report")),
            buy(get("/report")),
            get("/report")
                .written(|token| one(&token.with_preimage("ab".repeat(32))))
                .refused(401, "wrong_preimage")
                .invoices(2),
        ),
        row!(
            "not paid: the macaroon alone",
            buy(get("/report")),
            get("/report")
                .written(|token| vec![format!("L402 {}", token.macaroon)])
                .refused(401, "missing_preimage")
                .with("cache-control", "no-store")
                .invoices(1),
        ),
        row!(
            "expired: the token",
            buy(get("/report")),
            after(10 * 60 + 60 * 60 - 1),
            get("/report").token().gives(200, "the report"),
            buy(get("/report")),
            after(10 * 60 + 60 * 60 + 1),
            get("/report").token().refused(402, "token_expired").invoices(3),
        ),
        row!(
            "unfit: another path, and the token stays good",
            buy(get("/items/1")),
            get("/items/2").token().refused(402, "wrong_path").invoices(2),
            get("/items/1").token().gives(200, "item 1"),
        ),
        row!(
            "unfit: another method",
            buy(get("/report")),
            post("/report", "").token().refused(402, "wrong_method").invoices(2),
            get("/report").token().gives(200, "the report"),
        ),
        row!(
            "unfit: a token that was let in a moment ago, at another path and with another method",
            buy(get("/items/1")),
            get("/items/1").token().gives(200, "item 1"),
            get("/items/1").token().gives(200, "item 1"),
            get("/items/2").token().refused(402, "wrong_path"),
            get("/api/items/1").token().refused(402, "wrong_path"),
            post("/items/1", "").token().refused(402, "wrong_method"),
            get("/items/1").token().gives(200, "item 1"),
        )
        .gate(|gate| gate.price(Quote::new(PRICE).unlimited())),
        row!(
            "caveat: a use count that is none",
            buy(get("/report")),
            get("/report")
                .written(|token| one(&token.with_caveat("uses=many")))
                .refused(402, "malformed_caveat"),
        ),
        row!(
            "caveat: more uses than before",
            buy(get("/report")),
            get("/report").written(|token| one(&token.with_caveat("uses=2"))).refused(402, "widened_caveat"),
            get("/report").token().gives(200, "the report"),
        ),
        row!(
            "caveat: another path than before",
            buy(get("/items/1")),
            get("/items/2")
                .written(|token| one(&token.with_caveat("path=/items/2")))
                .refused(402, "wrong_path"),
        ),
        row!(
            "caveat: a holder's own earlier expiry holds",
            buy(get("/report")),
            after(61),
            get("/report").written(|token| one(&until(token, 60))).refused(402, "token_expired").invoices(2),
            get("/report").token().gives(200, "the report"),
        ),
        row!(
            "caveat: a service that this route is not",
            buy(get("/report")),
            get("/report")
                .written(|token| one(&token.with_caveat("services=other:0")))
                .refused(402, "caveat_not_met"),
        ),
        row!(
            "caveat: unknown ones are skipped",
            buy(get("/report")),
            get("/report").written(|token| one(&token.with_caveat("colour=red"))).gives(200, "the report"),
        ),
        row!(
            "caveat: unknown ones are refused where that is wanted",
            buy(get("/report")),
            get("/report")
                .written(|token| one(&token.with_caveat("colour=red")))
                .refused(402, "unknown_caveat"),
            get("/report").token().gives(200, "the report"),
        )
        .gate(|gate| gate.unknown_caveats(UnknownCaveats::Refuse)),
        row!(
            "revoked: and restored",
            buy(get("/report")),
            change_for(|lab, tokens| lab.revoked.revoke(tokens[0].hash.parse().unwrap())),
            get("/report").token().refused(402, "token_revoked").invoices(2),
            change_for(|lab, tokens| lab.revoked.restore(&tokens[0].hash.parse().unwrap())),
            get("/report").token().gives(200, "the report"),
        ),
        row!(
            "revoked: a token that was let in a moment ago",
            buy(get("/report")),
            get("/report").token().gives(200, "the report"),
            get("/report").token().gives(200, "the report"),
            change_for(|lab, tokens| lab.revoked.revoke(tokens[0].hash.parse().unwrap())),
            get("/report").token().refused(402, "token_revoked"),
            change_for(|lab, tokens| lab.revoked.restore(&tokens[0].hash.parse().unwrap())),
            get("/report").token().gives(200, "the report"),
            change(|lab| lab.keys.rotate(other_master_key(), NOW).unwrap()),
            get("/report").token().refused(402, "token_revoked"),
        )
        .gate(|gate| gate.price(Quote::new(PRICE).uses(9))),
        row!(
            "caveat: one's own expiry ends a token that was let in a moment ago",
            buy(get("/report")),
            get("/report").written(|token| one(&until(token, 60))).gives(200, "the report"),
            get("/report").written(|token| one(&until(token, 60))).gives(200, "the report"),
            after(61),
            get("/report").written(|token| one(&until(token, 60))).refused(402, "token_expired"),
            get("/report").token().gives(200, "the report"),
            get("/report").written(|token| one(&token.with_caveat("uses=1"))).refused(402, "token_used"),
        )
        .gate(|gate| gate.price(Quote::new(PRICE).uses(9))),
        row!(
            "settlement: an unpaid token is none, though its twin with a preimage was let in",
            buy(get("/report")),
            get("/report").token().gives(200, "the report"),
            get("/report")
                .written(|token| vec![format!("L402 {}", token.macaroon)])
                .refused(401, "missing_preimage"),
            get("/report")
                .written(|token| one(&token.with_preimage("ab".repeat(32))))
                .refused(401, "wrong_preimage"),
        )
        .gate(|gate| gate.price(Quote::new(PRICE).uses(9))),
        row!(
            "rotated: tokens of the key before work until the cut-off",
            buy(get("/report")),
            buy(get("/report")),
            change(|lab| {
                let cut_off = NOW.saturating_add(Duration::from_secs(600));
                lab.keys.rotate(other_master_key(), cut_off).unwrap();
            }),
            get("/report").token_no(0).gives(200, "the report"),
            buy(get("/report")),
            get("/report").token().gives(200, "the report"),
            after(601),
            get("/report").token_no(1).refused(402, "token_revoked"),
        ),
        row!(
            "replay: a use is remembered as long as the token lives",
            buy(get("/report")),
            get("/report").token().gives(200, "the report"),
            after(24 * 3600),
            get("/report").token().refused(402, "token_used"),
            after(599),
            get("/report").token().refused(402, "token_used"),
            after(2),
            get("/report").token().refused(402, "token_expired"),
        )
        .gate(|gate| gate.price(Quote::new(PRICE).valid_for(Duration::from_secs(24 * 3600)))),
        row!(
            "used: busy while it is being used, then used up",
            buy(get("/stream/late")),
            Step::Start(get("/stream/late").token()),
            Step::Entered,
            get("/stream/late").token().refused(409, "token_in_use").with("retry-after", "1").invoices(1),
            Step::Finish(get("/stream/late").gives(200, "late")),
            get("/stream/late").token().refused(402, "token_used").invoices(2),
        ),
        row!(
            "settlement: without a preimage, once the node says it is paid",
            buy(get("/report")),
            get("/report").written(|token| vec![format!("L402 {}", token.macaroon)]).gives(200, "the report"),
            get("/report").token().refused(402, "token_used"),
        )
        .gate(|gate| gate.settlement(SettlementCheck::WithoutPreimage)),
        row!(
            "settlement: the invoice is not paid",
            offered(get("/report")),
            get("/report")
                .written(|token| vec![format!("L402 {}", token.macaroon)])
                .refused(402, "payment_pending")
                .with("retry-after", "2")
                .without("www-authenticate")
                .invoices(1),
            after(601),
            get("/report")
                .written(|token| vec![format!("L402 {}", token.macaroon)])
                .refused(402, "invoice_expired")
                .invoices(2),
        )
        .gate(|gate| gate.settlement(SettlementCheck::WithoutPreimage)),
        row!(
            "settlement: the node cannot say",
            buy(get("/report")),
            change(|lab| lab.provider.breaks(ProviderFault::Down)),
            get("/report").token().refused(503, "settlement_unknown").with("retry-after", "5"),
            change(|lab| lab.provider.breaks(None)),
            get("/report").token().gives(200, "the report"),
        )
        .gate(|gate| gate.settlement(SettlementCheck::Always)),
        row!(
            "store: down, and nobody gets in; the token stays good",
            buy(get("/report")),
            change(|lab| lab.store.breaks(StoreFault::Down)),
            get("/report").token().refused(503, "store_unavailable").with("retry-after", "5").invoices(1),
            get("/report").refused(402, "payment_required"),
            change(|lab| lab.store.breaks(None)),
            get("/report").token().gives(200, "the report"),
        ),
        row!(
            "store: full",
            buy(get("/report")),
            change(|lab| lab.store.breaks(StoreFault::Full)),
            get("/report").token().refused(503, "store_full"),
            change(|lab| lab.store.breaks(None)),
            get("/report").token().gives(200, "the report"),
        ),
        row!(
            "store: what cannot be charged is withheld",
            buy(get("/report")),
            change(|lab| lab.store.breaks(StoreFault::CommitFails)),
            get("/report").token().refused(503, "store_unavailable").without("l402-payment-hash"),
            change(|lab| lab.store.breaks(None)),
            get("/report").token().refused(409, "token_in_use"),
            after(121),
            get("/report").token().gives(200, "the report"),
        ),
        row!(
            "store: an answer after its lease is withheld",
            buy(get("/report")),
            change(|lab| lab.store.breaks(StoreFault::LeaseLost)),
            get("/report").token().refused(503, "lease_lost"),
        ),
        row!(
            "store: an unlimited token does not need it",
            buy(get("/report")),
            change(|lab| lab.store.breaks(StoreFault::Down)),
            get("/report").token().gives(200, "the report"),
            get("/report").token().gives(200, "the report"),
        )
        .gate(|gate| gate.price(Quote::new(PRICE).unlimited())),
    ]
}
