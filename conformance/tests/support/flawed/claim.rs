//! Counting uses: one for each payment.

use std::sync::atomic::Ordering;

use l402_core::Macaroon;

use super::{Flaw, Shop};

/// A use that was counted.
pub(super) struct Use(String);

impl Use {
    pub(super) const fn uncounted() -> Self {
        Self(String::new())
    }
}

impl Shop {
    /// `None` if it was used before. `text` is the credential as it was written, `preimage` its part.
    pub(super) async fn claim(&self, token: &Macaroon, text: &str, preimage: &str) -> Option<Use> {
        let macaroon = token.as_macaroon_ref();
        let key = match self.flaw {
            Flaw::ReplayKeyIsTheText => text.to_owned(),
            Flaw::ReplayKeyIsThePreimageText => preimage.to_owned(),
            Flaw::ReplayKeyIsTheMacaroon => format!("{:?}", token.as_bytes()),
            Flaw::ReplayKeyHasTheLocation => format!("{:?}{:?}", macaroon.identifier(), macaroon.location()),
            // What stands before the first colon, while what is verified stands before the last.
            Flaw::ColonsAreIgnored => text.split(':').next().unwrap_or_default().to_owned(),
            _ => format!("{:?}", macaroon.identifier()),
        };
        self.claim_key(key).await
    }

    pub(super) async fn claim_key(&self, key: String) -> Option<Use> {
        if self.is(Flaw::Reusable) {
            return Some(Use(key));
        }
        if self.is(Flaw::ClaimIsNotAtomic) {
            let used = self.used.lock().unwrap().contains(&key);
            self.in_flight.fetch_add(1, Ordering::SeqCst);
            self.wait_for_company().await;
            self.in_flight.fetch_sub(1, Ordering::SeqCst);
            if used {
                return None;
            }
            self.used.lock().unwrap().insert(key.clone());
            return Some(Use(key));
        }
        self.used.lock().unwrap().insert(key.clone()).then_some(Use(key))
    }

    pub(super) fn release(&self, claimed: &Use) {
        self.used.lock().unwrap().remove(&claimed.0);
    }
}
