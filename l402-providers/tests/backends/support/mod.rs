//! What the tests of all backends share.

pub(crate) mod bill;
#[cfg(all(unix, feature = "cln"))]
pub(crate) mod lightningd;
pub(crate) mod log;
#[cfg(feature = "nwc")]
pub(crate) mod nostr;
pub(crate) mod raw;
#[cfg(feature = "nwc")]
pub(crate) mod time;
