//! Holds everything that tests log against every secret that they issue. Also the tests of the adapters use this.
//!
//! Nothing runs after the last test of a program, so it is done at both moments: a line that is logged is held against
//! all secrets known so far, and a secret that becomes known against all lines so far. A leak ends the program at
//! once, since a panic might be caught by what is tested, or end no more than a background thread.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::process;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use base64_simd::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use l402_core::{Identifier, Limits, Macaroon, MasterKey, Preimage};
use sha2::Sha256;
use tracing_subscriber::fmt::format::FmtSpan;

/// What the servers of all these tests sign with.
pub(crate) const SECRET: [u8; 32] = *b"\x9c\x04the root key of the shop..\xe7\x31\x88\xfd";

/// The servers' secret, which no log may hold in any spelling.
pub(crate) fn master_key() -> MasterKey {
    add(&SECRET);
    MasterKey::from_bytes(SECRET)
}

/// Another one, to rotate to, or of a server that sells for itself.
const OTHER_SECRET: [u8; 32] = *b"\x9d\x05the key of the other shop\x99\xe8\x32\x89\xfe";

/// Another secret than the servers' own.
pub(crate) fn other_master_key() -> MasterKey {
    add(&OTHER_SECRET);
    MasterKey::from_bytes(OTHER_SECRET)
}

/// A token that was issued, its signature, and what a server has signed it with.
pub(crate) fn macaroon(base64: &str) {
    let limits = Limits::default().with_caveats(1000).with_header_bytes(1 << 20);
    let macaroon = Macaroon::from_base64(base64, &limits).unwrap();
    let parts = macaroon.as_macaroon_ref();
    add(macaroon.as_bytes());
    add(parts.signature());
    if let Ok(identifier) = Identifier::decode(parts.identifier()) {
        let root_key = hmac(&SECRET, identifier.token_id.as_bytes());
        add(&root_key);
        add(&hmac(b"macaroons-key-generator", &root_key)); // what the chain starts from
    }
}

/// A proof of payment.
pub(crate) fn preimage(preimage: &Preimage) {
    add(preimage.expose());
}

/// A credential as it is sent, in whatever form: its long words.
pub(crate) fn credential(text: &str) {
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || "+/_-".contains(c);
    text.split(|c| !is_of_word(c)).filter(|word| word.len() >= 32).for_each(know);
}

/// How many secrets are looked for; each spelling is one.
pub(crate) fn count() -> usize {
    watch().secrets.values().map(Vec::len).sum()
}

/// Whether any thread has logged this.
pub(crate) fn has_seen(text: &str) -> bool {
    watch().lines.iter().any(|line| line.contains(text))
}

/// Keeps what this thread logs from now on, for [`logged_here`].
pub(crate) fn listen_here() {
    drop(watch());
    HERE.set(Some(String::new()));
}

/// What this thread has logged since it was asked last.
pub(crate) fn logged_here() -> String {
    HERE.replace(Some(String::new())).unwrap()
}

thread_local! {
    static HERE: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn add(secret: &[u8]) {
    spellings(secret).iter().for_each(|spelling| know(spelling));
}

fn know(text: &str) {
    let leak = watch().add(text);
    fail_if(leak);
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(message).finalize().into_bytes().into()
}

/// The ways in which bytes come to be text: encoded, or printed with `Debug`.
pub(crate) fn spellings(secret: &[u8]) -> Vec<String> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let lists = [format!("{secret:?}"), format!("{secret:x?}"), format!("{secret:02x?}")];
    let mut spellings = lists.map(|list| list.trim_matches(['[', ']']).to_owned()).to_vec();
    spellings.extend([hex.to_uppercase(), hex, secret.escape_ascii().to_string()]);
    spellings.extend([STANDARD_NO_PAD.encode_to_string(secret), URL_SAFE_NO_PAD.encode_to_string(secret)]);
    spellings
}

/// What was logged, and what must not be.
#[derive(Default)]
pub(crate) struct Watch {
    /// Each once.
    lines: HashSet<String>,
    bytes: usize,
    /// Every so many bytes in a row of the lines.
    windows: HashSet<Window>,
    /// By their last bytes: macaroons all begin alike.
    secrets: HashMap<Window, Vec<String>>,
}

type Window = [u8; 16];

/// Of lines that differ. Who logs more has to log less, or to look for secrets in another way.
const MOST_BYTES: usize = 32 << 20;

impl Watch {
    /// Looks for a secret in what was logged. Returns what is wrong.
    pub(crate) fn add(&mut self, secret: &str) -> Option<String> {
        let secret = on_one_line(secret);
        let Some(&end) = secret.as_bytes().last_chunk() else {
            panic!("too short to be told from other text: {secret}")
        };
        let secrets = self.secrets.entry(end).or_default();
        if secrets.contains(&secret) {
            return None;
        }
        let is_leaked = |line: &&String| on_one_line(line).contains(&secret);
        let line = self.windows.contains(&end).then(|| self.lines.iter().find(is_leaked)).flatten();
        let leak = line.map(|line| describe(&secret, line));
        secrets.push(secret);
        leak
    }

    /// Looks for all secrets in what is logged. Returns what is wrong.
    pub(crate) fn log(&mut self, line: &str) -> Option<String> {
        if !self.lines.insert(line.to_owned()) {
            return None;
        }
        self.bytes += line.len();
        if self.bytes > MOST_BYTES {
            return Some(format!("more than {MOST_BYTES} bytes were logged, too many to keep"));
        }
        let text = on_one_line(line);
        text.as_bytes().windows(size_of::<Window>()).find_map(|window| {
            let window = Window::try_from(window).unwrap();
            self.windows.insert(window);
            let mut secrets = self.secrets.get(&window)?.iter();
            secrets.find(|secret| text.contains(*secret)).map(|secret| describe(secret, line))
        })
    }
}

/// `{:#?}` breaks lists into lines.
fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn describe(secret: &str, line: &str) -> String {
    format!("the log holds the secret {secret}:\n{line}")
}

static WATCH: LazyLock<Mutex<Watch>> = LazyLock::new(|| {
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
    // Without times, most lines are the same again and again.
    let subscriber = subscriber.with_span_events(FmtSpan::FULL).without_time().with_ansi(false);
    subscriber.with_writer(|| Log).init();
    // A thread that came across an event meanwhile may have found that nobody listens, which is remembered.
    tracing::callsite::rebuild_interest_cache();
    Mutex::default()
});

/// From the first time on, all that any thread logs is watched, from the loudest level on.
fn watch() -> MutexGuard<'static, Watch> {
    WATCH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends the program past the test harness, which would keep the text for itself.
fn fail_if(leak: Option<String>) {
    if let Some(leak) = leak {
        drop(writeln!(io::stderr(), "\n{leak}"));
        process::exit(101);
    }
}

/// Is given each line at once.
struct Log;

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        HERE.with_borrow_mut(|here| here.iter_mut().for_each(|here| here.push_str(&text)));
        let leak = watch().log(&text);
        fail_if(leak);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
