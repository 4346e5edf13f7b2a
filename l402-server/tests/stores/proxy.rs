//! What stands between a service and its Redis: something that forwards connections until it does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

pub(crate) struct Proxy {
    port: u16,
    target: Arc<AtomicU16>,
    freeze: Arc<Notify>,
}

impl Proxy {
    /// Forwards to a loopback port.
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            target: Arc::new(AtomicU16::new(port)),
            freeze: Arc::default(),
        };
        let (target, freeze) = (proxy.target.clone(), proxy.freeze.clone());
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let mut server =
                    TcpStream::connect(("127.0.0.1", target.load(Ordering::Relaxed))).await.unwrap();
                let freeze = freeze.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                        // Both ends stay open, as when a machine between them loses its power.
                        () = freeze.notified() => std::future::pending().await,
                    }
                });
            }
        });
        proxy
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Forwards nothing any more on the connections there are. New ones work.
    pub(crate) fn freeze(&self) {
        self.freeze.notify_waiters();
    }

    /// Forwards new connections to another port. Those there are stay.
    pub(crate) fn redirect(&self, port: u16) {
        self.target.store(port, Ordering::Relaxed);
    }
}
