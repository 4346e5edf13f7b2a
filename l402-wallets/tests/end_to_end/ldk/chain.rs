//! A chain of regtest blocks in memory, behind as much of Esplora's HTTP API as LDK and BDK ask for.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use l402_wallets::ldk::ldk_node::bitcoin;

use bitcoin::absolute::LockTime;
use bitcoin::block::{Header, Version};
use bitcoin::blockdata::constants::genesis_block;
use bitcoin::consensus::encode::{deserialize_hex, serialize_hex};
use bitcoin::hashes::{Hash, sha256};
use bitcoin::script::Builder;
use bitcoin::{
    Amount, Block, BlockHash, MerkleBlock, Network, OutPoint, ScriptBuf, Sequence, Transaction, TxIn,
    TxMerkleNode, TxOut, Txid, Witness, transaction,
};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// What a block pays whoever mines it.
const SUBSIDY: Amount = Amount::from_sat(50 * 100_000_000);

/// A chain, and the server that tells of it. Clones are the same chain.
#[derive(Clone)]
pub(crate) struct Chain {
    server: Arc<MockServer>,
    state: Arc<Mutex<State>>,
}

struct State {
    blocks: Vec<Block>,
    mempool: Vec<Transaction>,
}

impl Chain {
    pub(crate) async fn start() -> Self {
        let state = State { blocks: vec![genesis_block(Network::Regtest)], mempool: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let server = MockServer::builder().disable_request_recording().start().await;
        Mock::given(any()).respond_with(Esplora(Arc::clone(&state))).mount(&server).await;
        Self { server: Arc::new(server), state }
    }

    pub(crate) fn url(&self) -> String {
        self.server.uri()
    }

    /// Mines everything that waits, and as many blocks altogether.
    pub(crate) fn mine(&self, blocks: u32, payee: &ScriptBuf) {
        let mut state = lock(&self.state);
        for _ in 0..blocks {
            state.mine(payee.clone());
        }
    }

    /// Whether a transaction waits to be mined.
    pub(crate) fn has_waiting(&self) -> bool {
        !lock(&self.state).mempool.is_empty()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap()
}

impl State {
    fn mine(&mut self, payee: ScriptBuf) {
        let height = i64::try_from(self.blocks.len()).unwrap();
        let coinbase = Transaction {
            version: transaction::Version::TWO,
            lock_time: LockTime::ZERO,
            input: vec![TxIn {
                previous_output: OutPoint::null(),
                // The height comes first (BIP 34), which also makes every coinbase another one.
                script_sig: Builder::new().push_int(height).push_int(0).into_script(),
                sequence: Sequence::MAX,
                witness: Witness::new(),
            }],
            output: vec![TxOut { value: SUBSIDY, script_pubkey: payee }],
        };
        let previous = self.blocks.last().unwrap().header;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let header = Header {
            version: Version::TWO,
            prev_blockhash: previous.block_hash(),
            merkle_root: TxMerkleNode::all_zeros(),
            time: u32::try_from(now).unwrap().max(previous.time + 1),
            bits: previous.bits,
            nonce: 0,
        };
        let mut txdata = vec![coinbase];
        txdata.append(&mut self.mempool);
        let mut block = Block { header, txdata };
        block.header.merkle_root = block.compute_merkle_root().unwrap();
        while block.header.validate_pow(block.header.target()).is_err() {
            block.header.nonce += 1;
        }
        self.blocks.push(block);
    }

    fn tip(&self) -> usize {
        self.blocks.len() - 1
    }

    /// Every transaction, with the height of its block if it is in one.
    fn transactions(&self) -> impl Iterator<Item = (&Transaction, Option<usize>)> {
        let mined = self.blocks.iter().enumerate();
        let mined = mined.flat_map(|(height, block)| block.txdata.iter().map(move |tx| (tx, Some(height))));
        mined.chain(self.mempool.iter().map(|tx| (tx, None)))
    }

    fn find(&self, txid: Txid) -> Option<(&Transaction, Option<usize>)> {
        self.transactions().find(|(tx, _)| tx.compute_txid() == txid)
    }

    fn height_of(&self, hash: BlockHash) -> Option<usize> {
        self.blocks.iter().position(|block| block.block_hash() == hash)
    }

    fn spent_by(&self, output: OutPoint) -> Option<(Txid, usize, Option<usize>)> {
        self.transactions().find_map(|(tx, height)| {
            let input = tx.input.iter().position(|input| input.previous_output == output)?;
            Some((tx.compute_txid(), input, height))
        })
    }

    fn output(&self, output: OutPoint) -> Option<&TxOut> {
        self.find(output.txid)?.0.output.get(usize::try_from(output.vout).ok()?)
    }

    fn status(&self, height: Option<usize>) -> Value {
        match height {
            None => json!({"confirmed": false}),
            Some(height) => json!({
                "confirmed": true, "block_height": height, "block_hash": self.blocks[height].block_hash(),
                "block_time": self.blocks[height].header.time,
            }),
        }
    }

    fn block_json(&self, height: usize) -> Value {
        let block = &self.blocks[height];
        let previous = (height > 0).then_some(block.header.prev_blockhash);
        json!({
            "id": block.block_hash(), "height": height, "version": block.header.version,
            "timestamp": block.header.time, "mediantime": block.header.time, "tx_count": block.txdata.len(),
            "size": block.total_size(), "weight": block.weight().to_wu(), "merkle_root": block.header.merkle_root,
            "previousblockhash": previous, "nonce": block.header.nonce, "bits": block.header.bits.to_consensus(),
            "difficulty": 0.0,
        })
    }

    fn tx_json(&self, tx: &Transaction, height: Option<usize>) -> Value {
        let output = |it: &TxOut| json!({"value": it.value.to_sat(), "scriptpubkey": it.script_pubkey.to_hex_string()});
        let input = |it: &TxIn| {
            json!({
                "txid": it.previous_output.txid, "vout": it.previous_output.vout,
                "prevout": self.output(it.previous_output).map(output), "scriptsig": it.script_sig.to_hex_string(),
                "witness": it.witness.iter().map(hex).collect::<Vec<_>>(), "sequence": it.sequence,
                "is_coinbase": tx.is_coinbase(),
            })
        };
        json!({
            "txid": tx.compute_txid(), "version": tx.version, "locktime": tx.lock_time.to_consensus_u32(),
            "vin": tx.input.iter().map(input).collect::<Vec<_>>(),
            "vout": tx.output.iter().map(output).collect::<Vec<_>>(),
            "size": tx.total_size(), "weight": tx.weight().to_wu(), "fee": 0, "status": self.status(height),
        })
    }

    /// The transactions that pay to, or spend from, the script with this SHA-256.
    fn history(&self, script_hash: &str) -> Value {
        let is_it = |script: &ScriptBuf| sha256::Hash::hash(script.as_bytes()).to_string() == script_hash;
        let concerns = |tx: &Transaction| {
            tx.output.iter().any(|it| is_it(&it.script_pubkey))
                || tx
                    .input
                    .iter()
                    .any(|it| self.output(it.previous_output).is_some_and(|it| is_it(&it.script_pubkey)))
        };
        self.transactions()
            .filter(|(tx, _)| concerns(tx))
            .map(|(tx, height)| self.tx_json(tx, height))
            .collect()
    }

    /// Takes a transaction whose inputs exist and are not spent. Its scripts are not run.
    fn accept(&mut self, tx: Transaction) -> Option<Txid> {
        let txid = tx.compute_txid();
        if self.find(txid).is_none() {
            let good = |it: &TxIn| {
                self.output(it.previous_output).is_some() && self.spent_by(it.previous_output).is_none()
            };
            if !tx.input.iter().all(good) {
                return None;
            }
            self.mempool.push(tx);
        }
        Some(txid)
    }
}

struct Esplora(Arc<Mutex<State>>);

impl Respond for Esplora {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = lock(&self.0);
        let path = request.url.path().to_owned();
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        if request.method == "POST" {
            let tx = deserialize_hex(std::str::from_utf8(&request.body).unwrap()).unwrap();
            return text(state.accept(tx).map(|txid| txid.to_string()));
        }
        match parts[..] {
            ["blocks", "tip", "hash"] => text(Some(state.blocks[state.tip()].block_hash().to_string())),
            ["blocks", "tip", "height"] => text(Some(state.tip().to_string())),
            ["blocks"] => {
                let heights = (0..=state.tip()).rev().take(10);
                value(Some(heights.map(|height| state.block_json(height)).collect()))
            }
            ["block-height", height] => {
                let block = state.blocks.get(height.parse::<usize>().unwrap());
                text(block.map(|block| block.block_hash().to_string()))
            }
            ["block", hash, "header"] => {
                let height = state.height_of(hash.parse().unwrap());
                text(height.map(|height| serialize_hex(&state.blocks[height].header)))
            }
            ["block", hash, "status"] => value(Some(match state.height_of(hash.parse().unwrap()) {
                Some(height) => json!({
                    "in_best_chain": true, "height": height,
                    "next_best": state.blocks.get(height + 1).map(Block::block_hash),
                }),
                None => json!({"in_best_chain": false}),
            })),
            ["tx", txid] => {
                let found = state.find(txid.parse().unwrap());
                value(found.map(|(tx, height)| state.tx_json(tx, height)))
            }
            ["tx", txid, "raw"] => match state.find(txid.parse().unwrap()) {
                Some((tx, _)) => ResponseTemplate::new(200).set_body_bytes(bitcoin::consensus::serialize(tx)),
                None => ResponseTemplate::new(404),
            },
            ["tx", txid, "status"] => {
                let found = state.find(txid.parse().unwrap());
                value(found.map(|(_, height)| state.status(height)))
            }
            ["tx", txid, "merkleblock-proof"] => {
                let txid: Txid = txid.parse().unwrap();
                let height = state.find(txid).and_then(|(_, height)| height);
                text(height.map(|height| {
                    let block = &state.blocks[height];
                    serialize_hex(&MerkleBlock::from_block_with_predicate(block, |it| *it == txid))
                }))
            }
            ["tx", txid, "outspend", vout] => {
                let output = OutPoint { txid: txid.parse().unwrap(), vout: vout.parse().unwrap() };
                value(Some(match state.spent_by(output) {
                    Some((txid, vin, height)) => {
                        json!({"spent": true, "txid": txid, "vin": vin, "status": state.status(height)})
                    }
                    None => json!({"spent": false}),
                }))
            }
            ["scripthash", hash, "txs"] => value(Some(state.history(hash))),
            ["scripthash", _, "txs", "chain", _] => value(Some(json!([]))),
            ["fee-estimates"] => value(Some(json!({"1": 2.0, "6": 2.0, "144": 1.0, "1008": 1.0}))),
            _ => panic!("the nodes ask for {path}"),
        }
    }
}

fn text(answer: Option<String>) -> ResponseTemplate {
    answer.map_or(ResponseTemplate::new(404), |text| ResponseTemplate::new(200).set_body_string(text))
}

fn value(answer: Option<Value>) -> ResponseTemplate {
    answer.map_or(ResponseTemplate::new(404), |value| ResponseTemplate::new(200).set_body_json(value))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
