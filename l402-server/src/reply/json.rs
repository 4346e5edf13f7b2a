//! JSON objects, written field by field into one piece of memory.

use hex_simd::{AsciiCase, encode_append};

/// An object whose fields are written one after the other.
pub(super) struct Object(Vec<u8>);

impl Object {
    pub(super) fn with_room(bytes: usize) -> Self {
        let mut object = Vec::with_capacity(bytes);
        object.push(b'{');
        Self(object)
    }

    /// A field of any text.
    pub(super) fn text(&mut self, name: &'static str, value: &str) {
        self.name(name);
        // Text always serialises, and memory always takes it.
        let _ = serde_json::to_writer(&mut self.0, value);
    }

    /// A field of a word of ours, or of letters and digits, base64 included: of what stands for itself in JSON.
    pub(super) fn word(&mut self, name: &'static str, value: &str) {
        debug_assert!(!value.contains(|character: char| character < ' ' || "\"\\".contains(character)));
        self.name(name);
        self.0.push(b'"');
        self.0.extend_from_slice(value.as_bytes());
        self.0.push(b'"');
    }

    /// A field of bytes, in lower-case hex.
    pub(super) fn hex(&mut self, name: &'static str, value: &[u8]) {
        self.name(name);
        self.0.push(b'"');
        encode_append(value, &mut self.0, AsciiCase::Lower);
        self.0.push(b'"');
    }

    pub(super) fn number(&mut self, name: &'static str, value: u64) {
        self.name(name);
        let _ = serde_json::to_writer(&mut self.0, &value);
    }

    /// The object, and the end of its line.
    pub(super) fn into_line(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"}\n");
        self.0
    }

    fn name(&mut self, name: &'static str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }
}
