//! Servers of others sell, and are paid by our client with the development node. `make test-python` installs what they
//! need and runs these.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use l402_client::{Budget, ClientError, L402Client, MemoryStore, Receipt};
use l402_core::Msat;
use l402_dev::{DevNode, facade};

const PRICE: Msat = Msat::from_sat(10);

/// A server of another's, as a process, which is paid by an LNbits of the development node.
struct Server {
    process: Child,
    url: String,
    node: DevNode,
}

impl Server {
    async fn start(mut command: Command) -> Self {
        let node = DevNode::new().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let lnbits = format!("http://{}", listener.local_addr().unwrap());
        let key = node.account("payee").unwrap().receive_key();
        tokio::spawn(axum::serve(listener, facade::lnbits::router(&node)).into_future());

        let started =
            command.args([&lnbits, &key]).env("NO_PROXY", "127.0.0.1").stdout(Stdio::piped()).spawn();
        let mut process = started.unwrap();
        let output = process.stdout.take().unwrap();
        let first_line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(output).read_line(&mut line).map(|_| line)
        });
        let url = first_line.await.unwrap().unwrap().trim().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "it did not start: {url}");
        Self { process, url, node }
    }

    async fn python(script: &str) -> Self {
        let python = std::env::var_os("L402_PYTHON").expect("make test-python sets L402_PYTHON");
        let mut command = Command::new(python);
        command.arg(format!("{}/interop/{script}", env!("CARGO_MANIFEST_DIR")));
        Self::start(command).await
    }

    /// Builds it first, which takes some minutes the first time.
    async fn cargo(project: &str) -> Self {
        let manifest = format!("{}/interop/{project}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new(env!("CARGO"));
        command.args(["run", "--quiet", "--locked", "--manifest-path", &manifest, "--"]);
        Self::start(command).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    fn payments(&self) -> usize {
        self.node.payments().len()
    }

    /// What every server of these must be good for.
    async fn sells_what_it_should(self) {
        let budget = Budget::default().total(Msat::from_sat(55));
        let store = MemoryStore::new();
        let client = L402Client::builder(self.node.wallet()).store(store).budget(budget).build().unwrap();

        let cheap = client.get(self.url("/report")).max_cost(Msat::from_sat(9)).send().await.unwrap_err();
        assert!(matches!(cheap, ClientError::Denied(_)), "{cheap:?}");
        assert_eq!(self.payments(), 0);

        let first = client.get(self.url("/report")).send().await.unwrap();
        assert_eq!(first.status(), 200);
        assert_eq!(Receipt::of(&first).map(|receipt| receipt.amount), Some(PRICE));
        assert_eq!((first.text().await.unwrap().as_str(), self.payments()), ("the report", 1));

        // A token of theirs is good for one call, says nothing of it, and is answered with 401 after that.
        let second = client.get(self.url("/report")).send().await.unwrap();
        assert!(second.status() == 200 && Receipt::of(&second).is_some(), "{second:?}");
        assert_eq!(self.payments(), 2);

        // The body goes out again with the payment.
        let echo = client.post(self.url("/echo")).body("an order").send().await.unwrap();
        assert_eq!((echo.text().await.unwrap().as_str(), self.payments()), ("an order", 3));

        let spent: u64 = self.node.payments().iter().map(|payment| payment.amount.as_msat()).sum();
        let usage = client.usage().await.unwrap();
        assert!(usage.iter().all(|usage| usage.used.as_msat() == spent), "{usage:?}");
        assert_eq!(spent, 30_000);

        // 30 sat are spent, and another call may cost up to 20; then it is 40, and no other fits.
        assert_eq!(client.get(self.url("/report")).send().await.unwrap().status(), 200);
        let over = client.get(self.url("/report")).send().await.unwrap_err();
        assert_eq!((over.code(), self.payments()), ("over_total_cap", 4));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

#[tokio::test]
#[ignore = "needs Python packages: make test-python"]
async fn l402kit_on_fastapi_is_paid() {
    Server::python("fastapi_server.py").await.sells_what_it_should().await;
}

#[tokio::test]
#[ignore = "needs Python packages: make test-python"]
async fn l402kit_on_flask_is_paid() {
    Server::python("flask_server.py").await.sells_what_it_should().await;
}

#[tokio::test]
#[ignore = "builds OpenSSL's bindings: make test-python"]
async fn l402kit_on_axum_is_paid() {
    Server::cargo("l402kit-rust").await.sells_what_it_should().await;
}
