//! HTTPS with a certificate of its own, as LND has it.
//!
//! ```
//! use l402_dev::{DevNode, facade};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let node = DevNode::new()?;
//! let served = facade::tls::serve(([127, 0, 0, 1], 0).into(), facade::lnd::router(&node)).await?;
//! assert!(served.url().starts_with("https://127.0.0.1:"));
//! # Ok(())
//! # }
//! ```

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use l402_core::ports::BoxError;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A facade that is served; it ends when this is dropped.
#[derive(Debug)]
pub struct Served {
    url: String,
    certificate: String,
    task: JoinHandle<()>,
}

impl Served {
    /// Where, such as `https://127.0.0.1:38211`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The certificate, for `localhost` and the address, in PEM.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.certificate
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The address is taken, or not of this machine.
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] io::Error),
    /// No certificate could be made.
    #[error("no certificate can be made")]
    Certificate(#[source] BoxError),
}

/// Serves `app` at `address`, with a new certificate.
///
/// # Errors
/// [`TlsError`].
pub async fn serve(address: SocketAddr, app: Router) -> Result<Served, TlsError> {
    let (config, certificate) = configure(address).map_err(TlsError::Certificate)?;
    let listen = |error| TlsError::Listen(address, error);
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let url = format!("https://{}", listener.local_addr().map_err(listen)?);
    let task = tokio::spawn(accept(listener, TlsAcceptor::from(Arc::new(config)), app));
    Ok(Served { url, certificate, task })
}

fn configure(address: SocketAddr) -> Result<(ServerConfig, String), BoxError> {
    let names = ["localhost".to_owned(), address.ip().to_string()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    Ok((config, cert.pem()))
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, app: Router) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, app) = (acceptor.clone(), app.clone());
        tokio::spawn(async move {
            // Whoever cannot shake hands hears that from TLS itself.
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let builder = auto::Builder::new(TokioExecutor::new());
            let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app)).await;
            drop(served); // a client that hangs up
        });
    }
}
