//! The servers of this workspace conform.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;

use actix_web::{App, HttpServer, web};
use axum::Router;
use axum::routing::get;
use l402_axum::{Gate, L402Layer, MasterKey, Msat};
use l402_conformance::{Payer, Target, Verdict, server};
use l402_dev::DevNode;

#[tokio::test]
async fn the_axum_layer_is_conformant() {
    let node = DevNode::new().unwrap();
    let app = Router::new().route("/report", get("a report")).route("/other", get("another"));
    let address = support::serve(app.layer(L402Layer::new(gate(&node))), &node).await;
    assert_conformant(address, address).await;
}

#[tokio::test]
async fn the_actix_middleware_is_conformant() {
    let node = DevNode::new().unwrap();
    let wallet = support::serve(Router::new(), &node).await;
    assert_conformant(serve_actix(gate(&node)), wallet).await;
}

#[tokio::test]
async fn without_a_payer_our_own_server_is_partial() {
    let node = DevNode::new().unwrap();
    let app = Router::new().route("/report", get("a report")).layer(L402Layer::new(gate(&node)));
    let address = support::serve(app, &node).await;
    let report = server::check(&target(address), None).await;
    let counts = report.counts();
    assert_eq!((counts.failed, counts.warned, counts.errors), (0, 0, 0));
    assert_eq!(report.verdict(), Verdict::Partial);
    assert_eq!(node.payments().len(), 0);
}

fn gate(node: &DevNode) -> Gate {
    let gate = Gate::builder(node.provider()).root_key(MasterKey::from_bytes([7; 32]));
    gate.price(Msat::from_sat(10)).build().unwrap()
}

fn target(address: SocketAddr) -> Target {
    let target = Target::new(&format!("http://{address}/report")).unwrap();
    target.with_other_url(&format!("http://{address}/other")).unwrap()
}

async fn assert_conformant(address: SocketAddr, wallet: SocketAddr) {
    let payer = Payer::node(&format!("http://{wallet}/node")).unwrap();
    let report = server::check(&target(address), Some(&payer)).await;
    assert_eq!(support::not_passed(&report), [""; 0]);
    assert_eq!(report.counts().passed, server::cases().len());
    assert_eq!(report.verdict(), Verdict::Conformant);
}

/// On a thread of its own, since actix brings its own runtime; ends with the test.
fn serve_actix(gate: Gate) -> SocketAddr {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let app = move || {
                App::new()
                    .wrap(l402_actix::L402::new(gate.clone()))
                    .route("/report", web::get().to(|| async { "a report" }))
                    .route("/other", web::get().to(|| async { "another" }))
            };
            let server = HttpServer::new(app).workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
            sender.send(server.addrs()[0]).unwrap();
            server.run().await.unwrap();
        });
    });
    receiver.recv().unwrap()
}
