//! [`StateFile`]: the node on disk.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use l402_dev::DevNode;

use crate::cli::{Failure, say_on_stderr};

/// A file that holds the newest snapshot, written anew after every change.
pub(super) struct StateFile {
    path: PathBuf,
    content: Option<String>,
}

impl StateFile {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let content = match fs::read_to_string(path) {
            Ok(content) => Some(content),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(format!("cannot read {}: {error}", path.display()).into()),
        };
        Ok(Self { path: path.to_owned(), content })
    }

    /// What the file held when it was opened.
    pub(super) fn content(&self) -> Option<&str> {
        self.content.as_deref()
    }

    /// Saves after every change, for as long as the future lives. Changes that come faster than the disk are saved
    /// together.
    pub(super) async fn keep(self, node: DevNode) {
        let mut changes = node.changes();
        loop {
            if let Err(error) = self.save(&node) {
                let path = self.path.display();
                say_on_stderr(&format_args!(
                    "warning: cannot save {path}: {error}; a restart forgets what is new"
                ));
            }
            changes.next().await;
        }
    }

    /// Beside the file first, so that a crash leaves the old one or the new one whole.
    fn save(&self, node: &DevNode) -> io::Result<()> {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let beside = self.path.with_file_name(name);
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600); // it holds preimages
        let mut file = options.open(&beside)?;
        file.write_all(node.snapshot().as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)
    }
}
