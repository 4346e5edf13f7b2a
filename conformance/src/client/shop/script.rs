//! [`Script`]: what a shop offers, and what it answers when it is paid.

use std::fmt;

use super::forms::Form;
use super::offer::Offer;
use super::till::Till;
use crate::client::origin::{Answer, Request};

/// What was paid for.
pub(crate) const CONTENT: &str = "This is the content that was paid for.\n";

/// Ten satoshi.
pub(crate) const PRICE_MSAT: u64 = 10_000;

type Offering = Box<dyn Fn(&Till) -> Offer + Send + Sync>;
type Unpaid = Box<dyn Fn(&Request, &Offer) -> Answer + Send + Sync>;
type Paid = Box<dyn Fn(&Request, u32) -> Answer + Send + Sync>;
type First = Box<dyn Fn(&Request, &Till) -> Option<Answer> + Send + Sync>;

/// What a shop does.
pub(crate) struct Script {
    offering: Offering,
    unpaid: Unpaid,
    paid: Paid,
    first: Option<First>,
    uses: u32,
}

impl Script {
    /// An honest shop, whose tokens can be used again and again.
    pub(crate) fn honest() -> Self {
        Self::priced(PRICE_MSAT)
    }

    /// An honest shop with this price.
    pub(crate) fn priced(msat: u64) -> Self {
        Self {
            offering: Box::new(move |till| till.offer(msat)),
            unpaid: Box::new(|_, offer| Form::Plain.answer(402, offer)),
            paid: Box::new(|_, _| content()),
            first: None,
            uses: u32::MAX,
        }
    }

    /// Makes other offers.
    pub(crate) fn offering(mut self, offering: impl Fn(&Till) -> Offer + Send + Sync + 'static) -> Self {
        self.offering = Box::new(offering);
        self
    }

    /// Writes its challenges in another way.
    pub(crate) fn written(self, form: Form) -> Self {
        self.unpaid(move |_, offer| form.answer(402, offer))
    }

    /// Answers differently what is not paid for.
    pub(crate) fn unpaid(
        mut self,
        unpaid: impl Fn(&Request, &Offer) -> Answer + Send + Sync + 'static,
    ) -> Self {
        self.unpaid = Box::new(unpaid);
        self
    }

    /// Answers differently what is paid for, with the number of times that this token was shown.
    pub(crate) fn paid(mut self, paid: impl Fn(&Request, u32) -> Answer + Send + Sync + 'static) -> Self {
        self.paid = Box::new(paid);
        self
    }

    /// Some requests are answered before anything else is looked at.
    pub(crate) fn first(
        mut self,
        first: impl Fn(&Request, &Till) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        self.first = Some(Box::new(first));
        self
    }

    /// A token is good for so many requests. After that it is worth nothing, and there is a new offer.
    pub(crate) const fn uses(mut self, uses: u32) -> Self {
        self.uses = uses;
        self
    }

    pub(crate) fn answer(&self, till: &Till, request: &Request) -> Answer {
        if let Some(answer) = self.first.as_ref().and_then(|first| first(request, till)) {
            return answer;
        }
        match till.paid(request) {
            Some((_, shown)) if shown <= self.uses => (self.paid)(request, shown),
            _ => (self.unpaid)(request, &(self.offering)(till)),
        }
    }
}

/// What an honest shop delivers.
pub(crate) fn content() -> Answer {
    Answer::new(200).header("Cache-Control", "private, no-store").body("text/plain", CONTENT)
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("uses", &self.uses).finish_non_exhaustive()
    }
}
