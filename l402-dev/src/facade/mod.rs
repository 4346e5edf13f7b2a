//! The node behind the interfaces of real Lightning software, so that programs which know only those can use it.
//!
//! | facade | what a program needs |
//! |---|---|
//! | [`lnbits`] | the URL and a key: [`spend_key`](crate::DevAccount::spend_key) is the admin key, [`receive_key`](crate::DevAccount::receive_key) the invoice key |
//! | [`lnd`] | the URL and, as the macaroon in hex, one of the same keys |
//! | [`phoenixd`] | the URL and, as the password, one of the same keys |
//! | [`blink`] | the URL and, as the API key, one of the same keys |
//! | [`lnurl`] | the address `<account>@<host>`; for receiving alone |
//! | [`cln`], over clnrest | the URL and, as the rune, one of the same keys |
//! | [`cln`], over its socket | the path of the Unix socket of one account |
//! | `nwc` (feature `nwc`) | the connection URI of one account |
//!
//! `tls` (feature `tls`) serves any of them over HTTPS.
//!
//! The key decides which account of the node is used. Each facade speaks the part of its interface that
//! programs which sell and buy need, and answers anything else as the original does. Faults of the node show
//! the way the original shows them.
//!
//! # Security
//! For development only; serve it on loopback. As with the originals, preimages of unpaid invoices are shown
//! to holders of a key.

pub mod blink;
pub mod cln;
mod desk;
pub mod lnbits;
pub mod lnd;
pub mod lnurl;
#[cfg(feature = "nwc")]
#[cfg_attr(docsrs, doc(cfg(feature = "nwc")))]
pub mod nwc;
pub mod phoenixd;
#[cfg(feature = "tls")]
#[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
pub mod tls;
