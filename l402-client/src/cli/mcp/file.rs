//! [`AnswerFile`]: where a long answer goes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A new file that only its owner can read, under a name that no server chose.
pub(super) struct AnswerFile {
    file: File,
    path: PathBuf,
    length: u64,
}

impl AnswerFile {
    pub(super) fn create(folder: &Path, content_type: &str) -> io::Result<Self> {
        let name = getrandom::u64().map_err(io::Error::other)?;
        let path = folder.join(format!("{name:016x}.{}", extension(content_type)));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self { file: options.open(&path)?, path, length: 0 })
    }

    /// Writes these bytes, as far as they fit; `false` when they do not.
    pub(super) fn write_up_to(&mut self, limit: u64, bytes: &[u8]) -> io::Result<bool> {
        let room = usize::try_from(limit.saturating_sub(self.length)).unwrap_or(usize::MAX);
        let fitting = &bytes[..bytes.len().min(room)];
        self.file.write_all(fitting)?;
        self.length += fitting.len() as u64;
        Ok(fitting.len() == bytes.len())
    }

    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// Its path.
    pub(super) fn finish(self) -> io::Result<String> {
        self.file.sync_all()?;
        let path = fs::canonicalize(&self.path)?;
        Ok(path.display().to_string())
    }
}

/// Of types that programs tell apart by the name.
fn extension(content_type: &str) -> &'static str {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/json" => "json",
        "application/pdf" => "pdf",
        "image/gif" => "gif",
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/webp" => "webp",
        "text/csv" => "csv",
        "text/html" => "html",
        "text/markdown" => "md",
        kind if kind.starts_with("text/") => "txt",
        _ => "bin",
    }
}
