//! Tokens that were bought: what they say of themselves, and where they are kept ready.

mod cache;
mod coverage;
mod facts;
mod target;

pub(crate) use cache::{Token, TokenCache};
pub(crate) use coverage::request_digest;
pub use facts::{TokenError, TokenFacts};
pub(crate) use target::Target;
