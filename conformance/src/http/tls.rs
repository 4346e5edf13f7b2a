//! Whom to believe that they are the server: [`Trust`].

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Whose certificates are accepted from a server under test, over `https://`. The default: those of the authorities that
/// Mozilla trusts.
#[derive(Clone, Debug, Default)]
pub struct Trust(Kind);

#[derive(Clone, Debug, Default)]
enum Kind {
    #[default]
    Public,
    Authority {
        file: PathBuf,
        roots: Arc<RootCertStore>,
    },
    Anybody,
}

impl Trust {
    /// Accepts the certificates of the authorities in this file, in PEM.
    ///
    /// # Errors
    /// [`TrustError`] when it cannot be read, or has no certificate.
    pub fn authority(file: impl AsRef<Path>) -> Result<Self, TrustError> {
        let file = file.as_ref().to_owned();
        let unreadable = |reason: String| TrustError { file: file.clone(), reason };
        let pem = std::fs::read(&file).map_err(|error| unreadable(error.to_string()))?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
            roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(unreadable("it has no certificate in PEM".to_owned()));
        }
        Ok(Self(Kind::Authority { file, roots: Arc::new(roots) }))
    }

    /// Accepts any certificate. For servers of one's own that have none that anybody signed.
    ///
    /// # Security
    /// Whoever sits in between reads the tokens that are bought.
    #[must_use]
    pub const fn anybody() -> Self {
        Self(Kind::Anybody)
    }

    /// What curl has to be told.
    pub(super) fn curl_option(&self) -> Option<(&'static str, String)> {
        match &self.0 {
            Kind::Public => None,
            Kind::Authority { file, .. } => Some(("--cacert", file.to_string_lossy().into_owned())),
            Kind::Anybody => Some(("--insecure", String::new())),
        }
    }

    pub(super) async fn connect(&self, host: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let config = self.config().map_err(io::Error::other)?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    fn config(&self) -> Result<ClientConfig, Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let mut config = match &self.0 {
            Kind::Public => {
                let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
                builder.with_root_certificates(roots).with_no_client_auth()
            }
            Kind::Authority { roots, .. } => {
                builder.with_root_certificates(Arc::clone(roots)).with_no_client_auth()
            }
            Kind::Anybody => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anybody { provider }))
                .with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

/// A file with authorities that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", file.display())]
#[non_exhaustive]
pub struct TrustError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// Takes any certificate whose key signed the handshake.
#[derive(Debug)]
struct Anybody {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
