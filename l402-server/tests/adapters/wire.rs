//! HTTP/1.1 as bytes on a socket, so that nothing tidies up what is sent or received.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Ends a test that would hang. Nothing is decided by it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// One connection.
pub(crate) struct Connection {
    stream: TcpStream,
    /// Received, and not looked at yet.
    unread: Vec<u8>,
}

/// The head of an answer, and as much of its body as there was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case, sorted by name.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the body ended as it should.
    pub(crate) is_complete: bool,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    pub(crate) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A field of the JSON body, as text.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let body: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        body.get(name)?.as_str().map(str::to_owned)
    }
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), unread: Vec::new() }
    }

    /// Sends bytes as they are. A server that has hung up already is noticed when the answer is read.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        drop(self.stream.write_all(bytes).await);
    }

    /// Reads a whole answer; `None` when the server hangs up without one.
    pub(crate) async fn answer(&mut self, method: &str) -> Option<Answer> {
        let mut answer = self.head().await?;
        self.body(&mut answer, method).await;
        Some(answer)
    }

    /// Reads up to the empty line. Answers of the kind of 100 Continue are skipped.
    pub(crate) async fn head(&mut self) -> Option<Answer> {
        loop {
            let end = loop {
                if let Some(end) = find(&self.unread, b"\r\n\r\n") {
                    break end;
                }
                if !self.receive().await {
                    return None;
                }
            };
            let head = String::from_utf8_lossy(&self.unread[..end]).into_owned();
            self.unread.drain(..end + 4);
            let answer = parse_head(&head);
            if answer.status != 100 {
                return Some(answer);
            }
        }
    }

    /// Reads the rest of an answer.
    pub(crate) async fn body(&mut self, answer: &mut Answer, method: &str) {
        let is_empty = method == "HEAD" || answer.status < 200 || [204, 304].contains(&answer.status);
        if is_empty {
            answer.is_complete = true;
        } else if answer.header("transfer-encoding").is_some_and(|value| value == "chunked") {
            answer.is_complete = loop {
                match self.chunk().await {
                    Some(chunk) if chunk.is_empty() => break true,
                    Some(chunk) => answer.body.extend(chunk),
                    None => break false,
                }
            };
        } else if let Some(length) = answer.header("content-length") {
            let length: usize = length.parse().unwrap();
            let body = self.bytes(length).await;
            answer.is_complete = body.is_some();
            answer.body = body.unwrap_or_default();
        } else {
            while self.receive().await {}
            answer.body = std::mem::take(&mut self.unread);
            answer.is_complete = true;
        }
    }

    /// One chunk of a body; the last is empty, and `None` is a body that broke off.
    pub(crate) async fn chunk(&mut self) -> Option<Vec<u8>> {
        let end = loop {
            if let Some(end) = find(&self.unread, b"\r\n") {
                break end;
            }
            if !self.receive().await {
                return None;
            }
        };
        let line = String::from_utf8_lossy(&self.unread[..end]).into_owned();
        self.unread.drain(..end + 2);
        let length = usize::from_str_radix(line.trim(), 16).unwrap();
        let mut chunk = self.bytes(length + 2).await?;
        chunk.truncate(length);
        Some(chunk)
    }

    /// So many bytes, or `None` when there are fewer.
    pub(crate) async fn bytes(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.unread.len() < length {
            if !self.receive().await {
                return None;
            }
        }
        Some(self.unread.drain(..length).collect())
    }

    async fn receive(&mut self) -> bool {
        self.unread.reserve(16 << 10);
        let read = timeout(PATIENCE, self.stream.read_buf(&mut self.unread)).await;
        read.expect("the server says nothing and does not hang up").unwrap_or(0) > 0
    }
}

fn parse_head(head: &str) -> Answer {
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let field = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_ascii_lowercase(), value.trim().to_owned())
    };
    let mut headers: Vec<_> = lines.map(field).collect();
    headers.sort_by(|(one, _), (other, _)| one.cmp(other)); // stable: values of one name stay in order
    Answer { status: status.unwrap(), headers, ..Answer::default() }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
