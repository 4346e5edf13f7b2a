//! How often a client that has a token at hand asks for memory, more than the same request does without it: counted, not
//! timed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

#[path = "../benches/work/shop.rs"]
mod shop;

use axum::http::{HeaderValue, Method, header};
use l402_client::{L402Client, L402Layer, L402Middleware, reqwest};
use l402_dev::DevNode;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use shop::{PATH, Shop, at_once, request};
use tower_layer::Layer;
use tower_service::Service;

/// The second time, when nothing is new any more.
fn allocations(mut work: impl FnMut()) -> u64 {
    work();
    allocation_counter::measure(work).count_total
}

fn url() -> reqwest::Url {
    format!("https://api.example.com{PATH}").parse().unwrap()
}

fn credential(client: &L402Client) -> HeaderValue {
    client.credential(&Method::GET, &url()).unwrap()
}

/// The future, and what a copy of the request takes, in case that the token is refused.
#[test]
fn a_tower_layer_takes_five() {
    let node = DevNode::new().unwrap();
    let shop = Shop::of(&node);
    let client = L402Client::builder(node.wallet()).build().unwrap();
    let (mut bare, mut paying) = (shop.clone(), L402Layer::new(&client).layer(shop));
    assert_eq!(at_once(paying.call(request())).unwrap().status(), 200);
    let credential = credential(&client);
    let without = allocations(|| {
        let mut request = request();
        request.headers_mut().insert(header::AUTHORIZATION, credential.clone());
        assert_eq!(at_once(bare.call(request)).unwrap().status(), 200);
    });
    let with = allocations(|| assert_eq!(at_once(paying.call(request())).unwrap().status(), 200));
    assert_eq!(with - without, 5);
    assert_eq!(node.payments().len(), 1);
}

/// The future is one of the two.
#[test]
fn a_middleware_takes_two_and_a_copy_of_the_request() {
    let node = DevNode::new().unwrap();
    let shop = Shop::of(&node);
    let client = L402Client::builder(node.wallet()).build().unwrap();
    let http = reqwest::Client::new();
    let bare = ClientBuilder::new(http.clone()).with(shop.clone()).build();
    let paying = ClientBuilder::new(http).with(L402Middleware::new(&client)).with(shop).build();
    let get = |http: &ClientWithMiddleware| http.get(url()).header(header::ACCEPT, "*/*");
    assert_eq!(at_once(get(&paying).send()).unwrap().status(), 200);
    let credential = credential(&client);
    let without = allocations(|| {
        let request = get(&bare).header(header::AUTHORIZATION, credential.clone());
        assert_eq!(at_once(request.send()).unwrap().status(), 200);
    });
    let with = allocations(|| assert_eq!(at_once(get(&paying).send()).unwrap().status(), 200));
    let request = get(&paying).build().unwrap();
    let copy = allocations(|| drop(request.try_clone()));
    assert_eq!(with - without, 2 + copy);
    assert_eq!(node.payments().len(), 1);
}
