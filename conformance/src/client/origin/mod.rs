//! HTTP servers that answer whatever a case wants, byte by byte, and keep every request.

mod answer;
mod request;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(crate) use answer::Answer;
pub(crate) use request::Request;

use super::log::{Exchange, Log};

/// What an origin answers.
pub(crate) type Handler = Box<dyn Fn(&Request) -> Answer + Send + Sync>;

/// A server. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Origin {
    name: &'static str,
    address: SocketAddr,
    log: Arc<Log>,
    task: JoinHandle<()>,
}

impl Origin {
    /// Listens on `address`. `name` is what evidence calls it.
    pub(crate) async fn open(
        name: &'static str,
        address: SocketAddr,
        log: &Arc<Log>,
        handler: Handler,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(accept(name, listener, Arc::clone(log), handler.into()));
        Ok(Self { name, address, log: Arc::clone(log), task })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The same server under another name of this machine.
    pub(crate) fn url_as(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.address.port())
    }

    /// Every request so far, the oldest first.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.log.requests_to(self.name)
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(name: &'static str, listener: TcpListener, log: Arc<Log>, handler: Arc<Handler>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (log, handler) = (Arc::clone(&log), Arc::clone(&handler));
        tokio::spawn(async move { talk(name, stream, &log, &**handler).await });
    }
}

/// One request, one answer, and the end of the connection.
async fn talk(
    name: &'static str,
    mut stream: TcpStream,
    log: &Log,
    handler: &(dyn Fn(&Request) -> Answer + Send + Sync),
) {
    let Some(request) = request::read(&mut stream).await else { return };
    let answer = handler(&request);
    log.exchange(Exchange { origin: name, request, answer: answer.head_and_body() });
    // Whoever hangs up does not want the rest.
    if answer.write(&mut stream).await.is_ok() && answer.is_flood() {
        log.swallow();
    }
}
