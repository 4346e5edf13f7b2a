//! Other ways to send: each does what the client does, on the same table.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::rt::TokioExecutor;
use l402_client::{Budget, ClientError, L402Client, L402Layer, L402Middleware, Receipt, blocking, reqwest};
use l402_core::{ManualClock, Msat};
use tower_layer::Layer;
use tower_service::Service;
use wiremock::ResponseTemplate;

use crate::support::till::Till;
use crate::support::{NOW, PRICE, Shop};

/// What a call came to: the status, the body, and whether it was paid for; or the code of the error.
type Outcome = Result<(u16, String, bool), &'static str>;

fn client(till: &Till) -> L402Client {
    let budget = Budget::default().per_request(Msat::from_sat(100));
    L402Client::builder(till.clone()).clock(ManualClock::at(NOW)).budget(budget).build().unwrap()
}

async fn by_client(client: &L402Client, url: &str) -> Outcome {
    let response = client.post(url).body("order").send().await.map_err(|error| error.code())?;
    let (status, paid) = (response.status().as_u16(), Receipt::of(&response).is_some());
    Ok((status, response.text().await.unwrap(), paid))
}

async fn by_blocking(client: &L402Client, url: &str) -> Outcome {
    let (client, url) = (client.clone(), url.to_owned());
    let call = move || {
        let client = blocking::L402Client::new(client).unwrap();
        let response = client.post(&url).body("order").send().map_err(|error| error.code())?;
        let (status, paid) = (response.status().as_u16(), response.receipt().is_some());
        Ok((status, response.text().unwrap(), paid))
    };
    tokio::task::spawn_blocking(call).await.unwrap()
}

async fn by_middleware(client: &L402Client, url: &str) -> Outcome {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let http = reqwest_middleware::ClientBuilder::new(http).with(L402Middleware::new(client)).build();
    let response = http.post(url).body("order").send().await.map_err(|error| match error {
        reqwest_middleware::Error::Middleware(error) => error.downcast::<ClientError>().unwrap().code(),
        error => panic!("{error:?}"),
    })?;
    let (status, paid) = (response.status().as_u16(), Receipt::of(&response).is_some());
    Ok((status, response.text().await.unwrap(), paid))
}

async fn by_tower(client: &L402Client, url: &str) -> Outcome {
    let http = HyperClient::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let mut http = L402Layer::new(client).layer(http);
    std::future::poll_fn(|context| http.poll_ready(context)).await.unwrap();
    let request = http::Request::post(url).body(Full::from("order")).unwrap();
    let response = http.call(request).await.map_err(|error| error.code())?;
    let (status, paid) = (response.status().as_u16(), response.extensions().get::<Receipt>().is_some());
    let body = response.into_body().collect().await.unwrap().to_bytes();
    Ok((status, String::from_utf8(body.to_vec()).unwrap(), paid))
}

/// Runs a scenario with each driver.
macro_rules! with_every_driver {
    ($($name:ident: $scenario:ident,)*) => {
        mod client_itself { $( #[tokio::test] async fn $name() { super::$scenario(super::by_client).await } )* }
        mod blocking_client { $( #[tokio::test] async fn $name() { super::$scenario(super::by_blocking).await } )* }
        mod middleware { $( #[tokio::test] async fn $name() { super::$scenario(super::by_middleware).await } )* }
        mod tower { $( #[tokio::test] async fn $name() { super::$scenario(super::by_tower).await } )* }
    };
}

with_every_driver! {
    pays_once_and_uses_the_token: pays_once,
    buys_again_when_a_token_is_refused: buys_again,
    pays_a_bill_in_the_body: pays_a_bill_in_the_body,
    keeps_to_the_budget: keeps_to_the_budget,
    pays_only_402: pays_only_402,
    is_paid_once_a_call_by_a_greedy_server: greedy,
    loses_nothing_when_the_server_hangs_up: hangs_up,
}

async fn pays_once(send: impl AsyncFn(&L402Client, &str) -> Outcome) {
    let till = Till::new();
    let shop = till.selling(["uses=2"]).open().await;
    let client = client(&till);
    for paid in [true, false, true] {
        assert_eq!(send(&client, &shop.url("/a?b=c")).await, Ok((200, "the goods".to_owned(), paid)));
    }
    assert_eq!(till.paid(), [1, 1]);
    let requests = shop.requests().await;
    assert_eq!(requests.len(), 5);
    for request in requests {
        assert_eq!(
            (request.method.as_str(), &request.body[..], request.url.query()),
            ("POST", &b"order"[..], Some("b=c"))
        );
    }
}

async fn buys_again(send: impl AsyncFn(&L402Client, &str) -> Outcome) {
    for (status, requests) in [(401, 5), (402, 4)] {
        let till = Till::new();
        let shop = till.selling([]).refusing_with(status).open().await;
        let client = client(&till);
        assert!(send(&client, &shop.url("/")).await.unwrap().2);
        till.forget_tokens();
        assert_eq!(send(&client, &shop.url("/")).await, Ok((200, "the goods".to_owned(), true)), "{status}");
        assert_eq!((till.payments(), shop.requests().await.len()), (2, requests));
    }
}

async fn pays_a_bill_in_the_body(send: impl AsyncFn(&L402Client, &str) -> Outcome) {
    let till = Till::new();
    let shop = Shop::with({
        let till = till.clone();
        move |request| match request.headers.get("authorization") {
            Some(_) => till.serve(request),
            None => till.new_bill_in_body(),
        }
    })
    .await;
    let outcome = send(&client(&till), &shop.url("/")).await;
    assert_eq!(outcome, Ok((200, "the goods".to_owned(), true)));
}

async fn keeps_to_the_budget(send: impl AsyncFn(&L402Client, &str) -> Outcome) {
    let till = Till::new();
    let shop = till.at(Msat::from_msat(100_001)).open().await;
    assert_eq!(send(&client(&till), &shop.url("/")).await, Err("over_request_cap"));
    assert_eq!((till.payments(), shop.requests().await.len()), (0, 1));
}

async fn pays_only_402(send: impl AsyncFn(&L402Client, &str) -> Outcome) {
    for status in [200, 401, 403, 500] {
        let till = Till::new();
        let shop = Shop::with({
            let till = till.clone();
            move |request| till.serve_as(status, request)
        })
        .await;
        let outcome = send(&client(&till), &shop.url("/")).await;
        assert_eq!(outcome, Ok((status, String::new(), false)));
        assert_eq!(till.payments(), 0);
    }
}

async fn greedy(send: impl AsyncFn(&L402Client, &str) -> Outcome) {
    let till = Till::new();
    let shop = Shop::with({
        let till = till.clone();
        move |request| {
            let mut request = request.clone();
            request.headers.remove("authorization");
            till.serve(&request)
        }
    })
    .await;
    assert_eq!(send(&client(&till), &shop.url("/")).await, Err("still_payment_required"));
    assert_eq!((till.payments(), shop.requests().await.len()), (1, 2));
}

/// The server is gone when the payment is made, and comes back.
async fn hangs_up(send: impl AsyncFn(&L402Client, &str) -> Outcome) {
    let till = Till::new();
    let bill = till.raw_bill();
    let answer = format!(
        "HTTP/1.1 402 Payment Required\r\nwww-authenticate: {bill}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let goods = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nthe goods".to_owned();
    let url = crate::support::raw_server_for_posts(vec![answer, String::new(), goods]);
    let client = client(&till);
    assert_eq!(send(&client, &url).await, Err("paid_request_failed"));
    assert_eq!(send(&client, &url).await, Ok((200, "the goods".to_owned(), false)));
    assert_eq!(till.payments(), 1);
    assert_eq!(client.history(1).await.unwrap()[0].intent.amount, PRICE);
}

/// A stream over reqwest-middleware.
#[tokio::test]
async fn middleware_refuses_to_pay_for_a_stream() {
    let till = Till::new();
    let shop = till.open().await;
    let http = reqwest_middleware::ClientBuilder::new(reqwest::Client::new())
        .with(L402Middleware::new(&client(&till)))
        .build();
    let stream = reqwest::Body::wrap(reqwest::Body::from("streamed"));
    let error = http.post(shop.url("/")).body(stream).send().await.unwrap_err();
    let reqwest_middleware::Error::Middleware(error) = error else { panic!("{error:?}") };
    assert_eq!(error.downcast::<ClientError>().unwrap().code(), "body_not_replayable");
    assert_eq!(till.payments(), 0);
}

/// A request that names no target goes where the service sends it, and nothing is paid.
#[tokio::test]
async fn tower_lets_requests_without_a_target_through() {
    let till = Till::new();
    #[derive(Clone)]
    struct Answer;
    impl Service<http::Request<Full<Bytes>>> for Answer {
        type Response = http::Response<Full<Bytes>>;
        type Error = std::convert::Infallible;
        type Future = std::future::Ready<Result<Self::Response, Self::Error>>;
        fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
            std::task::Poll::Ready(Ok(()))
        }
        fn call(&mut self, _: http::Request<Full<Bytes>>) -> Self::Future {
            std::future::ready(Ok(http::Response::builder().status(402).body(Full::default()).unwrap()))
        }
    }
    let mut service = L402Layer::new(&client(&till)).layer(Answer);
    let request = http::Request::get("/report").body(Full::default()).unwrap();
    assert_eq!(service.call(request).await.unwrap().status(), 402);
}

/// The body comes as the server sends it.
#[test]
fn a_blocking_response_can_be_read_in_pieces() {
    use std::io::Read;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let text = "0123456789".repeat(10_000);
    let shop = runtime.block_on(Shop::with({
        let text = text.clone();
        move |_| ResponseTemplate::new(200).set_body_string(text.clone())
    }));
    let client = blocking::L402Client::new(client(&Till::new())).unwrap();
    let mut response = client.get(shop.url("/")).send().unwrap();
    let mut start = [0; 7];
    response.read_exact(&mut start).unwrap();
    let mut rest = String::new();
    response.read_to_string(&mut rest).unwrap();
    assert_eq!((&start[..], rest.as_str()), (&text.as_bytes()[..7], &text[7..]));
    assert_eq!(client.usage().unwrap().len(), 2);
    assert!(client.history(1).unwrap().is_empty() && client.resume().unwrap().open.is_empty());
}
