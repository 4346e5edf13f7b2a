//! Redirects: followed within an origin, and never to somebody else's till.

use l402_client::{ClientError, Receipt, Spent, reqwest};
use wiremock::ResponseTemplate;

use crate::support::{Bill, Shop, TestWallet, answer, builder, client};

fn redirect(to: &str) -> ResponseTemplate {
    ResponseTemplate::new(307).insert_header("location", to)
}

/// A client that follows redirects anywhere, as reqwest does by default.
fn wandering(wallet: &TestWallet) -> l402_client::L402Client {
    builder(wallet).http_client(reqwest::Client::new()).build().unwrap()
}

#[tokio::test]
async fn a_redirect_to_another_origin_is_the_callers_to_follow() {
    let wallet = TestWallet::obedient();
    let other = Shop::selling(&Bill::good()).await;
    let target = other.url("/report");
    let shop = Shop::with({
        let target = target.clone();
        move |_| redirect(&target)
    })
    .await;

    let response = client(&wallet).get(shop.url("/")).send().await.unwrap();

    assert_eq!(response.status(), 307);
    assert_eq!(response.headers()["location"], target);
    assert_eq!(other.requests().await.len(), 0);
    assert_eq!(wallet.payments(), []);
}

#[tokio::test]
async fn a_client_that_went_to_another_origin_does_not_pay_there() {
    let wallet = TestWallet::obedient();
    let other = Shop::selling(&Bill::good()).await;
    let target = other.url("/report?key=hush");
    let shop = Shop::with(move |_| redirect(&target)).await;

    let error = wandering(&wallet).get(shop.url("/?key=hush")).send().await.unwrap_err();

    let ClientError::OtherOrigin { asked, answered } = &error else { panic!("{error:?}") };
    assert_eq!((asked, answered), (&shop.url(""), &other.url("")));
    assert_eq!(error.spent(), Spent::Nothing);
    assert_eq!(wallet.payments(), []);
    assert_eq!(other.requests().await.len(), 1);
}

#[tokio::test]
async fn redirects_within_the_origin_are_followed_before_and_after_paying() {
    for client in [client, wandering] {
        let wallet = TestWallet::obedient();
        let bill = Bill::good();
        let (challenge, credential) = (bill.challenge(), bill.credential());
        let shop = Shop::with(move |request| match request.url.path() {
            "/old" => redirect("/new"),
            _ => match request.headers.get("authorization") {
                Some(shown) if *shown == *credential => ResponseTemplate::new(200),
                _ => answer(402, std::slice::from_ref(&challenge)),
            },
        })
        .await;

        let response = client(&wallet).post(shop.url("/old")).body("order").send().await.unwrap();

        assert_eq!(response.status(), 200);
        assert!(Receipt::of(&response).is_some());
        assert_eq!(wallet.payments().len(), 1);
        let requests = shop.requests().await;
        let seen: Vec<_> = requests.iter().map(|r| (r.url.path(), &r.body[..])).collect();
        let round = [("/old", &b"order"[..]), ("/new", &b"order"[..])];
        assert_eq!(seen, [round, round].concat());
    }
}

/// The shop that was paid sends the payer to another one, which is not to see the proof of payment.
#[tokio::test]
async fn the_credential_does_not_follow_a_redirect_to_another_origin() {
    let bill = Bill::good();

    let wallet = TestWallet::obedient();
    let other = Shop::with(|_| ResponseTemplate::new(200)).await;
    let shop = Shop::answering(&bill, answer(402, &[bill.challenge()]), redirect(&other.url("/"))).await;
    let response = client(&wallet).get(shop.url("/")).send().await.unwrap();
    assert_eq!(response.status(), 307, "the caller's to follow");
    assert!(Receipt::of(&response).is_some());
    assert_eq!(other.requests().await.len(), 0);

    let response = wandering(&wallet).get(shop.url("/")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let requests = other.requests().await;
    assert_eq!(requests.len(), 1);
    assert!(!requests[0].headers.contains_key("authorization"), "{:?}", requests[0]);
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let wallet = TestWallet::obedient();
    let shop = Shop::with(|_| redirect("/")).await;
    let error = client(&wallet).get(shop.url("/")).send().await.unwrap_err();
    assert!(
        matches!(&error, ClientError::Http(source) if source.as_reqwest().is_some_and(|error| error.is_redirect())),
        "{error:?}"
    );
    assert_eq!(shop.requests().await.len(), 11);
}
