//! What only actix-web has: apps, scopes, resources and routes to wrap, and its errors. Everything else is in the scenario
//! table of `l402-server`, which runs against this crate.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::future_not_send,
    reason = "a test may fail; actix is local"
)]

#[path = "../../l402-server/tests/secrecy/watch.rs"]
mod secrecy;

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::{App, HttpServer, Scope, web};
use l402_actix::{Cors, Gate, GateBuilder, L402, Msat, PriceTable, Quote, stores::MemoryReplayStore};
use l402_core::ports::{PayOutcome, PayRequest, Wallet};
use l402_dev::DevNode;
use reqwest::Response;

/// Nothing is decided by it.
const PATIENCE: Duration = Duration::from_secs(60);

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
        self.gate(|gate| gate.price(Msat::from_sat(price)))
    }

    fn gate(&self, settings: impl FnOnce(GateBuilder) -> GateBuilder) -> L402 {
        let gate =
            Gate::builder(self.node.provider()).root_key(secrecy::master_key()).store(self.store.clone());
        L402::new(settings(gate).build().unwrap())
    }
}

impl Shop {
    fn open(routes: impl Fn(&Gates, &mut web::ServiceConfig) + Clone + Send + 'static) -> Self {
        let node = DevNode::new().unwrap();
        let gates = Gates { node: node.clone(), store: MemoryReplayStore::default() };
        let app = move || App::new().configure(|config| routes(&gates, config));
        let server = HttpServer::new(app).workers(2).disable_signals().h1_allow_half_closed(false);
        // A machine that is busy must not look like a client that is slow, or has left.
        let server = server.keep_alive(PATIENCE).client_request_timeout(PATIENCE);
        let server = server.bind("127.0.0.1:0").unwrap();
        let address = server.addrs()[0];
        actix_web::rt::spawn(server.run());
        Self { node, address, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    async fn get(&self, path: &str, credential: Option<&str>) -> Response {
        let request = self.http.get(format!("http://{}{path}", self.address));
        let request = match credential {
            Some(credential) => request.header("authorization", credential),
            None => request,
        };
        request.send().await.unwrap()
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
        secrecy::macaroon(&text("macaroon"));
        secrecy::preimage(&payment.preimage);
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
async fn around_an_app_what_does_not_exist_is_sold_and_not_charged() {
    let shop = Shop::open(|gates, app| {
        let scope = web::scope("").wrap(gates.sat(10));
        app.service(scope.route("/report", web::get().to(async || "the report")));
    });
    let credential = shop.buy("/nothing").await;
    for _ in 0..2 {
        assert_eq!(shop.get("/nothing", Some(&credential)).await.status().as_u16(), 404);
    }
}

#[actix_web::test]
async fn a_gate_works_within_nested_scopes() {
    let shop = Shop::open(|gates, app| {
        let item = async |id: web::Path<u32>| format!("item {id}");
        let items = web::resource("/items/{id}").wrap(gates.sat(3)).route(web::get().to(item));
        app.service(web::scope("/api").service(web::scope("/v1").service(items)));
    });
    let credential = shop.buy("/api/v1/items/7").await;
    assert_eq!(shop.get("/api/v1/items/7", Some(&credential)).await.text().await.unwrap(), "item 7");
    assert_eq!(verdict(shop.get("/api/v1/items/7", Some(&credential)).await).await.1, "token_used");
}

/// The router reads `%64` as `d`, so prices have to.
#[actix_web::test]
async fn no_spelling_of_a_path_has_another_price_than_its_route() {
    fn routes(app: Scope) -> Scope {
        app.service(web::resource("/dear").route(web::get().to(async || "dear")))
            .service(web::resource("/whole/{id}").route(web::get().to(async || "whole")))
            .service(web::resource("/{page}").route(web::get().to(async || "cheap")))
            .service(web::resource("/{shelf}/{page}").route(web::get().to(async || "cheap")))
    }
    fn prices(prefix: &str) -> PriceTable {
        let at = |route: &str| format!("{prefix}{route}");
        let whole = Quote::new(Msat::from_sat(70)).uses(9).whole_route();
        let prices = PriceTable::new().get(at("/dear"), Msat::from_sat(500)).get(at("/whole/{id}"), whole);
        prices.get(at("/{page}"), Msat::from_sat(1)).otherwise(Quote::free())
    }
    let whole_app = Shop::open(|gates, app| {
        app.service(routes(web::scope("")).wrap(gates.gate(|gate| gate.prices(prices("")))));
    });
    let scope = Shop::open(|gates, app| {
        app.service(routes(web::scope("/shop")).wrap(gates.gate(|gate| gate.prices(prices("/shop")))));
    });
    for (shop, prefix) in [(whole_app, ""), (scope, "/shop")] {
        for (path, price) in
            [("/dear", 500), ("/%64ear", 500), ("/de%61%72", 500), ("/%64ea", 1), ("/whol%65/1", 70)]
        {
            let answer = shop.get(&format!("{prefix}{path}"), None).await;
            assert_eq!(answer.status().as_u16(), 402, "{prefix}{path} is given away");
            assert_eq!(json(answer).await["price_sats"], price, "{prefix}{path}");
        }
        assert_eq!(shop.get(&format!("{prefix}/other%2Fpage/1"), None).await.status().as_u16(), 200);
        let credential = shop.buy(&format!("{prefix}/whole/1")).await;
        let paid = async |path: &str| shop.get(&format!("{prefix}{path}"), Some(&credential)).await;
        assert_eq!(paid("/%77hole/2").await.text().await.unwrap(), "whole");
        assert_eq!(verdict(paid("/%64ear").await).await, (402, "wrong_path".to_owned()));
    }
}

/// Where the router has found the route, it is that one, whatever else the path would fit.
#[actix_web::test]
async fn a_route_that_was_found_is_priced_as_such() {
    let shop = Shop::open(|gates, app| {
        let gate = gates.gate(|gate| {
            let prices =
                PriceTable::new().get("/{page}", Msat::from_sat(1)).get("/dear", Msat::from_sat(500));
            gate.prices(prices.otherwise(Quote::free()))
        });
        let guarded = web::resource("/{page}").guard(actix_web::guard::Header("x-cheap", "yes"));
        app.service(guarded.route(web::get().to(async || "cheap").wrap(gate.clone())));
        app.service(web::resource("/dear").route(web::get().to(async || "dear").wrap(gate)));
    });
    for path in ["/dear", "/%64ear"] {
        assert_eq!(json(shop.get(path, None).await).await["price_sats"], 500, "{path}");
    }
}

/// A browser asks with OPTIONS before it sends a credential of another origin's page. The route itself has no such
/// method, so whoever sells to pages wraps what is around it.
#[actix_web::test]
async fn a_preflight_needs_a_gate_around_the_resource() {
    let shop = Shop::open(|gates, app| {
        let gate = gates.gate(|gate| gate.price(Msat::from_sat(10)).cors(Cors::any_origin()));
        let report = web::get().to(async || "the report");
        app.service(web::resource("/resource").wrap(gate.clone()).route(report))
            .service(web::scope("/scope").wrap(gate.clone()).route("/report", web::get().to(async || "too")))
            .service(web::resource("/route").route(web::get().to(async || "not here").wrap(gate)));
    });
    for (path, status) in [("/resource", 204), ("/scope/report", 204), ("/route", 405)] {
        let url = format!("http://{}{path}", shop.address);
        let preflight =
            shop.http.request(reqwest::Method::OPTIONS, url).header("origin", "https://a.example");
        let answer = preflight.header("access-control-request-method", "GET").send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
        assert_eq!(answer.headers().contains_key("access-control-allow-origin"), status == 204, "{path}");
    }
}

#[actix_web::test]
async fn a_handler_s_error_is_answered_as_ever_and_not_charged() {
    let shop = Shop::open(|gates, app| {
        let error = async || Err::<String, _>(actix_web::error::ErrorBadGateway("upstream"));
        app.service(web::resource("/error").wrap(gates.sat(10)).route(web::get().to(error)));
    });
    let credential = shop.buy("/error").await;
    for _ in 0..2 {
        let answer = shop.get("/error", Some(&credential)).await;
        assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (502, "upstream"));
    }
}

#[actix_web::test]
async fn workers_share_what_was_spent() {
    let shop = Shop::open(|gates, app| {
        app.service(web::resource("/report").wrap(gates.sat(10)).route(web::get().to(async || "the report")));
    });
    let credential = shop.buy("/report").await;
    // A connection each, which the two workers take in turn.
    let tries = (0..20).map(|_| {
        let (address, credential) = (shop.address, credential.clone());
        actix_web::rt::spawn(async move {
            let http = reqwest::Client::builder().no_proxy().build().unwrap();
            let request = http.get(format!("http://{address}/report")).header("authorization", credential);
            request.send().await.unwrap().status().as_u16()
        })
    });
    let mut let_in = 0;
    for one in tries.collect::<Vec<_>>() {
        let status = one.await.unwrap();
        assert!([200, 402, 409].contains(&status), "{status}");
        let_in += usize::from(status == 200);
    }
    assert_eq!(let_in, 1);
}
