//! An SQLite file as it is in real life: missing, locked, damaged, shared with processes that die.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use l402_core::ports::{Claimed, ReplayStore, StoreError};
use l402_server::stores::{SqliteOpenError, SqliteReplayStore};
use rusqlite::Connection;
use tempfile::{TempDir, tempdir};

use crate::claims::{LEASE, claim};

#[tokio::test]
async fn uses_outlive_the_process() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("uses.db");
    let [spent, leased] = [claim(1, 1, 1, 0), claim(2, 2, 1, 0)];
    {
        let store = SqliteReplayStore::open(&path).unwrap();
        for one in [spent, leased] {
            assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
        }
        assert!(store.commit(spent).await.unwrap());
    }
    let store = SqliteReplayStore::open(&path).unwrap();
    assert_eq!(store.claim(claim(1, 3, 1, 0)).await.unwrap(), Claimed::Exhausted);
    assert_eq!(store.claim(claim(2, 4, 1, 0)).await.unwrap(), Claimed::Busy);
    assert!(store.commit(leased).await.unwrap());
}

/// While another process holds the file, the gate gives up, and withholds the answer.
#[tokio::test]
async fn a_use_is_not_spent_after_nobody_waits_for_it() {
    let directory = tempdir().unwrap();
    let store = open(&directory).unwrap();
    let one = claim(1, 1, 1, 0);
    assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
    let other = Connection::open(directory.path().join("uses.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    drop(store.commit(one));
    other.execute_batch("COMMIT").unwrap();
    // Written after it.
    assert_eq!(store.claim(claim(2, 2, 1, 0)).await.unwrap(), Claimed::Granted);
    let heir = claim(1, 3, 1, 0);
    assert_eq!(store.claim(heir).await.unwrap(), Claimed::Granted, "it is not spent, and nobody has it");
    assert!(store.commit(heir).await.unwrap());
}

/// While another process holds the file, nothing can be undone. It is with the next write that works.
#[tokio::test]
async fn what_could_not_be_undone_is_undone_later() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("uses.db");
    let store = SqliteReplayStore::options().busy_timeout(Duration::from_millis(20)).open(&path).unwrap();
    let one = claim(1, 1, 1, 0);
    assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
    let unheard = store.commit(one);
    // Written after it, by when its answer is here as well.
    assert_eq!(store.claim(claim(1, 2, 1, 0)).await.unwrap(), Claimed::Exhausted);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    drop(unheard);
    for lease in 3..6 {
        assert!(store.claim(claim(1, lease, 1, 0)).await.is_err(), "nothing can be written");
    }
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(store.claim(claim(1, 6, 1, 0)).await.unwrap(), Claimed::Granted);
    assert_eq!(store.claim(claim(1, 7, 1, 0)).await.unwrap(), Claimed::Busy, "once");
}

#[tokio::test]
async fn processes_that_race_for_uses_get_exactly_as_many_as_there_are() {
    const USES: u32 = 150;
    let directory = tempdir().unwrap();
    let mut racers: Vec<_> = (1..=3).map(|number| Process::start(&directory, number)).collect();
    for racer in &mut racers {
        assert_eq!(racer.line(), "ready");
    }
    racers.iter_mut().for_each(|racer| racer.tell(&format!("race {USES}")));
    let committed: u32 = racers.iter_mut().map(|racer| racer.line().parse::<u32>().unwrap()).sum();
    assert_eq!(committed, USES);
    let store = open(&directory).unwrap();
    assert_eq!(store.claim(claim(1, 1, USES, 0)).await.unwrap(), Claimed::Exhausted);
}

#[tokio::test]
async fn the_lease_of_a_killed_process_ends_by_itself() {
    let directory = tempdir().unwrap();
    let mut process = Process::start(&directory, 1);
    assert_eq!(process.line(), "ready");
    process.tell("claim 1");
    assert_eq!(process.line(), "Granted");
    process.kill();

    let store = open(&directory).unwrap();
    assert_eq!(store.claim(claim(1, 2, 1, LEASE - 1)).await.unwrap(), Claimed::Busy);
    let heir = claim(1, 3, 1, LEASE);
    assert_eq!(store.claim(heir).await.unwrap(), Claimed::Granted);
    assert!(store.commit(heir).await.unwrap());
}

#[tokio::test]
async fn what_a_killed_process_was_told_is_committed_stays_so() {
    let directory = tempdir().unwrap();
    let mut process = Process::start(&directory, 1);
    assert_eq!(process.line(), "ready");
    process.tell("commit");
    let committed: Vec<u8> = (0..20).map(|_| process.line().parse().unwrap()).collect();
    process.kill(); // in the middle of the next ones

    let store = open(&directory).unwrap();
    for token in committed {
        assert_eq!(store.claim(claim(token, 1, 1, 0)).await.unwrap(), Claimed::Exhausted, "{token}");
    }
}

/// A process that opens the file twice holds it as fast as one that opens it once: another one that closes it does not
/// take itself for the last, and put away the log in which the first goes on writing.
#[tokio::test]
async fn a_file_that_was_opened_twice_is_not_put_away_by_another_process() {
    let directory = tempdir().unwrap();
    let store = open(&directory).unwrap();
    assert_eq!(store.claim(claim(2, 1, 1, 0)).await.unwrap(), Claimed::Granted);
    let _twin = open(&directory).unwrap();
    assert_eq!(Process::start(&directory, VISITOR).line(), "left");

    let spent = claim(1, 1, 1, 0);
    assert_eq!(store.claim(spent).await.unwrap(), Claimed::Granted);
    assert!(store.commit(spent).await.unwrap());
    let mut replay = Process::start(&directory, 3);
    assert_eq!(replay.line(), "ready");
    replay.tell("claim 1");
    assert_eq!(replay.line(), "Exhausted");
}

/// The number of a process that only opens the file, and closes it.
const VISITOR: u64 = 0;

/// Not a test of its own: what [`Process`] runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the tests about several processes"]
async fn process() {
    let Some(path) = std::env::var_os("L402_TEST_FILE") else { return };
    let number: u64 = std::env::var("L402_TEST_PROCESS").unwrap().parse().unwrap();
    if number == VISITOR {
        let tables = "SELECT count(*) FROM sqlite_schema";
        Connection::open(path).unwrap().query_row(tables, [], |row| row.get::<_, i64>(0)).unwrap();
        return println!("\n> left");
    }
    let store = SqliteReplayStore::options().busy_timeout(Duration::from_secs(60)).open(path).unwrap();
    println!("\n> ready");
    for order in std::io::stdin().lines().map(Result::unwrap) {
        match order.split(' ').collect::<Vec<_>>()[..] {
            ["claim", token] => {
                let one = claim(token.parse().unwrap(), number, 1, 0);
                println!("> {:?}", store.claim(one).await.unwrap());
            }
            ["race", uses] => println!("> {}", race(&store, number, uses.parse().unwrap()).await),
            ["commit"] => {
                for token in 0..=255 {
                    let one = claim(token, 1, 1, 0);
                    let claimed = store.claim(one).await;
                    if claimed.is_err() {
                        is_unavailable(claimed);
                        break;
                    }
                    match store.commit(one).await {
                        Ok(committed) => {
                            assert!(committed);
                            println!("> {token}");
                        }
                        error => {
                            is_unavailable(error);
                            break;
                        }
                    }
                }
                println!("> end");
            }
            _ => panic!("{order}"),
        }
    }
}

/// Claims in eight tasks until nothing is left; every third claim is released. Returns how many were committed.
async fn race(store: &SqliteReplayStore, process: u64, uses: u32) -> u32 {
    let tasks = (0..8_u64).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut committed = 0;
            for number in 0.. {
                let one = claim(1, (process << 48) + (task << 32) + number, uses, 0);
                match store.claim(one).await.unwrap() {
                    Claimed::Granted if number % 3 == 0 => store.release(one).await.unwrap(),
                    Claimed::Granted => {
                        assert!(store.commit(one).await.unwrap());
                        committed += 1;
                    }
                    Claimed::Exhausted => break,
                    _ => tokio::task::yield_now().await,
                }
            }
            committed
        })
    });
    let mut committed = 0;
    for task in tasks.collect::<Vec<_>>() {
        committed += task.await.unwrap();
    }
    committed
}

/// Another process with the same file, which does what it is told.
struct Process {
    child: Child,
    output: Box<dyn Iterator<Item = String>>,
}

impl Process {
    fn start(directory: &TempDir, number: u64) -> Self {
        Self::start_in(directory, number, &["env"])
    }

    /// With what runs it in front.
    fn start_in(directory: &TempDir, number: u64, wrapper: &[&str]) -> Self {
        let mut child = Command::new(wrapper[0])
            .args(&wrapper[1..])
            .arg(std::env::current_exe().unwrap())
            .args(["sqlite::process", "--exact", "--ignored", "--nocapture"])
            .env("L402_TEST_FILE", directory.path().join("uses.db"))
            .env("L402_TEST_PROCESS", number.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let output = lines.filter_map(|line| line.strip_prefix("> ").map(str::to_owned));
        Self { child, output: Box::new(output) }
    }

    fn line(&mut self) -> String {
        self.output.next().expect("the other process has ended")
    }

    fn tell(&mut self, order: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{order}").unwrap();
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn open(directory: &TempDir) -> Result<SqliteReplayStore, SqliteOpenError> {
    SqliteReplayStore::open(directory.path().join("uses.db"))
}

/// Why a path is refused. Stores that were dropped may still be closing their files, which is waited for.
fn refusal(path: impl AsRef<Path>) -> String {
    refusal_within(Duration::from_secs(60), path)
}

fn refusal_within(busy_timeout: Duration, path: impl AsRef<Path>) -> String {
    let error = SqliteReplayStore::options()
        .busy_timeout(busy_timeout)
        .open(path.as_ref())
        .expect_err("this should not open");
    assert_eq!(error.path(), path.as_ref());
    let text = error.to_string();
    assert!(text.contains(&path.as_ref().display().to_string()), "{text}");
    text
}

#[test]
fn what_cannot_be_opened_is_refused_with_advice() {
    let directory = tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    for no_file in [":memory:".into(), "".into(), directory.path().to_path_buf()] {
        assert!(refusal(no_file).contains("use `MemoryReplayStore`"));
    }
    assert!(refusal(at("missing/uses.db")).contains("the directory must exist"));

    std::fs::write(at("letter.txt"), "Dear SQLite, this is not a database. ".repeat(100)).unwrap();
    assert!(refusal(at("letter.txt")).contains("not a database, or damaged"));

    Connection::open(at("other.db")).unwrap().execute_batch("CREATE TABLE cats (name)").unwrap();
    let before = std::fs::read(at("other.db")).unwrap();
    assert!(refusal(at("other.db")).contains("of another program"));
    assert!(std::fs::read(at("other.db")).unwrap() == before, "a foreign database stays as it is");

    drop(SqliteReplayStore::open(at("later.db")).unwrap());
    Connection::open(at("later.db")).unwrap().pragma_update(None, "user_version", 2).unwrap();
    assert!(refusal(at("later.db")).contains("version 2, not 1"));

    let locking = Connection::open(at("locked.db")).unwrap();
    locking.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let locked = refusal_within(Duration::from_millis(50), at("locked.db"));
    assert!(locked.contains("another process keeps it locked"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_for_its_owner_and_a_read_only_one_is_refused() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    let directory = tempdir().unwrap();
    let path = directory.path().join("uses.db");
    let store = SqliteReplayStore::open(&path).unwrap();
    assert_eq!(store.claim(claim(1, 1, 1, 0)).await.unwrap(), Claimed::Granted);
    for name in ["uses.db", "uses.db-wal", "uses.db-shm"] {
        let mode = std::fs::metadata(directory.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    drop(store);

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    let reopened = SqliteReplayStore::open(&path);
    if std::fs::metadata(directory.path()).unwrap().uid() == 0 {
        assert!(reopened.is_ok(), "root may write everything");
    } else {
        assert!(reopened.unwrap_err().to_string().contains("must be writable"));
    }
}

/// What a store that cannot write says, and never anything else.
fn is_unavailable<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> String {
    let error = answer.unwrap_err();
    assert!(!error.is_full(), "{error:?}");
    assert_eq!(error.to_string(), "the sqlite store is not available");
    std::error::Error::source(&error).unwrap().to_string()
}

#[tokio::test]
async fn a_file_that_somebody_keeps_locked_refuses_until_it_is_free() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("uses.db");
    let options = SqliteReplayStore::options().busy_timeout(Duration::from_millis(50));
    let store = options.open(&path).unwrap();
    let one = claim(1, 1, 1, 0);
    assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);

    let locking = Connection::open(&path).unwrap();
    locking.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(is_unavailable(store.commit(one).await).contains("locked"));
    is_unavailable(store.claim(claim(2, 2, 1, 0)).await);
    is_unavailable(store.release(one).await);
    locking.execute_batch("ROLLBACK").unwrap();
    assert!(store.commit(one).await.unwrap());
    assert_eq!(store.claim(claim(2, 3, 1, 0)).await.unwrap(), Claimed::Granted);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_cannot_grow_refuses_and_loses_nothing() {
    let directory = tempdir().unwrap();
    let mut process =
        Process::start_in(&directory, 1, &["sh", "-c", r#"ulimit -f 400; trap "" XFSZ; exec "$@""#, "sh"]);
    assert_eq!(process.line(), "ready");
    process.tell("commit");
    let mut committed = Vec::new();
    while let Ok(token) = process.line().parse::<u8>() {
        committed.push(token);
    }
    assert!((1..255).contains(&committed.len()), "{committed:?}");

    let store = open(&directory).unwrap();
    for token in committed {
        assert_eq!(store.claim(claim(token, 1, 1, 0)).await.unwrap(), Claimed::Exhausted, "{token}");
    }
    assert_eq!(store.claim(claim(255, 1, 1, 0)).await.unwrap(), Claimed::Granted);
}

#[tokio::test]
async fn tables_that_are_gone_refuse() {
    let directory = tempdir().unwrap();
    let store = open(&directory).unwrap();
    let one = claim(1, 1, 1, 0);
    assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
    let other = Connection::open(directory.path().join("uses.db")).unwrap();
    other.execute_batch("DROP TABLE leases").unwrap();
    is_unavailable(store.commit(one).await);
    is_unavailable(store.claim(claim(2, 2, 1, 0)).await);
}

#[tokio::test]
async fn expired_tokens_leave_the_file() {
    let directory = tempdir().unwrap();
    let store = open(&directory).unwrap();
    for token in 0..100 {
        let one = claim(token, u64::from(token), 1, 0);
        assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
        if token % 2 == 0 {
            assert!(store.commit(one).await.unwrap());
        }
    }
    for token in 100..120 {
        let mut tomorrow = claim(token, u64::from(token), 1, 2 * 86_400);
        tomorrow.forget_after = tomorrow.leased_until;
        assert_eq!(store.claim(tomorrow).await.unwrap(), Claimed::Granted);
    }
    let reader = Connection::open(directory.path().join("uses.db")).unwrap();
    let count = |sql| reader.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM tokens"), 20);
    assert_eq!(count("SELECT count(*) FROM leases"), 20);
    assert_eq!(count("SELECT tokens FROM total"), 20);
}
