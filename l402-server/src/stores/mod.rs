//! Where uses are counted.

#[cfg(feature = "store-contract")]
#[cfg_attr(docsrs, doc(cfg(feature = "store-contract")))]
pub mod contract;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use memory::MemoryReplayStore;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use sqlite::{SqliteOpenError, SqliteOptions, SqliteReplayStore};
