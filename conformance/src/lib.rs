//! Conformance tests for L402 servers, clients and token libraries, in any language.
//!
//! [`server::check`] drives a server over HTTP and returns a [`Report`]: what it does wrong, which sentence of which
//! document that breaks, the exact bytes that were sent and answered, and a line for the shell that sends them
//! again. It looks at the wire only. It shares no code with the servers and clients of its workspace, and writes
//! every byte itself.
//!
//! ```no_run
//! use l402_conformance::{Payer, Target, Verdict, server};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), l402_conformance::TargetError> {
//! let target = Target::new("http://127.0.0.1:8402/report")?;
//! let payer = Payer::command("lncli payinvoice --force --json - | jq -r .payment_preimage");
//! let report = server::check(&target, Some(&payer)).await;
//! assert_eq!(report.verdict(), Verdict::Conformant, "{:?}", report.counts());
//! # Ok(())
//! # }
//! ```
//!
//! `client::check` (feature `client`) runs a client as a command, with servers and a wallet of the suite's own, and judges
//! from what arrives at both.
//!
//! # Security
//! It buys tokens with the payer's money, and a report holds the credentials it bought.

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod case;
mod chance;
mod check;
#[cfg(feature = "client")]
#[cfg_attr(docsrs, doc(cfg(feature = "client")))]
pub mod client;
mod expected;
mod generate;
mod hook;
mod http;
mod outcome;
mod payer;
mod profile;
mod report;
mod runner;
pub mod server;
mod settings;
mod target;
#[cfg(feature = "verifier")]
#[cfg_attr(docsrs, doc(cfg(feature = "verifier")))]
pub mod vectors;
#[cfg(feature = "verifier")]
#[cfg_attr(docsrs, doc(cfg(feature = "verifier")))]
pub mod verifier;
mod wire;
mod words;

pub use case::{Ambiguity, Case, Level, Need, Scoring, Source, Suite};
pub use expected::{Expected, ExpectedError};
pub use hook::Hook;
pub use http::{Exchange, Trust, TrustError};
pub use outcome::{Evidence, Outcome};
pub use payer::Payer;
pub use profile::Profile;
pub use report::{CaseReport, Counts, Report, Verdict};
pub use runner::{Progress, Watch};
pub use settings::Settings;
pub use target::{Expiry, Target, TargetError};
pub use words::UnknownWord;

/// Every case of every suite, in the order they run.
#[must_use]
pub fn cases() -> Vec<Case> {
    [
        server::cases(),
        #[cfg(feature = "verifier")]
        verifier::cases(),
        #[cfg(feature = "client")]
        client::cases(),
    ]
    .concat()
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
