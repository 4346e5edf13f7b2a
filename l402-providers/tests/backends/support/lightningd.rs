//! The socket of a lightningd: JSON-RPC over a Unix stream, answered as the daemon does.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

/// A daemon that runs until it is dropped.
pub(crate) struct Lightningd {
    pub(crate) path: PathBuf,
    requests: Arc<Mutex<Vec<Value>>>,
    task: JoinHandle<()>,
}

impl Lightningd {
    /// `command` gives the result, or the code and text of an error.
    pub(crate) fn start(
        command: impl Fn(&str, &Value) -> Result<Value, (i64, &'static str)> + Send + 'static,
    ) -> Self {
        Self::speaking(move |request| {
            let id = &request["id"];
            let reply = match command(request["method"].as_str().unwrap(), &request["params"]) {
                Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
                Err((code, message)) => {
                    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
                }
            };
            // As old versions print it: in many lines, with an empty one at the end.
            format!("{reply:#}\n\n").into_bytes()
        })
    }

    /// A daemon that answers with any bytes.
    pub(crate) fn speaking(answer: impl Fn(&Value) -> Vec<u8> + Send + 'static) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("l402-{}-{}.rpc", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = read(&mut stream).await else { continue };
                seen.lock().unwrap().push(request.clone());
                // In pieces, as a socket may deliver it.
                for piece in answer(&request).chunks(1000) {
                    let _ = stream.write_all(piece).await;
                    tokio::task::yield_now().await;
                }
            }
        });
        Self { path, requests, task }
    }

    /// The commands so far.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Lightningd {
    fn drop(&mut self) {
        self.task.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Reads until there is one whole JSON value, which is all the framing there is.
async fn read(stream: &mut UnixStream) -> Option<Value> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut buffer).await.ok().filter(|&read| read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
        if let Some(Ok(value)) = serde_json::Deserializer::from_slice(&bytes).into_iter().next() {
            return Some(value);
        }
    }
}
