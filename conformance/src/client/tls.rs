//! [`Authority`]: whom the client is told to trust, and the certificates of shops, right and wrong ones.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use l402_core::ports::BoxError;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// Where libraries look for the authorities that they trust: OpenSSL, and with it Python and Ruby; Go; rustls on Linux;
/// Node.js; the package requests of Python; curl.
const VARIABLES: [&str; 5] = [
    "L402_CONFORMANCE_CA_FILE",
    "SSL_CERT_FILE",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
];

const DAY: Duration = Duration::from_secs(24 * 3600);

/// An authority that signs for nobody else, and that nobody else trusts.
pub(crate) struct Authority {
    issuer: Issuer,
    file: PathBuf,
}

type Issuer = CertifiedIssuer<'static, KeyPair>;

/// The certificate that a shop shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certificate {
    Good,
    /// Of an authority that nobody trusts, though it has the name of the one that the client does.
    OfNobody,
    /// For another host.
    OtherName,
    /// It expired yesterday.
    Expired,
}

impl Authority {
    /// Makes one, and writes its certificate into `dir`.
    pub(crate) fn new(dir: &Path) -> Result<Self, BoxError> {
        let issuer = issuer()?;
        let file = dir.join("ca.pem");
        std::fs::write(&file, issuer.pem())?;
        Ok(Self { issuer, file })
    }

    /// Its certificate, in PEM.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// What the client finds in its environment.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (String, String)> + '_ {
        VARIABLES.iter().map(|name| ((*name).to_owned(), self.file.display().to_string()))
    }

    /// Shakes hands as the server on this machine, with such a certificate.
    pub(crate) fn acceptor(&self, certificate: Certificate) -> Result<TlsAcceptor, BoxError> {
        let own = ["localhost", "127.0.0.1", "::1"].as_slice();
        let names = if certificate == Certificate::OtherName { &["shop.example"] } else { own };
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        set(&mut params, "a shop of l402-conformance");
        if certificate == Certificate::Expired {
            params.not_after -= 31 * DAY;
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let signed = match certificate {
            Certificate::OfNobody => {
                let nobody = issuer()?;
                params.signed_by(&key, &nobody)?
            }
            _ => params.signed_by(&key, &self.issuer)?,
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![signed.der().clone()], key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("file", &self.file).finish_non_exhaustive()
    }
}

fn issuer() -> Result<Issuer, BoxError> {
    let mut params = CertificateParams::default();
    set(&mut params, "l402-conformance");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

/// A name, and a time that began ten days ago and ends in thirty.
fn set(params: &mut CertificateParams, name: &str) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = date_time_ymd(1970, 1, 1) + now;
    params.not_before = now - 10 * DAY;
    params.not_after = now + 30 * DAY;
    params.distinguished_name.push(DnType::CommonName, name);
}
