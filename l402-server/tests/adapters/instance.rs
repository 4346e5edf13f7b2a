//! An instance in a process of its own, which can be killed.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use l402_core::Preimage;
use l402_dev::control;

use crate::ask::Ask;
use crate::backend;
use crate::lab::Lab;
use crate::shop::Shop;
use crate::site::{Framework, Work};
use crate::token::Token;
use crate::wire::{Connection, PATIENCE};

/// Where a child finds what it is to be: the framework, and where uses are kept.
const VARIABLE: &str = "L402_TEST_INSTANCE";

/// A process. It is killed when this value is dropped.
pub(crate) struct Instance {
    child: Child,
    lines: io::Lines<BufReader<std::process::ChildStdout>>,
    address: SocketAddr,
    node: String,
}

impl Instance {
    /// Starts one whose `/work` waits, on a store that others share.
    pub(crate) fn start(framework: Framework, store: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--ignored", "--exact", "instance::a_process_for_other_tests", "--nocapture"])
            .env(VARIABLE, format!("{} {store}", framework.name()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = |what: &str| next(&mut lines, what);
        let address = said("listening ").parse().unwrap();
        let node = said("node ");
        Self { child, lines, address, node }
    }

    /// Asks, and leaves the connection open.
    pub(crate) async fn begin(&self, ask: &Ask, token: Option<&Token>) -> Connection {
        let mut connection = Connection::open(self.address).await;
        connection.send(&ask.bytes_with(token)).await;
        connection
    }

    pub(crate) async fn buy(&self, ask: &Ask) -> Token {
        let challenge = self.begin(ask, None).await.answer(&ask.method).await.unwrap();
        assert_eq!(challenge.status, 402, "{}", challenge.text());
        let invoice = challenge.field("invoice").unwrap();
        let preimage: Preimage = control::pay(&self.node, &invoice).await.unwrap();
        Token::new(&challenge.field("macaroon").unwrap(), &preimage)
    }

    /// Until a handler runs.
    pub(crate) fn entered(&mut self) {
        next(&mut self.lines, "entered");
    }

    /// As `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What follows after `what` on the next line that begins with it.
fn next(lines: &mut impl Iterator<Item = io::Result<String>>, what: &str) -> String {
    let mut rest = lines.map_while(Result::ok).filter_map(|line| {
        // The test harness says something without a line break first.
        line.find(what).map(|at| line[at + what.len()..].to_owned())
    });
    rest.next().unwrap_or_else(|| panic!("the instance ended before it said '{what}'"))
}

/// The harness would keep for itself what `println!` says.
fn say(line: &str) {
    io::stdout().write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// Not a test: the other tests start this program again with it. It ends when they do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a process that other tests start"]
async fn a_process_for_other_tests() {
    let Ok(settings) = env::var(VARIABLE) else { return };
    let (name, store) = settings.split_once(' ').unwrap();
    let framework = Framework::BOTH.into_iter().find(|framework| framework.name() == name).unwrap();
    let lab = Lab::over(backend::open(store, PATIENCE).await);
    let shop = Shop::open_watched(framework, &lab, || say("entered"));
    shop.scene.set_work(Work::Wait);
    say(&format!("listening {}", shop.server.address));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    say(&format!("node http://{}", listener.local_addr().unwrap()));
    tokio::spawn(axum::serve(listener, control::router(&lab.node)).into_future());

    let end = tokio::task::spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new()));
    drop(end.await);
}
