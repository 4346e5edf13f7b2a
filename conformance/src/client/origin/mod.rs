//! HTTP servers that answer whatever a case wants, byte by byte, and keep every request.

mod answer;
mod request;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

pub(crate) use answer::Answer;
pub(crate) use request::Request;

use super::log::{Exchange, Log};

/// What an origin answers.
pub(crate) type Handler = Box<dyn Fn(&Request) -> Answer + Send + Sync>;

/// What an origin speaks.
#[derive(Clone)]
pub(crate) enum Transport {
    Http,
    Https(TlsAcceptor),
    /// Https, and http on the same port.
    Both(TlsAcceptor),
}

/// A server. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Origin {
    name: &'static str,
    address: SocketAddr,
    scheme: &'static str,
    log: Arc<Log>,
    task: JoinHandle<()>,
}

impl Origin {
    /// Listens on `address`. `name` is what evidence calls it.
    pub(crate) async fn open(
        name: &'static str,
        address: SocketAddr,
        transport: Transport,
        log: &Arc<Log>,
        handler: Handler,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let scheme = if matches!(transport, Transport::Http) { "http" } else { "https" };
        let task = tokio::spawn(accept(name, listener, transport, Arc::clone(log), handler.into()));
        Ok(Self { name, address, scheme, log: Arc::clone(log), task })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// The same server under another name of this machine.
    pub(crate) fn url_as(&self, host: &str, path: &str) -> String {
        format!("{}://{host}:{}{path}", self.scheme, self.address.port())
    }

    /// The same server without encryption, if it speaks both.
    pub(crate) fn plain_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
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

async fn accept(
    name: &'static str,
    listener: TcpListener,
    transport: Transport,
    log: Arc<Log>,
    handler: Arc<Handler>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (transport, log, handler) = (transport.clone(), Arc::clone(&log), Arc::clone(&handler));
        tokio::spawn(async move {
            let Some(acceptor) = transport.acceptor_for(&stream).await else {
                return talk(name, stream, false, &log, &**handler).await;
            };
            match acceptor.accept(stream).await {
                Ok(stream) => talk(name, stream, true, &log, &**handler).await,
                Err(error) => log.no_handshake(name, &error),
            }
        });
    }
}

impl Transport {
    /// `None` for a connection that is not encrypted.
    async fn acceptor_for(&self, stream: &TcpStream) -> Option<&TlsAcceptor> {
        /// What a handshake begins with (RFC 8446, §5.1), and no request does.
        const HANDSHAKE: [u8; 1] = [22];
        match self {
            Self::Http => None,
            Self::Https(acceptor) => Some(acceptor),
            Self::Both(acceptor) => {
                let mut first = [0];
                let is_there = stream.peek(&mut first).await.is_ok();
                (is_there && first == HANDSHAKE).then_some(acceptor)
            }
        }
    }
}

/// One request, one answer, and the end of the connection.
async fn talk(
    name: &'static str,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    is_encrypted: bool,
    log: &Log,
    handler: &(dyn Fn(&Request) -> Answer + Send + Sync),
) {
    let Some(mut request) = request::read(&mut stream).await else { return };
    request.is_encrypted = is_encrypted;
    let answer = handler(&request);
    log.exchange(Exchange { origin: name, request, answer: answer.head_and_body() });
    // Whoever hangs up does not want the rest.
    if answer.write(&mut stream).await.is_ok() && answer.is_flood() {
        log.swallow();
    }
}
