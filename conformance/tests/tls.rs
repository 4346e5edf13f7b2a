//! A server over https.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;

use l402_conformance::{Outcome, Payer, Profile, Report, Settings, Target, Trust, server};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use support::flawed::{self, Flaw};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Speaks TLS for the server at `plain`, and returns its address and its certificate in PEM.
async fn tls_proxy(plain: SocketAddr) -> (SocketAddr, String) {
    let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signed.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust the certificate hangs up.
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut plain = TcpStream::connect(plain).await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut plain).await;
            });
        }
    });
    (address, signed.cert.pem())
}

async fn check(port: u16, trust: Trust, payer: &Payer) -> Report {
    let target = Target::new(&format!("https://localhost:{port}/report")).unwrap().with_trust(trust);
    let settings =
        Settings::new().only("challenge/f*").only("credential/accepted").only("transport/encrypted");
    server::run(&target, Some(payer), &settings, &mut |_| {}).await
}

#[tokio::test]
async fn a_server_over_https_is_tested_if_its_certificate_is_trusted() {
    let plain = flawed::serve(Flaw::None, Profile::Default).await;
    let payer = Payer::node(&plain.url("node")).unwrap();
    let (address, pem) = tls_proxy(plain.0).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, pem).unwrap();

    for trust in [Trust::authority(&file).unwrap(), Trust::anybody()] {
        let report = check(address.port(), trust, &payer).await;
        assert_eq!(support::not_passed(&report), [""; 0]);
        assert_eq!(report.case("transport/encrypted").unwrap().outcome, Outcome::Pass);
    }
    let report = check(address.port(), Trust::default(), &payer).await;
    let Outcome::Error { reason } = &report.cases[0].outcome else { panic!("{:?}", report.cases[0].outcome) };
    assert!(reason.contains("cannot connect") && reason.contains("certificate"), "{reason}");
}

#[test]
fn a_file_without_a_certificate_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    let reason = |file: &std::path::Path| Trust::authority(file).unwrap_err().to_string();
    assert!(reason(&file).contains("No such file"));
    std::fs::write(&file, "nothing").unwrap();
    assert!(reason(&file).contains("no certificate in PEM"));
}
