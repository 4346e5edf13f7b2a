//! What looks for secrets in the logs of all tests finds them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail")]

mod watch;

use std::process::{Command, Output};
use std::{env, panic, thread};

use l402_core::{
    Identifier, MasterKey, MintRequest, Msat, Preimage, RequestContext, TokenId, UnixTime, mint,
};
use watch::{SECRET, Watch, spellings};

const PREIMAGE: Preimage = Preimage::from_bytes(*b"a preimage,\nas random as can be\xff");

fn macaroon() -> String {
    let master = MasterKey::from_bytes(SECRET);
    let token_id = TokenId::sealing(master.id(), [3; 32]);
    let identifier = Identifier { payment_hash: PREIMAGE.payment_hash(), token_id };
    let request = RequestContext::new("GET", "/report", UnixTime::from_secs(0));
    let terms = MintRequest::new(identifier, &request, Msat::from_sat(1));
    mint(&terms, &master.root_key(&token_id)).unwrap().to_base64()
}

/// What would be printed of it.
fn lines_of(secret: &[u8]) -> Vec<String> {
    let debug = [format!("Key({secret:?})"), format!("{secret:#?}")];
    let encoded = spellings(secret).into_iter().map(|text| format!("TRACE a: value=x{text}== {{}}\n"));
    debug.into_iter().chain(encoded).collect()
}

#[test]
fn a_secret_is_found_however_it_is_written_and_whatever_comes_first() {
    let preimage = PREIMAGE;
    let secret = preimage.expose();
    for line in lines_of(secret) {
        let mut watch = Watch::default();
        let found = spellings(secret).iter().filter_map(|text| watch.add(text)).count();
        assert_eq!((found, watch.log("DEBUG nothing to see here\n")), (0, None));
        assert!(watch.log(&line).is_some(), "{line}");

        let mut watch = Watch::default();
        assert_eq!(watch.log(&line), None);
        assert!(spellings(secret).iter().any(|text| watch.add(text).is_some()), "{line}");
    }
}

#[test]
fn what_is_no_secret_is_not_taken_for_one() {
    let mut watch = Watch::default();
    assert_eq!(watch.log(&format!("DEBUG payment_hash={}\n", PREIMAGE.payment_hash())), None);
    for text in spellings(PREIMAGE.expose()) {
        assert_eq!(watch.add(&text), None);
        assert_eq!(watch.add(&text), None, "known already");
        let (start, end) = text.split_at(text.len() / 2);
        assert_eq!(watch.log(&format!("{start} - {end}")), None);
    }
    assert_eq!(watch.log(&format!("DEBUG payment_hash={} again\n", PREIMAGE.payment_hash())), None);
}

#[test]
fn a_log_that_is_too_long_to_be_kept_is_no_log_without_secrets() {
    assert!(Watch::default().log(&"-".repeat(33 << 20)).is_some());
}

fn run(leak: &str) -> Output {
    let arguments = ["--ignored", "--exact", leak];
    Command::new(env::current_exe().unwrap()).args(arguments).output().unwrap()
}

#[test]
fn a_leak_ends_the_whole_program() {
    for leak in [
        "a_key_that_is_known_is_logged",
        "a_preimage_is_known_after_it_was_logged",
        "a_root_key_is_logged_where_panics_are_caught",
        "a_macaroon_is_logged_by_a_thread_of_its_own",
    ] {
        let output = run(leak);
        let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(101), "{leak}: {out}{error}");
        assert!(error.contains("the log holds the secret"), "{leak}: {error}");
        assert!(out.contains("running 1 test") && !out.contains("test result"), "{leak}: {out}");
    }
}

#[test]
fn what_tells_nothing_ends_nothing() {
    let output = run("nothing_is_told");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

#[test]
#[ignore = "another test starts this one, which ends the program"]
fn a_key_that_is_known_is_logged() {
    drop(watch::master_key());
    tracing::trace!(key = ?SECRET, "l402: a root key was made");
}

#[test]
#[ignore = "another test starts this one, which ends the program"]
fn a_preimage_is_known_after_it_was_logged() {
    drop(watch::master_key());
    let span = tracing::trace_span!("paid", preimage = PREIMAGE.expose_hex());
    thread::spawn(move || span.in_scope(|| tracing::trace!("let in"))).join().unwrap();
    watch::preimage(&PREIMAGE);
}

#[test]
#[ignore = "another test starts this one, which ends the program"]
fn a_root_key_is_logged_where_panics_are_caught() {
    use hmac::{KeyInit as _, Mac as _};
    watch::macaroon(&macaroon());
    let master = hmac::Hmac::<sha2::Sha256>::new_from_slice(&SECRET).unwrap();
    let token_id = TokenId::sealing(MasterKey::from_bytes(SECRET).id(), [3; 32]);
    let root_key = master.chain_update(token_id.as_bytes()).finalize().into_bytes();
    drop(panic::catch_unwind(|| tracing::error!("{root_key:x?}")));
}

#[test]
#[ignore = "another test starts this one, which ends the program"]
fn a_macaroon_is_logged_by_a_thread_of_its_own() {
    let token = macaroon();
    watch::credential(&format!("L402 {token}:{}", PREIMAGE.expose_hex()));
    drop(thread::spawn(move || tracing::debug!(token, "l402: malformed")).join());
}

#[test]
#[ignore = "another test starts this one"]
fn nothing_is_told() {
    let token = macaroon();
    drop(watch::master_key());
    tracing::trace!(bytes = token.len(), payment_hash = %PREIMAGE.payment_hash(), "l402: paid");
    watch::macaroon(&token);
    watch::preimage(&PREIMAGE);
    assert!(watch::has_seen("l402: paid") && watch::count() > 30, "{}", watch::count());
}
