//! Two instances over one Redis: a token that is bought at one is spent once, at either.
//!
//! `cargo run -p l402-axum --features redis --example redis_instances 127.0.0.1:3402 redis://127.0.0.1:6379`

mod support;

use axum::{Router, routing::get};
use l402_axum::stores::RedisReplayStore;
use l402_axum::{Gate, L402Layer, MasterKey, Msat};
use l402_dev::DevNode;
use tokio::net::TcpListener;

/// What every instance does: the same root key, and a connection of its own to the same Redis.
async fn instance(
    node: &DevNode,
    key: &MasterKey,
    redis: &str,
) -> Result<Router, Box<dyn std::error::Error>> {
    let gate = Gate::builder(node.provider())
        .root_key(key.clone())
        .store(RedisReplayStore::connect(redis).await?)
        .price(Msat::from_sat(10))
        .build()?;
    Ok(Router::new().route("/report", get("The report.\n").route_layer(L402Layer::new(gate))))
}

#[tokio::main]
#[allow(clippy::print_stdout, reason = "an example talks")]
async fn main() -> support::Outcome {
    let redis = std::env::args().nth(2).unwrap_or_else(|| "redis://127.0.0.1:6379".to_owned());
    let node = DevNode::new()?;
    let key = MasterKey::from_bytes([7; 32]); // in real life from a secret that all instances are given
    let other = TcpListener::bind("127.0.0.1:0").await?;
    println!("Other: curl -i 'http://{}/report'", other.local_addr()?);
    tokio::spawn(axum::serve(other, instance(&node, &key, &redis).await?).into_future());
    support::serve(instance(&node, &key, &redis).await?, &node, "/report").await
}
