//! What outlives the processes: a dev node, a shop that is paid there, and the file of payments.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use l402_client::store::{Store, Wanted};
use l402_client::{Budget, Counted, L402Client, Period, Receipt, SqliteStore};
use l402_core::header::Challenge;
use l402_core::ports::{InvoiceProvider, NewInvoice};
use l402_core::{
    Clock, Identifier, Macaroon, ManualClock, Msat, PaymentHash, Preimage, RootKey, TokenId, UnixTime,
};
use l402_dev::DevNode;
use l402_dev::control;
use l402_wallets::dev::DevNodeWallet;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::child::{Point, wait_for_start};

pub(crate) const PRICE: Msat = Msat::from_msat(10_007);
const INVOICE_EXPIRY: Duration = Duration::from_secs(600);

pub(crate) struct World {
    pub(crate) node: DevNode,
    /// The process after the crash: the parent's own client, with the same file.
    pub(crate) client: L402Client,
    store: SqliteStore,
    clock: ManualClock,
    address: String,
    shop: Shop,
    directory: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let clock = ManualClock::at(UnixTime::from_secs(1_900_000_000));
        let node = DevNode::builder().clock(clock.clone()).build().unwrap();
        let shop = Shop { node: node.clone(), state: Arc::default(), asking: Arc::default() };
        let control = control::router(&node).layer(from_fn_with_state(shop.clone(), count_pays));
        let app = Router::new().fallback(sell).with_state(shop.clone()).nest("/node", control);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, app).into_future());

        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path().join("wallet.db")).unwrap();
        let client = L402Client::builder(DevNodeWallet::new(&format!("{address}/node")).unwrap())
            .store(store.clone())
            .budget(Budget::unlimited())
            .clock(clock.clone())
            .build()
            .unwrap();
        Self { node, client, store, clock, address, shop, directory }
    }

    pub(crate) fn url(&self, item: &str) -> String {
        self.address.clone() + item
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("wallet.db")
    }

    /// A process that buys `item`, and is killed at `point`.
    pub(crate) fn child(&self, item: &str, point: Option<Point>) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "child::child", "--nocapture"])
            .env("L402_TEST_URL", self.url(item))
            .env("L402_TEST_NODE", self.address.clone() + "/node")
            .env("L402_TEST_FILE", self.file())
            .env("L402_TEST_NOW", self.clock.now().as_secs().to_string())
            .env("L402_TEST_POINT", point.map(Point::name).unwrap_or_default())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// How long a child takes from its start to its end.
    pub(crate) async fn time_of_a_purchase(&mut self) -> Duration {
        let mut times = Vec::new();
        for number in 0..5 {
            let mut child = self.child(&format!("/warm-up/{number}"), None);
            wait_for_start(&mut child);
            let start = Instant::now();
            child.wait().unwrap();
            times.push(start.elapsed());
            self.recover(&format!("/warm-up/{number}"), None).await;
        }
        times.sort();
        times[2]
    }

    /// Finds out what became of the purchase of `item`, gets it, and checks every promise.
    pub(crate) async fn recover(&mut self, item: &str, point: Option<Point>) {
        // The invoice expires on both sides, so that what was never paid is known never to be.
        self.clock.advance(INVOICE_EXPIRY + Duration::from_secs(61));
        // What the process sent before it was killed may still be paid: the node asks the clock only once.
        self.shop.asking.subscribe().wait_for(|asking| *asking == 0).await.unwrap();
        let before = self.payments_for(item);
        if let Some(point) = point {
            assert_eq!(before, usize::from(point.is_after_payment()), "{item}");
        }
        let resumed = self.client.resume().await.unwrap();
        assert_eq!(resumed.open, [], "{item}");
        assert!(resumed.paid.len() + resumed.failed.len() <= 1, "{item}: {resumed:?}");

        let answer = self.client.get(self.url(item)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{item}");
        let paid_now = Receipt::of(&answer).is_some();
        // No paid token is lost: what was paid before the crash is not paid again.
        assert_eq!(paid_now, before == 0, "{item}: {before} payments before");
        assert_eq!(self.payments_for(item), 1, "{item} was paid for once");

        // The wallet was asked at most once for any invoice.
        assert!(self.shop.state.lock().unwrap().pays.values().all(|count| *count == 1), "{item}");
        // The budget is what was spent, exactly.
        let paid: u64 = self.node.payments().iter().map(|payment| payment.amount.as_msat()).sum();
        assert_eq!(self.spent().await, Msat::from_msat(paid), "{item}");
        // Every payment has its record with its proof.
        let tokens = self.store.find(Wanted::Tokens { origin: None }).await.unwrap();
        assert_eq!(tokens.len(), self.node.payments().len(), "{item}");
    }

    pub(crate) async fn spent(&self) -> Msat {
        self.store.used(vec![Counted::new(None, Period::Total)], self.clock.now()).await.unwrap()[0]
    }

    fn payments_for(&self, item: &str) -> usize {
        let state = self.shop.state.lock().unwrap();
        let is_for = |hash: &PaymentHash| state.sold.get(hash).is_some_and(|sold| sold.item == item);
        self.node.payments().iter().filter(|payment| is_for(&payment.payment_hash)).count()
    }
}

/// Sells each path by itself, for ever.
#[derive(Clone)]
struct Shop {
    node: DevNode,
    state: Arc<Mutex<Ledger>>,
    /// How many requests the node is working on.
    asking: Arc<watch::Sender<usize>>,
}

/// One request that the node is working on, until it answers or the connection is gone.
struct Asking(Arc<watch::Sender<usize>>);

impl Asking {
    fn start(count: &Arc<watch::Sender<usize>>) -> Self {
        count.send_modify(|asking| *asking += 1);
        Self(Arc::clone(count))
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.send_modify(|asking| *asking -= 1);
    }
}

#[derive(Default)]
struct Ledger {
    sold: HashMap<PaymentHash, Sold>,
    /// How often the wallet was asked to pay each invoice.
    pays: HashMap<String, u32>,
}

struct Sold {
    item: String,
    macaroon: String,
}

async fn sell(State(shop): State<Shop>, uri: Uri, headers: HeaderMap) -> Response {
    let item = uri.path().to_owned();
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (macaroon, preimage) = value.to_str().unwrap()["L402 ".len()..].rsplit_once(':').unwrap();
        let hash = preimage.parse::<Preimage>().unwrap().payment_hash();
        let state = shop.state.lock().unwrap();
        let is_sold =
            state.sold.get(&hash).is_some_and(|sold| sold.item == item && sold.macaroon == macaroon);
        return if is_sold { "the goods".into_response() } else { StatusCode::UNAUTHORIZED.into_response() };
    }
    let asked = NewInvoice::new(PRICE, String::new(), INVOICE_EXPIRY);
    let invoice = shop.node.provider().create_invoice(asked).await.unwrap();
    let identifier =
        Identifier { payment_hash: invoice.payment_hash, token_id: TokenId::from_bytes([1; 32]) };
    let macaroon = Macaroon::new(&RootKey::new(&[7; 32]).unwrap(), &identifier.to_bytes(), b"").unwrap();
    let macaroon = macaroon.attenuate(format!("path={item}").as_bytes()).unwrap();
    let sold = Sold { item, macaroon: macaroon.to_base64() };
    shop.state.lock().unwrap().sold.insert(invoice.payment_hash, sold);
    let challenge = Challenge::new(macaroon, invoice.bolt11).unwrap().to_header_value();
    (StatusCode::PAYMENT_REQUIRED, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
}

/// The node itself would pay an invoice twice for nothing, and so hide that it was asked to.
async fn count_pays(State(shop): State<Shop>, request: Request, next: Next) -> Response {
    if request.method() != "POST" {
        return next.run(request).await;
    }
    let _asking = Asking::start(&shop.asking);
    let (parts, body) = request.into_parts();
    // Cut off when the process is killed while it sends: then nothing was asked.
    let Ok(body) = axum::body::to_bytes(body, 4096).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let invoice: Bytes = body.clone();
    *shop.state.lock().unwrap().pays.entry(String::from_utf8(invoice.to_vec()).unwrap()).or_default() += 1;
    next.run(Request::from_parts(parts, Body::from(body))).await
}
