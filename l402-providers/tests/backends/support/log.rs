//! Everything that is printed, to be searched for secrets.

use std::cell::RefCell;
use std::error::Error;
use std::io::{self, Write};
use std::sync::Once;

thread_local! {
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Keeps every event of this thread from now on. Each test has a thread of its own.
pub(crate) fn start() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(|| ThreadLog)
            .init();
    });
    LOG.take();
}

/// What was logged since [`start`].
pub(crate) fn text() -> String {
    LOG.with_borrow(|log| String::from_utf8_lossy(log).into_owned())
}

/// `Debug`, and `Display` of an error and of all its sources.
pub(crate) fn everything_said_by(error: &dyn Error) -> String {
    let mut text = format!("{error:?}");
    let mut next = Some(error);
    while let Some(error) = next {
        text += &format!("\n{error}");
        next = error.source();
    }
    text
}

struct ThreadLog;

impl Write for ThreadLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
