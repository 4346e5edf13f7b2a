//! What all drivers share: [`Engine`], a wallet with its rules, and [`drive`], which takes a request through them.
//!
//! A driver only sends: what to send and what to make of the answer is said here.

mod buy;
mod call;
mod drive;
mod invoice;
mod resume;
mod settle;
mod show;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use l402_core::ports::{StoreError, Wallet};
use l402_core::{Clock, Limits, Msat, UnixTime};
use url::Url;

use crate::approval::Approver;
use crate::budget::{Budget, Usage};
use crate::store::{Record, Store, Wanted};
use crate::token::{Token, TokenCache};
pub(crate) use call::{Description, Head};
pub(crate) use drive::{Exchange, drive};
pub use invoice::PaidInvoice;
pub use resume::{OpenPayment, Resumed};
pub use settle::{SettleError, Settlement};
#[cfg(feature = "tower")]
pub(crate) use show::Shown;

/// A wallet, and the rules by which it is paid from.
pub(crate) struct Engine {
    pub(crate) wallet: Arc<dyn Wallet>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) hosts: Option<Vec<String>>,
    pub(crate) approver: Option<Arc<dyn Approver>>,
    /// `None` for the default, which depends on the amount.
    pub(crate) max_fee: Option<Msat>,
    pub(crate) pay_timeout: Duration,
    pub(crate) limits: Limits,
    pub(crate) tokens: TokenCache,
    pub(crate) are_tokens_loaded: AtomicBool,
}

impl Engine {
    pub(crate) fn now(&self) -> UnixTime {
        self.clock.now()
    }

    /// Takes the tokens out of the store, the first time.
    async fn load_tokens(&self) -> Result<(), StoreError> {
        if !self.are_tokens_loaded.load(Ordering::Acquire) {
            Box::pin(self.load_tokens_of(None)).await?;
            self.are_tokens_loaded.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Takes the tokens out of the store that are not here yet: another process may have bought some.
    async fn load_tokens_of(&self, origin: Option<String>) -> Result<(), StoreError> {
        let records = self.store.find(Wanted::Tokens { origin }).await?;
        let now = self.now();
        // Those of a payment that somebody is at work on are about to be used.
        for record in records.iter().filter(|record| !record.running) {
            self.keep(record, now);
        }
        Ok(())
    }

    /// Keeps a record's token at hand, if there is one that is worth showing.
    fn keep(&self, record: &Record, now: UnixTime) {
        if let Some(token) = Token::new(record, &self.limits) {
            self.keep_token(record, Arc::new(token), now);
        }
    }

    fn keep_token(&self, record: &Record, token: Arc<Token>, now: UnixTime) {
        if let Ok(url) = record.intent.purpose.origin.parse::<Url>() {
            self.tokens.insert(&url, token, now);
        }
    }

    pub(crate) async fn usage(&self) -> Result<Vec<Usage>, StoreError> {
        self.usage_of(None).await
    }

    /// How much of each cap is used; of caps for hosts, those for `host`.
    pub(crate) async fn usage_of(&self, host: Option<&str>) -> Result<Vec<Usage>, StoreError> {
        let (caps, counted): (Vec<_>, Vec<_>) =
            self.budget.caps().filter_map(|cap| Some((cap.clone(), cap.counted_for(host)?))).unzip();
        let used = self.store.used(counted, self.now()).await?;
        Ok(caps.into_iter().zip(used).map(|(cap, used)| Usage::new(cap, used)).collect())
    }
}
