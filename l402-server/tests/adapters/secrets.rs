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
pub(crate) fn add(secret: impl Into<String>) {
    let secret = secret.into();
    assert!(secret.len() >= 16, "too short to be told from other text: {secret}");
    SECRETS.lock().unwrap().get_or_insert_default().insert(secret);
}

/// What was logged so far, by all tests of this process.
pub(crate) fn log() -> String {
    String::from_utf8_lossy(&LOG.lock().unwrap()).into_owned()
}

/// The lines of the log that hold a secret; and how many secrets were looked for.
pub(crate) fn leaks() -> (Vec<String>, usize) {
    let secrets = SECRETS.lock().unwrap().clone().unwrap_or_default();
    let log = log();
    // By their first bytes, since there are thousands of either.
    let mut starts: HashSet<&[u8]> = HashSet::new();
    starts.extend(secrets.iter().map(|secret| &secret.as_bytes()[..16]));
    let is_leak = |line: &&str| {
        line.as_bytes().windows(16).enumerate().any(|(at, window)| {
            starts.contains(window)
                && secrets.iter().any(|secret| line.as_bytes()[at..].starts_with(secret.as_bytes()))
        })
    };
    (log.lines().filter(is_leak).map(str::to_owned).collect(), secrets.len())
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
