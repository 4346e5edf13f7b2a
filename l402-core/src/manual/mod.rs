//! A manual: documentation only, no code.
//!
//! - [`format`](mod@format): the token byte by byte, with one example that can be computed again in any language.
//! - [`deployed`]: where the published texts disagree with each other and with what runs, and what is done here.
//! - [`requirements`]: every requirement of the specification, and what fulfils it.
//! - [`threats`]: who attacks, what stops them, and what does not.

pub mod deployed;
pub mod format;
pub mod requirements;
pub mod threats;
