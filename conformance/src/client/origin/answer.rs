//! [`Answer`]: what an origin sends, right or wrong.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// An answer, and how it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    framing: Framing,
    /// Only so much of it is sent before the connection ends.
    cut: Option<usize>,
    endless: Option<Endless>,
    is_slow: bool,
}

#[derive(Clone, Copy, Debug)]
enum Framing {
    Length,
    Chunks,
    /// The length is said to be this.
    Claimed(usize),
}

/// What goes on after head and body.
#[derive(Clone, Copy, Debug)]
enum Endless {
    /// As fast as it is read, up to a limit that no client should reach.
    Flood,
    /// A byte now and then.
    Drip,
    /// Nothing, on an open connection.
    Silence,
}

/// A client that reads so much has no limit.
const FLOOD_BYTES: usize = 256 * 1024 * 1024;

const SLOW_PIECES: usize = 5;

const DRIP: Duration = Duration::from_millis(200);

impl Answer {
    pub(crate) const fn new(status: u16) -> Self {
        let framing = Framing::Length;
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            framing,
            cut: None,
            endless: None,
            is_slow: false,
        }
    }

    /// Hangs up without a word.
    pub(crate) fn hang_up() -> Self {
        Self { cut: Some(0), ..Self::new(200) }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("Content-Type", content_type)
    }

    /// The body comes in pieces.
    pub(crate) const fn chunked(mut self) -> Self {
        self.framing = Framing::Chunks;
        self
    }

    /// The body takes a second, in pieces.
    pub(crate) const fn slowly(mut self) -> Self {
        self.is_slow = true;
        self
    }

    /// The connection ends in the middle of the body.
    pub(crate) fn cut_off(mut self) -> Self {
        self.framing = Framing::Claimed(self.body.len() * 2 + 1000);
        self
    }

    /// The connection ends after so many bytes, wherever that is.
    pub(crate) const fn cut_after(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }

    /// The body never ends, and comes as fast as it is read.
    pub(crate) const fn flood(mut self) -> Self {
        self.framing = Framing::Claimed(usize::MAX >> 1);
        self.endless = Some(Endless::Flood);
        self
    }

    /// The body never ends, and comes byte by byte.
    pub(crate) const fn drip(mut self) -> Self {
        self.framing = Framing::Claimed(1_000_000);
        self.endless = Some(Endless::Drip);
        self
    }

    /// The body that was promised never comes.
    pub(crate) const fn silence(mut self) -> Self {
        self.framing = Framing::Claimed(1_000_000);
        self.endless = Some(Endless::Silence);
        self
    }

    pub(super) const fn is_flood(&self) -> bool {
        matches!(self.endless, Some(Endless::Flood))
    }

    /// All that is sent, but for what has no end.
    pub(crate) fn head_and_body(&self) -> Vec<u8> {
        let mut bytes = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status)).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        let framing = match self.framing {
            Framing::Length => format!("Content-Length: {}", self.body.len()),
            Framing::Chunks => "Transfer-Encoding: chunked".to_owned(),
            Framing::Claimed(length) => format!("Content-Length: {length}"),
        };
        bytes.extend_from_slice(format!("{framing}\r\nConnection: close\r\n\r\n").as_bytes());
        if matches!(self.framing, Framing::Chunks) {
            for piece in self.body.chunks(7 * 1024) {
                bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                bytes.extend_from_slice(piece);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
        } else {
            bytes.extend_from_slice(&self.body);
        }
        bytes.truncate(self.cut.unwrap_or(usize::MAX));
        bytes
    }

    /// What is written is flushed before a pause: TLS may keep it otherwise.
    pub(super) async fn write(&self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
        let bytes = self.head_and_body();
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
        let (head, body) = if self.is_slow { bytes.split_at(head) } else { (&bytes[..], &[][..]) };
        stream.write_all(head).await?;
        for piece in body.chunks(body.len() / SLOW_PIECES + 1) {
            stream.flush().await?;
            tokio::time::sleep(DRIP).await;
            stream.write_all(piece).await?;
        }
        stream.flush().await?;
        match self.endless {
            None => stream.shutdown().await,
            Some(Endless::Flood) => {
                let piece = vec![b'x'; 64 * 1024];
                for _ in 0..FLOOD_BYTES / piece.len() {
                    stream.write_all(&piece).await?;
                }
                stream.flush().await
            }
            Some(Endless::Drip) => loop {
                stream.write_all(b"x").await?;
                stream.flush().await?;
                tokio::time::sleep(DRIP).await;
            },
            Some(Endless::Silence) => {
                while stream.read(&mut [0; 1024]).await? > 0 {}
                Ok(())
            }
        }
    }
}

const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        302 => "Found",
        307 => "Temporary Redirect",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Answer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(answer: &Answer) -> String {
        String::from_utf8(answer.head_and_body()).unwrap()
    }

    #[test]
    fn an_answer_is_what_was_ordered() {
        let answer = Answer::new(402).header("A", "1").header("a", "2").body("text/plain", "abc");
        let whole = "HTTP/1.1 402 Payment Required\r\nA: 1\r\na: 2\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\
                     Connection: close\r\n\r\nabc";
        assert_eq!(text(&answer), whole);
        assert_eq!(text(&answer.clone().cut_after(12)), "HTTP/1.1 402");
        assert!(text(&answer.clone().chunked()).ends_with("\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
        assert!(text(&answer.cut_off()).contains("Content-Length: 1006"));
        assert_eq!(text(&Answer::hang_up()), "");
    }
}
