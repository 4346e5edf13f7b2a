//! Time that stands still until a test moves it: where no answer comes, nothing depends on how busy the machine is.

use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

/// A test that still waits after this long has failed. Time passes then, so that it says so.
const LIMIT: Duration = Duration::from_secs(120);

/// While this lives, tokio's clock moves with [`tokio::time::advance`] alone.
pub(crate) struct Standstill {
    _end: Sender<()>,
}

impl Standstill {
    pub(crate) fn begin() -> Self {
        tokio::time::pause();
        // A paused clock leaps to the next deadline when tasks wait for nothing but sockets, unless a blocking task runs.
        let (end, ended) = channel::<()>();
        tokio::task::spawn_blocking(move || ended.recv_timeout(LIMIT));
        Self { _end: end }
    }
}

impl Drop for Standstill {
    fn drop(&mut self) {
        tokio::time::resume();
    }
}
