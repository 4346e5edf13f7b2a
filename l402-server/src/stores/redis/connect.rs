//! From a URL to a connection, with a look at how the server is set up.

use std::time::Duration;

use redis::{Client, InfoDict};
use thiserror::Error;

use super::link::{Failure, Link};

/// A Redis server cannot be used. The text names the server, and neither user nor password.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct RedisConnectError(#[from] Problem);

#[derive(Debug, Error)]
enum Problem {
    #[error(
        "this is no Redis URL; it looks like redis://user:password@host:6379/0, rediss://... or unix:///path"
    )]
    Url,
    #[error("a rediss:// URL needs the feature `redis-tls` of l402-server")]
    #[cfg(not(feature = "redis-tls"))]
    Tls,
    #[error("Redis at {address} cannot be used: {failure}; {advice}")]
    Connect { address: String, failure: Failure, advice: &'static str },
}

pub(super) fn client(url: &str) -> Result<Client, RedisConnectError> {
    if url.starts_with("rediss:") {
        #[cfg(not(feature = "redis-tls"))]
        return Err(Problem::Tls.into());
        #[cfg(feature = "redis-tls")]
        choose_cryptography();
    }
    // The cause is left out: it may quote the URL.
    Client::open(url).map_err(|_| Problem::Url.into())
}

/// Rustls refuses to choose by itself where other crates of the program have switched on more than one.
#[cfg(feature = "redis-tls")]
fn choose_cryptography() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Fails only if another thread was faster, which is as good.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    }
}

pub(super) async fn link(
    client: Client,
    address: &str,
    connect_timeout: Duration,
    response_timeout: Duration,
) -> Result<Link, RedisConnectError> {
    let connected = async {
        let link = Link::open(client, connect_timeout, response_timeout).await?;
        check_settings(&link, address).await?;
        Ok(link)
    };
    connected.await.map_err(|failure: Failure| {
        let advice = if failure.is_refused_login() {
            "check user and password, and that the user may run INFO, SET, TIME, EVALSHA, SCRIPT LOAD and what the scripts call"
        } else {
            "check that it is running and that the address is right"
        };
        Problem::Connect { address: address.to_owned(), failure, advice }.into()
    })
}

/// Warns of a server that may forget what is counted.
async fn check_settings(link: &Link, address: &str) -> Result<(), Failure> {
    let settings: InfoDict = match link.query(redis::cmd("INFO").arg("everything")).await {
        Ok(settings) => settings,
        Err(failure) if failure.is_refused_command() => {
            tracing::warn!(
                address,
                "l402: redis may not be asked for its settings; make sure that maxmemory-policy is noeviction and \
                 appendonly is yes"
            );
            return Ok(());
        }
        Err(failure) => return Err(failure),
    };
    match settings.get::<String>("maxmemory_policy") {
        Some(policy) if policy == "noeviction" => {}
        policy => tracing::warn!(
            address,
            policy = policy.as_deref().unwrap_or("unknown"),
            "l402: redis may forget spent tokens when its memory is full, and they could be used again; set \
             maxmemory-policy to noeviction"
        ),
    }
    if settings.get::<u8>("aof_enabled") != Some(1) {
        tracing::warn!(
            address,
            "l402: redis forgets spent tokens when it restarts, and they could be used again; set appendonly to yes"
        );
    }
    Ok(())
}
