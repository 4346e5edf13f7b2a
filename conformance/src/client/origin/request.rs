//! Reading a request without losing a byte of it.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// More is not read; no case asks for so much.
const MAX_REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// A request as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    /// All of it, chunks and all.
    pub(crate) raw: Vec<u8>,
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    headers: Vec<(String, String)>,
    /// Without the framing of chunks.
    pub(crate) body: Vec<u8>,
    /// It came over https.
    pub(crate) is_encrypted: bool,
}

impl Request {
    /// The values of all fields of this name, which is lower case.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether `text` occurs anywhere in it, in either case.
    pub(crate) fn contains(&self, text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        self.raw.to_ascii_lowercase().windows(text.len().max(1)).any(|window| window == text.as_bytes())
    }

    pub(crate) const fn scheme(&self) -> &'static str {
        if self.is_encrypted { "https" } else { "http" }
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    fn parse_head(head: &[u8]) -> Option<Self> {
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split("\r\n");
        let mut first = lines.next()?.split(' ');
        let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
        let field = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim_matches([' ', '\t']).to_owned()))
        };
        Some(Self { method, target, headers: lines.filter_map(field).collect(), ..Self::default() })
    }

    /// The body in `rest`, if all of it is there.
    fn body_in(&self, rest: &[u8]) -> Option<Vec<u8>> {
        if self.values("transfer-encoding").any(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return chunks(rest);
        }
        let length: usize = self.value("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        rest.get(..length).map(<[u8]>::to_vec)
    }
}

/// One request; `None` when the client hangs up before it is complete, or says too much.
pub(crate) async fn read(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Option<Request> {
    let mut raw = Vec::new();
    let mut chunk = vec![0; 16 * 1024];
    let mut told_to_go_on = false;
    while raw.len() < MAX_REQUEST_BYTES {
        let count = stream.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
        raw.extend_from_slice(&chunk[..count]);
        let Some(end) = find(&raw, b"\r\n\r\n") else { continue };
        let request = Request::parse_head(&raw[..end])?;
        let rest = &raw[end + 4..];
        if let Some(body) = request.body_in(rest) {
            return Some(Request { body, raw, ..request });
        }
        let waits = request.value("expect").is_some_and(|text| text.eq_ignore_ascii_case("100-continue"));
        if waits && !told_to_go_on {
            told_to_go_on = true;
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.ok()?;
        }
    }
    None
}

fn chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = find(rest, b"\r\n")?;
        let size = str::from_utf8(&rest[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return find(rest, b"\r\n").map(|_| body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size.checked_add(2)?..)?;
    }
}

fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_taken_apart() {
        let head = b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nA: 1\r\na:\t2 ";
        let request = Request::parse_head(head).unwrap();
        assert_eq!((request.method.as_str(), request.path()), ("POST", "/a"));
        assert_eq!(request.values("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(request.value("b"), None);
    }

    #[test]
    fn a_body_is_complete_or_not_there() {
        let request = Request::parse_head(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked").unwrap();
        let body = b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n";
        assert_eq!(request.body_in(body), Some(b"abc0123456789".to_vec()));
        assert!((0..body.len() - 2).all(|end| request.body_in(&body[..end]).is_none()));
        let request = Request::parse_head(b"POST / HTTP/1.1\r\nContent-Length: 2").unwrap();
        assert_eq!(request.body_in(b"a"), None);
        assert_eq!(request.body_in(b"ab"), Some(b"ab".to_vec()));
    }

    #[test]
    fn text_is_found_in_either_case() {
        let request = Request { raw: b"X: aBcDe".to_vec(), ..Request::default() };
        assert!(request.contains("AbCd") && !request.contains("abd"));
    }
}
