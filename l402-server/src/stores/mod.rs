//! Where uses are counted: in memory, in an SQLite file, in Redis, or in a store of one's own.
//!
//! | | [`MemoryReplayStore`] | `SqliteReplayStore` | `RedisReplayStore` |
//! |---|---|---|---|
//! | feature | always there | `sqlite` | `redis`, with TLS `redis-tls` |
//! | survives a restart of the service | no | yes | yes |
//! | survives a power loss | no | yes | as Redis is set up to |
//! | several processes | no | yes | yes |
//! | several machines | no | no | yes |
//! | bounded | always | by `max_tokens` | by Redis's `maxmemory` |
//! | calls claimed and committed a second, 1 / 64 at once | millions | 1 700 / 4 700 | 12 000 / 28 000 |
//!
//! The last line was measured on two cores that were busy with other things, SQLite and Redis included, with an
//! append-only file in Redis; `cargo bench -p l402-benches --bench stores` measures it anywhere. Take memory
//! for tests, SQLite for a service on one machine, and Redis for one that has outgrown it.
//!
//! A store that fails refuses: the gate answers 503 and lets nobody in. All three are tested with the same cases,
//! which the feature `store-contract` exports in `stores::contract` for stores of one's own.

#[cfg(feature = "store-contract")]
#[cfg_attr(docsrs, doc(cfg(feature = "store-contract")))]
pub mod contract;
mod memory;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub use self::redis::{RedisConnectError, RedisOptions, RedisReplayStore};
pub use memory::MemoryReplayStore;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use sqlite::{SqliteOpenError, SqliteOptions, SqliteReplayStore};
