//! Two nodes with a channel between them.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use l402_wallets::ldk::ldk_node::bitcoin::{Network, ScriptBuf};
use l402_wallets::ldk::ldk_node::config::EsploraSyncConfig;
use l402_wallets::ldk::ldk_node::lightning::ln::msgs::SocketAddress;
use l402_wallets::ldk::ldk_node::{Builder, Event, Node};
use tempfile::TempDir;

use super::chain::Chain;

/// The channel: 1 000 000 sat, of which the buyer keeps 800 000.
const CHANNEL_SATS: u64 = 1_000_000;
const SELLER_SATS: u64 = 200_000;

pub(crate) struct Pair {
    pub(crate) buyer: Arc<Node>,
    pub(crate) seller: Arc<Node>,
    chain: Chain,
    _folders: [TempDir; 2],
}

impl Pair {
    /// Starts the nodes and opens a channel from the buyer to the seller.
    pub(crate) async fn start() -> Self {
        let chain = Chain::start().await;
        let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
        let (buyer, seller) = (start(&chain, &folders[0], 1).await, start(&chain, &folders[1], 2).await);
        let pair = Self { buyer, seller, chain, _folders: folders };
        pair.open_channel().await;
        pair
    }

    async fn open_channel(&self) {
        let script = self.buyer.onchain_payment().new_address().unwrap().script_pubkey();
        self.chain.mine(1, &script);
        self.mine(100).await; // what is mined can be spent then
        let peer = (self.seller.node_id(), self.seller.listening_addresses().unwrap()[0].clone());
        let node = Arc::clone(&self.buyer);
        let open = move || node.open_channel(peer.0, peer.1, CHANNEL_SATS, Some(SELLER_SATS * 1000), None);
        tokio::task::spawn_blocking(open).await.unwrap().unwrap();
        for node in [&self.buyer, &self.seller] {
            until(node, |event| matches!(event, Event::ChannelPending { .. })).await;
        }
        // Broadcasting is another task's work.
        while !self.chain.has_waiting() {
            tokio::task::yield_now().await;
        }
        self.mine(6).await;
        for node in [&self.buyer, &self.seller] {
            until(node, |event| matches!(event, Event::ChannelReady { .. })).await;
        }
    }

    /// Mines, and lets both nodes know.
    async fn mine(&self, blocks: u32) {
        self.chain.mine(blocks, &ScriptBuf::new_op_return([7]));
        for node in [&self.buyer, &self.seller] {
            let node = Arc::clone(node);
            tokio::task::spawn_blocking(move || node.sync_wallets()).await.unwrap().unwrap();
        }
    }

    pub(crate) async fn stop(self) {
        for node in [self.buyer, self.seller] {
            tokio::task::spawn_blocking(move || node.stop()).await.unwrap().unwrap();
        }
    }
}

async fn start(chain: &Chain, folder: &TempDir, seed: u8) -> Arc<Node> {
    // The node does not tell which port it got, so it is told one that was free a moment ago, on an address of this machine
    // where nobody else listens.
    let ip = if cfg!(target_os = "linux") { [127, 0, 0, 2] } else { [127, 0, 0, 1] };
    let address = TcpListener::bind(SocketAddr::from((ip, 0))).unwrap().local_addr().unwrap();
    let mut builder = Builder::new();
    builder.set_network(Network::Regtest);
    builder.set_entropy_seed_bytes([seed; 64]);
    builder.set_storage_dir_path(folder.path().to_str().unwrap().to_owned());
    builder.set_listening_addresses(vec![SocketAddress::from(address)]).unwrap();
    builder.set_chain_source_esplora(chain.url(), Some(EsploraSyncConfig { background_sync_config: None }));
    let starting = move || {
        let node = Arc::new(builder.build().unwrap());
        node.start().unwrap();
        node
    };
    tokio::task::spawn_blocking(starting).await.unwrap()
}

/// Takes events off the queue until this one comes.
async fn until(node: &Arc<Node>, is_it: impl Fn(&Event) -> bool) {
    loop {
        let event = node.next_event_async().await;
        let handled = Arc::clone(node);
        tokio::task::spawn_blocking(move || handled.event_handled()).await.unwrap().unwrap();
        if is_it(&event) {
            return;
        }
    }
}
