//! [`Replay`]: a generated value in a file.

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::wire::{hex, sha256};

/// A generated value that went wrong, and where.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Replay {
    /// The case.
    pub(crate) case: String,
    /// The seed of the run that found it.
    pub(crate) seed: u64,
    /// The value, which only the case understands.
    pub(crate) value: Value,
}

impl Replay {
    pub(crate) fn new(case: &str, seed: u64, value: &impl Serialize) -> Result<Self, String> {
        let value = serde_json::to_value(value).map_err(|error| error.to_string())?;
        Ok(Self { case: case.to_owned(), seed, value })
    }

    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{} is no saved case: {error}", file.display()))
    }

    /// Writes it to a file of its own, whose name says which case it is and, in part, what is in it.
    pub(crate) fn save(&self, directory: &Path) -> Result<PathBuf, String> {
        let text = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        let digest = hex(&sha256(text.as_bytes())[..4]);
        let path = directory.join(format!("{}-{digest}.json", self.case.replace('/', "-")));
        let written = fs::create_dir_all(directory).and_then(|()| fs::write(&path, text + "\n"));
        written.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }

    pub(crate) fn value<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_value(self.value.clone())
            .map_err(|error| format!("the saved value is of another case: {error}"))
    }
}
