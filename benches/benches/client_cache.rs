//! What a client that has a token at hand adds to a request: CPU time of its thread, next to the same request without it.
//!
//! The two take turns, since a machine that others use is slower at one time than at another, and what is reported is the
//! difference within a round.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark may stop"
)]

#[path = "work/record.rs"]
mod record;
#[path = "work/shop.rs"]
mod shop;
#[path = "work/stats.rs"]
#[allow(dead_code, reason = "shared with other benchmarks")]
mod stats;

use std::future::ready;
use std::hint::black_box;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, header};
use l402_client::{L402Client, L402Layer, L402Middleware, L402Service, reqwest};
use l402_dev::DevNode;
use record::Record;
use reqwest::Url;
use reqwest_middleware::ClientBuilder;
use shop::{PATH, Shop, at_once, request};
use stats::{median, thread_time};
use tokio::runtime::Builder;
use tower_layer::Layer;
use tower_service::Service;

const ROUNDS: usize = 200;
/// The first rounds only warm up.
const WARM_UP: usize = 10;

fn main() {
    let node = DevNode::new().unwrap();
    let shop = Shop::of(&node);
    println!(
        "A token at hand: CPU time of the client's thread in µs; medians of {ROUNDS} rounds [quartiles]\n"
    );
    let mut record = Record::new("client_cache");
    lookups(&node, &shop, &mut record);
    layer(&node, &shop, &mut record);
    below_reqwest(&node, &shop, &mut record);
    over_sockets(&node, shop, &mut record);
}

/// The search itself.
fn lookups(node: &DevNode, shop: &Shop, record: &mut Record) {
    let client = L402Client::builder(node.wallet()).build().unwrap();
    let url: Url = format!("https://api.example.com{PATH}").parse().unwrap();
    let other: Url = "https://other.example.com/".parse().unwrap();
    buy_with(&mut L402Layer::new(&client).layer(shop.clone()));
    assert!(client.credential(&Method::GET, &url).is_some());
    assert!(client.credential(&Method::GET, &other).is_none());
    let find = |url: &Url| {
        time(5_000, || drop(black_box(client.credential(black_box(&Method::GET), black_box(url)))))
    };
    print("find a token", rounds(|| find(&url)), record);
    print("find none", rounds(|| find(&other)), record);
}

/// Around a service that answers at once, so that all of it is the layer's own.
fn layer(node: &DevNode, shop: &Shop, record: &mut Record) {
    const BATCH: usize = 1_000;
    let client = L402Client::builder(node.wallet()).build().unwrap();
    let (mut bare, mut paying) = (shop.clone(), L402Layer::new(&client).layer(shop.clone()));
    buy_with(&mut paying);
    let url = format!("https://api.example.com{PATH}").parse().unwrap();
    let credential = client.credential(&Method::GET, &url).unwrap();
    let [without, with] = compare(
        BATCH,
        || {
            let mut request = request();
            request.headers_mut().insert(header::AUTHORIZATION, credential.clone());
            assert_eq!(at_once(bare.call(request)).unwrap().status(), 200);
        },
        || assert_eq!(at_once(paying.call(request())).unwrap().status(), 200),
    );
    print_pair("a tower service", &without, &with, record);
}

/// Requests and answers of reqwest, without its network.
fn below_reqwest(node: &DevNode, shop: &Shop, record: &mut Record) {
    const BATCH: usize = 1_000;
    let client = L402Client::builder(node.wallet()).build().unwrap();
    let http = reqwest::Client::new();
    let bare = ClientBuilder::new(http.clone()).with(shop.clone()).build();
    let paying = ClientBuilder::new(http).with(L402Middleware::new(&client)).with(shop.clone()).build();
    let url: Url = format!("https://api.example.com{PATH}").parse().unwrap();
    assert_eq!(at_once(paying.get(url.clone()).send()).unwrap().status(), 200);
    let credential = client.credential(&Method::GET, &url).unwrap();
    let [without, with] = compare(
        BATCH,
        || {
            let request = bare.get(url.clone()).header(header::AUTHORIZATION, credential.clone());
            assert_eq!(at_once(request.send()).unwrap().status(), 200);
        },
        || assert_eq!(at_once(paying.get(url.clone()).send()).unwrap().status(), 200),
    );
    print_pair("reqwest, no network", &without, &with, record);
    let request = paying.get(url).build().unwrap();
    let copies = rounds(|| time(BATCH, || drop(black_box(request.try_clone()))));
    print("  of which a copy of the request", copies, record);
}

/// The whole client, and the reqwest below it with the same credential, to a server on another thread.
fn over_sockets(node: &DevNode, shop: Shop, record: &mut Record) {
    const BATCH: usize = 200;
    let url = serve(shop);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let bare = reqwest::Client::builder().no_proxy().build().unwrap();
    let client = L402Client::builder(node.wallet()).http_client(bare.clone()).build().unwrap();
    assert_eq!(runtime.block_on(client.get(url.clone()).send()).unwrap().status(), 200);
    let credential = client.credential(&Method::GET, &url).unwrap();
    let payments = node.payments().len();
    let [without, with] = compare_one_by_one(
        BATCH,
        || {
            let request = bare.get(url.clone()).header(header::AUTHORIZATION, credential.clone());
            assert_eq!(runtime.block_on(request.send()).unwrap().status(), 200);
        },
        || assert_eq!(runtime.block_on(client.get(url.clone()).send()).unwrap().status(), 200),
    );
    assert_eq!(node.payments().len(), payments);
    print_pair("reqwest, over loopback", &without, &with, record);
}

/// Serves the shop from a thread of its own, and returns where.
fn serve(shop: Shop) -> Url {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}{PATH}", listener.local_addr().unwrap()).parse().unwrap();
    std::thread::spawn(move || {
        let app = Router::new().fallback(move |request: Request<Body>| {
            ready(shop.answer(Response::builder(), request.headers().contains_key(header::AUTHORIZATION)))
        });
        Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, app).await
        })
    });
    url
}

fn buy_with(paying: &mut L402Service<Shop>) {
    assert_eq!(at_once(paying.call(request())).unwrap().status(), 200);
}

/// CPU time of one in µs.
fn time(batch: usize, mut work: impl FnMut()) -> f64 {
    let start = thread_time();
    for _ in 0..batch {
        work();
    }
    (thread_time() - start).as_secs_f64() * 1e6 / batch as f64
}

fn rounds(mut round: impl FnMut() -> f64) -> Vec<f64> {
    (0..WARM_UP + ROUNDS).map(|_| round()).skip(WARM_UP).collect()
}

/// Batches in turns, and who begins takes turns, too.
fn compare(batch: usize, mut without: impl FnMut(), mut with: impl FnMut()) -> [Vec<f64>; 2] {
    let mut pairs = Vec::new();
    for round in 0..WARM_UP + ROUNDS {
        let pair = if round % 2 == 0 {
            let first = time(batch, &mut without);
            (first, time(batch, &mut with))
        } else {
            let first = time(batch, &mut with);
            (time(batch, &mut without), first)
        };
        pairs.push(pair);
    }
    let (without, with) = pairs.split_off(WARM_UP).into_iter().unzip();
    [without, with]
}

/// The same one by one, for work that takes long enough: both sides then see the same of whatever else the machine does.
fn compare_one_by_one(batch: usize, mut without: impl FnMut(), mut with: impl FnMut()) -> [Vec<f64>; 2] {
    let [mut all_without, mut all_with] = [Vec::new(), Vec::new()];
    for _ in 0..WARM_UP + ROUNDS {
        let [mut sum_without, mut sum_with] = [0.0, 0.0];
        for number in 0..batch {
            if number % 2 == 0 {
                sum_without += time(1, &mut without);
                sum_with += time(1, &mut with);
            } else {
                sum_with += time(1, &mut with);
                sum_without += time(1, &mut without);
            }
        }
        all_without.push(sum_without / batch as f64);
        all_with.push(sum_with / batch as f64);
    }
    [all_without.split_off(WARM_UP), all_with.split_off(WARM_UP)]
}

fn print(name: &str, values: Vec<f64>, record: &mut Record) {
    let (middle, [low, high]) = median(values);
    println!("{name:<40} {middle:>8.3} [{low:.3} {high:.3}]");
    record.add("client", name, &[("us", middle), ("low_us", low), ("high_us", high)]);
}

fn print_pair(name: &str, without: &[f64], with: &[f64], record: &mut Record) {
    print(&format!("{name}, credential given"), without.to_vec(), record);
    print(&format!("{name}, token at hand"), with.to_vec(), record);
    let added = with.iter().zip(without).map(|(with, without)| with - without).collect();
    print(&format!("{name}, added"), added, record);
}
