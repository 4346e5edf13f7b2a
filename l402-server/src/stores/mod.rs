//! Where uses are counted.

mod memory;

pub use memory::MemoryReplayStore;
