//! The API of the demo: one paid route, on a dev node of its own.

use std::net::SocketAddr;

use axum::Router;
use axum::routing::get;
use l402_axum::{Gate, L402Layer, MasterKey, Msat, Paid};
use l402_dev::{DevNode, control};
use tokio::net::TcpListener;

use crate::cli::{Failure, cannot_listen, random_secret};

/// Where the dev node is, below the API's address.
const NODE_PATH: &str = "/node";

/// A running shop. It ends with the process.
pub(crate) struct Shop {
    pub(crate) node: DevNode,
    address: SocketAddr,
}

impl Shop {
    /// What `/report` costs.
    pub(crate) const PRICE: Msat = Msat::from_sat(10);

    pub(crate) async fn open(listen: SocketAddr) -> Result<Self, Failure> {
        let node = DevNode::new()?;
        let gate = Gate::builder(node.provider())
            .root_key(MasterKey::from_bytes(random_secret()?)) // new at every start: nothing sold outlives a demo
            .price(Self::PRICE)
            .build()?;
        let app = Router::new()
            .route("/report", get(report))
            .route_layer(L402Layer::new(gate))
            .nest(NODE_PATH, control::router(&node));

        let listener = TcpListener::bind(listen).await.map_err(|error| cannot_listen(listen, &error))?;
        let address = listener.local_addr()?;
        tokio::spawn(axum::serve(listener, app).into_future());
        Ok(Self { node, address })
    }

    /// The paid route.
    pub(crate) fn report_url(&self) -> String {
        format!("http://{}/report", self.address)
    }

    /// The dev node's control, which pays.
    pub(crate) fn node_url(&self) -> String {
        format!("http://{}{NODE_PATH}", self.address)
    }
}

async fn report(paid: Paid) -> String {
    let price = paid.amount.unwrap_or(Msat::ZERO);
    format!("The report. It cost {price}, and your payment is the receipt: {}\n", paid.payment_hash)
}
