//! Two instances that sell the same thing: buy at one, spend at the other, once. Needs a Redis, at `REDIS_URL` or on this
//! machine: `L402_ROOT_KEY=$(openssl rand -hex 32) cargo run -p l402-axum --example redis_instances`.
#![allow(clippy::print_stdout, reason = "an example talks")]

mod support;

use axum::Router;
use axum::routing::get;
use l402_axum::keys::master_key_from_env;
use l402_axum::stores::RedisReplayStore;
use l402_axum::{BuildError, Gate, L402Layer, MasterKey, Msat};
use l402_dev::DevNode;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1/".to_owned());
    let store = RedisReplayStore::connect(&url).await?;
    let secret = master_key_from_env("L402_ROOT_KEY")?; // the same at all instances
    let node = DevNode::new()?;

    let other = TcpListener::bind("127.0.0.1:0").await?;
    println!("Second:  curl -i http://{}/report", other.local_addr()?);
    tokio::spawn(axum::serve(other, instance(&node, &secret, &store)?).into_future());
    support::serve(instance(&node, &secret, &store)?, &node, &["/report"]).await?;
    Ok(())
}

/// What every machine runs: they share the secret and the store, and nothing else.
fn instance(node: &DevNode, secret: &MasterKey, store: &RedisReplayStore) -> Result<Router, BuildError> {
    let gate = Gate::builder(node.provider()).root_key(secret.clone()).store(store.clone());
    let gate = gate.price(Msat::from_sat(10)).build()?;
    Ok(Router::new().route("/report", get("the report\n")).route_layer(L402Layer::new(gate)))
}
