//! Everything that is logged while tests run, held against everything that must not be.

use std::collections::HashSet;
use std::io;
use std::sync::{Mutex, Once};

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static SECRETS: Mutex<Option<HashSet<String>>> = Mutex::new(None);

/// Starts to keep what all threads log, from the loudest level on.
pub(crate) fn watch() {
    static SUBSCRIBER: Once = Once::new();
    SUBSCRIBER.call_once(|| {
        let spans = tracing_subscriber::fmt::format::FmtSpan::FULL;
        let subscriber =
            tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_span_events(spans);
        subscriber.with_ansi(false).with_writer(|| Log).init();
    });
}

/// Names something that no log may hold.
pub(crate) fn add(secret: &str) {
    let is_word = secret.bytes().all(is_of_word);
    // A credential is words; lists of bytes are looked for as they are.
    if !is_word && !secret.contains(", ") {
        return secret
            .split(|c: char| !(c.is_ascii() && is_of_word(c as u8)))
            .filter(|word| word.len() >= 32)
            .for_each(add);
    }
    assert!(secret.len() >= START, "too short to be told from other text: {secret}");
    SECRETS.lock().unwrap().get_or_insert_default().insert(secret.to_owned());
}

/// What was logged so far, by all tests of this process.
pub(crate) fn log() -> String {
    String::from_utf8_lossy(&LOG.lock().unwrap()).into_owned()
}

/// The lines of the log that hold a secret; and how many secrets were looked for.
pub(crate) fn leaks() -> (Vec<String>, usize) {
    let secrets = SECRETS.lock().unwrap().clone().unwrap_or_default();
    (search(&log(), &secrets), secrets.len())
}

fn search(log: &str, secrets: &HashSet<String>) -> Vec<String> {
    let (lists, words): (Vec<&String>, Vec<&String>) =
        secrets.iter().partition(|secret| secret.contains(", "));
    // By their first bytes, since there are thousands of either.
    let starts: HashSet<&[u8]> = words.iter().map(|word| &word.as_bytes()[..START]).collect();
    let is_leaked_word = |word: &[u8]| {
        let begins = |at: &usize| starts.contains(&word[*at..at + START]);
        let holds = |at: usize| words.iter().any(|secret| word[at..].starts_with(secret.as_bytes()));
        (0..=word.len() - START).filter(begins).any(holds)
    };
    let is_leak = |line: &&str| {
        let long_words = line.as_bytes().split(|byte| !is_of_word(*byte)).filter(|word| word.len() >= START);
        long_words.into_iter().any(is_leaked_word)
            || line.contains(", ") && lists.iter().any(|list| line.contains(*list))
    };
    log.lines().filter(is_leak).map(str::to_owned).collect()
}

/// So many bytes tell secrets apart.
const START: usize = 16;

/// What base64 and hex are made of.
fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte)
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Without this, the search could find nothing and nobody would know.
#[test]
fn a_secret_in_the_log_is_found() {
    watch();
    let secrets = ["0123456789abcdefTheSecretOfThisTest", "171, 7, 99, 250, 3, 18, 42, 42, 1, 0, 9"];
    let secrets = HashSet::from(secrets.map(str::to_owned));
    assert_eq!(search(&log(), &secrets), [""; 0]);
    tracing::trace!("L402 xx:0123456789abcdefTheSecretOfThisTest, and more");
    tracing::trace!(list = ?[171, 7, 99, 250, 3, 18, 42, 42, 1, 0, 9, 200], "bytes");
    assert_eq!(search(&log(), &secrets).len(), 2);
}
