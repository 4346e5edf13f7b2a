//! What the client keeps in its directory: tokens, and payments in doubt.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

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
            self.write(&self.path("token", url), token);
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
            self.write(&self.path("doubt", url), &format!("{payment_hash} {macaroon}"));
        }
    }

    pub(crate) fn end(&self, url: &Url) {
        let _ = fs::remove_file(self.path("doubt", url));
    }

    fn write(&self, path: &Path, text: &str) {
        let mode = if self.flaw == Flaw::KeepsInTheOpen { 0o644 } else { 0o600 };
        let mut file = File::create(path).unwrap();
        file.set_permissions(Permissions::from_mode(mode)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
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
