//! What handlers and a test tell each other.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::wire::PATIENCE;

/// What `/work` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Work {
    #[default]
    Deliver,
    Fail,
    Panic,
    /// Waits until it is told to go on.
    Wait,
}

/// Signals are counted, so that none is lost, whoever comes first.
#[derive(Clone)]
pub(crate) struct Scene(Arc<Shared>);

struct Shared {
    work: Mutex<Work>,
    entries: AtomicUsize,
    entered: Semaphore,
    left: Semaphore,
    go: Semaphore,
    time_is_up: Semaphore,
    on_entry: Option<fn()>,
}

impl Default for Scene {
    fn default() -> Self {
        Self::with_hook(None)
    }
}

impl Scene {
    /// Calls `on_entry` whenever a handler begins.
    pub(crate) fn with_hook(on_entry: Option<fn()>) -> Self {
        let [entered, left, go, time_is_up] = std::array::from_fn(|_| Semaphore::new(0));
        let (work, entries) = (Mutex::default(), AtomicUsize::new(0));
        Self(Arc::new(Shared { work, entries, entered, left, go, time_is_up, on_entry }))
    }

    pub(crate) fn set_work(&self, work: Work) {
        *self.0.work.lock().unwrap() = work;
    }

    /// How often a handler began.
    pub(crate) fn entries(&self) -> usize {
        self.0.entries.load(Ordering::SeqCst)
    }

    /// Lets one handler go on that waits.
    pub(crate) fn go(&self) {
        self.0.go.add_permits(1);
    }

    /// Ends one request that is guarded against taking too long.
    pub(crate) fn time_is_up(&self) {
        self.0.time_is_up.add_permits(1);
    }

    /// Until a handler that waits has begun.
    pub(crate) async fn entered(&self) {
        take(&self.0.entered, "no handler began").await;
    }

    /// Until a handler that waited was dropped.
    pub(crate) async fn left(&self) {
        take(&self.0.left, "no handler was dropped").await;
    }
}

/// The handlers' side.
impl Scene {
    pub(super) fn enter(&self) {
        self.0.entries.fetch_add(1, Ordering::SeqCst);
        if let Some(hook) = self.0.on_entry {
            hook();
        }
    }

    /// Begins, waits, and tells when it is dropped instead.
    pub(super) async fn wait(&self) {
        struct Leaving<'a>(&'a Semaphore);
        impl Drop for Leaving<'_> {
            fn drop(&mut self) {
                self.0.add_permits(1);
            }
        }
        let leaving = Leaving(&self.0.left);
        self.0.entered.add_permits(1);
        self.0.go.acquire().await.unwrap().forget();
        std::mem::forget(leaving);
    }

    pub(super) async fn out_of_time(&self) {
        self.0.time_is_up.acquire().await.unwrap().forget();
    }

    /// The answer of `/work`: status and body.
    pub(super) async fn work(&self) -> (u16, &'static str) {
        let work = *self.0.work.lock().unwrap();
        match work {
            Work::Deliver => {}
            Work::Fail => return (500, "broken"),
            Work::Panic => panic!("the handler broke, as it should"),
            Work::Wait => self.wait().await,
        }
        (200, "done")
    }
}

async fn take(signals: &Semaphore, otherwise: &str) {
    match timeout(PATIENCE, signals.acquire()).await {
        Ok(signal) => signal.unwrap().forget(),
        Err(_) => panic!("{otherwise}"),
    }
}
