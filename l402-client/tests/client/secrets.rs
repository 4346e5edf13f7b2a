//! No preimage, macaroon, credential or query reaches an error or an event.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use l402_client::{ClientError, L402Client, Receipt, reqwest};
use l402_core::ports::{BackendError, BackendErrorKind, PayOutcome, Payment};
use l402_core::{Msat, Preimage};
use tracing_subscriber::fmt::MakeWriter;
use wiremock::ResponseTemplate;

use crate::support::{
    Bill, Shop, TestWallet, answer, builder, client, preimage, preimage_hex, raw_server,
};

/// Keeps every event of this thread, down to the most talkative level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn start() -> (Self, tracing_log::Guard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing_log::Level::TRACE)
            .with_ansi(false)
            .with_writer(log.clone())
            .finish();
        (log, tracing_log::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}
