//! Bodies that come slowly, or never: nobody's is waited for who has not paid.

use l402_server::{Idempotency, Quote};

use crate::ask::{Ask, get, method, post};
use crate::lab::{Lab, PRICE};
use crate::shop::Shop;
use crate::site::Framework;

/// A request with a key, and the head of a body that is to have so many bytes.
fn order(bytes: usize) -> Ask {
    method("POST", "/echo").header("idempotency-key", "order-1").header("content-length", bytes.to_string())
}

fn open(framework: Framework) -> Shop {
    Shop::open_with(framework, &Lab::new(), |gate| {
        gate.price(Quote::new(PRICE).uses(2)).idempotency(Idempotency::default())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_are_answered_before_their_bodies_are_there() {
    for framework in Framework::BOTH {
        let shop = open(framework);
        let (good, other) = (shop.buy(&post("/echo", "")).await, shop.buy(&get("/report")).await);
        let chunked = method("POST", "/echo").header("idempotency-key", "order-1");
        let chunked = chunked.header("transfer-encoding", "chunked").body("3e8\r\n");
        let requests = [order(900_000), chunked];
        for (token, status, code) in [
            (None, 402, "payment_required"),
            (Some(good.with_preimage("nonsense")), 401, "malformed_credential"),
            (Some(good.with_preimage(other.preimage.clone())), 401, "wrong_preimage"),
            (Some(good.tampered(b"amount=", b"Amount=")), 401, "bad_signature"),
            (Some(good.with_caveat("expires_at=1")), 402, "token_expired"),
            (Some(other.clone()), 402, "wrong_path"),
        ] {
            for request in &requests {
                let mut connection = shop.begin(request, token.as_ref()).await;
                connection.send(&[b'x'; 1000]).await;
                let answer = connection.answer("POST").await.expect(code);
                let said = answer.field("code");
                assert_eq!((answer.status, said.as_deref()), (status, Some(code)), "{framework:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_buyer_s_body_is_waited_for_and_takes_no_use_before() {
    for framework in Framework::BOTH {
        let shop = open(framework);
        let token = shop.buy(&post("/echo", "")).await;
        let (start, end) = ("x".repeat(60_000), "y".repeat(40_000));
        let mut slow = shop.begin(&order(100_000), Some(&token)).await;
        let mut slower = shop.begin(&order(100_000), Some(&token)).await;
        slow.send(start.as_bytes()).await;
        assert_eq!(shop.ask(&post("/echo", "quick"), Some(&token)).await.unwrap().text(), "quick");

        slow.send(end.as_bytes()).await;
        let answer = slow.answer("POST").await.unwrap();
        assert_eq!((answer.status, answer.text()), (200, start.clone() + &end), "{framework:?}");
        slower.send((start.clone() + &end).as_bytes()).await;
        let again = slower.answer("POST").await.unwrap();
        assert_eq!((again.status, again.text()), (200, start + &end), "{framework:?}: the kept answer");
        let verdict = shop.verdict(&post("/echo", "more"), &token).await;
        assert_eq!(verdict, (402, Some("token_used".to_owned())), "{framework:?}");
    }
}
