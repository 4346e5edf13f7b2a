//! Redis as it is in real life: gone, back, silent, badly set up.

use std::cell::RefCell;
use std::fmt::Debug;
use std::future::{Future, poll_fn};
use std::io::Write;
use std::pin::Pin;
use std::sync::Once;
use std::task::Poll;
use std::time::{Duration, Instant};

use l402_core::ports::{Claim, Claimed, LeaseId, ReplayStore, StoreError};
use l402_server::stores::{RedisConnectError, RedisReplayStore};

use crate::claims::{PATIENCE, claim};
use crate::proxy::Proxy;
use crate::redis_server::{Port, RedisServer};

async fn connect(server: &RedisServer) -> RedisReplayStore {
    connect_to(&server.url()).await.unwrap()
}

async fn connect_to(url: &str) -> Result<RedisReplayStore, RedisConnectError> {
    RedisReplayStore::options().connect_timeout(PATIENCE).response_timeout(PATIENCE).connect(url).await
}

/// What a store that cannot answer says, and never anything else.
fn is_unavailable<T: Debug>(answer: Result<T, StoreError>) {
    let error = answer.unwrap_err();
    assert!(!error.is_full(), "{error:?}");
    assert_eq!(error.to_string(), "the redis store is not available");
}

/// Tries until there is an answer.
async fn sooner_or_later<T, E: Debug>(mut attempt: impl AsyncFnMut() -> Result<T, E>) -> T {
    let start = Instant::now();
    loop {
        match attempt().await {
            Ok(answer) => return answer,
            Err(error) => assert!(start.elapsed() < PATIENCE, "{error:?}"),
        }
        tokio::task::yield_now().await;
    }
}

/// Claims until there is an answer: the first requests after an outage may still see it.
async fn claim_when_back(store: &RedisReplayStore, token: u8) -> Claimed {
    let mut leases = 100..;
    sooner_or_later(async || store.claim(claim(token, leases.next().unwrap(), 1, 0)).await).await
}

/// Claims until the use of a commit that nobody heard of is back: the store undoes it in the background.
async fn claim_once_undone(store: &RedisReplayStore, token: u8, uses: u32) -> Claimed {
    let again = claim(token, 99, uses, 0);
    sooner_or_later(async || match store.claim(again).await {
        Ok(Claimed::Busy | Claimed::Exhausted) => Err("it is not undone"),
        Ok(answer) => Ok(answer),
        Err(_) => Err("there is no answer"),
    })
    .await
}

#[tokio::test]
async fn a_killed_server_refuses_and_a_restarted_one_remembers() {
    let mut server = RedisServer::start();
    let store = connect(&server).await;
    let [spent, leased, other] = [claim(1, 1, 1, 0), claim(2, 2, 1, 0), claim(4, 4, 1, 0)];
    for one in [spent, leased, other] {
        assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
    }
    assert!(store.commit(spent).await.unwrap());

    server.kill();
    is_unavailable(store.claim(claim(1, 3, 1, 0)).await);
    is_unavailable(store.claim(claim(3, 4, 1, 0)).await);
    is_unavailable(store.commit(leased).await);
    is_unavailable(store.release(other).await);

    server.restart();
    assert_eq!(claim_when_back(&store, 1).await, Claimed::Exhausted);
    assert_eq!(claim_once_undone(&store, 2, 1).await, Claimed::Granted);
    assert_eq!(claim_when_back(&store, 4).await, Claimed::Busy, "a lease outlives the server");
    assert_eq!(claim_when_back(&store, 3).await, Claimed::Granted);
}

#[tokio::test]
async fn a_silent_server_refuses_within_the_timeout() {
    let server = RedisServer::start();
    let store = connect(&server).await;
    assert_eq!(store.claim(claim(1, 1, 1, 0)).await.unwrap(), Claimed::Granted);

    server.pause();
    tokio::time::pause();
    let asked = tokio::time::Instant::now();
    // Twice: the second time, the store has given up the connection and waits for a new one.
    is_unavailable(store.claim(claim(2, 2, 1, 0)).await);
    is_unavailable(store.commit(claim(1, 1, 1, 0)).await);
    assert!(asked.elapsed() <= 2 * PATIENCE + Duration::from_secs(1), "{:?}", asked.elapsed());
    let many = (0..50).map(|lease| tokio::spawn(store.claim(claim(3, lease, 1, 0))));
    for answer in many.collect::<Vec<_>>() {
        is_unavailable(answer.await.unwrap());
    }
    assert!(asked.elapsed() <= 3 * PATIENCE + Duration::from_secs(1), "all at once");

    tokio::time::resume();
    server.resume();
    assert_eq!(claim_when_back(&store, 4).await, Claimed::Granted);
}

/// The server reads what was sent to it while it was stopped. By then, the answer was withheld.
#[tokio::test]
async fn a_use_is_not_spent_after_nobody_waits_for_it() {
    let server = RedisServer::start();
    let store = connect(&server).await;
    // One by whose timeout the server's own clock goes on: it has to have read what comes too late.
    let options = RedisReplayStore::options().response_timeout(Duration::from_millis(500));
    let hasty = sooner_or_later(async || options.clone().connect(&server.url()).await).await;
    for (token, uses) in [(1, 1), (2, 2)] {
        // One that goes well, after which the next commit is sent at once.
        assert!(!sooner_or_later(async || hasty.commit(claim(9, 9, 1, 0)).await).await, "of nothing");
        let one = claim(token, 1, uses, 0);
        assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
        if uses == 2 {
            assert_eq!(store.claim(claim(token, 2, uses, 0)).await.unwrap(), Claimed::Granted);
        }
        server.pause();
        is_unavailable(hasty.commit(one).await);
        server.resume();
        assert_eq!(claim_once_undone(&store, token, uses).await, Claimed::Granted, "it is not spent");
        assert!(!store.commit(one).await.unwrap());
    }
}

/// What was a token with one use is claimed for more of them, as who has narrowed one and kept the wider one may, between a
/// commit and that nobody hears of it.
#[tokio::test]
async fn a_commit_is_undone_whatever_has_become_of_its_key() {
    let server = RedisServer::start();
    let store = connect(&server).await;
    assert!(
        !store.commit(claim(9, 9, 1, 0)).await.unwrap(),
        "of nothing, so that the next one is sent at once"
    );
    let one = claim(1, 1, 1, 0);
    assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
    let mut unheard = store.commit(one);
    let begun = poll_fn(|context| Poll::Ready(Pin::new(&mut unheard).poll(context))).await;
    assert!(begun.is_pending());
    assert_eq!(store.claim(claim(1, 2, 1, 0)).await.unwrap(), Claimed::Exhausted, "it is made");
    assert_eq!(store.claim(claim(1, 3, 2, 0)).await.unwrap(), Claimed::Granted);
    assert_eq!(store.claim(claim(1, 4, 2, 0)).await.unwrap(), Claimed::Busy, "one is spent, and one claimed");
    drop(unheard);
    assert_eq!(claim_once_undone(&store, 1, 2).await, Claimed::Granted);
}

/// What a commit leaves behind, to be undone by, is gone before long.
#[tokio::test]
async fn commits_are_forgotten() {
    let server = RedisServer::start();
    let store = connect(&server).await;
    for lease in 0..3 {
        let one = claim(1, lease, 3, 0);
        assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
        assert!(store.commit(one).await.unwrap());
    }
    let key = format!("l402:{{l402:{}}}:commits", claim(1, 0, 1, 0).payment_hash);
    let ask = |command: &[&str]| redis_cli(&server, command).trim().parse::<i64>().unwrap();
    assert_eq!(ask(&["ZCARD", &key]), 3);
    // Commits and attempts to undo them take as long as this test's patience each.
    let remembered = 2 * (65 + 2 * PATIENCE.as_secs());
    assert!((remembered - 60..=remembered).contains(&ask(&["TTL", &key]).unsigned_abs()));
    // As if the first two were made so long ago: the next one sees to it.
    let age = "for _, m in ipairs(redis.call('ZRANGE', KEYS[1], 0, 1)) do redis.call('ZINCRBY', KEYS[1], ARGV[1], m) end";
    redis_cli(&server, &["EVAL", age, "1", &key, &format!("-{}", remembered + 1)]);
    let last = claim(1, 9, 4, 0);
    assert_eq!(store.claim(last).await.unwrap(), Claimed::Granted);
    assert!(store.commit(last).await.unwrap());
    assert_eq!(ask(&["ZCARD", &key]), 2);
}

#[tokio::test]
async fn scripts_that_the_server_lost_are_loaded_again() {
    let server = RedisServer::start();
    let store = connect(&server).await;
    for token in 1..3 {
        let one = claim(token, u64::from(token), 1, 0);
        assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
        redis_cli(&server, &["SCRIPT", "FLUSH"]);
        assert!(store.commit(one).await.unwrap());
        redis_cli(&server, &["SCRIPT", "FLUSH"]);
        assert_eq!(store.claim(claim(token, 100, 1, 0)).await.unwrap(), Claimed::Exhausted);
        redis_cli(&server, &["SCRIPT", "FLUSH"]);
        store.release(one).await.unwrap();
    }
}

/// As long as a key is a string, nothing but the claim itself has touched it.
#[tokio::test]
async fn nobody_else_ends_a_first_claim() {
    let server = RedisServer::start();
    let store = connect(&server).await;
    let [one, other] = [claim(1, 1, 1, 0), claim(1, 2, 1, 0)];
    assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
    assert!(!store.commit(other).await.unwrap());
    store.release(other).await.unwrap();
    assert!(store.commit(one).await.unwrap());
    assert!(!store.commit(one).await.unwrap(), "once");
    store.release(one).await.unwrap();
    assert_eq!(store.claim(other).await.unwrap(), Claimed::Exhausted);

    let [given_back, next] = [claim(2, 1, 1, 0), claim(2, 2, 1, 0)];
    assert_eq!(store.claim(given_back).await.unwrap(), Claimed::Granted);
    store.release(given_back).await.unwrap();
    assert!(!store.commit(given_back).await.unwrap());
    assert_eq!(store.claim(next).await.unwrap(), Claimed::Granted);
}

/// Before a first claim was a string, every token was a hash; such keys are still there after an update.
#[tokio::test]
async fn keys_of_the_version_before_still_count() {
    let server = RedisServer::start();
    let store = connect(&server).await;
    let [spent, leased, twice] = [claim(1, 1, 1, 0), claim(2, 2, 1, 0), claim(3, 3, 2, 0)];
    let write = |one: Claim, field: &str, value: u64| {
        let key = format!("l402:{}", one.payment_hash);
        redis_cli(&server, &["HSET", &key, field, &value.to_string()]);
        redis_cli(&server, &["EXPIRE", &key, "86400"]);
    };
    // What cannot be an argument of a program would not do as a lease here.
    let lease = LeaseId::from_bytes(*b"sixteen letters!");
    let of_before = |mut one: Claim| {
        one.lease = lease;
        one
    };
    write(spent, "spent", 1);
    for one in [leased, twice] {
        write(one, "sixteen letters!", one.leased_until.as_secs());
    }
    assert_eq!(store.claim(spent).await.unwrap(), Claimed::Exhausted);
    assert_eq!(store.claim(leased).await.unwrap(), Claimed::Busy);
    assert!(store.commit(of_before(leased)).await.unwrap());
    assert_eq!(store.claim(leased).await.unwrap(), Claimed::Exhausted);
    assert_eq!(store.claim(twice).await.unwrap(), Claimed::Granted);
    store.release(of_before(twice)).await.unwrap();
    assert!(!store.commit(of_before(twice)).await.unwrap());
    assert!(store.commit(twice).await.unwrap());
}

#[tokio::test]
async fn a_connection_that_died_in_silence_is_replaced() {
    let server = RedisServer::start();
    let proxy = Proxy::to(server.port()).await;
    let store = connect_to(&proxy.url()).await.unwrap();
    let one = claim(1, 1, 1, 0);
    assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
    proxy.freeze();
    tokio::time::pause();
    is_unavailable(store.commit(one).await);
    tokio::time::resume();
    assert_eq!(claim_once_undone(&store, 1, 1).await, Claimed::Granted);
}

#[tokio::test]
async fn a_server_that_became_a_replica_is_left_for_its_successor() {
    let [old, new] = [RedisServer::start(), RedisServer::start()];
    let proxy = Proxy::to(old.port()).await;
    let store = connect_to(&proxy.url()).await.unwrap();
    assert_eq!(store.claim(claim(1, 1, 1, 0)).await.unwrap(), Claimed::Granted);
    redis_cli(&old, &["REPLICAOF", "127.0.0.1", &new.port().to_string()]);
    proxy.redirect(new.port());
    is_unavailable(store.claim(claim(2, 2, 1, 0)).await);
    assert_eq!(store.claim(claim(2, 3, 1, 0)).await.unwrap(), Claimed::Granted);
}

#[tokio::test]
async fn a_server_without_memory_refuses() {
    let server = RedisServer::start();
    let store = connect(&server).await;
    let known = claim(1, 1, 1, 0);
    assert_eq!(store.claim(known).await.unwrap(), Claimed::Granted);
    redis_cli(&server, &["CONFIG", "SET", "maxmemory", "1"]);
    is_unavailable(store.claim(claim(2, 2, 1, 0)).await);
    redis_cli(&server, &["CONFIG", "SET", "maxmemory", "0"]);
    assert!(store.commit(known).await.unwrap());
}

#[tokio::test]
async fn keys_live_as_long_as_the_token_and_its_lease() {
    let server = RedisServer::start();
    let store = connect(&server).await;
    let ttl = |token| -> i64 {
        let key = format!("l402:{}", claim(token, 0, 1, 0).payment_hash);
        redis_cli(&server, &["TTL", &key]).trim().parse().unwrap()
    };
    let mut one = claim(1, 1, 1, 0);
    assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
    // The test's clock is ahead of the server's by years; a day is the least.
    assert!(ttl(1) >= 86_400 - 1);
    let year = |years: u64| l402_core::UnixTime::from_secs(crate::claims::NOW + years * 31_536_000);
    (one.lease, one.forget_after) = (claim(1, 2, 1, 0).lease, year(10));
    assert_eq!(store.claim(one).await.unwrap(), Claimed::Busy);
    assert!(ttl(1) >= 10 * 31_536_000 - 60, "a refused claim makes it longer");
    one.forget_after = year(1);
    assert_eq!(store.claim(one).await.unwrap(), Claimed::Busy);
    assert!(ttl(1) >= 10 * 31_536_000 - 60, "and none shorter");
    one.forget_after = l402_core::UnixTime::MAX;
    assert_eq!(store.claim(one).await.unwrap(), Claimed::Busy);
    assert_eq!(ttl(1), -1, "for ever");
    one.forget_after = year(1);
    assert_eq!(store.claim(one).await.unwrap(), Claimed::Busy);
    assert_eq!(ttl(1), -1, "and still for ever");

    let mut leased = claim(2, 1, 1, 0);
    leased.leased_until = year(5);
    assert_eq!(store.claim(leased).await.unwrap(), Claimed::Granted);
    assert!(ttl(2) >= 5 * 31_536_000 - 60, "a lease counts as well");
    store.release(leased).await.unwrap();
    assert_eq!(ttl(2), -2, "nothing is left of a token that was given back");

    // Another claim replaces the only field of the hash, which must keep its expiry.
    assert_eq!(store.claim(claim(3, 1, 1, 0)).await.unwrap(), Claimed::Granted);
    assert_eq!(store.claim(claim(3, 2, 1, 120)).await.unwrap(), Claimed::Granted);
    assert!(ttl(3) > 0, "not for ever");

    // So must a use that is spent, and that of a token that is claimed for more uses later on.
    let mut spent = claim(4, 1, 1, 0);
    assert_eq!(store.claim(spent).await.unwrap(), Claimed::Granted);
    assert!(ttl(4) >= 86_400 - 1);
    // A day after a time that is years after that of the server, which is behind. Its seconds go on: read them first.
    let server_time: u64 = redis_cli(&server, &["TIME"]).lines().next().unwrap().parse().unwrap();
    assert!(store.commit(spent).await.unwrap());
    let rest = i64::try_from(spent.forget_after.as_secs() - server_time).unwrap();
    assert!((rest - 60..=rest).contains(&ttl(4)), "by the clock that is behind");
    assert_eq!(store.claim(claim(4, 2, 2, 0)).await.unwrap(), Claimed::Granted);
    assert!((rest - 60..=rest).contains(&ttl(4)), "and no shorter with another claim");
    (spent.payment_hash, spent.forget_after) = (claim(5, 0, 1, 0).payment_hash, l402_core::UnixTime::MAX);
    assert_eq!(store.claim(spent).await.unwrap(), Claimed::Granted);
    assert_eq!(ttl(5), -1, "leased for ever");
    assert!(store.commit(spent).await.unwrap());
    assert_eq!(ttl(5), -1, "spent for ever");
    assert_eq!(store.claim(claim(5, 2, 2, 0)).await.unwrap(), Claimed::Granted);
    assert_eq!(ttl(5), -1, "and with another claim as well");
}

#[tokio::test]
async fn passwords_are_in_no_text() {
    let server = RedisServer::start();
    redis_cli(&server, &["ACL", "SETUSER", "shop", "on", ">s3cr3t-password", "~l402:*", "+@all"]);
    let url = |user: &str, password: &str| format!("redis://{user}:{password}@127.0.0.1:{}/", server.port());
    let store = connect_to(&url("shop", "s3cr3t-password")).await.unwrap();
    assert_eq!(store.claim(claim(1, 1, 1, 0)).await.unwrap(), Claimed::Granted);

    let wrong = connect_to(&url("shop", "wr0ng-password")).await.unwrap_err();
    assert!(wrong.to_string().contains("check user and password"), "{wrong}");
    let no_url = RedisReplayStore::connect("http://shop:s3cr3t-password@localhost").await.unwrap_err();
    assert!(no_url.to_string().contains("redis://user:password@host"), "{no_url}");
    let nobody = RedisReplayStore::connect("redis://shop:s3cr3t-password@127.0.0.1:1").await.unwrap_err();
    assert!(nobody.to_string().contains("127.0.0.1:1") && nobody.to_string().contains("refused"), "{nobody}");
    let texts = [format!("{store:?}"), format!("{wrong:?}"), format!("{no_url:?}"), format!("{nobody:?}")];
    for text in texts.iter().chain(&[wrong.to_string(), no_url.to_string(), nobody.to_string()]) {
        assert!(!text.contains("-password"), "{text}");
    }
}

#[tokio::test]
async fn tls_connects_to_whom_a_certificate_vouches_for_and_to_nobody_else() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let made = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-nodes",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-subj",
        ])
        .args(["/CN=redis", "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"])
        .args(["-keyout", &at("key.pem"), "-out", &at("certificate.pem")])
        .output()
        .expect("this test needs openssl; `make setup` installs it");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let port = Port::take();
    let _server = RedisServer::start_with(&[
        "--tls-port",
        &port.number.to_string(),
        "--tls-cert-file",
        &at("certificate.pem"),
        "--tls-key-file",
        &at("key.pem"),
        "--tls-auth-clients",
        "no",
    ]);
    let url = format!("rediss://127.0.0.1:{}/", port.number);
    assert!(connect_to(&url).await.is_err(), "nobody vouches for this certificate");
    // In a process of its own, since the variable is read from the environment.
    let trusting = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["redis::connect_over_tls", "--exact", "--ignored"])
        .envs([("SSL_CERT_FILE", at("certificate.pem")), ("L402_TEST_URL", url)])
        .output()
        .unwrap();
    assert!(trusting.status.success(), "{}", String::from_utf8_lossy(&trusting.stdout));
}

/// Not a test of its own: what the one above runs.
#[tokio::test]
#[ignore = "run by the test about TLS"]
async fn connect_over_tls() {
    let Ok(url) = std::env::var("L402_TEST_URL") else { return };
    let store = connect_to(&url).await.unwrap();
    assert_eq!(store.claim(claim(1, 1, 1, 0)).await.unwrap(), Claimed::Granted);
}

/// What managed servers of one shard are. It refuses commands whose keys might be in different places.
#[tokio::test]
async fn a_cluster_of_one_node_will_do() {
    let server = RedisServer::start_cluster();
    let slots: Vec<_> = (0..16_384).map(|slot| slot.to_string()).collect();
    let add: Vec<_> = ["CLUSTER", "ADDSLOTS"].into_iter().chain(slots.iter().map(String::as_str)).collect();
    redis_cli(&server, &add);
    let start = Instant::now();
    while !redis_cli(&server, &["CLUSTER", "INFO"]).contains("cluster_state:ok") {
        assert!(start.elapsed() < PATIENCE, "the cluster does not come up");
    }
    let store = connect(&server).await;
    for uses in [1, 2] {
        let [one, other] = [claim(1, 1, uses, 0), claim(1, 2, uses, 0)];
        assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
        store.release(one).await.unwrap();
        assert_eq!(store.claim(other).await.unwrap(), Claimed::Granted);
        assert!(store.commit(other).await.unwrap());
    }
    assert_eq!(store.claim(claim(1, 3, 1, 0)).await.unwrap(), Claimed::Exhausted);
}

#[tokio::test]
async fn a_server_that_may_forget_is_warned_of() {
    let good = RedisServer::start();
    assert_eq!(warnings_of(&good).await, "");
    let bad = RedisServer::start_with(&["--maxmemory-policy", "allkeys-lru", "--appendonly", "no"]);
    let warnings = warnings_of(&bad).await;
    assert!(warnings.contains("set maxmemory-policy to noeviction") && warnings.contains("allkeys-lru"));
    assert!(warnings.contains("set appendonly to yes"), "{warnings}");
    let closed = RedisServer::start();
    redis_cli(&closed, &["ACL", "SETUSER", "default", "-info"]);
    assert!(warnings_of(&closed).await.contains("make sure that maxmemory-policy is noeviction"));
}

thread_local! {
    static LOGGED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What is logged on this thread, which is what this test logs. One subscriber for all threads: the first one to come to
/// an event without a subscriber of its own would switch it off for all.
struct Log;

async fn warnings_of(server: &RedisServer) -> String {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
            .with_writer(|| Log)
            .init();
        // Another thread may have come to an event after its level was switched on, and before there was a subscriber.
        tracing::callsite::rebuild_interest_cache();
    });
    LOGGED.take();
    connect(server).await;
    String::from_utf8(LOGGED.take()).unwrap()
}

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        LOGGED.with_borrow_mut(|logged| logged.extend(text));
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Asks the server something and returns what it says. The program comes with the server.
fn redis_cli(server: &RedisServer, arguments: &[&str]) -> String {
    let port = server.port().to_string();
    let output =
        std::process::Command::new("redis-cli").args(["-p", &port]).args(arguments).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}
