//! Open payments of wallets that cannot tell what became of them, settled by somebody who knows.

use l402_client::store::{State, Wanted};
use l402_client::{
    Budget, ClientError, L402Client, MemoryStore, OpenPayment, Receipt, Resumed, SettleError, Settlement,
    Spent,
};
use l402_core::ports::{
    BackendError, BackendErrorKind, PayOutcome, PayRequest, PortFuture, Wallet, WalletCapabilities,
};
use l402_core::{ManualClock, Msat, Network, PaymentHash, Preimage};

use crate::support::till::{Answer, Till};
use crate::support::{NOW, PRICE, Shop};

/// The price and the highest fee.
const RESERVED: Msat = Msat::from_msat(10_000 + 10_000);

/// What a wallet says to a lookup.
#[derive(Clone, Copy)]
enum Lookup {
    /// It has none.
    Cannot,
    Fails(BackendErrorKind),
    Pending,
    Knows,
}

/// The till with another kind of lookup.
#[derive(Clone)]
struct Strange(Till, Lookup);

impl Wallet for Strange {
    fn pay(&self, request: PayRequest) -> PortFuture<Result<PayOutcome, BackendError>> {
        self.0.pay(request)
    }

    fn lookup(&self, hash: PaymentHash) -> PortFuture<Result<PayOutcome, BackendError>> {
        PortFuture::ready(match self.1 {
            Lookup::Cannot => Err(BackendError::new("test", BackendErrorKind::Unsupported)),
            Lookup::Fails(kind) => Err(BackendError::new("test", kind)),
            Lookup::Pending => Ok(PayOutcome::Pending),
            Lookup::Knows => return self.0.lookup(hash),
        })
    }

    fn balance(&self) -> PortFuture<Result<Msat, BackendError>> {
        self.0.balance()
    }

    fn network(&self) -> Network {
        self.0.network()
    }

    fn capabilities(&self) -> WalletCapabilities {
        let mut capabilities = WalletCapabilities::FULL;
        capabilities.can_lookup = !matches!(self.1, Lookup::Cannot);
        capabilities
    }
}

/// A client with one payment of unknown outcome.
struct Setting {
    till: Till,
    shop: Shop,
    store: MemoryStore,
    client: L402Client,
    open: PaymentHash,
}

impl Setting {
    async fn new(answer: Answer, lookup: Lookup) -> Self {
        let (till, store) = (Till::new(), MemoryStore::new());
        let shop = till.open().await;
        till.wallet_answers(answer);
        let client = L402Client::builder(Strange(till.clone(), lookup))
            .store(store.clone())
            .clock(ManualClock::at(NOW))
            .budget(Budget::unlimited().total(Msat::from_sat(35)))
            .build()
            .unwrap();
        let error = client.get(shop.url("/")).send().await.unwrap_err();
        let Spent::Unknown { payment_hash: open, .. } = error.spent() else { panic!("{error:?}") };
        Self { till, shop, store, client, open }
    }

    /// Whether it was paid for.
    async fn get(&self) -> Result<bool, ClientError> {
        let response = self.client.get(self.shop.url("/")).send().await?;
        assert_eq!(response.status(), 200);
        Ok(Receipt::of(&response).is_some())
    }

    fn proof(&self, fee: Option<Msat>) -> Settlement {
        Settlement::Paid { preimage: self.till.preimage(self.open), fee }
    }

    async fn settle(&self, settlement: Settlement) -> Result<Option<Receipt>, SettleError> {
        self.client.settle(self.open, settlement).await
    }

    async fn used(&self) -> Msat {
        self.client.usage().await.unwrap()[0].used
    }

    async fn state(&self) -> State {
        use l402_client::store::Store;
        self.store.find(Wanted::One(self.open)).await.unwrap().remove(0).state
    }
}

#[tokio::test]
async fn a_proof_gives_the_token_and_the_exact_cost() {
    for (fee, cost) in [(Some(Msat::from_msat(7)), Msat::from_msat(10_007)), (None, RESERVED)] {
        let setting = Setting::new(Answer::PendingAndPaid, Lookup::Cannot).await;
        assert_eq!(setting.get().await.unwrap_err().code(), "earlier_payment_open");
        let open = setting.client.resume().await.unwrap().open;
        assert!(matches!(&open[..], [OpenPayment { reserved: RESERVED, .. }]), "{open:?}");

        let receipt = setting.settle(setting.proof(fee)).await.unwrap().unwrap();
        assert_eq!((receipt.amount, receipt.fee, receipt.payment_hash), (PRICE, fee, setting.open));
        assert_eq!((setting.used().await, setting.state().await), (cost, State::Paid));
        assert!(!setting.get().await.unwrap(), "the token of that payment was used");
        assert_eq!((setting.till.payments(), setting.state().await), (1, State::Delivered));
        // Again, and it stays as it is.
        assert!(setting.settle(setting.proof(Some(Msat::from_sat(9)))).await.unwrap().is_some());
        assert_eq!((setting.used().await, setting.state().await), (cost, State::Delivered));
        assert_eq!(setting.client.resume().await.unwrap(), Resumed::default());
    }
}

#[tokio::test]
async fn what_was_not_paid_is_given_back_and_can_be_paid_again() {
    let setting = Setting::new(Answer::PendingAndNot, Lookup::Cannot).await;
    assert_eq!(setting.used().await, RESERVED);
    assert!(setting.settle(Settlement::NotPaid).await.unwrap().is_none());
    assert_eq!((setting.used().await, setting.state().await), (Msat::ZERO, State::Failed));
    assert!(setting.settle(Settlement::NotPaid).await.unwrap().is_none(), "and it stays so");
    assert!(setting.get().await.unwrap());
    assert_eq!(setting.till.paid(), [0, 1]);
}

#[tokio::test]
async fn a_proof_is_believed_after_all() {
    let setting = Setting::new(Answer::PendingAndPaid, Lookup::Cannot).await;
    assert!(setting.settle(Settlement::NotPaid).await.unwrap().is_none()); // a mistake
    let receipt = setting.settle(setting.proof(Some(Msat::from_msat(7)))).await.unwrap();
    assert!(receipt.is_some());
    assert_eq!((setting.used().await, setting.state().await), (Msat::from_msat(10_007), State::Paid));
    assert!(!setting.get().await.unwrap(), "the token of that payment was used");
    assert!(matches!(setting.settle(Settlement::NotPaid).await, Err(SettleError::IsPaid)));
    assert_eq!(setting.till.payments(), 1);
}

#[tokio::test]
async fn what_is_wrong_changes_nothing() {
    let setting = Setting::new(Answer::PendingAndPaid, Lookup::Cannot).await;
    let wrong = Preimage::from_bytes([9; 32]);
    let paid = |preimage: &Preimage| Settlement::Paid { preimage: preimage.clone(), fee: None };
    assert!(matches!(setting.settle(paid(&wrong)).await, Err(SettleError::PreimageMismatch)));
    let unknown = setting.client.settle(wrong.payment_hash(), paid(&wrong)).await;
    assert!(matches!(unknown, Err(SettleError::Unknown(_))), "{unknown:?}");
    let unknown = setting.client.settle(wrong.payment_hash(), Settlement::NotPaid).await;
    assert!(matches!(unknown, Err(SettleError::Unknown(_))), "{unknown:?}");
    assert_eq!((setting.used().await, setting.state().await), (RESERVED, State::Paying));
}

#[tokio::test]
async fn a_wallet_that_knows_better_is_believed() {
    use BackendErrorKind::{NotFound, Unavailable};

    let setting = Setting::new(Answer::PendingAndPaid, Lookup::Knows).await;
    let receipt = setting.settle(Settlement::NotPaid).await.unwrap().unwrap();
    assert_eq!((receipt.fee, setting.state().await), (Some(Msat::from_msat(7)), State::Paid));

    let setting = Setting::new(Answer::PendingAndNot, Lookup::Fails(NotFound)).await;
    assert!(setting.settle(Settlement::NotPaid).await.unwrap().is_none());
    assert_eq!(setting.used().await, Msat::ZERO);

    for (lookup, is_under_way) in [(Lookup::Pending, true), (Lookup::Fails(Unavailable), false)] {
        let setting = Setting::new(Answer::PendingAndNot, lookup).await;
        let error = setting.settle(Settlement::NotPaid).await.unwrap_err();
        assert_eq!(matches!(error, SettleError::UnderWay), is_under_way, "{error:?}");
        assert_eq!(matches!(error, SettleError::Wallet(_)), !is_under_way, "{error:?}");
        assert_eq!((setting.used().await, setting.state().await), (RESERVED, State::Paying));
        assert!(setting.settle(setting.proof(None)).await.unwrap().is_some(), "a proof needs no wallet");
    }
}

/// Reserved by a process that ended, and paid from another wallet.
#[tokio::test]
async fn what_was_only_reserved() {
    use l402_client::store::Store;

    let setting = Setting::new(Answer::PendingAndPaid, Lookup::Cannot).await;
    let record = setting.store.find(Wanted::One(setting.open)).await.unwrap().remove(0);
    let other = MemoryStore::new();
    let begun = other.begin(record.intent, std::sync::Arc::new(Budget::unlimited())).await.unwrap();
    assert_eq!(begun, l402_client::store::Begun::Reserved);
    let client = L402Client::builder(Strange(setting.till.clone(), Lookup::Cannot))
        .store(other.clone())
        .clock(ManualClock::at(NOW))
        .build()
        .unwrap();
    assert!(client.settle(setting.open, setting.proof(None)).await.unwrap().is_some());
    let found = other.find(Wanted::One(setting.open)).await.unwrap().remove(0);
    assert_eq!((found.state, found.cost()), (State::Paid, RESERVED));
}
