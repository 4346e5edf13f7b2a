//! Where uses are counted.

#[cfg(feature = "store-contract")]
pub mod contract;
mod memory;

pub use memory::MemoryReplayStore;
