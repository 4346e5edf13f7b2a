//! `Idempotency-Key`: the same request again gets the same answer again, and is charged once.
//!
//! A client that pays per call and loses the answer on its way has nothing left: the token is spent. With a key of its
//! own choosing on the request, it can ask again and gets what it missed.
//! (draft-ietf-httpapi-idempotency-key-header)

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use l402_core::{Clock, PaymentHash, UnixTime};
use sha2::{Digest as _, Sha256};

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
/// stream, is answered as ever and not kept. A request that opens a WebSocket has no key, whatever it says.
///
/// # Security
/// Bodies are read into memory for those only whose token is authentic, paid for and good for this request. Its uses may
/// be spent: that is who asks again. So whoever has bought one token can have the server keep
/// [`Idempotency::max_request_bytes`] for each connection, until the token expires: limit connections, and the time that a
/// body may take, in front of the gate.
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

    /// Bytes of the body of a request with a key, which has to be read before the handler runs. A larger body is refused
    /// with 413. Default: 1 MiB.
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
    entries: HashMap<Digest, Entry>,
    /// Kept answers in the order in which they came.
    kept: VecDeque<(Digest, UnixTime)>,
}

type Digest = [u8; 32];

struct Entry {
    request: Digest,
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
}

/// What is sent as a key is none: too long, empty, or more than one.
pub(crate) struct MalformedKey;

impl Answers {
    pub(crate) fn new(settings: Idempotency, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Shared { settings, clock, table: Mutex::default() }))
    }

    /// The key of a request that `payment` is shown with, if it has one.
    pub(crate) fn key<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        payment: PaymentHash,
    ) -> Result<Option<Key>, MalformedKey> {
        let mut fields = request.headers.values(FIELD);
        let name = match (fields.next(), fields.next()) {
            (None, _) => return Ok(None),
            (Some(name), None) if (1..=MOST_KEY_BYTES).contains(&name.len()) => name,
            _ => return Err(MalformedKey),
        };
        if has_no_end(request) {
            return Ok(None);
        }
        let of_payment = digest([payment.as_bytes().as_slice(), name]);
        Ok(Some(Key { answers: self.clone(), of_payment }))
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

/// Whether what a request sends is no body but the client's side of a conversation (RFC 9110 section 9.3.6, RFC 6455).
fn has_no_end<H: HeaderValues>(request: &RequestParts<'_, H>) -> bool {
    let mut protocols = request.headers.values("upgrade").flat_map(|field| field.split(|byte| *byte == b','));
    request.method == "CONNECT" || protocols.any(|name| name.trim_ascii().eq_ignore_ascii_case(b"websocket"))
}

/// The key of one request, as one payment may use it.
pub(crate) struct Key {
    answers: Answers,
    of_payment: Digest,
}

impl Key {
    /// How much of the request's body is to be read before a use is taken.
    pub(crate) fn body_limit(&self) -> usize {
        self.answers.0.settings.max_request_bytes
    }

    /// Looks the key up, for the request that it came with.
    pub(crate) fn ask<H: HeaderValues>(self, request: &RequestParts<'_, H>, body: &BodyDigest) -> Asked {
        let target =
            [request.path, request.query.map_or("", |_| "?"), request.query.unwrap_or_default()].concat();
        let request = digest([request.method.as_bytes(), target.as_bytes(), body.0.as_slice()]);

        let shared = &self.answers.0;
        let mut table = self.answers.lock();
        table.forget(|until, _| until <= shared.clock.now());
        match table.entries.get(&self.of_payment) {
            Some(entry) if entry.request != request => Asked::Mismatch,
            Some(Entry { answer: Some(answer), .. }) => Asked::Again(answer.clone()),
            Some(Entry { answer: None, .. }) => Asked::Running,
            None => {
                table.entries.insert(self.of_payment, Entry { request, answer: None });
                drop(table);
                Asked::First(Ticket { key: self, answer: None })
            }
        }
    }
}

/// All that is kept of a body.
pub(crate) struct BodyDigest(Digest);

impl BodyDigest {
    pub(crate) fn of(body: &[u8]) -> Self {
        Self(digest([body]))
    }
}

/// The right to keep the answer for a key. Dropped without an answer, the key is free again.
pub(crate) struct Ticket {
    key: Key,
    answer: Option<Reply>,
}

impl Ticket {
    pub(crate) fn max_answer_bytes(&self) -> usize {
        self.key.answers.0.settings.max_answer_bytes
    }

    /// The answer, which is kept once it is charged for.
    pub(crate) fn set(&mut self, answer: Reply) {
        self.answer = Some(answer);
    }

    /// The request is charged for: whoever asks again gets its answer.
    pub(crate) fn keep(mut self) {
        let Some(answer) = self.answer.take() else { return };
        let Key { answers, of_payment } = &self.key;
        let shared = &answers.0;
        let until = shared.clock.now().saturating_add(shared.settings.keep_for);
        let mut table = answers.lock();
        if let Some(entry) = table.entries.get_mut(of_payment) {
            entry.answer = Some(answer);
            table.kept.push_back((*of_payment, until));
            table.forget(|_, kept| kept > shared.settings.max_answers);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let Key { answers, of_payment } = &self.key;
        let mut table = answers.lock();
        if table.entries.get(of_payment).is_some_and(|entry| entry.answer.is_none()) {
            table.entries.remove(of_payment);
        }
    }
}

/// Each part with its length before it, so that no two lists of parts look the same.
fn digest<const N: usize>(parts: [&[u8]; N]) -> Digest {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}
