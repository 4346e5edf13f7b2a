//! What the client keeps in its directory: tokens, and payments in doubt.

use std::fs;
use std::path::PathBuf;

use url::Url;

use crate::flaw::Flaw;

pub(crate) struct Kept {
    dir: PathBuf,
    flaw: Flaw,
}

/// A payment of which nobody knows whether it was made.
pub(crate) struct InDoubt {
    pub(crate) payment_hash: String,
    pub(crate) macaroon: String,
}

impl Kept {
    pub(crate) fn new(dir: &str, flaw: Flaw) -> Self {
        Self { dir: dir.into(), flaw }
    }

    /// What stands between the macaroon and the preimage included.
    pub(crate) fn token(&self, url: &Url) -> Option<String> {
        fs::read_to_string(self.path("token", url)).ok()
    }

    pub(crate) fn keep(&self, url: &Url, token: &str) {
        if self.flaw != Flaw::KeepsNothing {
            fs::write(self.path("token", url), token).unwrap();
        }
    }

    pub(crate) fn forget(&self, url: &Url) {
        let _ = fs::remove_file(self.path("token", url));
    }

    pub(crate) fn in_doubt(&self, url: &Url) -> Option<InDoubt> {
        let text = fs::read_to_string(self.path("doubt", url)).ok()?;
        let (payment_hash, macaroon) = text.split_once(' ')?;
        Some(InDoubt { payment_hash: payment_hash.to_owned(), macaroon: macaroon.to_owned() })
    }

    pub(crate) fn begin(&self, url: &Url, payment_hash: &str, macaroon: &str) {
        if self.flaw != Flaw::NoJournal {
            fs::write(self.path("doubt", url), format!("{payment_hash} {macaroon}")).unwrap();
        }
    }

    pub(crate) fn end(&self, url: &Url) {
        let _ = fs::remove_file(self.path("doubt", url));
    }

    fn path(&self, kind: &str, url: &Url) -> PathBuf {
        let host = url.host_str().unwrap_or_default();
        self.dir.join(match self.flaw {
            Flaw::KeepsForEverybody => kind.to_owned(),
            Flaw::KeepsByHost => format!("{kind}-{host}"),
            Flaw::SchemeDoesNotCount => format!("{kind}-{host}-{}", url.port().unwrap_or_default()),
            _ => {
                format!("{kind}-{}-{host}-{}", url.scheme(), url.port_or_known_default().unwrap_or_default())
            }
        })
    }
}
