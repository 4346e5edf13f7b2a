//! An SQLite file as it is in real life: missing, shared, readable by others, killed in the middle.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use l402_client::store::{Begun, Intent, State, Step, Store, Wanted};
use l402_client::{Budget, Counted, L402Client, MemoryStore, Period, SqliteOpenError, SqliteStore};
use l402_core::header::Scheme;
use l402_core::{Msat, PaymentHash, Preimage, UnixTime};
use rusqlite::Connection;
use tempfile::tempdir;

const NOW: UnixTime = UnixTime::from_secs(1_900_000_000);

fn hash(number: u64) -> PaymentHash {
    let mut bytes = [1; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    PaymentHash::from_bytes(bytes)
}

/// Purposes are made by clients only, so the record of one serves as a mould.
async fn mould() -> Intent {
    use l402_core::ports::{InvoiceProvider, NewInvoice};
    let node = l402_dev::DevNode::new().unwrap();
    let price = NewInvoice::new(Msat::from_sat(1), String::new(), std::time::Duration::from_secs(600));
    let invoice = node.provider().create_invoice(price).await.unwrap();
    let id = l402_core::Identifier {
        payment_hash: invoice.payment_hash,
        token_id: l402_core::TokenId::from_bytes([1; 32]),
    };
    let key = l402_core::RootKey::new(&[7; 32]).unwrap();
    let macaroon = l402_core::Macaroon::new(&key, &id.to_bytes(), b"").unwrap();
    let challenge = l402_core::header::Challenge::new(macaroon, invoice.bolt11).unwrap().to_header_value();
    let shop = wiremock::MockServer::start().await;
    let answer = wiremock::ResponseTemplate::new(402).insert_header("www-authenticate", challenge.as_str());
    wiremock::Mock::given(wiremock::matchers::any()).respond_with(answer).mount(&shop).await;
    let store = MemoryStore::new();
    let client = L402Client::builder(node.wallet()).store(store.clone()).build().unwrap();
    client.get(shop.uri()).send().await.unwrap_err();
    store.find(Wanted::Latest(1)).await.unwrap().remove(0).intent
}

fn intent(mould: &Intent, number: u64, amount: u64) -> Intent {
    let mut intent = mould.clone();
    intent.payment_hash = hash(number);
    intent.amount = Msat::from_msat(amount);
    intent.max_fee = Msat::ZERO;
    intent.begun_at = NOW;
    intent.scheme = Scheme::L402;
    intent
}

async fn total(store: &SqliteStore) -> Msat {
    store.used(vec![Counted::new(None, Period::Total)], NOW).await.unwrap()[0]
}

#[tokio::test]
async fn payments_outlive_the_process() {
    let (directory, mould) = (tempdir().unwrap(), mould().await);
    let path = directory.path().join("wallet.db");
    let budget = Arc::new(Budget::unlimited().total(Msat::from_msat(100)));
    let preimage = Preimage::from_bytes([9; 32]);
    {
        let store = SqliteStore::open(&path).unwrap();
        assert_eq!(store.begin(intent(&mould, 1, 60), Arc::clone(&budget)).await.unwrap(), Begun::Reserved);
        assert!(store.advance(hash(1), Step::Paying, NOW).await.unwrap());
        let paid = Step::Paid { preimage: preimage.clone(), fee: Some(Msat::from_msat(1)) };
        assert!(store.advance(hash(1), paid, NOW).await.unwrap());
    }
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(total(&store).await, Msat::from_msat(61));
    assert!(matches!(
        store.begin(intent(&mould, 2, 40), Arc::clone(&budget)).await.unwrap(),
        Begun::Denied(_)
    ));
    assert_eq!(store.begin(intent(&mould, 3, 39), Arc::clone(&budget)).await.unwrap(), Begun::Reserved);
    assert_eq!(store.begin(intent(&mould, 1, 1), budget).await.unwrap(), Begun::Known(State::Paid));
    let record = store.find(Wanted::One(hash(1))).await.unwrap().remove(0);
    assert_eq!(record.preimage.unwrap().expose(), preimage.expose());
}

#[tokio::test]
async fn processes_that_race_for_a_budget_use_it_up_and_no_more() {
    const LIMIT: u64 = 4_001;
    let (directory, mould) = (tempdir().unwrap(), mould().await);
    let path = directory.path().join("wallet.db");
    let store = SqliteStore::open(&path).unwrap();
    store.begin(intent(&mould, u64::MAX, 1), Arc::new(Budget::unlimited())).await.unwrap(); // the racers' mould
    let mut racers: Vec<_> = (1..=3).map(|number| process("race", &path, number)).collect();
    for racer in &mut racers {
        wait_for("ready", racer);
    }
    racers.iter_mut().for_each(|racer| drop(racer.stdin.take())); // go
    let mut reserved = 1;
    for racer in racers {
        let output = racer.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let line =
            text.lines().find_map(|line| line.strip_prefix("reserved ")).unwrap_or_else(|| panic!("{text}"));
        reserved += line.parse::<u64>().unwrap();
    }
    assert_eq!(reserved, LIMIT, "to the last millisatoshi, and not one more");
    assert_eq!(total(&store).await, Msat::from_msat(LIMIT));
    drop(store);
    assert_eq!(total(&SqliteStore::open(&path).unwrap()).await, Msat::from_msat(LIMIT), "after a restart");
}

/// Not a test of its own: what [`process`] runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the tests about several processes"]
async fn child() {
    let Some(path) = std::env::var_os("L402_TEST_FILE") else { return };
    let number: u64 = std::env::var("L402_TEST_NUMBER").unwrap().parse().unwrap();
    let options = SqliteStore::options().busy_timeout(std::time::Duration::from_secs(60));
    let store = options.open(path).unwrap();
    let mould = store.find(Wanted::One(hash(u64::MAX))).await.unwrap().remove(0).intent;
    match std::env::var("L402_TEST_ORDER").unwrap().as_str() {
        "race" => {
            let budget = Arc::new(Budget::unlimited().total(Msat::from_msat(4_001)));
            let mut reserved = 0;
            println!("\nready");
            std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap(); // until it is closed
            for amount in [40, 7, 1] {
                for index in 0..60 {
                    let id = number * 1_000_000 + amount * 1_000 + index;
                    let begun = store.begin(intent(&mould, id, amount), Arc::clone(&budget)).await.unwrap();
                    if begun == Begun::Reserved {
                        reserved += amount;
                        tokio::task::yield_now().await;
                    }
                }
            }
            println!("\nreserved {reserved}");
        }
        "hold" => {
            store.begin(intent(&mould, number, 5), Arc::new(Budget::unlimited())).await.unwrap();
            println!("\nholding");
            std::thread::park();
        }
        "count" => println!("\ncounted {}", store.find(Wanted::Latest(100)).await.unwrap().len()),
        order => panic!("{order}"),
    }
}

fn process(order: &str, path: &Path, number: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "sqlite::child", "--nocapture"])
        .env("L402_TEST_FILE", path)
        .env("L402_TEST_ORDER", order)
        .env("L402_TEST_NUMBER", number.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Reads byte by byte, since the rest is for somebody else.
fn wait_for(line: &str, child: &mut Child) {
    let (mut read, end) = (Vec::new(), format!("\n{line}\n").into_bytes());
    let stdout = child.stdout.as_mut().unwrap();
    while !read.ends_with(&end) {
        let mut byte = [0];
        stdout.read_exact(&mut byte).unwrap();
        read.push(byte[0]);
    }
}

/// Others leave the payments of a living process alone, and see at once when it was killed.
#[tokio::test]
async fn a_killed_process_is_not_running() {
    let (directory, mould) = (tempdir().unwrap(), mould().await);
    let path = directory.path().join("wallet.db");
    let store = SqliteStore::open(&path).unwrap();
    store.begin(intent(&mould, u64::MAX, 1), Arc::new(Budget::unlimited())).await.unwrap();
    let mut child = process("hold", &path, 7);
    wait_for("holding", &mut child);

    let is_running = async || store.find(Wanted::One(hash(7))).await.unwrap()[0].running;
    assert!(is_running().await);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!is_running().await);

    let live_files = || -> Vec<_> {
        let files = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.to_str().unwrap().contains("-live-")).collect()
    };
    assert_eq!(live_files().len(), 2);
    // As another process does that looks for it at the same time.
    let opened: Vec<_> = live_files().iter().map(|path| fs::File::open(path).unwrap()).collect();
    let locked = opened.iter().filter(|file| file.try_lock_shared().is_ok()).count();
    assert_eq!(locked, 1, "this process lives");
    assert!(!is_running().await, "who looks is not taken for the one that was killed");
    let _second = SqliteStore::open(&path).unwrap();
    assert_eq!(live_files().len(), 2, "that of the dead one is gone");
}

/// A process that opens the file twice holds it as fast as one that opens it once: another one that closes it does not
/// take itself for the last, and put away the log in which the first goes on writing.
#[tokio::test]
async fn a_file_that_was_opened_twice_is_not_put_away_by_another_process() {
    let (directory, mould) = (tempdir().unwrap(), mould().await);
    let path = directory.path().join("wallet.db");
    let store = SqliteStore::open(&path).unwrap();
    let begin = async |number| {
        let begun = store.begin(intent(&mould, number, 1), Arc::new(Budget::unlimited())).await;
        assert_eq!(begun.unwrap(), Begun::Reserved);
    };
    begin(u64::MAX).await;
    let _twin = SqliteStore::open(&path).unwrap();
    let count = || {
        let output = process("count", &path, 0).wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let count = text.lines().find_map(|line| line.strip_prefix("counted ")).map(str::to_owned);
        count.unwrap_or_else(|| panic!("{text}"))
    };
    assert_eq!(count(), "1");
    begin(2).await;
    assert_eq!(count(), "2");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn all_files_are_their_owners_only() {
    let (directory, mould) = (tempdir().unwrap(), mould().await);
    let path = directory.path().join("wallet.db");
    let store = SqliteStore::open(&path).unwrap();
    store.begin(intent(&mould, 1, 1), Arc::new(Budget::unlimited())).await.unwrap();
    let files: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 4, "database, log, index and life sign: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{file:?}");
    }
}

fn refusal(path: &Path) -> String {
    let error: SqliteOpenError = SqliteStore::open(path).unwrap_err();
    assert_eq!(error.path(), path);
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()), "{text}");
    text
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("wallet.db");
    drop(SqliteStore::open(&path).unwrap());
    for bits in [0o640, 0o604, 0o660, 0o602] {
        fs::set_permissions(&path, fs::Permissions::from_mode(bits)).unwrap();
        let text = refusal(&path);
        assert!(text.contains("chmod 600") && text.contains(&format!("{bits:o}")), "{text}");
        assert_eq!(mode(&path), bits, "it is not changed");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    SqliteStore::open(&path).unwrap();
}

#[test]
fn a_symbolic_link_is_refused_also_to_where_nothing_is() {
    let directory = tempdir().unwrap();
    let (target, link) = (directory.path().join("target.db"), directory.path().join("wallet.db"));
    symlink(&target, &link).unwrap();
    assert!(refusal(&link).contains("symbolic link"));
    assert!(!target.exists(), "nothing was created behind it");
    drop(SqliteStore::open(&target).unwrap());
    assert!(refusal(&link).contains("symbolic link"));
}

#[tokio::test]
async fn a_directory_may_be_a_link() {
    let directory = tempdir().unwrap();
    let (real, link) = (directory.path().join("real"), directory.path().join("link"));
    fs::create_dir(&real).unwrap();
    symlink(&real, &link).unwrap();
    let store = SqliteStore::open(link.join("wallet.db")).unwrap();
    assert_eq!(total(&store).await, Msat::ZERO);
    assert!(real.join("wallet.db").exists());
}

#[test]
fn what_is_no_store_is_refused_and_not_changed() {
    let directory = tempdir().unwrap();
    let path = |name| directory.path().join(name);
    let private = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();

    assert!(refusal(directory.path()).contains("must be a file"));
    assert!(refusal(Path::new(":memory:")).contains("MemoryStore"));
    assert!(refusal(&path("missing").join("wallet.db")).contains("directory must exist"));

    fs::write(path("text"), "not a database, and long enough to be told from one. ".repeat(100)).unwrap();
    private(&path("text"));
    assert!(refusal(&path("text")).contains("not a database"));

    let other = Connection::open(path("other.db")).unwrap();
    other.execute_batch("CREATE TABLE songs (name TEXT)").unwrap();
    private(&path("other.db"));
    assert!(refusal(&path("other.db")).contains("another program"));
    let tables: i64 = other.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 1);

    drop(SqliteStore::open(path("later.db")).unwrap());
    Connection::open(path("later.db")).unwrap().pragma_update(None, "user_version", 2).unwrap();
    assert!(refusal(&path("later.db")).contains("later version"));
}

#[tokio::test]
async fn amounts_that_do_not_fit_are_refused_rather_than_counted_wrongly() {
    let (directory, mould) = (tempdir().unwrap(), mould().await);
    let store = SqliteStore::open(directory.path().join("wallet.db")).unwrap();
    let budget = || Arc::new(Budget::unlimited());
    store.begin(intent(&mould, 1, u64::MAX), budget()).await.unwrap_err();
    store.begin(intent(&mould, 2, i64::MAX as u64), budget()).await.unwrap();
    store.begin(intent(&mould, 3, 1), budget()).await.unwrap_err();
    assert_eq!(total(&store).await, Msat::from_msat(i64::MAX as u64));
}
