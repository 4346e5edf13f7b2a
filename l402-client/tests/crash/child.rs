//! The process that is killed: a client whose store and wallet strike at a point.

use std::io::{Read, Write};
use std::process::Child;
use std::sync::Arc;

use l402_client::store::{AtWork, Begun, Intent, Record, Step, Store, Wanted};
use l402_client::{Budget, Counted, L402Client, SqliteStore};
use l402_core::ports::{
    BackendError, PayOutcome, PayRequest, PortFuture, StoreError, Wallet, WalletCapabilities,
};
use l402_core::{ManualClock, Msat, Network, PaymentHash, UnixTime};
use l402_wallets::dev::DevNodeWallet;

/// Where in a purchase the process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    BeforeBegin,
    AfterBegin,
    BeforePaying,
    AfterPaying,
    BeforeWallet,
    AfterWallet,
    BeforePaid,
    AfterPaid,
    BeforeDelivered,
    AfterDelivered,
}

pub(crate) const POINTS: [Point; 10] = [
    Point::BeforeBegin,
    Point::AfterBegin,
    Point::BeforePaying,
    Point::AfterPaying,
    Point::BeforeWallet,
    Point::AfterWallet,
    Point::BeforePaid,
    Point::AfterPaid,
    Point::BeforeDelivered,
    Point::AfterDelivered,
];

impl Point {
    pub(crate) fn name(self) -> String {
        format!("{self:?}")
    }

    /// Whether the money is spent when the process is killed here.
    pub(crate) const fn is_after_payment(self) -> bool {
        matches!(
            self,
            Self::AfterWallet
                | Self::BeforePaid
                | Self::AfterPaid
                | Self::BeforeDelivered
                | Self::AfterDelivered
        )
    }
}

/// Waits until the process starts to buy.
pub(crate) fn wait_for_start(child: &mut Child) {
    let stdout = child.stdout.as_mut().unwrap();
    let mut read = Vec::new();
    while !read.ends_with(b"> start\n") {
        let mut byte = [0];
        stdout.read_exact(&mut byte).unwrap();
        read.push(byte[0]);
    }
}

/// Not a test of its own: what a `World` starts.
#[tokio::test]
#[ignore = "run by the tests about killed processes"]
async fn child() {
    let Ok(url) = std::env::var("L402_TEST_URL") else { return };
    let text = |name| std::env::var(name).unwrap();
    let point = POINTS.into_iter().find(|point| Ok(point.name()) == std::env::var("L402_TEST_POINT"));
    let now = UnixTime::from_secs(text("L402_TEST_NOW").parse().unwrap());
    let store = SqliteStore::open(text("L402_TEST_FILE")).unwrap();
    let wallet = DevNodeWallet::new(&text("L402_TEST_NODE")).unwrap();
    let client = L402Client::builder(Deadly { inner: wallet, point })
        .store(Deadly { inner: store, point })
        .budget(Budget::unlimited())
        .clock(ManualClock::at(now))
        .build()
        .unwrap();
    print!("\n> start\n");
    std::io::stdout().flush().unwrap();
    assert_eq!(client.get(url).send().await.unwrap().status(), 200);
}

/// Kills the process when it comes to its point.
#[derive(Clone)]
struct Deadly<T> {
    inner: T,
    point: Option<Point>,
}

impl<T: 'static> Deadly<T> {
    fn strike(point: Option<Point>, here: Point) {
        if point == Some(here) {
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
            loop {
                std::thread::park(); // it takes a moment
            }
        }
    }

    fn around<R: Send + 'static>(
        &self,
        [before, after]: [Point; 2],
        answer: impl FnOnce() -> PortFuture<R>,
    ) -> PortFuture<R> {
        let point = self.point;
        Self::strike(point, before);
        let answer = answer();
        PortFuture::new(async move {
            let answer = answer.await;
            Self::strike(point, after);
            answer
        })
    }
}

impl Store for Deadly<SqliteStore> {
    fn begin(&self, intent: Intent, budget: Arc<Budget>) -> PortFuture<Result<Begun, StoreError>> {
        self.around([Point::BeforeBegin, Point::AfterBegin], || self.inner.begin(intent, budget))
    }

    fn advance(&self, hash: PaymentHash, step: Step, now: UnixTime) -> PortFuture<Result<bool, StoreError>> {
        let points = match step {
            Step::Paying => [Point::BeforePaying, Point::AfterPaying],
            Step::Paid { .. } => [Point::BeforePaid, Point::AfterPaid],
            Step::Delivered => [Point::BeforeDelivered, Point::AfterDelivered],
            _ => return self.inner.advance(hash, step, now),
        };
        self.around(points, || self.inner.advance(hash, step, now))
    }

    fn find(&self, wanted: Wanted) -> PortFuture<Result<Vec<Record>, StoreError>> {
        self.inner.find(wanted)
    }

    fn used(&self, counted: Vec<Counted>, now: UnixTime) -> PortFuture<Result<Vec<Msat>, StoreError>> {
        self.inner.used(counted, now)
    }

    fn at_work(&self) -> &AtWork {
        self.inner.at_work()
    }
}

impl Wallet for Deadly<DevNodeWallet> {
    fn pay(&self, request: PayRequest) -> PortFuture<Result<PayOutcome, BackendError>> {
        self.around([Point::BeforeWallet, Point::AfterWallet], || self.inner.pay(request))
    }

    fn lookup(&self, payment_hash: PaymentHash) -> PortFuture<Result<PayOutcome, BackendError>> {
        self.inner.lookup(payment_hash)
    }

    fn balance(&self) -> PortFuture<Result<Msat, BackendError>> {
        self.inner.balance()
    }

    fn network(&self) -> Network {
        self.inner.network()
    }

    fn capabilities(&self) -> WalletCapabilities {
        self.inner.capabilities()
    }
}
