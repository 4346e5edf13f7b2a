//! The promises of [`ReplayStore`] as tests, for stores of one's own. Feature `store-contract`.
//!
//! A store that breaks one of them sells a call twice, or takes a payment for nothing, and only under load or
//! after a crash. The stores of this crate are tested with the same cases.
//!
//! [`check`] wants to know how to open a storage that is empty, once for each case, and names every promise that
//! is broken. Time is in the claims, so that nothing sleeps, and a clock is read only where the store may take
//! some seconds; tokens live for a day at least, for stores that let something else forget them.
//!
//! ```
//! use l402_server::stores::MemoryReplayStore;
//! use l402_server::stores::contract::{Storage, check};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! check(async || {
//!     let store = MemoryReplayStore::with_capacity(1000);
//!     Storage::new(store.clone()).with_second_handle(store).with_capacity(1000)
//! })
//! .await?;
//! # Ok(())
//! # }
//! ```
//!
//! To have one test a case, as test reports show them best, go through [`cases`].

mod concurrency;
mod counting;
mod forgetting;
mod leases;
mod script;

use std::fmt;
use std::sync::Arc;

use l402_core::ports::{PortFuture, ReplayStore};

use script::Verdict;

/// Runs every case on a storage of its own.
///
/// Runs inside a tokio runtime; give it more than one thread, so that claims really are made at once.
///
/// # Errors
/// All promises that were found broken.
///
/// # Panics
/// Outside a tokio runtime.
pub async fn check(open: impl AsyncFn() -> Storage) -> Result<(), BrokenPromises> {
    let mut broken = Vec::new();
    for case in cases() {
        broken.extend(case.run(open().await).await.err());
    }
    if broken.is_empty() { Ok(()) } else { Err(BrokenPromises(broken)) }
}

/// Every case, in the order of [`check`].
pub fn cases() -> impl Iterator<Item = &'static Case> {
    [counting::CASES, leases::CASES, forgetting::CASES, concurrency::CASES].into_iter().flatten()
}

/// A storage that is empty, and the ways to get at it.
#[derive(Clone)]
pub struct Storage {
    store: Arc<dyn ReplayStore>,
    second: Option<Arc<dyn ReplayStore>>,
    capacity: Option<usize>,
}

impl Storage {
    /// A storage seen through one handle.
    #[must_use]
    pub fn new(store: impl ReplayStore + 'static) -> Self {
        Self { store: Arc::new(store), second: None, capacity: None }
    }

    /// Adds another handle to the same storage, best one with a connection of its own, as another process would
    /// have. Without one the cases about sharing are passed over.
    #[must_use]
    pub fn with_second_handle(mut self, second: impl ReplayStore + 'static) -> Self {
        self.second = Some(Arc::new(second));
        self
    }

    /// Says that the storage is full with this many tokens, some ten to some thousand for a quick test. Without it
    /// the cases about full stores are passed over.
    #[must_use]
    pub const fn with_capacity(mut self, tokens: usize) -> Self {
        self.capacity = Some(tokens);
        self
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage")
            .field("second_handle", &self.second.is_some())
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

/// One promise and the test of it.
pub struct Case {
    name: &'static str,
    promise: &'static str,
    test: fn(Storage) -> PortFuture<Verdict>,
}

impl Case {
    /// A short name, such as `lost_lease`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What is promised, in a sentence.
    #[must_use]
    pub const fn promise(&self) -> &'static str {
        self.promise
    }

    /// Tests it on an empty storage.
    ///
    /// # Errors
    /// When the promise is broken, or the store answers with an error where it should not.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn run(&'static self, storage: Storage) -> Result<(), Broken> {
        (self.test)(storage).await.map_err(|happened| Broken { case: self, happened })
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Case({}: {})", self.name, self.promise)
    }
}

/// A promise that a store did not keep.
#[derive(Clone)]
pub struct Broken {
    case: &'static Case,
    happened: String,
}

impl Broken {
    /// The case that found it.
    #[must_use]
    pub const fn case(&self) -> &'static Case {
        self.case
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} But {}", self.case.name, self.case.promise, self.happened)
    }
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Broken {}

/// All promises that a store did not keep.
#[derive(Clone)]
pub struct BrokenPromises(Vec<Broken>);

impl BrokenPromises {
    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &Broken> {
        self.0.iter()
    }
}

impl fmt::Display for BrokenPromises {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the replay store breaks {} of {} promises", self.0.len(), cases().count())?;
        self.0.iter().try_for_each(|broken| write!(f, "\n- {broken}"))
    }
}

/// As it is displayed, for tests that unwrap.
impl fmt::Debug for BrokenPromises {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for BrokenPromises {}
