//! [`Throughput`]: how many tokens a verifier judges in a second.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::json;
use sha2::{Digest, Sha256};

use super::harness::greet;
use super::protocol::{Answer, Hello, Request};
use super::shim::{Shim, ShimError};
use crate::generate::Bytes;
use crate::generate::token::Token;
use crate::wire::hex;

/// So many requests are on their way at once.
const BATCH: usize = 64;

/// A shim that verifies one valid token after the other: 66 bytes of identifier, three caveats, a root key of 32
/// bytes.
///
/// What is measured includes JSON, hex and the pipes, so that it compares shims of one kind rather than libraries; a
/// verifier that is linked is faster.
#[derive(Debug)]
pub struct Throughput {
    shim: Shim,
    hello: Hello,
    batch: Vec<Request>,
}

/// Why a shim cannot be measured.
#[derive(Debug, thiserror::Error)]
#[error("the verifier cannot be measured: {0}")]
#[non_exhaustive]
pub struct ThroughputError(String);

impl From<ShimError> for ThroughputError {
    fn from(error: ShimError) -> Self {
        Self(error.to_string())
    }
}

impl Throughput {
    /// Starts the shim, and lets it verify once to see that it does.
    ///
    /// # Errors
    /// [`ThroughputError`] when it does not start, does not verify, or does not accept the token.
    pub async fn start(command: &str) -> Result<Self, ThroughputError> {
        let mut shim = Shim::new(command, Duration::from_secs(10));
        let hello = greet(&mut shim).await?;
        let format = ["v2", "v1"].into_iter().find(|format| hello.has("verify", Some(format)));
        let format = format.ok_or_else(|| ThroughputError("it has no operation verify".to_owned()))?;
        let batch = (0..BATCH).map(|number| request(format, number)).collect();
        let mut throughput = Self { shim, hello, batch };
        throughput.verify(BATCH).await?;
        Ok(throughput)
    }

    /// Its name and version, as it says.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.hello.name, self.hello.version)
    }

    /// How long `count` verifications take, in batches of 64 requests that do not wait for each other.
    ///
    /// # Errors
    /// [`ThroughputError`] when a token is not accepted, or the shim ends.
    pub async fn verify(&mut self, count: usize) -> Result<Duration, ThroughputError> {
        let started = Instant::now();
        let mut left = count;
        while left > 0 {
            let batch = &self.batch[..left.min(BATCH)];
            for answer in self.shim.ask_all(batch).await? {
                if !matches!(answer, Answer::Ok(_)) {
                    return Err(ThroughputError(format!("a valid token was not accepted: {answer:?}")));
                }
            }
            left -= batch.len();
        }
        Ok(started.elapsed())
    }
}

fn request(format: &str, number: usize) -> Request {
    let caveats = ["services=api:0", "api_capabilities=read", "api_valid_until=1999999999"];
    let token = Token {
        root_key: Bytes(vec![7; 32]),
        preimage: Bytes(vec![9; 32]),
        token_id: Bytes(number.to_be_bytes().repeat(4)),
        location: "lsat".to_owned(),
        caveats: caveats.map(|caveat| Bytes(caveat.as_bytes().to_vec())).to_vec(),
    };
    let bytes = if format == "v1" { token.macaroon().to_v1_bytes() } else { token.to_v2() };
    let fields = json!({
        "format": format,
        "macaroon": hex(&bytes),
        "root_key": hex(&token.root_key.0),
        "preimage": hex(&token.preimage.0),
        "now": 1_900_000_000,
        "context": { "service": "api", "capability": "read" },
    });
    Request::new("verify", fields)
}

/// How long the hashing of `count` such verifications takes on this machine, that no verifier can avoid: 20 blocks of
/// SHA-256 each, one after the other.
#[must_use]
pub fn floor(count: usize) -> Duration {
    // 64 bytes for each block but the last one, which is padding.
    let blocks = [0_u8; 64 * 19];
    let started = Instant::now();
    for _ in 0..count {
        black_box(Sha256::digest(black_box(blocks)));
    }
    started.elapsed()
}
