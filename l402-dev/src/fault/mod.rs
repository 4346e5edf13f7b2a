//! Faults on order: [`Faults`] scripts what goes wrong, and when.
//!
//! A fault belongs to one of three scripts: [`InvoiceFault`]s happen when an invoice is created,
//! [`PaymentFault`]s when one is paid, [`LookupFault`]s when somebody asks what became of it. Each script has
//! faults for one payment hash, for the next calls in turn, and for every call; the first of these that there
//! is happens, and nothing else.
//!
//! ```
//! use core::time::Duration;
//! use l402_core::Msat;
//! use l402_core::ports::{BackendErrorKind, InvoiceProvider, NewInvoice, PayOutcome, PayRequest, Wallet};
//! use l402_dev::DevNode;
//! use l402_dev::fault::PaymentFault;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let node = DevNode::new()?;
//! node.faults().payments().next(PaymentFault::Fail(BackendErrorKind::NoRoute));
//!
//! let price = NewInvoice::new(Msat::from_sat(10), String::new(), Duration::from_secs(600));
//! let invoice = node.provider().create_invoice(price).await?;
//! let request = PayRequest::new(invoice.bolt11, invoice.payment_hash, Msat::ZERO, Duration::from_secs(5));
//! let outcome = node.wallet().pay(request.clone()).await?;
//! assert!(matches!(outcome, PayOutcome::Failed(BackendErrorKind::NoRoute)));
//! assert!(matches!(node.wallet().pay(request).await?, PayOutcome::Paid(_))); // only the next one
//! # Ok(())
//! # }
//! ```
//!
//! Faults have a text form for command lines and HTTP, such as `fail=no-route` or `stuck-then-settle=5s`.

mod script;
mod text;

use core::fmt;
use core::time::Duration;

use l402_core::PaymentHash;
use l402_core::ports::BackendErrorKind;

pub use script::Script;
pub use text::FaultParseError;

/// What can go wrong when an invoice is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvoiceFault {
    /// The node cannot be reached.
    Down,
    /// The node refuses, and says when to try again, if it does.
    RateLimited(Option<Duration>),
    /// The answer takes this long on tokio's timer.
    Slow(Duration),
    /// The invoice asks for twice the amount.
    WrongAmount,
    /// The hash in the answer is not the one in the invoice.
    WrongHash,
    /// The invoice is for the main network (`lnbc…`).
    WrongNetwork,
    /// The invoice has expired when it arrives.
    Expired,
}

/// What can go wrong when an invoice is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PaymentFault {
    /// The node cannot be reached; nothing is sent.
    Down,
    /// The node refuses before it sends anything, and says when to try again, if it does.
    RateLimited(Option<Duration>),
    /// The payment settles, and the answer takes this long on tokio's timer. When that is more than the payer
    /// waits, the payer is told that it is pending, and the payment settles by the node's clock.
    Slow(Duration),
    /// The payment fails, with nothing spent. [`BackendErrorKind::InFlight`] is no failure, and is not taken for one by
    /// whoever asks from another process: that is [`Stuck`](Self::Stuck).
    Fail(BackendErrorKind),
    /// The payment stays in flight, for ever.
    Stuck,
    /// The payment is in flight for this long by the node's clock, then settles.
    StuckThenSettle(Duration),
    /// The payment is in flight for this long by the node's clock, then fails; the money comes back.
    StuckThenFail(Duration),
    /// The payment settles, and the payer is shown another preimage, now and in every lookup.
    WrongPreimage,
    /// The payment settles, and the payer is shown 32 zero bytes, now and in every lookup.
    ZeroPreimage,
    /// The payer is debited twice, and the payee credited twice.
    PayTwice,
}

/// What can go wrong when somebody asks what became of an invoice or a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LookupFault {
    /// The node cannot be reached.
    Down,
    /// The node refuses, and says when to try again, if it does.
    RateLimited(Option<Duration>),
    /// The answer takes this long on tokio's timer.
    Slow(Duration),
}

/// The faults of one node. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    invoices: Script<InvoiceFault>,
    payments: Script<PaymentFault>,
    lookups: Script<LookupFault>,
}

impl Faults {
    /// What goes wrong when invoices are created. They have no hash before that, so
    /// [`Script::of`] never happens here.
    #[must_use]
    pub const fn invoices(&self) -> &Script<InvoiceFault> {
        &self.invoices
    }

    /// What goes wrong when invoices are paid.
    #[must_use]
    pub const fn payments(&self) -> &Script<PaymentFault> {
        &self.payments
    }

    /// What goes wrong when somebody asks about an invoice or a payment.
    #[must_use]
    pub const fn lookups(&self) -> &Script<LookupFault> {
        &self.lookups
    }

    /// From now on the whole node cannot be reached, until [`Faults::clear`].
    pub fn take_down(&self) {
        self.invoices.every(InvoiceFault::Down);
        self.payments.every(PaymentFault::Down);
        self.lookups.every(LookupFault::Down);
    }

    /// Forgets all faults. Payments that are stuck stay so.
    pub fn clear(&self) {
        self.invoices.clear();
        self.payments.clear();
        self.lookups.clear();
    }

    /// Every fault that waits to happen, in the words of the command line: `payment next fail=no-route`.
    #[must_use]
    pub fn list(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.invoices.list("invoice", &mut lines);
        self.payments.list("payment", &mut lines);
        self.lookups.list("lookup", &mut lines);
        lines
    }

    /// Scripts a fault that is written as text: `operation` is `invoice`, `payment` or `lookup`.
    ///
    /// ```
    /// use l402_dev::DevNode;
    /// use l402_dev::fault::When;
    ///
    /// let node = DevNode::new()?;
    /// node.faults().add("payment", When::Next(2), "stuck-then-settle=5s")?;
    /// assert_eq!(node.faults().list(), ["payment next 2 stuck-then-settle=5s"]);
    /// assert!(node.faults().add("payment", When::Every, "wrong-amount").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`FaultParseError`], whose text lists what there is.
    pub fn add(&self, operation: &str, when: When, fault: &str) -> Result<(), FaultParseError> {
        if when == When::Next(0) {
            return Err(FaultParseError::never());
        }
        match operation {
            "invoice" if matches!(when, When::Of(_)) => return Err(FaultParseError::hash_of_an_invoice()),
            "invoice" => self.invoices.add(when, fault.parse()?),
            "payment" => self.payments.add(when, fault.parse()?),
            "lookup" => self.lookups.add(when, fault.parse()?),
            _ => return Err(FaultParseError::operation()),
        }
        Ok(())
    }
}

/// When a scripted fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum When {
    /// At the next calls, this many of them, after those scripted before.
    Next(u32),
    /// At every call that has no fault of its own.
    Every,
    /// At every call about this payment hash.
    Of(PaymentHash),
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Next(1) => f.write_str("next"),
            Self::Next(times) => write!(f, "next {times}"),
            Self::Every => f.write_str("every"),
            Self::Of(hash) => write!(f, "of {hash}"),
        }
    }
}
