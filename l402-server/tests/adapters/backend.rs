//! The replay stores as users have them, and what breaks them.

use std::sync::Arc;
use std::time::Duration;

use l402_core::ports::ReplayStore;
use l402_server::stores::{MemoryReplayStore, RedisReplayStore, SqliteReplayStore};
use tempfile::TempDir;

use crate::redis_server::RedisServer;
use crate::wire::PATIENCE;

/// How long a store waits for a Redis that may fall silent: for so long a test hangs, and for half of it, which is what a
/// commit has, a machine may be paused.
pub(crate) const NOT_FOR_LONG: Duration = Duration::from_secs(6);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Memory,
    Sqlite,
    Redis,
}

/// Where uses are kept. Stores come and go, as instances do.
pub(crate) enum Backend {
    Memory,
    Sqlite(TempDir),
    Redis(RedisServer),
}

pub(crate) enum Outage {
    /// Ends when this is dropped, which holds SQLite's write lock.
    Locked(#[allow(dead_code, reason = "dropping it ends the outage")] rusqlite::Connection),
    Killed,
    /// It reads what was sent to it when it goes on.
    Stopped,
}

impl Backend {
    pub(crate) fn start(kind: Kind) -> Self {
        match kind {
            Kind::Memory => Self::Memory,
            Kind::Sqlite => Self::Sqlite(tempfile::tempdir().unwrap()),
            Kind::Redis => Self::Redis(RedisServer::start()),
        }
    }

    /// How [`open`] finds it.
    pub(crate) fn address(&self) -> String {
        match self {
            Self::Memory => "memory".to_owned(),
            Self::Sqlite(directory) => directory.path().join("uses.db").to_str().unwrap().to_owned(),
            Self::Redis(server) => server.url(),
        }
    }

    pub(crate) async fn store(&self, patience: Duration) -> Arc<dyn ReplayStore> {
        open(&self.address(), patience).await
    }

    /// Until [`Backend::recover`], no use can be counted.
    pub(crate) fn fail(&mut self) -> Outage {
        match self {
            Self::Memory => panic!("memory does not fail"),
            Self::Redis(server) => {
                server.kill();
                Outage::Killed
            }
            Self::Sqlite(_) => {
                let connection = rusqlite::Connection::open(self.address()).unwrap();
                connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
                Outage::Locked(connection)
            }
        }
    }

    /// Until [`Backend::recover`], nothing is answered.
    pub(crate) fn fall_silent(&mut self) -> Outage {
        match self {
            Self::Redis(server) => {
                server.pause();
                Outage::Stopped
            }
            Self::Memory | Self::Sqlite(_) => self.fail(),
        }
    }

    pub(crate) fn recover(&mut self, outage: Outage) {
        match (self, outage) {
            (Self::Redis(server), Outage::Killed) => server.restart(),
            (Self::Redis(server), _) => server.resume(),
            (_, lock) => drop(lock),
        }
    }
}

/// A store of one instance: in `memory`, in Redis, which is waited for with this `patience`, or in a file.
pub(crate) async fn open(address: &str, patience: Duration) -> Arc<dyn ReplayStore> {
    if address == "memory" {
        Arc::new(MemoryReplayStore::default())
    } else if address.starts_with("redis://") {
        let options = RedisReplayStore::options().connect_timeout(PATIENCE).response_timeout(patience);
        Arc::new(options.connect(address).await.unwrap())
    } else {
        let options = SqliteReplayStore::options().busy_timeout(Duration::from_secs(1));
        Arc::new(options.open(address).unwrap())
    }
}
