//! Payments whose outcome is not known: reserved, never made twice, and found out about.

use std::sync::Arc;
use std::time::Duration;

use l402_client::store::{State, Store, Wanted};
use l402_client::{Budget, ClientError, L402Client, MemoryStore, Receipt, Spent};
use l402_core::ports::{BackendError, PayOutcome, PayRequest, PortFuture, Wallet, WalletCapabilities};
use l402_core::{ManualClock, Msat, Network, PaymentHash};

use crate::support::till::{Answer, Till};
use crate::support::{INVOICE_EXPIRY, NOW, PRICE, Shop};

/// A client with its clock and its records.
struct Setting {
    till: Till,
    shop: Shop,
    clock: ManualClock,
    store: MemoryStore,
    client: L402Client,
}

impl Setting {
    async fn new() -> Self {
        let (till, clock, store) = (Till::new(), ManualClock::at(NOW), MemoryStore::new());
        let shop = till.open().await;
        let client = L402Client::builder(till.clone())
            .store(store.clone())
            .clock(clock.clone())
            .budget(Budget::unlimited().total(Msat::from_sat(25)))
            .build()
            .unwrap();
        Self { till, shop, clock, store, client }
    }

    async fn get(&self, path: &str) -> Result<bool, ClientError> {
        let response = self.client.get(self.shop.url(path)).send().await?;
        assert_eq!(response.status(), 200);
        Ok(Receipt::of(&response).is_some())
    }

    async fn used(&self) -> Msat {
        self.client.usage().await.unwrap()[0].used
    }

    async fn states(&self) -> Vec<State> {
        let records = self.store.find(Wanted::Latest(100)).await.unwrap();
        records.iter().rev().map(|record| record.state).collect()
    }
}

/// The price and the highest fee.
const RESERVED: Msat = Msat::from_msat(10_000 + 10_000);
/// The price and the fee that the till takes.
const SPENT: Msat = Msat::from_msat(10_000 + 7);

#[tokio::test]
async fn a_purchase_is_written_down_step_by_step() {
    let setting = Setting::new().await;
    setting.get("/report?key=hush").await.unwrap();
    let record = setting.client.history(1).await.unwrap().remove(0);
    assert_eq!((record.state, record.used, record.dropped), (State::Delivered, 1, false));
    assert_eq!((record.intent.amount, record.fee), (PRICE, Some(Msat::from_msat(7))));
    let purpose = &record.intent.purpose;
    assert_eq!((purpose.host.as_str(), purpose.method.as_str()), ("127.0.0.1", "GET"));
    assert_eq!((purpose.origin.as_str(), purpose.path.as_str()), (setting.shop.url("").as_str(), "/report"));
    assert_eq!(setting.used().await, SPENT);
    assert!(!format!("{record:?}").contains("hush"));
}

#[tokio::test]
async fn an_unknown_payment_stays_reserved_and_is_not_made_twice() {
    let setting = Setting::new().await;
    setting.till.wallet_answers(Answer::PendingAndNot);
    let error = setting.get("/").await.unwrap_err();
    assert!(matches!(error, ClientError::PaymentPending { amount: PRICE, .. }), "{error:?}");
    assert_eq!(setting.used().await, RESERVED);
    for _ in 0..2 {
        let error = setting.get("/").await.unwrap_err();
        assert!(matches!(error, ClientError::EarlierPaymentOpen { amount: PRICE, .. }), "{error:?}");
        assert_eq!(error.spent(), Spent::Nothing);
    }
    let error = setting.get("/other").await.unwrap_err();
    assert_eq!(
        error.code(),
        "over_total_cap",
        "what is unknown cannot be spent on something else: {error:?}"
    );
    assert_eq!(setting.till.payments(), 0);
    assert_eq!(setting.used().await, RESERVED);

    // Half a minute after the invoice has expired, somebody may still be paying it.
    setting.clock.advance(INVOICE_EXPIRY + Duration::from_secs(30));
    assert_eq!(setting.client.resume().await.unwrap().open.len(), 1);
    setting.clock.advance(Duration::from_secs(30));
    let resumed = setting.client.resume().await.unwrap();
    assert_eq!((resumed.paid.len(), resumed.failed.len(), resumed.open.len()), (0, 1, 0));
    assert_eq!(setting.used().await, Msat::ZERO);
    assert_eq!(setting.states().await, [State::Failed]);
}

#[tokio::test]
async fn an_unknown_payment_that_was_made_buys_the_next_call() {
    for resumes in [true, false] {
        let setting = Setting::new().await;
        setting.till.wallet_answers(Answer::PendingAndPaid);
        setting.get("/").await.unwrap_err();
        if resumes {
            let resumed = setting.client.resume().await.unwrap();
            let receipt = &resumed.paid[0];
            assert_eq!((receipt.amount, receipt.fee), (PRICE, Some(Msat::from_msat(7))));
            assert!(resumed.failed.is_empty() && resumed.open.is_empty());
            assert_eq!(setting.client.resume().await.unwrap(), l402_client::Resumed::default());
        }
        assert!(!setting.get("/").await.unwrap(), "nothing was paid for this one");
        assert_eq!(setting.till.payments(), 1);
        assert_eq!((setting.used().await, setting.till.lookups()), (SPENT, 1));
        assert_eq!(setting.states().await, [State::Delivered]);
    }
}

#[tokio::test]
async fn a_failed_payment_gives_its_reservation_back() {
    let setting = Setting::new().await;
    setting.till.wallet_answers(Answer::Failed);
    let error = setting.get("/").await.unwrap_err();
    assert!(matches!(error, ClientError::PaymentFailed { .. }), "{error:?}");
    assert_eq!(setting.used().await, Msat::ZERO);
    assert!(setting.get("/").await.unwrap(), "and the next call is free to pay");
}

/// What happens when a caller has no patience.
#[tokio::test]
async fn a_call_that_is_dropped_while_it_pays_is_found_again() {
    let setting = Setting::new().await;
    let slow = Slow { till: setting.till.clone(), pays: true };
    let client =
        L402Client::builder(slow).store(setting.store.clone()).clock(setting.clock.clone()).build().unwrap();
    let call = tokio::spawn({
        let (client, url) = (client.clone(), setting.shop.url("/"));
        async move { client.get(url).send().await }
    });
    while setting.till.payments() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(client.resume().await.unwrap(), l402_client::Resumed::default(), "somebody is at work on it");
    call.abort();
    call.await.unwrap_err();
    assert_eq!(setting.states().await, [State::Paying]);

    assert!(!setting.get("/").await.unwrap());
    assert_eq!(setting.till.payments(), 1);
}

/// Pays, and never answers.
struct Slow {
    till: Till,
    pays: bool,
}

impl Wallet for Slow {
    fn pay(&self, request: PayRequest) -> PortFuture<Result<PayOutcome, BackendError>> {
        if self.pays {
            drop(self.till.pay(request));
        }
        PortFuture::new(std::future::pending())
    }

    fn lookup(&self, hash: PaymentHash) -> PortFuture<Result<PayOutcome, BackendError>> {
        self.till.lookup(hash)
    }

    fn balance(&self) -> PortFuture<Result<Msat, BackendError>> {
        self.till.balance()
    }

    fn network(&self) -> Network {
        self.till.network()
    }

    fn capabilities(&self) -> WalletCapabilities {
        WalletCapabilities::FULL
    }
}

/// A store that fails lets nothing be paid; one that fails after paying loses nothing.
#[tokio::test]
async fn nothing_is_paid_without_a_journal() {
    use l402_client::store::Step;
    let is_paid = |step: &Step| matches!(step, Step::Paid { .. });
    let is_paying = |step: &Step| matches!(step, Step::Paying);
    for (begins, fails, payments) in [
        (false, Arc::new(|_: &Step| false) as Arc<dyn Fn(&Step) -> bool + Send + Sync>, 0),
        (true, Arc::new(is_paying), 0),
        (true, Arc::new(is_paid), 1),
    ] {
        let setting = Setting::new().await;
        let broken = broken::Broken { inner: setting.store.clone(), begins, fails };
        let client = L402Client::builder(setting.till.clone())
            .store(broken)
            .clock(setting.clock.clone())
            .build()
            .unwrap();
        let answer = client.get(setting.shop.url("/")).send().await;
        assert_eq!(setting.till.payments(), payments);
        if payments == 0 {
            let error = answer.unwrap_err();
            assert!(matches!(error, ClientError::Store(_)), "{error:?}");
            assert_eq!(error.spent(), Spent::Nothing);
        } else {
            assert!(Receipt::of(&answer.unwrap()).is_some());
            assert_eq!(setting.states().await, [State::Paying]);
            assert_eq!(setting.client.resume().await.unwrap().paid.len(), 1, "found out about later");
        }
    }
}

mod broken {
    //! A disk that is full, at times.

    use super::*;
    use l402_client::Counted;
    use l402_client::store::{AtWork, Begun, Intent, Record, Step};
    use l402_core::UnixTime;
    use l402_core::ports::StoreError;

    pub(super) struct Broken {
        pub(super) inner: MemoryStore,
        pub(super) begins: bool,
        pub(super) fails: Arc<dyn Fn(&Step) -> bool + Send + Sync>,
    }

    fn full<T>() -> PortFuture<Result<T, StoreError>> {
        PortFuture::ready(Err(StoreError::unavailable("test", "no space left on device")))
    }

    impl Store for Broken {
        fn begin(&self, intent: Intent, budget: Arc<Budget>) -> PortFuture<Result<Begun, StoreError>> {
            if self.begins { self.inner.begin(intent, budget) } else { full() }
        }

        fn advance(
            &self,
            hash: PaymentHash,
            step: Step,
            now: UnixTime,
        ) -> PortFuture<Result<bool, StoreError>> {
            if (self.fails)(&step) { full() } else { self.inner.advance(hash, step, now) }
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
}

#[tokio::test]
async fn an_invoice_that_was_paid_is_not_paid_again() {
    use crate::support::{Bill, TestWallet, builder};
    let (wallet, bill) = (TestWallet::obedient(), Bill::good());
    let (shop, twin) = (Shop::selling(&bill).await, Shop::selling(&bill).await);
    let client = builder(&wallet).build().unwrap();
    client.get(shop.url("/")).send().await.unwrap();
    let error = client.get(twin.url("/")).send().await.unwrap_err();
    assert!(matches!(error, ClientError::AlreadyKnown { state: State::Delivered, .. }), "{error:?}");
    assert_eq!(error.spent(), Spent::Nothing);
    assert_eq!(wallet.payments().len(), 1);
    assert_eq!(twin.requests().await.len(), 1, "and the preimage of the first does not go to the second");
}
