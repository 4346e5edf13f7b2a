//! [`DevNode`], the handle, and [`DevNodeBuilder`].

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use l402_core::{Clock, Msat, Network, PaymentHash, UnixTime};
use tokio::sync::watch;

use crate::account::DevAccount;
use crate::error::DevNodeError;
use crate::fault::Faults;
use crate::ledger::{AccountRecord, InvoiceRecord, Ledger, Observer, PaymentRecord, Snapshot};
use crate::provider::DevProvider;
use crate::signer::Signer;
use crate::wallet::DevWallet;

/// A Lightning node in memory. Clones are handles to the same node.
///
/// For a test that must be the same every time, give it a seed and a clock:
///
/// ```
/// use l402_core::{ManualClock, UnixTime};
/// use l402_dev::DevNode;
///
/// let clock = ManualClock::at(UnixTime::from_secs(1_900_000_000));
/// let node = DevNode::builder().seed([7; 32]).clock(clock.clone()).build()?;
/// let twin = DevNode::builder().seed([7; 32]).clock(clock).build()?;
/// assert_eq!(node.node_id(), twin.node_id());
/// # Ok::<(), l402_dev::DevNodeError>(())
/// ```
#[derive(Clone)]
pub struct DevNode {
    ledger: Arc<Ledger>,
    payer: DevAccount,
    payee: DevAccount,
}

impl DevNode {
    /// The network of every invoice.
    pub const NETWORK: Network = Network::Regtest;

    /// What the default wallet starts with: a million satoshi, enough for any test that is not about running
    /// out of money.
    pub const DEFAULT_BALANCE: Msat = Msat::from_sat(1_000_000);

    /// Starts a node with a random key, on the system's clock.
    ///
    /// # Errors
    /// [`DevNodeError::Entropy`] when the operating system has no random bytes.
    pub fn new() -> Result<Self, DevNodeError> {
        Self::builder().build()
    }

    /// Prepares a node whose key or clock is chosen.
    #[must_use]
    pub fn builder() -> DevNodeBuilder {
        DevNodeBuilder { seed: None, clock: None, fee: Msat::ZERO, snapshot: None, observer: None }
    }

    /// The payee's side: creates invoices and tells what became of them. What is paid goes to the account
    /// `payee`.
    #[must_use]
    pub fn provider(&self) -> DevProvider {
        self.payee.provider()
    }

    /// The node's default wallet, the account `payer`. Every call gives the same.
    #[must_use]
    pub fn wallet(&self) -> DevWallet {
        self.payer.wallet()
    }

    /// A further wallet, with an account of its own that holds `balance`.
    #[must_use]
    pub fn wallet_with_balance(&self, balance: Msat) -> DevWallet {
        let mut number = self.ledger.accounts().len();
        loop {
            if let Some(id) = self.ledger.open_account(&format!("wallet-{number}"), balance) {
                return DevWallet::new(Arc::clone(&self.ledger), id);
            }
            number += 1;
        }
    }

    /// A further account called `name`, which holds `balance` and can both pay and be paid.
    ///
    /// # Errors
    /// [`DevNodeError::NameTaken`]: software that uses the node finds accounts by name where it has no key, so two of one
    /// name could not be told apart.
    pub fn open_account(&self, name: &str, balance: Msat) -> Result<DevAccount, DevNodeError> {
        let id = self.ledger.open_account(name, balance);
        let id = id.ok_or_else(|| DevNodeError::NameTaken(name.to_owned()))?;
        Ok(DevAccount::new(Arc::clone(&self.ledger), id))
    }

    /// The account of this name, if there is one.
    #[must_use]
    pub fn account(&self, name: &str) -> Option<DevAccount> {
        let id = self.ledger.find_account(name)?;
        Some(DevAccount::new(Arc::clone(&self.ledger), id))
    }

    /// The account that [`DevAccount::spend_key`] or [`DevAccount::receive_key`] opens, and whether the key may
    /// spend.
    #[must_use]
    pub fn account_by_key(&self, key: &str) -> Option<(DevAccount, bool)> {
        let key = hex_simd::decode_to_vec(key).ok()?;
        let (id, may_spend) = self.ledger.account_by_key(&key)?;
        Some((DevAccount::new(Arc::clone(&self.ledger), id), may_spend))
    }

    /// Every account and its balance, oldest first.
    #[must_use]
    pub fn accounts(&self) -> Vec<AccountRecord> {
        self.ledger.accounts()
    }

    /// What goes wrong on this node, and when.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        self.ledger.faults()
    }

    /// The compressed public key that every invoice is signed with.
    #[must_use]
    pub fn node_id(&self) -> [u8; 33] {
        self.ledger.node_id()
    }

    /// The invoice of this payment hash, if the node issued one.
    #[must_use]
    pub fn invoice(&self, payment_hash: PaymentHash) -> Option<InvoiceRecord> {
        self.ledger.invoice(payment_hash)
    }

    /// Every invoice so far, oldest first.
    #[must_use]
    pub fn invoices(&self) -> Vec<InvoiceRecord> {
        self.ledger.invoices()
    }

    /// The whole node as JSON: its key, accounts, invoices and payments, but neither faults nor what failed. For
    /// [`DevNodeBuilder::restore`].
    ///
    /// # Security
    /// Whoever has it knows every preimage.
    #[must_use]
    pub fn snapshot(&self) -> String {
        serde_json::to_string(&self.ledger.snapshot()).unwrap_or_default()
    }

    /// What the node's clock says.
    #[must_use]
    pub fn now(&self) -> UnixTime {
        self.ledger.now()
    }

    /// Waits for changes of accounts, invoices and payments. A payment in flight whose time has come ends when
    /// somebody looks, and is no change before.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes(self.ledger.watch())
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    pub(crate) fn tell_watchers(&self) {
        self.ledger.changed();
    }

    /// Every payment that succeeded so far, from any wallet, oldest first.
    #[must_use]
    pub fn payments(&self) -> Vec<PaymentRecord> {
        self.ledger.payments()
    }
}

impl fmt::Debug for DevNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevNode").field("network", &Self::NETWORK).finish_non_exhaustive()
    }
}

/// See [`DevNode::changes`].
#[derive(Debug)]
pub struct Changes(watch::Receiver<u64>);

impl Changes {
    /// Resolves when something has changed since the last call, or since [`DevNode::changes`], with a number that
    /// goes up. Changes that come faster than this is called are one. Never resolves once the node is gone.
    pub async fn next(&mut self) -> u64 {
        if self.0.changed().await.is_err() {
            core::future::pending::<()>().await;
        }
        *self.0.borrow_and_update()
    }

    /// The next call of [`Changes::next`] resolves at once.
    pub fn look_again(&mut self) {
        self.0.mark_changed();
    }
}

/// Builds a [`DevNode`].
pub struct DevNodeBuilder {
    seed: Option<[u8; 32]>,
    clock: Option<Box<dyn Clock>>,
    fee: Msat,
    snapshot: Option<String>,
    observer: Option<Observer>,
}

impl DevNodeBuilder {
    /// Derives the node key, and every preimage in turn, from `seed`, so that two nodes that are asked for the
    /// same invoices at the same times give the same texts. Default: random.
    ///
    /// # Security
    /// Whoever knows the seed knows every preimage. A node started again with its old seed begins with its old
    /// preimages, which were sold before.
    #[must_use]
    pub const fn seed(mut self, seed: [u8; 32]) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Reads the time from `clock`, such as a [`ManualClock`](l402_core::ManualClock). Default: the system's.
    ///
    /// The clock must not ask the node anything: the node would ask it for the time again.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Box::new(clock));
        self
    }

    /// Charges every payer `fee` per payment on top of the amount, as routing does. Default: nothing.
    #[must_use]
    pub const fn fee(mut self, fee: Msat) -> Self {
        self.fee = fee;
        self
    }

    /// Tells `observer` of every order to pay that comes from another program, over [`control`](crate::control) or a
    /// [`facade`](crate::facade): the account that is to pay, and the invoice as it was sent, which may be no invoice at
    /// all. It hears of orders that the node refuses, too, so a test sees what a payer would have paid elsewhere.
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    /// use l402_dev::DevNode;
    ///
    /// let ordered = Arc::new(Mutex::new(Vec::new()));
    /// let seen = Arc::clone(&ordered);
    /// let node = DevNode::builder().on_pay_order(move |_, text| seen.lock().unwrap().push(text.to_owned())).build()?;
    /// # Ok::<(), l402_dev::DevNodeError>(())
    /// ```
    #[must_use]
    pub fn on_pay_order(mut self, observer: impl Fn(&str, &str) + Send + Sync + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Goes on where [`DevNode::snapshot`] was taken. The seed is that of the snapshot.
    #[must_use]
    pub fn restore(mut self, snapshot: impl Into<String>) -> Self {
        self.snapshot = Some(snapshot.into());
        self
    }

    /// Starts the node.
    ///
    /// # Errors
    /// [`DevNodeError::Entropy`] when there is no seed and the operating system has no random bytes;
    /// [`DevNodeError::Seed`] when no key follows from the seed; [`DevNodeError::Snapshot`] when there is one that
    /// cannot be read.
    pub fn build(self) -> Result<DevNode, DevNodeError> {
        let snapshot: Option<Snapshot> = match &self.snapshot {
            Some(text) => Some(serde_json::from_str(text).map_err(|_| DevNodeError::Snapshot)?),
            None => None,
        };
        let seed = match (&snapshot, self.seed) {
            (Some(snapshot), _) => snapshot.seed().ok_or(DevNodeError::Snapshot)?,
            (None, Some(seed)) => seed,
            (None, None) => random_seed()?,
        };
        let clock = self.clock.unwrap_or_else(|| Box::new(|| SystemTime::now().into()));
        let ledger = Arc::new(Ledger::new(Signer::from_seed(seed)?, clock, self.fee, self.observer));
        if snapshot.is_some_and(|snapshot| !ledger.restore(snapshot)) {
            return Err(DevNodeError::Snapshot);
        }
        let open = |name: &str, balance| {
            let id = ledger.find_account(name).or_else(|| ledger.open_account(name, balance));
            let id = id.ok_or_else(|| DevNodeError::NameTaken(name.to_owned()))?;
            Ok::<_, DevNodeError>(DevAccount::new(Arc::clone(&ledger), id))
        };
        let payer = open("payer", DevNode::DEFAULT_BALANCE)?;
        let payee = open("payee", Msat::ZERO)?;
        Ok(DevNode { ledger, payer, payee })
    }
}

impl fmt::Debug for DevNodeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevNodeBuilder")
            .field("seeded", &self.seed.is_some())
            .field("clocked", &self.clock.is_some())
            .field("fee", &self.fee)
            .finish()
    }
}

fn random_seed() -> Result<[u8; 32], DevNodeError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| DevNodeError::Entropy(error.into()))?;
    Ok(seed)
}
