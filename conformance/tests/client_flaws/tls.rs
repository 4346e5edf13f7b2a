//! Https: whom the client believes.

use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme, StreamOwned,
};

use crate::flaw::Flaw;

/// Shakes hands on a fresh connection.
pub(crate) fn connect(
    host: &str,
    mut socket: TcpStream,
    flaw: Flaw,
) -> Result<StreamOwned<ClientConnection, TcpStream>, String> {
    let text = |error: Error| error.to_string();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(text)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { strict: strict(provider), flaw }))
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(text)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut socket).map_err(|error| error.to_string())?;
    }
    Ok(StreamOwned::new(connection, socket))
}

/// Believes whom the suite says, and nobody else.
fn strict(provider: Arc<CryptoProvider>) -> Arc<WebPkiServerVerifier> {
    let mut roots = RootCertStore::empty();
    let file = std::env::var("L402_CONFORMANCE_CA_FILE").unwrap();
    roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap()
}

#[derive(Debug)]
struct Verifier {
    strict: Arc<WebPkiServerVerifier>,
    flaw: Flaw,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        mut now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.flaw == Flaw::TrustsAnybody {
            return Ok(ServerCertVerified::assertion());
        }
        if self.flaw == Flaw::CertificatesNeverExpire {
            // Two days ago, when those that have just expired were good.
            now = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs() - 2 * 24 * 3600));
        }
        match self.strict.verify_server_cert(certificate, others, name, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.flaw == Flaw::AnyNameWillDo => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.strict.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.strict.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.strict.supported_verify_schemes()
    }
}
