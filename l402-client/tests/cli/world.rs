//! A shop, the development node that it is paid by, and the command with a home of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::HeaderMap;
use l402_axum::{Gate, L402Layer, Msat, Quote};
use l402_core::ports::{Invoice, InvoiceProvider, NewInvoice, PayOutcome, Wallet};
use l402_dev::{DevNode, control, facade};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

pub(crate) const PRICE: Msat = Msat::from_sat(10);
/// The length of what `/long` answers.
pub(crate) const LONG: usize = 300_000;
pub(crate) const DATA: &str = "0123456789abcdef";

pub(crate) struct World {
    pub(crate) node: DevNode,
    pub(crate) home: TempDir,
    address: SocketAddr,
}

/// What the command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let node = DevNode::new().unwrap();
        let gate = |uses| {
            let quote = Quote::new(PRICE).uses(uses);
            Gate::builder(node.provider()).ephemeral_root_key().price(quote).build().unwrap()
        };
        let thrice = Router::new().route("/thrice", get("one of three")).route("/mirror", get(mirror));
        let app = Router::new()
            .route("/report", get("the report"))
            .route("/echo", post(echo))
            .route("/file", get(file))
            .route("/binary", get(async || vec![0_u8, 159, 146, 150]))
            .route("/long", get(async || "0123456789".repeat(LONG / 10)))
            .route("/broken", get(async || http::StatusCode::INTERNAL_SERVER_ERROR))
            .route_layer(L402Layer::new(gate(1)))
            .merge(thrice.route_layer(L402Layer::new(gate(3))))
            .route("/free", get("for nothing"))
            .nest("/node", control::router(&node))
            .nest("/lnbits", facade::lnbits::router(&node));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, app).into_future());
        Self { node, home: tempfile::tempdir().unwrap(), address }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn wallet(&self) -> String {
        format!("dev://{}", self.address)
    }

    pub(crate) fn lnbits(&self, rest: &str) -> String {
        format!("lnbits://{}/lnbits?network=regtest&{rest}", self.address)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A command without a wallet.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_l402"));
        command.args(args).env_clear().env("HOME", self.home.path()).kill_on_drop(true);
        command
    }

    pub(crate) async fn run_without_wallet(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().await.unwrap())
    }

    pub(crate) async fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).env("L402_WALLET", self.wallet()).output().await.unwrap())
    }

    pub(crate) async fn run_with_input(&self, args: &[&str], input: &str) -> Ran {
        let mut command = self.command(args);
        command.env("L402_WALLET", self.wallet());
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        // One that does not read may be gone already; what it did is in its output.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()).await);
        ran(child.wait_with_output().await.unwrap())
    }

    /// One that belongs to no bill.
    pub(crate) async fn invoice_for(&self, amount: Msat) -> Invoice {
        let order = NewInvoice::new(amount, String::new(), Duration::from_secs(600));
        self.node.provider().create_invoice(order).await.unwrap()
    }

    pub(crate) async fn invoice(&self) -> String {
        self.invoice_for(PRICE).await.bolt11
    }

    /// Of a bill that nobody pays.
    pub(crate) async fn macaroon(&self) -> String {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(self.url("/report")).send().await.unwrap();
        let challenge = answer.headers()["www-authenticate"].to_str().unwrap().to_owned();
        challenge.split('"').nth(1).unwrap().to_owned()
    }

    /// How many payments the node has made.
    pub(crate) fn payments(&self) -> usize {
        self.node.payments().len()
    }

    /// The secrets of everything that was paid.
    pub(crate) async fn preimages(&self) -> Vec<String> {
        let mut preimages = Vec::new();
        for payment in self.node.payments() {
            let found = self.node.wallet().lookup(payment.payment_hash).await;
            if let Ok(PayOutcome::Paid(payment)) = found {
                preimages.push(payment.preimage.expose_hex());
            }
        }
        preimages
    }
}

pub(crate) fn ran(output: Output) -> Ran {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

async fn echo(headers: HeaderMap, body: Bytes) -> Vec<u8> {
    let kind = headers.get("content-type").map(|kind| kind.as_bytes().to_vec()).unwrap_or_default();
    [kind, b" ".to_vec(), body.to_vec()].concat()
}

/// Says back what it was shown.
async fn mirror(headers: HeaderMap) -> Response {
    let shown = headers["authorization"].to_str().unwrap().to_owned();
    let upper = shown.to_uppercase();
    ([("etag", format!("\"{shown}\""))], format!("you said {shown} and {upper}")).into_response()
}

/// Knows ranges to the end.
async fn file(headers: HeaderMap) -> Response {
    let range = headers.get("range").and_then(|range| range.to_str().ok());
    let start: Option<usize> =
        range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    match start {
        Some(start) => {
            let part = format!("bytes {start}-{}/{}", DATA.len() - 1, DATA.len());
            (http::StatusCode::PARTIAL_CONTENT, [("content-range", part)], &DATA[start..]).into_response()
        }
        None => DATA.into_response(),
    }
}
