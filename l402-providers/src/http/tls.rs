//! Whom to believe that they are the backend: [`Trust`].

use std::fmt;
use std::sync::Arc;

use reqwest::{Certificate, ClientBuilder};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::ConfigError;

/// Whose certificates are accepted. There is no way to accept any.
#[derive(Clone)]
pub(super) enum Trust {
    /// Those of the operating system's authorities.
    System,
    /// Those of this authority.
    Authority(CertificateDer<'static>),
    /// This one.
    Pinned(CertificateDer<'static>),
}

impl Trust {
    pub(super) fn authority(certificate: &[u8]) -> Result<Self, ConfigError> {
        let certificate = read(certificate)?;
        // Read it as an authority now rather than at the first connection.
        RootCertStore::empty().add(certificate.clone()).map_err(|_| ConfigError::Certificate)?;
        Ok(Self::Authority(certificate))
    }

    pub(super) fn pinned(certificate: &[u8]) -> Result<Self, ConfigError> {
        read(certificate).map(Self::Pinned)
    }

    pub(super) fn apply(&self, builder: ClientBuilder) -> Result<ClientBuilder, ConfigError> {
        match self {
            Self::System => Ok(builder),
            Self::Authority(der) => {
                let certificate = Certificate::from_der(der).map_err(|_| ConfigError::Certificate)?;
                Ok(builder.tls_certs_only([certificate]))
            }
            Self::Pinned(der) => Ok(builder.tls_backend_preconfigured(only(der.clone())?)),
        }
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "system",
            Self::Authority(_) => "one authority",
            Self::Pinned(_) => "one certificate",
        })
    }
}

fn read(certificate: &[u8]) -> Result<CertificateDer<'static>, ConfigError> {
    if let Ok(der) = CertificateDer::from_pem_slice(certificate) {
        return Ok(der);
    }
    // A certificate in DER is an ASN.1 SEQUENCE.
    let is_der = certificate.starts_with(&[0x30, 0x82]);
    is_der.then(|| CertificateDer::from(certificate.to_vec())).ok_or(ConfigError::Certificate)
}

fn only(certificate: CertificateDer<'static>) -> Result<ClientConfig, ConfigError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(Pin { certificate, provider: Arc::clone(&provider) });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ConfigError::Client(error.into()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(config)
}

/// Accepts one certificate, byte for byte.
///
/// Nodes sign certificates for names that nobody calls them by, and as authorities of themselves, which ordinary
/// verification refuses. Being exactly the right certificate, and proving with the handshake's signature to hold its
/// key, says more than a name does.
#[derive(Debug)]
struct Pin {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pin {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *end_entity == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::General("the certificate is not the pinned one".to_owned()))
        }
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
