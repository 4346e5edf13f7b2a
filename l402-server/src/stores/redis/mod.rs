//! [`RedisReplayStore`]: uses counted in Redis. Feature `redis`.

mod commands;
mod connect;
mod link;
mod withdraw;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use l402_core::ports::{Claim, Claimed, PortFuture, ReplayStore, StoreError};

use redis::aio::ConnectionManager;

use commands::Commands;
pub use connect::RedisConnectError;
use link::Link;
use withdraw::{Unheard, Withdrawals};

/// Counts uses in Redis or Valkey, for services on several machines.
///
/// Clones share one connection, over which many requests are on their way at once. When it breaks, requests are
/// refused until it is back, which it is by itself.
///
/// ```no_run
/// use std::time::Duration;
/// use l402_server::stores::RedisReplayStore;
///
/// # async fn connect() -> Result<(), Box<dyn std::error::Error>> {
/// let store = RedisReplayStore::connect("redis://shop:secret@10.0.0.7:6379/0").await?;
///
/// let store = RedisReplayStore::options()
///     .prefix("shop:uses:")
///     .response_timeout(Duration::from_millis(500))
///     .connect("rediss://redis.example.com") // TLS: feature `redis-tls`
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// A token is one key, `l402:` and the payment hash in hex: a hash with the number of spent uses and a field for
/// each lease; or a string, as long as the only use of a token was claimed once. A second key in the same slot, such as
/// `l402:{l402:9f86…}:commits`, says for some minutes which leases of a hash were committed last. Commits and releases are one
/// script each, and so are atomic. So are claims, but that the first one of a token with a single use is one `SET` with
/// `NX`. Redis 6 and later, and Valkey. A cluster is not followed from node to node.
///
/// # What the server needs
/// A key that the server forgets is a token that can be used again, so:
/// - `maxmemory-policy noeviction`. [`connect`](Self::connect) warns in the log if it is another one. A server that
///   is full then refuses claims, as it should.
/// - `appendonly yes`, or a restart forgets what came after the last snapshot; there is a warning for this too.
///   With `appendfsync everysec`, the default, a power loss forgets up to a second; `always` forgets nothing.
/// - After a failover to a replica, what had not reached it is forgotten: replication does not wait.
///
/// # When the server falls silent
/// A commit that the server reads later than half of [`response_timeout`](RedisOptions::response_timeout) after it was sent,
/// by the server's own clock, is not made: the gate has withheld the answer by then, and the buyer keeps the use. One whose
/// answer gets lost on the way back, or whose client leaves before it comes, is undone if it was made, as soon as the server
/// can be reached. That is tried for a minute, for some thousand commits at once. What is not undone by then, because the
/// server has not come back or this process has died, stays charged.
///
/// # Clocks
/// Leases end by the clocks of the claiming instances, not by that of Redis. If one is ahead of another by some
/// seconds, it takes over leases of the other by as many seconds early. The other one's commit is then refused and
/// its answer withheld: nothing is delivered twice. Keep clocks together (NTP) by less than a lease is long.
/// Keys live until the token expires, by the claiming instance's clock or the server's, whichever is behind.
///
/// # Security
/// The URL may hold a password. It is in no `Debug` output, error or log line of this crate. Over a network that
/// others can read, use `rediss://`; certificates are checked against those of the operating system, or against
/// the file that the environment variable `SSL_CERT_FILE` names.
#[derive(Clone)]
pub struct RedisReplayStore(Arc<Shared>);

struct Shared {
    link: Link,
    address: String,
    commands: Commands,
    withdrawals: Withdrawals,
}

/// How to connect a [`RedisReplayStore`].
#[derive(Clone, Debug)]
pub struct RedisOptions {
    prefix: String,
    connect_timeout: Duration,
    response_timeout: Duration,
}

impl RedisReplayStore {
    /// Connects with the default [`RedisOptions`] to a URL: `redis://`, `rediss://` (TLS) or `unix://`, with user
    /// and password if needed.
    ///
    /// # Errors
    /// When the URL makes no sense, or the server cannot be reached or does not accept the password.
    ///
    /// # Panics
    /// Outside a tokio runtime with I/O and time.
    pub async fn connect(url: &str) -> Result<Self, RedisConnectError> {
        RedisOptions::default().connect(url).await
    }

    /// Settings other than the defaults.
    #[must_use]
    pub fn options() -> RedisOptions {
        RedisOptions::default()
    }
}

impl RedisOptions {
    /// What all keys begin with, so that several services can share a server. Default: `l402:`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How long a connection may take to come about. Default: 5 seconds.
    #[must_use]
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a request may wait for Redis before it is refused. Default: 2 seconds. Keep it below the gate's
    /// [`store_timeout`](crate::GateBuilder::store_timeout), which ends the wait as well.
    #[must_use]
    pub const fn response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = timeout;
        self
    }

    /// Connects.
    ///
    /// # Errors
    /// As [`RedisReplayStore::connect`].
    ///
    /// # Panics
    /// As [`RedisReplayStore::connect`].
    pub async fn connect(self, url: &str) -> Result<RedisReplayStore, RedisConnectError> {
        let client = connect::client(url)?;
        let address = client.get_connection_info().addr().to_string();
        let link = connect::link(client, &address, self.connect_timeout, self.response_timeout).await?;
        let commands = Commands::new(self.prefix, withdraw::remembered_for(self.response_timeout));
        let withdrawals = Withdrawals::default();
        Ok(RedisReplayStore(Arc::new(Shared { link, address, commands, withdrawals })))
    }
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            prefix: "l402:".to_owned(),
            connect_timeout: Duration::from_secs(5),
            response_timeout: Duration::from_secs(2),
        }
    }
}

impl ReplayStore for RedisReplayStore {
    fn claim(&self, claim: Claim) -> PortFuture<Result<Claimed, StoreError>> {
        let store = self.0.clone();
        PortFuture::new(async move {
            let answer =
                store.link.run(async |connection| store.commands.claim(&claim, connection).await).await?;
            match answer {
                0 => Ok(Claimed::Granted),
                1 => Ok(Claimed::Busy),
                2 => Ok(Claimed::Exhausted),
                _ => Err(StoreError::unavailable("redis", "the answer makes no sense")),
            }
        })
    }

    fn commit(&self, claim: Claim) -> PortFuture<Result<bool, StoreError>> {
        let store = self.0.clone();
        let unheard = Unheard::new(store.clone(), claim);
        PortFuture::new(async move {
            let commit = async |connection: &mut ConnectionManager| {
                let deadline = store.link.deadline(connection).await?;
                store.commands.commit(&claim, deadline, connection).await
            };
            let answer = store.link.run(commit).await?;
            match answer {
                0 | 1 => {
                    unheard.heard();
                    Ok(answer == 1)
                }
                _ => {
                    store.link.forget_clock();
                    Err(StoreError::unavailable("redis", "the server has read the commit too late"))
                }
            }
        })
    }

    fn release(&self, claim: Claim) -> PortFuture<Result<(), StoreError>> {
        let store = self.0.clone();
        PortFuture::new(async move {
            store.link.run(async |connection| store.commands.release(&claim, connection).await).await
        })
    }
}

impl fmt::Debug for RedisReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisReplayStore({}, prefix {:?})", self.0.address, self.0.commands.prefix)
    }
}
