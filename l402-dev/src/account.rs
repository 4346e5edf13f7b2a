//! [`DevAccount`]: one account of a node, which pays and is paid.

use std::fmt;
use std::sync::Arc;

use hex_simd::AsciiCase;
use l402_core::Msat;

use crate::ledger::{AccountId, Ledger};
use crate::provider::DevProvider;
use crate::wallet::DevWallet;

/// An account of a [`DevNode`](crate::DevNode). Clones are handles to the same account.
///
/// ```
/// use l402_core::Msat;
/// use l402_dev::DevNode;
///
/// let node = DevNode::new()?;
/// let alice = node.open_account("alice", Msat::from_sat(500))?;
/// assert_eq!(alice.balance(), Msat::from_sat(500));
/// assert_eq!(node.account("alice").unwrap().name(), "alice");
/// # Ok::<(), l402_dev::DevNodeError>(())
/// ```
#[derive(Clone)]
pub struct DevAccount {
    ledger: Arc<Ledger>,
    id: AccountId,
}

impl DevAccount {
    pub(crate) const fn new(ledger: Arc<Ledger>, id: AccountId) -> Self {
        Self { ledger, id }
    }

    #[cfg(feature = "facades")]
    pub(crate) const fn id(&self) -> AccountId {
        self.id
    }

    #[cfg(feature = "facades")]
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> String {
        self.ledger.account(self.id).name.to_string()
    }

    /// What it can spend. Money in flight has left it already.
    #[must_use]
    pub fn balance(&self) -> Msat {
        self.ledger.account(self.id).balance
    }

    /// The secret with which other software pays from this account through a [`facade`](crate::facade): 64 hex
    /// digits, the same for the same seed.
    #[must_use]
    pub fn spend_key(&self) -> String {
        hex_simd::encode_to_string(self.ledger.key(self.id, true), AsciiCase::Lower)
    }

    /// The secret with which other software creates and looks up invoices of this account, and cannot pay.
    #[must_use]
    pub fn receive_key(&self) -> String {
        hex_simd::encode_to_string(self.ledger.key(self.id, false), AsciiCase::Lower)
    }

    /// Creates invoices that are paid to this account.
    #[must_use]
    pub fn provider(&self) -> DevProvider {
        DevProvider::new(Arc::clone(&self.ledger), self.id)
    }

    /// Pays from this account.
    #[must_use]
    pub fn wallet(&self) -> DevWallet {
        DevWallet::new(Arc::clone(&self.ledger), self.id)
    }
}

impl fmt::Debug for DevAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DevAccount").field(&self.name()).finish()
    }
}
