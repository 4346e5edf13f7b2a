//! What must not get in.

pub(super) mod binding;
pub(super) mod caveats;
pub(super) mod dialects;
pub(super) mod forgery;
pub(super) mod malformed;
pub(super) mod preimage;
pub(super) mod reuse;
