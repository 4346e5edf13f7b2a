//! The middleware in front of real routes, over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::future_not_send,
    reason = "a test may fail; actix is local"
)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::rt::time::{sleep, timeout};
use actix_web::{App, HttpResponse, HttpServer, web};
use l402_actix::{Gate, L402, MasterKey, Msat, Paid, stores::MemoryReplayStore};
use l402_core::ports::{Claim, Claimed, PayOutcome, PayRequest, PortFuture, ReplayStore, StoreError, Wallet};
use l402_dev::DevNode;
use reqwest::Response;

struct Shop {
    node: DevNode,
    address: SocketAddr,
    http: reqwest::Client,
}

/// Makes middlewares that share one node, one root key and one store.
#[derive(Clone)]
struct Gates {
    node: DevNode,
    store: MemoryReplayStore,
}

impl Gates {
    fn sat(&self, price: u64) -> L402 {
        self.sat_with(price, self.store.clone())
    }

    fn sat_with(&self, price: u64, store: impl ReplayStore + 'static) -> L402 {
        let gate = Gate::builder(self.node.provider())
            .root_key(MasterKey::from_bytes([7; 32]))
            .store(store)
            .price(Msat::from_sat(price))
            .build();
        L402::new(gate.unwrap())
    }
}

impl Shop {
    fn open(routes: impl Fn(&Gates, &mut web::ServiceConfig) + Clone + Send + 'static) -> Self {
        let node = DevNode::new().unwrap();
        let gates = Gates { node: node.clone(), store: MemoryReplayStore::default() };
        let app = move || App::new().configure(|config| routes(&gates, config));
        let server = HttpServer::new(app).workers(2).disable_signals().h1_allow_half_closed(false);
        let server = server.bind("127.0.0.1:0").unwrap();
        let address = server.addrs()[0];
        actix_web::rt::spawn(server.run());
        Self { node, address, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    async fn get(&self, path: &str, credential: Option<&str>) -> Response {
        self.try_get(path, credential).await.unwrap()
    }

    async fn try_get(&self, path: &str, credential: Option<&str>) -> reqwest::Result<Response> {
        let request = self.http.get(format!("http://{}{path}", self.address));
        let request = match credential {
            Some(credential) => request.header("authorization", credential),
            None => request,
        };
        request.send().await
    }

    /// Asks, pays, and returns the credential.
    async fn buy(&self, path: &str) -> String {
        let answer = self.get(path, None).await;
        assert_eq!(answer.status().as_u16(), 402, "{path}");
        let offer = json(answer).await;
        let text = |field: &str| offer[field].as_str().unwrap().to_owned();
        let hash = text("payment_hash").parse().unwrap();
        let request = PayRequest::new(text("invoice"), hash, Msat::ZERO, Duration::from_secs(1));
        let PayOutcome::Paid(payment) = self.node.wallet().pay(request).await.unwrap() else {
            panic!("not paid")
        };
        format!("L402 {}:{}", text("macaroon"), payment.preimage.expose_hex())
    }
}

async fn json(answer: Response) -> serde_json::Value {
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

async fn verdict(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    (status, json(answer).await["code"].as_str().unwrap().to_owned())
}

#[actix_web::test]
async fn pay_once_get_once() {
    let shop = Shop::open(|gates, app| {
        app.service(web::resource("/report").wrap(gates.sat(10)).route(web::get().to(async || "the report")));
    });
    let challenge = shop.get("/report", None).await;
    assert_eq!(challenge.headers()["cache-control"], "no-store");
    assert!(challenge.headers()["www-authenticate"].to_str().unwrap().starts_with("L402 macaroon=\""));

    let credential = shop.buy("/report").await;
    let answer = shop.get("/report", Some(&credential)).await;
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (200, "the report"));
    assert_eq!(verdict(shop.get("/report", Some(&credential)).await).await, (402, "token_used".to_owned()));
    assert_eq!(
        verdict(shop.get("/report", Some("L402 x")).await).await,
        (401, "malformed_credential".to_owned())
    );
}

#[actix_web::test]
async fn shared_caches_are_kept_from_what_was_paid_for() {
    let shop = Shop::open(|gates, app| {
        let answer = async |rule: web::Path<String>| {
            HttpResponse::Ok().insert_header(("cache-control", rule.into_inner())).body("for one buyer")
        };
        app.service(web::resource("/{rule}").wrap(gates.sat(10)).route(web::get().to(answer)));
    });
    for (path, expected) in [("/public", "private"), ("/max-age=60", "private"), ("/no-store", "no-store")] {
        let credential = shop.buy(path).await;
        let answer = shop.get(path, Some(&credential)).await;
        let values: Vec<_> = answer.headers().get_all("cache-control").iter().collect();
        assert_eq!(values, [expected], "{path}");
    }
}

#[actix_web::test]
async fn scopes_and_resources_have_their_prices_and_their_own_tokens() {
    let shop = Shop::open(|gates, app| {
        let item = async |id: web::Path<u32>| format!("item {id}");
        app.service(web::scope("/api").wrap(gates.sat(1)).route("/items/{id}", web::get().to(item)))
            .service(web::resource("/dear").wrap(gates.sat(500)).route(web::get().to(async || "dear")))
            .route("/free", web::get().to(async || "free"));
    });
    assert_eq!(shop.get("/free", None).await.status().as_u16(), 200);
    assert_eq!(json(shop.get("/dear", None).await).await["price_sats"], 500);
    let credential = shop.buy("/api/items/7").await;
    assert_eq!(verdict(shop.get("/dear", Some(&credential)).await).await, (402, "wrong_path".to_owned()));
    assert_eq!(
        verdict(shop.get("/api/items/8", Some(&credential)).await).await,
        (402, "wrong_path".to_owned())
    );
    assert_eq!(shop.get("/api/items/7", Some(&credential)).await.text().await.unwrap(), "item 7");
}

/// A store that lets in and cannot charge.
#[derive(Clone)]
struct NeverCharges;

impl ReplayStore for NeverCharges {
    fn claim(&self, _: Claim) -> PortFuture<Result<Claimed, StoreError>> {
        PortFuture::ready(Ok(Claimed::Granted))
    }
    fn commit(&self, _: Claim) -> PortFuture<Result<bool, StoreError>> {
        PortFuture::ready(Ok(false))
    }
    fn release(&self, _: Claim) -> PortFuture<Result<(), StoreError>> {
        PortFuture::ready(Ok(()))
    }
}

#[actix_web::test]
async fn an_answer_that_cannot_be_charged_is_withheld() {
    let shop = Shop::open(|gates, app| {
        let report = web::get().to(async || "the report").wrap(gates.sat_with(10, NeverCharges));
        app.route("/report", report);
    });
    let credential = shop.buy("/report").await;
    let answer = verdict(shop.get("/report", Some(&credential)).await).await;
    assert_eq!(answer, (503, "lease_lost".to_owned()));
}

#[actix_web::test]
async fn handlers_see_what_was_paid() {
    let shop = Shop::open(|gates, app| {
        let amount = async |paid: Option<Paid>| {
            paid.and_then(|paid| paid.amount).map_or_else(|| "free".to_owned(), |amount| amount.to_string())
        };
        app.service(web::resource("/paid").wrap(gates.sat(3)).route(web::get().to(amount)))
            .route("/open", web::get().to(amount))
            .route("/mistake", web::get().to(async |_: Paid| "unreachable"));
    });
    let credential = shop.buy("/paid").await;
    assert_eq!(shop.get("/paid", Some(&credential)).await.text().await.unwrap(), "3 sat");
    assert_eq!(shop.get("/open", None).await.text().await.unwrap(), "free");
    assert_eq!(shop.get("/mistake", None).await.status().as_u16(), 500);
}

#[actix_web::test]
async fn a_handler_that_fails_charges_nothing() {
    let shop = Shop::open(|gates, app| {
        let status = async |status: web::Path<u16>| {
            HttpResponse::new(StatusCode::from_u16(*status).unwrap()).map_into_boxed_body()
        };
        let error = async || Err::<String, _>(actix_web::error::ErrorBadGateway("upstream"));
        app.service(web::resource("/status/{status}").wrap(gates.sat(10)).route(web::get().to(status)))
            .service(web::resource("/error").wrap(gates.sat(10)).route(web::get().to(error)));
    });
    for (path, expected) in [("/status/500", 500), ("/status/404", 404), ("/error", 502)] {
        let credential = shop.buy(path).await;
        for _ in 0..2 {
            assert_eq!(shop.get(path, Some(&credential)).await.status().as_u16(), expected);
        }
    }
}

#[actix_web::test]
async fn a_handler_that_panics_charges_nothing() {
    let shop = Shop::open(|gates, app| {
        let panic = async || -> &str { panic!("the handler broke") };
        app.service(web::resource("/panic").wrap(gates.sat(10)).route(web::get().to(panic)));
    });
    let credential = shop.buy("/panic").await;
    for _ in 0..2 {
        let answer = shop.try_get("/panic", Some(&credential)).await;
        assert!(answer.is_err(), "let in both times, and both times it broke: {answer:?}");
    }
}

#[actix_web::test]
async fn a_client_that_goes_away_before_the_answer_is_not_charged() {
    let shop = Shop::open(|gates, app| {
        let hang = async || std::future::pending::<&str>().await;
        app.service(web::resource("/slow").wrap(gates.sat(10)).route(web::get().to(hang)));
    });
    let credential = shop.buy("/slow").await;
    let (mut let_in, mut refused) = (0, 0);
    while let_in < 2 {
        // The handler never answers and the gate always does. When time is up, the connection is dropped.
        match timeout(Duration::from_millis(500), shop.get("/slow", Some(&credential))).await {
            Err(_) => let_in += 1,
            Ok(answer) => {
                assert_eq!(answer.status().as_u16(), 409, "the server has not noticed yet");
                refused += 1;
                assert!(refused < 100, "the server never notices");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

#[actix_web::test]
async fn what_does_not_exist_is_not_sold() {
    let shop = Shop::open(|gates, app| {
        let report = web::get().to(async || "the report").wrap(gates.sat(10));
        app.service(web::resource("/report").route(report));
    });
    assert_eq!(shop.get("/nothing", None).await.status().as_u16(), 404);
    let post = shop.http.post(format!("http://{}/report", shop.address)).send().await.unwrap();
    assert_eq!(post.status().as_u16(), 405);
    assert_eq!(shop.node.invoices().len(), 0);
    let credential = shop.buy("/report").await;
    assert_eq!(shop.get("/report", Some(&credential)).await.status().as_u16(), 200);
}

#[actix_web::test]
async fn of_many_uses_at_once_one_gets_in() {
    let shop = Shop::open(|gates, app| {
        app.service(web::resource("/report").wrap(gates.sat(10)).route(web::get().to(async || "the report")));
    });
    let credential = shop.buy("/report").await;
    let shop = Arc::new(shop);
    let statuses = Arc::new(Mutex::new(Vec::new()));
    let tries: Vec<_> = (0..50)
        .map(|_| {
            let (shop, credential, statuses) = (Arc::clone(&shop), credential.clone(), Arc::clone(&statuses));
            actix_web::rt::spawn(async move {
                let status = shop.get("/report", Some(&credential)).await.status().as_u16();
                statuses.lock().unwrap().push(status);
            })
        })
        .collect();
    for one in tries {
        one.await.unwrap();
    }
    let statuses = statuses.lock().unwrap();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 402, 409].contains(status)), "{statuses:?}");
}
