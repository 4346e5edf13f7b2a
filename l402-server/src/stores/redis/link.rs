//! The connection: shared, watched, and replaced when it is of no use any more.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use l402_core::ports::StoreError;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Cmd, FromRedisValue, RedisError};
use tokio::time::timeout;

pub(super) struct Link {
    client: Client,
    config: ConnectionManagerConfig,
    response_timeout: Duration,
    current: Mutex<Current>,
    clock: Mutex<Option<ServerClock>>,
}

/// What the server's clock said, and when.
#[derive(Clone, Copy)]
struct ServerClock {
    micros: u64,
    read_at: Instant,
}

/// How long a look at the server's clock is good for: clocks drift apart by some milliseconds in this time.
const CLOCK_IS_GOOD_FOR: Duration = Duration::from_secs(60);

#[derive(Clone)]
struct Current {
    connection: ConnectionManager,
    /// Counts replacements, so that requests that fail together replace the connection once.
    number: u64,
}

impl Link {
    pub(super) async fn open(
        client: Client,
        connect_timeout: Duration,
        response_timeout: Duration,
    ) -> Result<Self, Failure> {
        // A failed attempt is repeated by the next request rather than by the one that waits.
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(connect_timeout))
            .set_response_timeout(Some(response_timeout));
        let connecting = ConnectionManager::new_with_config(client.clone(), config.clone());
        // Twice, since to connect is to reach the server and then to be greeted by it.
        let connection = timeout(2 * connect_timeout, connecting).await.map_err(|_| Failure::Timeout)??;
        let current = Mutex::new(Current { connection, number: 0 });
        Ok(Self { client, config, response_timeout, current, clock: Mutex::default() })
    }

    pub(super) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Failure> {
        let mut connection = self.current().connection.clone();
        self.in_time(command.query_async(&mut connection)).await
    }

    /// Asks for something, however many commands that takes, in the time that a request may wait.
    pub(super) async fn run<T>(
        &self,
        ask: impl AsyncFnOnce(&mut ConnectionManager) -> Result<T, RedisError>,
    ) -> Result<T, StoreError> {
        let Current { mut connection, number } = self.current().clone();
        self.in_time(ask(&mut connection)).await.map_err(|failure| {
            tracing::debug!(%failure, "l402: redis failed");
            if failure.outlives_the_connection() {
                self.replace(number);
            }
            StoreError::unavailable("redis", failure)
        })
    }

    /// Until when, by the server's own clock in microseconds, it may do what it is asked for now. That leaves half of the
    /// time that a request waits to the answer, so that nothing is done when nobody waits for it any more.
    pub(super) async fn deadline(&self, connection: &mut ConnectionManager) -> Result<u64, RedisError> {
        let known = self.clock().filter(|clock| clock.read_at.elapsed() < CLOCK_IS_GOOD_FOR);
        let clock = match known {
            Some(clock) => clock,
            None => self.read_clock(connection).await?,
        };
        Ok(clock.micros + micros(clock.read_at.elapsed() + self.response_timeout / 2))
    }

    /// The server's clock is not what it was thought to be: it was set, or is another server's.
    pub(super) fn forget_clock(&self) {
        *self.clock() = None;
    }

    async fn read_clock(&self, connection: &mut ConnectionManager) -> Result<ServerClock, RedisError> {
        let read_at = Instant::now();
        let (seconds, rest): (u64, u64) = redis::cmd("TIME").query_async(connection).await?;
        let clock = ServerClock { micros: seconds * 1_000_000 + rest, read_at };
        // The answer may have been long on its way, or the question.
        if read_at.elapsed() < self.response_timeout / 8 {
            *self.clock() = Some(clock);
        }
        Ok(clock)
    }

    async fn in_time<T>(&self, answer: impl Future<Output = Result<T, RedisError>>) -> Result<T, Failure> {
        // Over the library's own limit, which leaves out the time that a new connection takes.
        match timeout(self.response_timeout, answer).await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Failure::Timeout),
        }
    }

    /// Puts a new connection, made by the next request, into the place of number `number`.
    fn replace(&self, number: u64) {
        let mut current = self.current();
        if current.number != number {
            return;
        }
        if let Ok(connection) =
            ConnectionManager::new_lazy_with_config(self.client.clone(), self.config.clone())
        {
            *current = Current { connection, number: number + 1 };
            self.forget_clock();
        }
    }

    fn clock(&self) -> MutexGuard<'_, Option<ServerClock>> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing panics while this is locked, so a poisoned lock is as good as any.
    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX >> 1)
}

/// What went wrong, in words that do not come from the server: it may quote a command, and so a password.
#[derive(Debug)]
pub(super) enum Failure {
    Timeout,
    Connection(&'static str),
    Server { kind: String, code: Option<String> },
}

impl Failure {
    /// Whether a connection of its own would do better: this one may be dead without anybody having noticed, or
    /// lead to what has become a replica.
    fn outlives_the_connection(&self) -> bool {
        match self {
            Self::Timeout => true,
            Self::Connection(_) => false, // has been noticed
            Self::Server { code, .. } => matches!(code.as_deref(), Some("READONLY" | "MASTERDOWN")),
        }
    }

    pub(super) fn is_refused_login(&self) -> bool {
        let Self::Server { kind, code } = self else { return false };
        kind.to_lowercase().contains("auth")
            || matches!(code.as_deref(), Some("NOAUTH" | "WRONGPASS" | "NOPERM"))
    }

    pub(super) fn is_refused_command(&self) -> bool {
        matches!(self, Self::Server { code, .. } if code.as_deref().is_some_and(|code| matches!(code, "NOPERM" | "ERR")))
    }
}

impl From<RedisError> for Failure {
    fn from(error: RedisError) -> Self {
        if error.is_timeout() {
            return Self::Timeout;
        }
        if error.is_connection_refusal() {
            return Self::Connection("the connection was refused");
        }
        if error.is_io_error() {
            return Self::Connection("the connection broke");
        }
        Self::Server { kind: format!("{:?}", error.kind()), code: error.code().map(str::to_owned) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("no answer in time"),
            Self::Connection(problem) => f.write_str(problem),
            Self::Server { kind, code: Some(code) } => write!(f, "{code} ({kind})"),
            Self::Server { kind, code: None } => f.write_str(kind),
        }
    }
}

impl std::error::Error for Failure {}
