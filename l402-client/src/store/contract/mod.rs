//! The promises of a [`Store`] as tests, for stores of one's own. Feature `store-contract`.
//!
//! A store that breaks one of them pays twice, loses what was paid for, or spends more than it may, and only under
//! load or after a crash. The stores of this crate are tested with the same cases.
//!
//! ```
//! use l402_client::MemoryStore;
//! use l402_client::store::contract::{Storage, check};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! check(async || {
//!     let store = MemoryStore::new();
//!     Storage::new(store.clone(), store)
//! })
//! .await?;
//! # Ok(())
//! # }
//! ```

mod budgets;
mod journal;
mod script;

use std::fmt;
use std::sync::Arc;

use l402_core::ports::PortFuture;

use super::Store;
use script::Verdict;

/// Runs every case on a storage of its own.
///
/// Runs inside a tokio runtime; give it more than one thread, so that payments really are begun at once.
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
    [budgets::CASES, journal::CASES].into_iter().flatten()
}

/// A storage that is empty, and two ways to get at it.
#[derive(Clone)]
pub struct Storage {
    store: Arc<dyn Store>,
    second: Arc<dyn Store>,
}

impl Storage {
    /// Two handles to one storage; best with a connection each, as two processes would have.
    #[must_use]
    pub fn new(store: impl Store + 'static, second: impl Store + 'static) -> Self {
        Self { store: Arc::new(store), second: Arc::new(second) }
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage").finish_non_exhaustive()
    }
}

/// One promise and the test of it.
pub struct Case {
    name: &'static str,
    promise: &'static str,
    test: fn(Storage) -> PortFuture<Verdict>,
}

impl Case {
    /// A short name, such as `one_intent_a_hash`.
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
        write!(f, "the store breaks {} of {} promises", self.0.len(), cases().count())?;
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
