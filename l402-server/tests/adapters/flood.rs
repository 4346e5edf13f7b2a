//! Strangers without money, many of them, while buyers are served.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use l402_server::{OfferLimits, Quote, Rate};

use crate::ask::{Ask, get};
use crate::lab::{Lab, PRICE};
use crate::shop::Shop;
use crate::site::Framework;
use crate::wire::Connection;

const REQUESTS: usize = 20_000;
const CONNECTIONS: usize = 20;
/// Sent at once on a connection, before an answer is read.
const AT_ONCE: usize = 50;
/// The clock stands still, so that nothing comes after the burst.
const BURST: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a12_a_flood_costs_no_more_invoices_than_configured() {
    for framework in Framework::BOTH {
        let lab = Lab::new();
        let shop = Arc::new(Shop::open_with(framework, &lab, |gate| {
            let limits = OfferLimits::NONE.overall(Rate::per_second(1).burst(BURST as u32));
            gate.offer_limits(limits).price(Quote::new(PRICE).uses(1_000_000))
        }));
        let token = shop.buy(&get("/report")).await;

        let is_over = Arc::new(AtomicBool::new(false));
        let (buyers_shop, buyers_end) = (Arc::clone(&shop), Arc::clone(&is_over));
        let buyer = tokio::spawn(async move {
            let paid = get("/report").bytes_with(Some(&token));
            let mut connection = Connection::open(buyers_shop.server.address).await;
            let mut served = 0;
            while !buyers_end.load(Ordering::SeqCst) {
                connection.send(&paid).await;
                assert_eq!(connection.answer("GET").await.unwrap().status, 200);
                served += 1;
            }
            served
        });
        let strangers: Vec<_> = (0..CONNECTIONS).map(|_| tokio::spawn(stranger(Arc::clone(&shop)))).collect();
        let mut offers = 1; // the buyer's
        for stranger in strangers {
            offers += stranger.await.unwrap();
        }
        is_over.store(true, Ordering::SeqCst);

        let served: usize = buyer.await.unwrap();
        assert!(served > 20, "{framework:?}: the buyer was served {served} times only");
        assert_eq!(offers, BURST, "{framework:?}");
        assert_eq!((lab.provider.calls(), lab.invoices()), (BURST, BURST), "{framework:?}");
    }
}

/// One connection's share of the flood; tells how many invoices it got.
async fn stranger(shop: Arc<Shop>) -> usize {
    let asks: [Ask; 4] = [
        get("/report"),
        get("/report").header("accept", "text/html"),
        get("/report").authorization("Bearer a.b.c"),
        get("/report").header("x-forwarded-for", "203.0.113.7"),
    ];
    let mut connection = Connection::open(shop.server.address).await;
    let mut offers = 0;
    for _ in 0..REQUESTS / CONNECTIONS / AT_ONCE {
        let batch: Vec<u8> =
            (0..AT_ONCE).flat_map(|number| asks[number % asks.len()].bytes_with(None)).collect();
        connection.send(&batch).await;
        for _ in 0..AT_ONCE {
            let answer = connection.answer("GET").await.unwrap();
            assert!([402, 429].contains(&answer.status), "{}", answer.status);
            assert_eq!(answer.header("retry-after").is_some(), answer.status == 429);
            offers += usize::from(answer.status == 402);
        }
    }
    offers
}
