//! The HTTP layer: where requests go, whom TLS believes, and what is repeated.

use std::sync::Arc;
use std::time::Duration;

use l402_core::ports::BackendErrorKind;
use l402_providers::http::Http;
use l402_providers::{ConfigError, Endpoint, Secret};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, sign};

use crate::support::raw::{NOBODY, RawServer, Then};

fn http(endpoint: Endpoint) -> Http {
    Http::new("test", endpoint.pause(Duration::ZERO), Some(("x-key", Secret::from("hush")))).unwrap()
}

#[test]
fn keys_travel_encrypted_or_not_at_all() {
    for good in [
        "https://node.example.com",
        "https://node.example.com:8080/lnd/",
        "http://127.0.0.1:9740",
        "http://[::1]:9740",
        "http://localhost:5000",
        "http://abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion",
    ] {
        assert!(Endpoint::new(good).is_ok(), "{good}");
    }
    let kinds = |url: &str| Endpoint::new(url).unwrap_err();
    for bad in
        ["http://node.example.com", "http://10.0.0.1", "ftp://localhost", "http://localhost.example.com"]
    {
        assert!(matches!(kinds(bad), ConfigError::NotHttps), "{bad}");
    }
    for bad in
        ["https://user:pw@node.example.com", "https://node.example.com?key=1", "https://node.example.com#a"]
    {
        assert!(matches!(kinds(bad), ConfigError::UrlParts), "{bad}");
    }
    for bad in ["", "node.example.com", "data:text/plain,x", "https://"] {
        assert!(matches!(kinds(bad), ConfigError::Url), "{bad}");
    }
}

#[test]
fn a_key_that_cannot_be_sent_is_refused_at_once() {
    let endpoint = || Endpoint::new("https://node.example.com").unwrap();
    let error = |key: &str| Http::new("test", endpoint(), Some(("x-key", Secret::from(key)))).unwrap_err();
    assert!(matches!(error(" \n"), ConfigError::EmptyCredential));
    assert!(matches!(error("a\nb"), ConfigError::CredentialNotAscii));
    let http = http(endpoint());
    assert!(!format!("{http:?} {:?}", http.get(&["a"])).contains("hush"));
    assert_eq!(format!("{:?}", Secret::from("hush")), "Secret([redacted])");
}

#[tokio::test]
async fn reads_are_repeated_and_writes_are_not() {
    for (answer, tries) in [
        ("HTTP/1.1 503 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", 3),
        ("HTTP/1.1 503 No\r\nconnection: close\r\nretry-after: 9\r\ncontent-length: 0\r\n\r\n", 1),
        ("HTTP/1.1 500 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", 1),
        ("", 3),
    ] {
        let server = RawServer::start(answer, Then::Close).await;
        let http = http(Endpoint::new(&server.url).unwrap());
        let _ = http.get(&["a"]).read().await;
        assert_eq!(server.requests(), tries, "{answer}");
        let _ = http.post(&["a"]).send().await;
        assert_eq!(server.requests(), tries + 1, "{answer}");
    }
}

#[tokio::test]
async fn whether_a_request_may_have_arrived_is_known() {
    let closed = RawServer::start("", Then::Close).await;
    let arrived = http(Endpoint::new(&closed.url).unwrap()).post(&[]).send().await.unwrap_err();
    assert!(arrived.may_have_acted());
    let nobody = Endpoint::new(&format!("http://{NOBODY}")).unwrap();
    let unsent = http(nobody).post(&[]).send().await.unwrap_err();
    assert!(!unsent.may_have_acted());
    assert_eq!(unsent.kind(), BackendErrorKind::Unavailable);
    for (status, acted) in
        [("400 Bad", false), ("401 No", false), ("429 No", false), ("408 Late", true), ("500 Oops", true)]
    {
        let server = RawServer::answering(status, "", "").await;
        let answer = http(Endpoint::new(&server.url).unwrap()).post(&[]).send().await.unwrap();
        assert_eq!(answer.success().unwrap_err().may_have_acted(), acted, "{status}");
    }
}

#[tokio::test]
async fn path_segments_cannot_leave_their_place() {
    let server = wiremock::MockServer::start().await;
    let http = http(Endpoint::new(&format!("{}/base/", server.uri())).unwrap());
    let _ = http.get(&["v1", "a/../b?c#d"]).read().await;
    let seen = server.received_requests().await.unwrap();
    assert_eq!(seen[0].url.path(), "/base/v1/a%2F..%2Fb%3Fc%23d");
    assert_eq!(seen[0].headers["x-key"], "hush");
}

/// Answers one request over TLS with `200 {}`.
async fn tls_server(certificate: &[u8], key: &KeyPair) -> String {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.to_vec().into()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut request = [0; 4096];
            if stream.read(&mut request).await.is_ok() {
                let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
                let _ = stream.write_all(answer).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    url
}

async fn connects(endpoint: Endpoint) -> bool {
    let outcome = http(endpoint).get(&[]).read().await;
    if let Err(error) = &outcome {
        assert!(!error.may_have_acted(), "the request left before the certificate was checked");
    }
    outcome.is_ok()
}

/// As LND makes them: signed by itself, an authority, and for another name than it is called by.
#[tokio::test]
async fn a_pinned_certificate_is_the_only_one_accepted() {
    let mut params = CertificateParams::new(vec!["node.internal".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let url = tls_server(certificate.der(), &key).await;
    let endpoint = || Endpoint::new(&url).unwrap();

    assert!(connects(endpoint().pinned_certificate(certificate.pem().as_bytes()).unwrap()).await);
    assert!(connects(endpoint().pinned_certificate(certificate.der()).unwrap()).await);
    assert!(!connects(endpoint()).await, "nobody signed it");
    let other = KeyPair::generate().unwrap();
    let other = params.self_signed(&other).unwrap();
    assert!(!connects(endpoint().pinned_certificate(other.der()).unwrap()).await, "another one is pinned");
}

/// Whoever copies the certificate off the wire does not have its key.
#[tokio::test]
async fn a_pinned_certificate_without_its_key_is_refused() {
    let params = CertificateParams::new(vec!["node.internal".to_owned()]).unwrap();
    let (key, thief) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let certificate = params.self_signed(&key).unwrap();
    let key_of_thief = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(thief.serialize_der()));
    let signing = default_provider().key_provider.load_private_key(key_of_thief).unwrap();
    let stolen = sign::CertifiedKey::new(vec![certificate.der().clone()], signing);
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(sign::SingleCertAndKey::from(stolen)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        while let Ok((stream, _)) = listener.accept().await {
            assert!(acceptor.accept(stream).await.is_err(), "the client went on");
        }
    });
    assert!(!connects(Endpoint::new(&url).unwrap().pinned_certificate(certificate.der()).unwrap()).await);
}

#[tokio::test]
async fn a_private_authority_is_the_only_one_trusted() {
    let authority = |name: &str| {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    };
    let (ours, other) = (authority("ours"), authority("other"));
    let leaf = |name: &str, issuer: &Issuer<'_, KeyPair>| {
        let key = KeyPair::generate().unwrap();
        (CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, issuer).unwrap(), key)
    };
    let (here, key) = leaf("127.0.0.1", &ours);
    let url = tls_server(here.der(), &key).await;
    let trusting = |authority: &CertifiedIssuer<'_, KeyPair>, url: &str| {
        Endpoint::new(url).unwrap().root_certificate(authority.pem().as_bytes()).unwrap()
    };
    assert!(connects(trusting(&ours, &url)).await);
    assert!(!connects(trusting(&other, &url)).await, "another authority");
    let (elsewhere, key) = leaf("node.internal", &ours);
    let url = tls_server(elsewhere.der(), &key).await;
    assert!(!connects(trusting(&ours, &url)).await, "another name");
}

#[test]
fn what_is_no_certificate_is_refused() {
    let endpoint = || Endpoint::new("https://node.example.com").unwrap();
    for junk in [&b""[..], b"hush", b"-----BEGIN CERTIFICATE-----\nAAAA\n", b"\x30\x82\x00"] {
        assert!(endpoint().root_certificate(junk).is_err());
    }
    assert!(endpoint().pinned_certificate(b"tls.cert").is_err());
}
