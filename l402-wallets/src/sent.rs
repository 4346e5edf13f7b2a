//! [`Sent`]: what a wallet remembers of payments that its backend does not find by payment hash.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use l402_core::PaymentHash;
use l402_core::ports::BackendErrorKind;
use l402_providers::http::CallError;

use crate::driver::Reply;

/// How many payments are remembered. When it is full, nothing is forgotten and nothing more is paid.
const MOST_PAYMENTS: usize = 1_000_000;

/// The payments of this process, and the backend's ids of those whose id it has told. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    ids: Arc<Mutex<HashMap<PaymentHash, Option<String>>>>,
}

impl Sent {
    /// Notes that this hash is about to be paid; `false` when it was before.
    pub(crate) fn begin(&self, backend: &'static str, hash: PaymentHash) -> Result<bool, CallError> {
        let mut ids = self.lock();
        if ids.contains_key(&hash) {
            return Ok(false);
        }
        if ids.len() >= MOST_PAYMENTS {
            let error = CallError::refused(backend, BackendErrorKind::LimitExceeded);
            return Err(error.because(
                "this wallet remembers as many payments as it can; restart the program when none of them is pending",
            ));
        }
        ids.insert(hash, None);
        Ok(true)
    }

    /// Remembers by what the backend finds it.
    pub(crate) fn found_by(&self, hash: PaymentHash, id: Option<String>) {
        // It is to stand in a path.
        let id = id.filter(|id| {
            !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
        if id.is_some() {
            self.lock().insert(hash, id);
        }
    }

    /// By what the backend finds it.
    pub(crate) fn id(&self, backend: &'static str, hash: PaymentHash) -> Result<String, CallError> {
        let id = self.lock().get(&hash).cloned().flatten();
        id.ok_or_else(|| {
            let error = CallError::refused(backend, BackendErrorKind::Unsupported);
            error.because("this backend finds a payment by an id that it told the wallet that sent it, and this one has none")
        })
    }

    /// What was not sent, or has failed for good, may be sent again.
    pub(crate) fn conclude(
        &self,
        hash: PaymentHash,
        said: Result<Reply, CallError>,
    ) -> Result<Reply, CallError> {
        let is_over = match &said {
            Ok(Reply::Failed(kind)) => *kind != BackendErrorKind::AlreadyPaid,
            Ok(_) => false,
            Err(error) => !error.may_have_acted(),
        };
        if is_over {
            self.lock().remove(&hash);
        }
        said
    }

    /// Nothing that is done while it is locked can stop half-way.
    fn lock(&self) -> MutexGuard<'_, HashMap<PaymentHash, Option<String>>> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
