//! A client that does as little as it can: raw requests on connections that are kept open.

use std::net::SocketAddr;
use std::time::Instant;

use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::apps::TIME_PATH;
use crate::cases::{Case, PATH};

/// Connections of one server.
pub(crate) struct Client {
    connections: Vec<Connection>,
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(server: SocketAddr, connections: usize) -> Self {
        let mut opened = Vec::new();
        for _ in 0..connections {
            let stream = TcpStream::connect(server).await.unwrap();
            stream.set_nodelay(true).unwrap();
            opened.push(Connection { stream, buffer: Vec::with_capacity(16 << 10) });
        }
        Self { connections: opened }
    }

    /// Sends so many requests, the next one on each connection as soon as the one before is answered. Returns how long
    /// each took, in microseconds.
    pub(crate) async fn send(&mut self, case: &mut Case, count: usize) -> Vec<f64> {
        let each = count / self.connections.len();
        let awake = tokio::spawn(stay_awake());
        let mut tasks = Vec::new();
        for mut connection in self.connections.drain(..) {
            let requests: Vec<String> = (0..each).map(|_| request(PATH, case.next_header())).collect();
            let status = case.status;
            tasks.push(tokio::spawn(async move {
                let mut took = Vec::with_capacity(each);
                for request in requests {
                    let start = Instant::now();
                    assert_eq!(connection.ask(&request).await.0, status);
                    took.push(start.elapsed().as_secs_f64() * 1e6);
                }
                (connection, took)
            }));
        }
        let mut all = Vec::with_capacity(count);
        for task in tasks {
            let (connection, took) = task.await.unwrap();
            self.connections.push(connection);
            all.extend(took);
        }
        awake.abort();
        all
    }

    /// The CPU time that the server's thread has used, in microseconds.
    pub(crate) async fn server_time(&mut self) -> f64 {
        let (status, body) = self.connections[0].ask(&request(TIME_PATH, None)).await;
        assert_eq!(status, 200);
        str::from_utf8(body).unwrap().parse::<f64>().unwrap() / 1e3
    }
}

/// Keeps this thread from sleeping. To wake a thread is the work of who sends to it, and dearer than all of a bare answer: a
/// slow server would pay it for nearly every answer, since it is waited for, and a fast one for hardly any.
async fn stay_awake() {
    loop {
        tokio::task::yield_now().await;
    }
}

fn request(path: &str, authorization: Option<&str>) -> String {
    let field = authorization.map(|value| format!("authorization: {value}\r\n")).unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{field}\r\n")
}

impl Connection {
    /// Sends a request and waits for the whole answer: its status and body.
    async fn ask(&mut self, request: &str) -> (u16, &[u8]) {
        self.stream.write_all(request.as_bytes()).await.unwrap();
        self.buffer.clear();
        loop {
            assert_ne!(self.stream.read_buf(&mut self.buffer).await.unwrap(), 0, "the server hangs up");
            if let Some((status, start)) = whole(&self.buffer) {
                return (status, &self.buffer[start..]);
            }
        }
    }
}

/// The status of an answer, and where its body starts, if all of it is there.
fn whole(answer: &[u8]) -> Option<(u16, usize)> {
    let start = memmem::find(answer, b"\r\n\r\n")? + 4;
    let field = memmem::find(&answer[..start], b"content-length: ").unwrap() + 16;
    let digits = answer[field..].iter().take_while(|byte| byte.is_ascii_digit());
    let length = digits.fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    let status = str::from_utf8(&answer[9..12]).unwrap().parse().unwrap();
    (answer.len() >= start + length).then_some((status, start))
}
