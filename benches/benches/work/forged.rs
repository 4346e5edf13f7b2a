//! A credential that somebody has tried to change.

/// The same credential with a signature that is wrong in one of its last bytes.
pub(crate) fn forged(mut header: String) -> String {
    let last = header.find(':').unwrap() - 6;
    let other = if header.as_bytes()[last] == b'A' { "B" } else { "A" };
    header.replace_range(last..=last, other);
    header
}
