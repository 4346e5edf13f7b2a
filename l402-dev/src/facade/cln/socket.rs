//! lightningd's Unix socket: JSON-RPC 2.0 without frames.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

use super::commands::Desk;
use super::error::RpcError;
use crate::account::DevAccount;

/// Longer requests are refused.
const MAX_REQUEST_BYTES: usize = 1 << 20;

/// Listens at `path`, for the owner of the process alone. What is at `path` is replaced if it is a socket.
///
/// # Errors
/// Those of the system; a path may have about 100 bytes.
pub fn bind(path: &Path) -> io::Result<UnixListener> {
    use std::os::unix::fs::FileTypeExt as _;
    if std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket()) {
        std::fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers at `listener`, for as long as the future lives.
///
/// # Errors
/// When the system lets nobody connect any more.
pub async fn serve(listener: UnixListener, account: DevAccount) -> io::Result<()> {
    let desk = Arc::new(Desk::new(account));
    loop {
        let (stream, _) = listener.accept().await?;
        let desk = Arc::clone(&desk);
        // Whoever hangs up has what they wanted.
        tokio::spawn(async move { converse(stream, &desk).await.ok() });
    }
}

async fn converse(mut stream: UnixStream, desk: &Desk) -> io::Result<()> {
    let mut received = Vec::new();
    loop {
        let Some((request, used)) = first_value(&received)? else {
            if stream.read_buf(&mut received).await? == 0 {
                return Ok(());
            }
            continue;
        };
        received.drain(..used);
        let mut reply = answer(desk, &request).await.to_string();
        reply.push_str("\n\n");
        stream.write_all(reply.as_bytes()).await?;
    }
}

/// The first whole JSON value in `bytes` and its length, once it is there.
fn first_value(bytes: &[u8]) -> io::Result<Option<(Value, usize)>> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    match values.next() {
        Some(Ok(value)) => Ok(Some((value, values.byte_offset()))),
        Some(Err(error)) if !error.is_eof() => Err(error.into()),
        _ if bytes.len() > MAX_REQUEST_BYTES => Err(io::ErrorKind::InvalidData.into()),
        _ => Ok(None),
    }
}

async fn answer(desk: &Desk, request: &Value) -> Value {
    let id = request["id"].clone();
    let method = request["method"].as_str().unwrap_or_default();
    match desk.run(method, &request["params"]).await {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(RpcError { code, message, .. }) => {
            json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
        }
    }
}
