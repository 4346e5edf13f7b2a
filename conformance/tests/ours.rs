//! The servers of this workspace conform, in every profile, with no deviation to explain.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use l402_axum::stores::SqliteReplayStore;
use l402_axum::{Cors, Gate, GateBuilder, L402Layer, MasterKey, Msat, OfferLimits, Profile, Quote};
use l402_conformance::{Expiry, Hook, Payer, Report, Settings, Target, Verdict, server};
use l402_core::ManualClock;
use l402_dev::DevNode;
use support::swap::Swap;

const PROFILES: [(Profile, l402_conformance::Profile); 3] = [
    (Profile::DEFAULT, l402_conformance::Profile::Default),
    (Profile::APERTURE, l402_conformance::Profile::Aperture),
    (Profile::L402KIT, l402_conformance::Profile::L402kit),
];

#[tokio::test]
async fn the_axum_layer_is_conformant() {
    for (manners, profile) in PROFILES {
        let shop = Shop::new();
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("uses");
        let open = {
            let shop = shop.clone();
            move || {
                axum_app(shop.gate(manners).store(SqliteReplayStore::open(&file).unwrap()).build().unwrap())
            }
        };
        let swap = Swap::new(open());
        let restart = swap.clone();
        let hooks = shop.hooks().route(
            "/restart",
            post(move || {
                restart.put(open());
                async {}
            }),
        );
        let address = support::serve(swap.router().nest("/hooks", hooks), &shop.node).await;
        let target = target(address, address);
        let target = target.with_restart(Hook::url(&format!("http://{address}/hooks/restart")).unwrap());
        let settings = Settings::new().with_profile(profile).strict();
        assert_conformant(&check(&target, address, &settings).await);
    }
}

#[tokio::test]
async fn the_actix_middleware_is_conformant() {
    for (manners, profile) in PROFILES {
        let shop = Shop::new();
        let helper = support::serve(Router::new().nest("/hooks", shop.hooks()), &shop.node).await;
        let address = serve_actix(shop.gate(manners).build().unwrap());
        // What outlives a restart is in the store, which is the same as axum's.
        let settings = Settings::new().with_profile(profile).without("restart").strict();
        assert_conformant(&check(&target(address, helper), helper, &settings).await);
    }
}

#[tokio::test]
async fn without_a_payer_our_own_server_is_partial() {
    let shop = Shop::new();
    let address = support::serve(axum_app(shop.gate(Profile::DEFAULT).build().unwrap()), &shop.node).await;
    let report = server::check(&target(address, address), None).await;
    let counts = report.counts();
    assert_eq!(
        (counts.failed, counts.warned, counts.errors),
        (0, 0, 0),
        "{:?}",
        support::not_passed(&report)
    );
    assert_eq!(report.verdict(), Verdict::Partial);
    assert_eq!(shop.node.payments().len(), 0);
}

/// What both servers sell, and the time in which they do.
#[derive(Clone)]
struct Shop {
    node: DevNode,
    clock: ManualClock,
}

impl Shop {
    fn new() -> Self {
        let clock = ManualClock::at(support::now());
        Self { node: DevNode::builder().clock(clock.clone()).build().unwrap(), clock }
    }

    fn gate(&self, profile: Profile) -> GateBuilder {
        let quote = Quote::new(Msat::from_sat(10)).valid_for(Duration::from_secs(3600));
        Gate::builder(self.node.provider())
            .root_key(MasterKey::from_bytes(std::array::from_fn(|number| number as u8)))
            .clock(self.clock.clone())
            .profile(profile)
            .cors(Cors::any_origin())
            .offer_limits(OfferLimits::NONE)
            .price(quote)
    }

    /// `POST /expire` lets a week pass.
    fn hooks(&self) -> Router {
        let clock = self.clock.clone();
        let expire = move || {
            clock.advance(Duration::from_secs(7 * 24 * 3600));
            async {}
        };
        Router::new().route("/expire", post(expire))
    }
}

fn axum_app(gate: Gate) -> Router {
    Router::new()
        .route("/report", get("a report").post("a change"))
        .route("/other", get("another"))
        .route("/failing", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .layer(L402Layer::new(gate))
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
                    .route("/report", web::post().to(|| async { "a change" }))
                    .route("/other", web::get().to(|| async { "another" }))
                    .route("/failing", web::get().to(HttpResponse::InternalServerError))
            };
            let server = HttpServer::new(app).workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
            sender.send(server.addrs()[0]).unwrap();
            server.run().await.unwrap();
        });
    });
    receiver.recv().unwrap()
}

/// Everything but a restart.
fn target(address: SocketAddr, hooks: SocketAddr) -> Target {
    let url = |path: &str| format!("http://{address}/{path}");
    let expire = Hook::url(&format!("http://{hooks}/hooks/expire")).unwrap();
    let target = Target::new(&url("report")).unwrap().with_other_url(&url("other")).unwrap();
    let target = target.with_other_method("POST").unwrap().with_failing_url(&url("failing")).unwrap();
    target.with_expiring_url(&url("report"), Expiry::Hook(expire)).unwrap()
}

async fn check(target: &Target, wallet: SocketAddr, settings: &Settings) -> Report {
    let payer = Payer::node(&format!("http://{wallet}/node")).unwrap();
    server::run(target, Some(&payer), settings, &mut |_| {}).await
}

fn assert_conformant(report: &Report) {
    assert_eq!(report.verdict(), Verdict::Conformant, "{}", report.to_human(false));
    let counts = report.counts();
    assert_eq!((counts.failed, counts.warned, counts.errors), (0, 0, 0), "{}", report.to_human(false));
}
