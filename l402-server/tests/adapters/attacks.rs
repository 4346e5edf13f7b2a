//! The attacks that a server has to stand, one test each, through real sockets on both frameworks. The numbers are
//! those of the list in `l402_core::manual::threats`; those that are missing there are attacks on clients.
//!
//! | attack | test |
//! |---|---|
//! | A1 forged tokens | [`a01_forged_tokens`] |
//! | A2 replay, in other spellings | [`a02_replay_in_other_spellings`] |
//! | A3 many uses at once | [`a03_many_uses_at_once`](crate::instances) |
//! | A4 replay after the use was forgotten | [`a04_replay_after_a_long_time`] |
//! | A5 a token for something else | [`a05_tokens_for_something_else`] |
//! | A6 caveats that confuse | [`a06_caveats_that_confuse`] |
//! | A7 paths that confuse | [`a07_paths_that_confuse`] |
//! | A8 stolen keys and tokens | [`a08_rotation_and_revocation`] |
//! | A9 weak keys | [`a09_weak_keys`] |
//! | A10 bytes that cost | [`a10_parser_bombs`] |
//! | A11 answers that tell too much | [`a11_one_answer_for_every_wrong_byte`] |
//! | A12 floods | [`a12_a_flood_costs_no_more_invoices_than_configured`](crate::flood) |
//! | A13 borrowed addresses | [`a13_borrowed_addresses`] |
//! | A14 prices of nothing | [`a14_prices_of_nothing`] |
//! | A15 a provider that lies | [`a15_a_provider_that_lies`] |
//! | A21 secrets in logs | every test: [`secrecy`](crate::secrecy) searches all that is logged, and ends the program |
//! | A22 caches | [`a22_caches`] |
//! | A23 clocks that differ | [`a23_clocks_that_differ`] |
//! | A24 a store that is down | [`a24_without_redis`](crate::instances) and the table of [`crate::faults`] |
//! | A25 a provider that is down | [`a25_a_provider_that_is_down`] |
//! | A26 ambiguous headers | [`a26_ambiguous_headers`] |
//! | A30 scripts in the page | [`a30_scripts_in_the_page`] |
//! | A32 files that others read | [`a32_files_that_others_read`] |

use std::time::Duration;

use base64_simd::STANDARD;
use l402_core::{ManualClock, Msat};
use l402_server::keys::{KeyError, parse_master_key};
use l402_server::{BuildError, Gate, Quote, QuoteError};

use crate::ask::get;
use crate::backend::{Backend, Kind};
use crate::lab::{Lab, NOW};
use crate::shop::Shop;
use crate::site::{Framework, Work};
use crate::table;
use crate::token::Token;
use crate::wire::PATIENCE;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a01_forged_tokens() {
    table::run_all("forged:").await;
    table::run_all("not paid:").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a02_replay_in_other_spellings() {
    table::run_all("replay:").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a04_replay_after_a_long_time() {
    table::run_all("replay: a use is remembered as long as the token lives").await;
    for kind in [Kind::Sqlite, Kind::Redis] {
        let backend = Backend::start(kind);
        let lab = Lab::over(backend.store(PATIENCE).await);
        let shop = Shop::open(Framework::Axum, &lab);
        let token = shop.buy(&get("/report")).await;
        assert_eq!(shop.verdict(&get("/report"), &token).await.0, 200);
        for minutes in [1, 30, 38] {
            lab.clock.advance(Duration::from_secs(minutes * 60));
            let replay = shop.verdict(&get("/report"), &token).await.1;
            assert_eq!(replay.as_deref(), Some("token_used"), "{kind:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a05_tokens_for_something_else() {
    for rows in ["unfit:", "scope:", "price table:", "price function: bound"] {
        table::run_all(rows).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a06_caveats_that_confuse() {
    table::run_all("caveat:").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a07_paths_that_confuse() {
    table::run_all("path:").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a08_rotation_and_revocation() {
    table::run_all("rotated:").await;
    table::run_all("revoked:").await;
}

#[test]
fn a09_weak_keys() {
    for weak in ["00".repeat(32), "61".repeat(32), "0123456789abcdef".repeat(4)] {
        assert_eq!(parse_master_key(&weak).unwrap_err(), KeyError::Weak, "{weak}");
    }
    for short in ["", "hunter2", "9a4b1f07c3e8d255", &"9a".repeat(31)] {
        assert_eq!(parse_master_key(short).unwrap_err(), KeyError::NotASecret, "{short}");
    }
    let gate = Gate::builder(Lab::new().provider).price(Msat::from_sat(1)).build();
    assert_eq!(gate.unwrap_err(), BuildError::MissingRootKey, "none is made up without being asked for");
}

/// 8 KiB is what a credential may have; what is more is not looked at, what is less must be cheap.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a10_parser_bombs() {
    let fill = |unit: &str, bytes: usize| unit.repeat(bytes / unit.len());
    let macaroon = |bytes: &[u8]| format!("L402 {}:{}", STANDARD.encode_to_string(bytes), "ab".repeat(32));
    let bombs = [
        macaroon(fill("0005a", 5_500).as_bytes()), // packets of V1, a thousand
        macaroon(&[&b"\x02\x01\x00\x02"[..], &[0xff; 5_500]].concat()), // V2 with lengths that never end
        macaroon(&[&b"\x02\x02\x42"[..], &[0; 66], &[0; 5_000]].concat()), // V2 of empty sections
        macaroon(fill("[", 5_500).as_bytes()),     // JSON, deep
        macaroon(format!("{{\"v\":2,\"c\":[{}]}}", fill("{},", 5_000).trim_end_matches(',')).as_bytes()),
        format!("L402 {}", fill("AgEE,", 8_000)),
        fill("L402 ", 8_000),
        fill("L402 a:b, ", 8_000),
        format!("L402 {}", fill("macaroon=\"\\\"\", ", 8_000)),
        format!("L402 \"{}", fill("\\\"", 8_000)),
        format!("L402 {}", fill(":", 8_000)),
        fill("Bearer a, ", 8_000) + "L402 x",
    ];
    for framework in Framework::BOTH {
        let shop = Shop::open(framework, &Lab::new());
        let token = shop.buy(&get("/report")).await;
        for bomb in &bombs {
            let answer = shop.ask(&get("/report").authorization(bomb.as_str()), None).await.unwrap();
            assert_eq!(answer.status, 401, "{framework:?}: {} for {}", answer.text(), &bomb[..40]);
        }
        let many = (0..60).fold(get("/report"), |ask, _| ask.header("authorization", "L402 x"));
        assert_eq!(shop.ask(&many, None).await.unwrap().status, 401);
        assert_eq!(shop.lab.invoices(), 1, "no bomb costs an invoice");
        assert_eq!(shop.verdict(&get("/report"), &token).await.0, 200, "the server lives");
    }
}

/// The first wrong byte and the last get the same answer. That they take the same time is for the core.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a11_one_answer_for_every_wrong_byte() {
    for framework in Framework::BOTH {
        let shop = Shop::open(framework, &Lab::new());
        let token = shop.buy(&get("/report")).await;
        let bytes = token.bytes();
        let flipped = |at: usize| {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            Token { macaroon: STANDARD.encode_to_string(bytes), ..token.clone() }
        };
        let with_preimage = |at: usize| {
            let mut digits = token.preimage.clone().into_bytes();
            digits[at] = if digits[at] == b'0' { b'1' } else { b'0' };
            token.with_preimage(String::from_utf8(digits).unwrap())
        };
        // A signature is the last 32 bytes.
        let signatures = [bytes.len() - 32, bytes.len() - 16, bytes.len() - 1].map(flipped);
        let preimages = [0, 31, 63].map(with_preimage);
        for (wrong, code) in [(signatures, "bad_signature"), (preimages, "wrong_preimage")] {
            for token in &wrong {
                let mut answer = shop.ask(&get("/report"), Some(token)).await.unwrap();
                answer.headers.retain(|(name, _)| name != "date");
                let mut first = shop.ask(&get("/report"), Some(&wrong[0])).await.unwrap();
                first.headers.retain(|(name, _)| name != "date");
                assert_eq!((answer.status, answer.field("code").as_deref()), (401, Some(code)));
                assert_eq!(answer, first);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a13_borrowed_addresses() {
    table::run_all("offers: a forwarded address").await;
    table::run_all("offers: a trusted proxy").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a14_prices_of_nothing() {
    let gate = Lab::new().builder().price(Msat::ZERO).build();
    assert_eq!(gate.unwrap_err(), BuildError::Quote(QuoteError::ZeroPrice));
    let gate = Lab::new().builder().price(Quote::new(Msat::from_sat(1)).uses(0)).build();
    assert_eq!(gate.unwrap_err(), BuildError::Quote(QuoteError::ZeroUses));
    table::run_all("price function: not for sale").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a15_a_provider_that_lies() {
    table::run_all("provider: lies").await;
    table::run_all("provider: sends what is no invoice").await;
    table::run_all("provider: its invoices are for another network").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a22_caches() {
    table::run_all("caches:").await;
}

/// Two instances whose clocks are ten minutes apart share a store. Nobody is served twice, and nobody loses.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a23_clocks_that_differ() {
    for framework in Framework::BOTH {
        let behind = Lab::new();
        let ahead = ManualClock::at(NOW.saturating_add(Duration::from_secs(600)));
        let lab = Lab { clock: ahead, ..behind.clone() };
        let [slow, fast] = [Shop::open(framework, &behind), Shop::open(framework, &lab)];

        let (one, other) = (slow.buy(&get("/work")).await, slow.buy(&get("/work")).await);
        assert_eq!(fast.verdict(&get("/work"), &one).await.0, 200);
        assert_eq!(slow.verdict(&get("/work"), &one).await.1.unwrap(), "token_used");

        // To the clock that is ahead, a lease of the other has ended before it began.
        slow.scene.set_work(Work::Wait);
        let mut waiting = slow.begin(&get("/work"), Some(&other)).await;
        slow.scene.entered().await;
        assert_eq!(fast.verdict(&get("/work"), &other).await.0, 200);
        slow.scene.go();
        let late = waiting.answer("GET").await.unwrap();
        assert_eq!((late.status, late.field("code").unwrap()), (503, "lease_lost".to_owned()));
        slow.scene.set_work(Work::Deliver);
        assert_eq!(slow.verdict(&get("/work"), &other).await.1.unwrap(), "token_used");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a25_a_provider_that_is_down() {
    table::run_all("provider: down").await;
    table::run_all("provider: says when").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a26_ambiguous_headers() {
    table::run_all("credential: two different ones").await;
    table::run_all("credential: twins").await;
    table::run_all("credential: next to").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a30_scripts_in_the_page() {
    let payload = "\"'></script><script>alert(1)</script><img src=x onerror=alert(1)>";
    for framework in Framework::BOTH {
        let shop = Shop::open_with(framework, &Lab::new(), |gate| gate.description(payload));
        let page = get("/report?q='-alert(2)-'").header("accept", "text/html");
        let page = shop.ask(&page, None).await.unwrap();
        assert_eq!(page.status, 402);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        for raw in ["<script>alert", "<img src=x", "'></script>", "'-alert(2)"] {
            assert!(!page.text().contains(raw), "{framework:?}: {raw}");
        }
        let policy = page.header("content-security-policy").unwrap();
        for rule in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(rule), "{policy}");
        }
        assert!(!policy.contains("unsafe-inline"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a32_files_that_others_read() {
    use std::os::unix::fs::PermissionsExt;
    let backend = Backend::start(Kind::Sqlite);
    let shop = Shop::open(Framework::Axum, &Lab::over(backend.store(PATIENCE).await));
    let token = shop.buy(&get("/report")).await;
    assert_eq!(shop.verdict(&get("/report"), &token).await.0, 200);
    let files = std::fs::read_dir(std::path::Path::new(&backend.address()).parent().unwrap()).unwrap();
    let mut number = 0;
    for file in files.map(Result::unwrap) {
        number += 1;
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        let bytes = std::fs::read(file.path()).unwrap();
        for secret in [token.preimage.as_bytes(), token.macaroon.as_bytes(), &token.bytes()[..80]] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{file:?}");
        }
    }
    assert!(number > 0);
}
