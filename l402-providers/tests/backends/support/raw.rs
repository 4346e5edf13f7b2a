//! A server of raw bytes, for answers that no HTTP library would send.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Where nobody is. A port that was free a moment ago may be another test's by now; this one is nobody's but the system's.
pub(crate) const NOBODY: &str = "127.0.0.1:1";

/// What happens after the bytes are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Close,
    /// Nothing more comes, and the connection stays open.
    Hang,
}

/// Answers every request with the same bytes. Stops when dropped.
pub(crate) struct RawServer {
    pub(crate) url: String,
    requests: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl RawServer {
    pub(crate) async fn start(answer: impl Into<Vec<u8>>, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let (answer, count) = (answer.into(), Arc::clone(&requests));
        let task = tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                if read_request(&mut stream).await {
                    count.fetch_add(1, Ordering::SeqCst);
                    let _ = stream.write_all(&answer).await;
                }
                if then == Then::Hang {
                    open.push(stream);
                }
            }
        });
        Self { url, requests, task }
    }

    /// Answers with this status line, these header lines, and this body.
    pub(crate) async fn answering(status: &str, headers: &str, body: &str) -> Self {
        Self::start(response(status, headers, body), Then::Close).await
    }

    /// How many requests have come so far.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// A whole response, after which the connection is closed.
pub(crate) fn response(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads up to the end of a request; `false` when there was none.
async fn read_request(stream: &mut TcpStream) -> bool {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let Ok(read @ 1..) = stream.read(&mut buffer).await else { return false };
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request);
        if let Some(head) = text.find("\r\n\r\n") {
            let length = text[..head].lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
            });
            if request.len() >= head + 4 + length.unwrap_or(0) {
                return true;
            }
        }
    }
}
