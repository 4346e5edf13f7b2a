//! BOLT11 invoices: what one says, for those who pay it and for those who sell with it.
//!
//! | | `InvoiceFacts` | [`InvoiceTerms`] |
//! |---|---|---|
//! | for | whoever pays: wallets, clients | whoever sells, about an invoice from its own provider |
//! | signature checked, payee known | yes | no |
//! | description, payment secret, features | must be there and known | not looked at |
//! | amount, network, payment hash, expiry | the same | the same |
//! | costs | 45 µs, 35 allocations; a C build | under a microsecond, no allocation |
//! | feature | `bolt11` | none |
//!
//! Whatever the first accepts, the second reads in the same way, which tests hold it to.

mod bech32;
#[cfg(feature = "bolt11")]
mod facts;
mod prefix;
mod terms;

use core::fmt;

#[cfg(feature = "bolt11")]
pub use facts::{InvoiceFacts, NodeId};
pub use terms::InvoiceTerms;

/// Longer texts are refused unread; the longest invoices seen have under 2 000 characters.
const MAX_LEN: usize = 4096;

/// Why a text is not an invoice to rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvoiceError {
    /// Above 4096 characters.
    TooLong,
    /// Not BOLT11, or with a wrong checksum; or, where it is looked at, a wrong signature.
    Malformed,
    /// For a network that is none of [`Network`](crate::Network).
    UnknownNetwork,
}

impl fmt::Display for InvoiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the invoice is too long",
            Self::Malformed => "the invoice is not valid BOLT11",
            Self::UnknownNetwork => "the invoice is for an unknown network",
        })
    }
}

impl core::error::Error for InvoiceError {}
