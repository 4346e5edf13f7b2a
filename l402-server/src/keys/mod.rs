//! The secrets that sign tokens: read from where they are kept, rotated while running, and tokens taken back.
//!
//! A secret is 32 random bytes. `openssl rand -hex 32` makes one.

mod load;
mod revocation;
mod rotating;

pub use load::{KeyError, master_key_from_env, master_key_from_file, parse_master_key};
pub use revocation::RevocationList;
pub use rotating::RotatingKeys;
