//! Conformance tests for L402 servers, in any language.
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
//! # Security
//! It buys tokens with the payer's money, and a report holds the credentials it bought.

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod case;
mod http;
mod payer;
mod report;
pub mod server;
mod target;
mod wire;

pub use case::{Case, Level, Need, Outcome, Source};
pub use http::Exchange;
pub use payer::Payer;
pub use report::{CaseReport, Counts, Report, Verdict};
pub use target::{Target, TargetError};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
