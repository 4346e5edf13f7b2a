//! The vectors: tokens and header fields, and what must become of them, for implementations in any language.
//!
//! They are JSON files, which `l402-conformance vectors copy` writes to a folder, with their schema. Each vector is a
//! request of the shim protocol: its `op`, the fields of its `input`, and, where it is accepted, those of its
//! `output`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Every file, by its name.
const FILES: [(&str, &str); 10] = [
    ("macaroon-v2.json", include_str!("../../vectors/macaroon-v2.json")),
    ("macaroon-v1.json", include_str!("../../vectors/macaroon-v1.json")),
    ("macaroon-v2-json.json", include_str!("../../vectors/macaroon-v2-json.json")),
    ("identifier.json", include_str!("../../vectors/identifier.json")),
    ("mint.json", include_str!("../../vectors/mint.json")),
    ("attenuate.json", include_str!("../../vectors/attenuate.json")),
    ("verify.json", include_str!("../../vectors/verify.json")),
    ("caveats.json", include_str!("../../vectors/caveats.json")),
    ("credential.json", include_str!("../../vectors/credential.json")),
    ("challenge.json", include_str!("../../vectors/challenge.json")),
];

const SCHEMA: (&str, &str) = ("vectors.schema.json", include_str!("../../schema/vectors.schema.json"));
const PROTOCOL: (&str, &str) = ("PROTOCOL.md", include_str!("../../shims/PROTOCOL.md"));

/// One file of vectors.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct VectorFile {
    /// The name of the file without its ending, such as `macaroon-v2`.
    pub suite: String,
    /// What it is about.
    pub title: String,
    /// What the flags of its vectors mean.
    pub notes: BTreeMap<String, Note>,
    /// The vectors.
    pub vectors: Vec<Vector>,
}

/// What a flag means.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Note {
    /// What getting it wrong is, such as `AUTH_BYPASS`.
    pub kind: String,
    /// What it is, in a sentence.
    pub description: String,
    /// Where that is written.
    pub source: String,
}

/// An input, and what must become of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Vector {
    /// A name such as `macaroon-v2/trailing-zero`, which never means something else.
    pub id: String,
    /// What is special about it.
    pub comment: String,
    /// Which notes are about it.
    pub flags: Vec<String>,
    /// What must become of it.
    pub result: Expectation,
    /// What must be looked at to know that it is invalid, besides the signature.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judges: Vec<String>,
    /// The operation of the shim protocol.
    pub op: String,
    /// The fields of the request.
    pub input: Map<String, Value>,
    /// The fields of the answer, where it is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Map<String, Value>>,
}

/// What must become of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Expectation {
    /// It must be accepted.
    Valid,
    /// It must be refused.
    Invalid,
    /// Either: there are good reasons for both.
    Acceptable,
}

/// Every file of vectors.
///
/// ```
/// let files = l402_conformance::vectors::files();
/// assert!(files.iter().any(|file| file.suite == "verify"));
/// ```
#[must_use]
pub fn files() -> &'static [VectorFile] {
    static PARSED: OnceLock<Vec<VectorFile>> = OnceLock::new();
    // A file that could not be read would be missing; a test reads them all.
    PARSED.get_or_init(|| FILES.iter().filter_map(|(_, text)| serde_json::from_str(text).ok()).collect())
}

/// Writes the vectors to `directory/vectors`, their schema to `directory/schema` and the shim protocol next to them,
/// and says what it wrote. Files that are there are replaced.
///
/// # Errors
/// That of the file system.
pub fn copy(directory: &Path) -> io::Result<Vec<String>> {
    let mut written = Vec::new();
    let files = FILES.iter().map(|(name, text)| (format!("vectors/{name}"), text));
    let more = [(format!("schema/{}", SCHEMA.0), &SCHEMA.1), (PROTOCOL.0.to_owned(), &PROTOCOL.1)];
    for (name, text) in files.chain(more) {
        let path = directory.join(&name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
        written.push(name);
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_can_be_read() {
        let names: Vec<String> = files().iter().map(|file| format!("{}.json", file.suite)).collect();
        assert_eq!(names, FILES.map(|(name, _)| name));
        assert!(files().iter().all(|file| !file.vectors.is_empty()));
    }
}
