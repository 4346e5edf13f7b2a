//! `Idempotency-Key`: the same request again gets the same answer again, and is charged once.
//!
//! A client that pays per call and loses the answer on its way has nothing left: the token is spent. With a key of its
//! own choosing on the request, it can ask again and gets what it missed.
//! (draft-ietf-httpapi-idempotency-key-header)

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use l402_core::{Clock, PaymentHash, UnixTime};
use sha2::{Digest, Sha256};

use crate::reply::Reply;
use crate::request::{HeaderValues, RequestParts};

const FIELD: &str = "idempotency-key";

/// Longer keys are refused.
const MOST_KEY_BYTES: usize = 255;

/// Keeps the answers to requests with an `Idempotency-Key`, for clients that ask again.
///
/// A key belongs to the payment it is used with, so that nobody else gets the answer. The same key with another method,
/// path, query or body is refused with 409, and so is one whose first request is still running. Answers are kept in
/// memory: another instance, or this one after a restart, does not know them. It refuses a token of one call as used up,
/// and charges one more use of a token that has any left. What is larger than the limits, or a
/// stream, is answered as ever and not kept.
///
/// ```
/// use std::time::Duration;
/// use l402_server::Idempotency;
///
/// let kept = Idempotency::default().keep_for(Duration::from_secs(60 * 60)).max_answers(10_000);
/// # let _ = kept;
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Idempotency {
    keep_for: Duration,
    max_answers: usize,
    max_request_bytes: usize,
    max_answer_bytes: usize,
}

impl Idempotency {
    /// How long an answer is kept. Default: 10 minutes.
    pub const fn keep_for(mut self, time: Duration) -> Self {
        self.keep_for = time;
        self
    }

    /// How many answers are kept; the oldest goes first. Default: 1,000.
    pub const fn max_answers(mut self, answers: usize) -> Self {
        self.max_answers = answers;
        self
    }

    /// Bytes of a request's body, which has to be read before the handler runs; of requests with a key and a good token
    /// only, all others are answered before. A larger body is refused with 413. Default: 1 MiB.
    pub const fn max_request_bytes(mut self, bytes: usize) -> Self {
        self.max_request_bytes = bytes;
        self
    }

    /// Bytes of an answer's body. Default: 256 KiB.
    pub const fn max_answer_bytes(mut self, bytes: usize) -> Self {
        self.max_answer_bytes = bytes;
        self
    }
}

impl Default for Idempotency {
    fn default() -> Self {
        Self {
            keep_for: Duration::from_secs(10 * 60),
            max_answers: 1_000,
            max_request_bytes: 1 << 20,
            max_answer_bytes: 256 << 10,
        }
    }
}

/// The answers that are kept.
#[derive(Clone)]
pub(crate) struct Answers(Arc<Shared>);

struct Shared {
    settings: Idempotency,
    clock: Arc<dyn Clock>,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    entries: HashMap<Key, Entry>,
    /// Kept answers in the order in which they came.
    kept: VecDeque<(Key, UnixTime)>,
}

type Key = [u8; 32];

struct Entry {
    request: [u8; 32],
    /// `None` while the first request runs.
    answer: Option<Reply>,
}

/// What a key means for a request.
pub(crate) enum Asked {
    /// The key is new: run the handler, and keep its answer.
    First(Ticket),
    /// The key is known: answer this.
    Again(Reply),
    /// The first request with this key is still running.
    Running,
    /// The key was used for another request.
    Mismatch,
    /// It is no key.
    Malformed,
}

impl Answers {
    pub(crate) fn new(settings: Idempotency, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Shared { settings, clock, table: Mutex::default() }))
    }

    /// How much of a paid request's body is to be read before a use is taken; `None` if it has no key.
    pub(crate) fn body_limit<H: HeaderValues>(&self, request: &RequestParts<'_, H>) -> Option<usize> {
        let has_key = request.headers.values(FIELD).next().is_some();
        has_key.then_some(self.0.settings.max_request_bytes)
    }

    /// Looks the key of a paid request up.
    pub(crate) fn ask<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        body: &[u8],
        payment: PaymentHash,
    ) -> Asked {
        let mut fields = request.headers.values(FIELD);
        let name = match (fields.next(), fields.next()) {
            (Some(name), None) if (1..=MOST_KEY_BYTES).contains(&name.len()) => name,
            _ => return Asked::Malformed,
        };
        let key = digest([payment.as_bytes().as_slice(), name]);
        let target =
            [request.path, request.query.map_or("", |_| "?"), request.query.unwrap_or_default()].concat();
        let request = digest([request.method.as_bytes(), target.as_bytes(), body]);

        let mut table = self.lock();
        table.forget(|until, _| until <= self.0.clock.now());
        match table.entries.get(&key) {
            Some(entry) if entry.request != request => Asked::Mismatch,
            Some(Entry { answer: Some(answer), .. }) => Asked::Again(answer.clone()),
            Some(Entry { answer: None, .. }) => Asked::Running,
            None => {
                table.entries.insert(key, Entry { request, answer: None });
                Asked::First(Ticket { answers: self.clone(), key, answer: None })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Forgets the oldest answers, as long as they are to be forgotten: told by their end, and how many are kept.
    fn forget(&mut self, is_over: impl Fn(UnixTime, usize) -> bool) {
        while let Some((key, until)) = self.kept.front().copied()
            && is_over(until, self.kept.len())
        {
            self.kept.pop_front();
            self.entries.remove(&key);
        }
    }
}

/// The right to keep the answer for a key. Dropped without an answer, the key is free again.
pub(crate) struct Ticket {
    answers: Answers,
    key: Key,
    answer: Option<Reply>,
}

impl Ticket {
    pub(crate) fn max_answer_bytes(&self) -> usize {
        self.answers.0.settings.max_answer_bytes
    }

    /// The answer, which is kept once it is charged for.
    pub(crate) fn set(&mut self, answer: Reply) {
        self.answer = Some(answer);
    }

    /// The request is charged for: whoever asks again gets its answer.
    pub(crate) fn keep(mut self) {
        let Some(answer) = self.answer.take() else { return };
        let shared = &self.answers.0;
        let until = shared.clock.now().saturating_add(shared.settings.keep_for);
        let mut table = self.answers.lock();
        if let Some(entry) = table.entries.get_mut(&self.key) {
            entry.answer = Some(answer);
            table.kept.push_back((self.key, until));
            table.forget(|_, kept| kept > shared.settings.max_answers);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut table = self.answers.lock();
        if table.entries.get(&self.key).is_some_and(|entry| entry.answer.is_none()) {
            table.entries.remove(&self.key);
        }
    }
}

/// Each part with its length before it, so that no two lists of parts look the same.
fn digest<const N: usize>(parts: [&[u8]; N]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}
