//! What the tests of all backends share.

pub(crate) mod bill;
pub(crate) mod log;
pub(crate) mod raw;
