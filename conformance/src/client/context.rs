//! [`Context`]: what a case knows, and [`Stage`]: what it plays on.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use l402_core::Msat;
use l402_core::ports::{PayOutcome, Wallet};
use l402_dev::DevNode;
use l402_dev::fault::Faults;
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

use super::command::{Call, ClientCommand};
use super::log::Log;
use super::options::{Ability, HTTPS, Options};
use super::origin::{Handler, Origin, Transport};
use super::process::{self, Ending, MOST_ORDERS, Run};
use super::shop::{Script, Shop};
use super::tls::{Authority, Certificate};
use super::wallets::Wallets;
use crate::case::Case;
use crate::generate::{Draw, Effort, Tries};
use crate::outcome::{Findings, Outcome};
use crate::settings::Settings;
use crate::wire::hex;

/// What a case knows. Every case has its own.
#[derive(Debug)]
pub(crate) struct Context {
    command: ClientCommand,
    options: Options,
    draw: Draw,
    /// Of this try, if it is one of several.
    log: Mutex<Arc<Log>>,
    notes: Mutex<Vec<String>>,
}

impl Context {
    pub(crate) fn new(command: &ClientCommand, options: &Options, case: &Case, settings: &Settings) -> Self {
        Self {
            command: command.clone(),
            options: options.clone(),
            draw: Draw::new(case, settings),
            log: Mutex::default(),
            notes: Mutex::default(),
        }
    }

    /// A node, its wallets, and an empty directory.
    pub(crate) async fn stage(&self) -> Result<Stage<'_>, Outcome> {
        self.stage_with_fee(0).await
    }

    /// A stage on which every payment costs this on top.
    pub(crate) async fn stage_with_fee(&self, fee_msat: u64) -> Result<Stage<'_>, Outcome> {
        let log = self.log();
        let orders = Arc::clone(&log);
        let builder = DevNode::builder().fee(Msat::from_msat(fee_msat));
        let builder = builder.on_pay_order(move |_, text| orders.order(text));
        let node = builder.build().map_err(Outcome::error)?;
        let home = tempfile::tempdir().map_err(Outcome::error)?;
        let dir = home.path().join("client");
        std::fs::create_dir(&dir).map_err(Outcome::error)?;
        let authority = self.options.https.then(|| Authority::new(home.path())).transpose();
        let authority = authority.map_err(Outcome::error)?;
        let wallets =
            Wallets::serve(&node, self.options.wallet, home.path(), &log).await.map_err(Outcome::error)?;
        Ok(Stage { context: self, log, node, wallets, authority, home })
    }

    pub(crate) fn findings(self) -> Findings {
        let evidence = self.log().evidence();
        Findings { evidence, notes: self.notes.into_inner().unwrap_or_else(PoisonError::into_inner) }
    }

    fn log(&self) -> Arc<Log> {
        Arc::clone(&self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tries for Context {
    /// A try starts a program.
    const EFFORT: Effort = Effort { tries: 8, shrinks: 40 };

    fn draw(&self) -> &Draw {
        &self.draw
    }

    fn note(&self, text: String) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if !notes.contains(&text) {
            notes.push(text);
        }
    }

    fn begin_try(&self) {
        *self.log.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
    }
}

/// A node with money, its wallets, and room for shops.
pub(crate) struct Stage<'c> {
    context: &'c Context,
    log: Arc<Log>,
    node: DevNode,
    wallets: Wallets,
    /// Where shops speak https.
    authority: Option<Authority>,
    home: TempDir,
}

/// Of a handshake that the client has broken off, the shop hears when the client may have ended already.
const MOMENT: Duration = Duration::from_millis(50);

const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

impl Stage<'_> {
    /// A shop on loopback, which evidence calls `the shop`.
    pub(crate) async fn sell(&self, script: Script) -> Result<Shop, Outcome> {
        self.sell_as("the shop", script).await
    }

    pub(crate) async fn sell_as(&self, name: &'static str, script: Script) -> Result<Shop, Outcome> {
        self.open(name, ANY_PORT, self.transport()?, script).await
    }

    /// A shop over plain http, at an address of this machine that is not loopback.
    pub(crate) async fn sell_in_network(&self, script: Script) -> Result<Shop, Outcome> {
        let ip = own_address().ok_or_else(|| Outcome::skip("this machine has no address but loopback"))?;
        self.open("the shop in the network", (ip, 0).into(), Transport::Http, script).await
    }

    /// A shop over https, with such a certificate.
    pub(crate) async fn sell_certified(
        &self,
        certificate: Certificate,
        script: Script,
    ) -> Result<Shop, Outcome> {
        let transport = Transport::Https(self.acceptor(certificate)?);
        self.open("the shop", ANY_PORT, transport, script).await
    }

    /// A shop that speaks https, and http on the same port.
    pub(crate) async fn sell_over_both(&self, script: Script) -> Result<Shop, Outcome> {
        let transport = Transport::Both(self.acceptor(Certificate::Good)?);
        self.open("the shop", ANY_PORT, transport, script).await
    }

    async fn open(
        &self,
        name: &'static str,
        address: SocketAddr,
        transport: Transport,
        script: Script,
    ) -> Result<Shop, Outcome> {
        Shop::open(name, address, transport, &self.node, &self.log, script).await.map_err(cannot_listen)
    }

    /// An origin that sells nothing.
    pub(crate) async fn origin(&self, name: &'static str, handler: Handler) -> Result<Origin, Outcome> {
        let transport = self.transport()?;
        Origin::open(name, ANY_PORT, transport, &self.log, handler).await.map_err(cannot_listen)
    }

    /// What shops speak unless a case wants it otherwise.
    fn transport(&self) -> Result<Transport, Outcome> {
        Ok(match self.authority {
            Some(_) => Transport::Https(self.acceptor(Certificate::Good)?),
            None => Transport::Http,
        })
    }

    fn acceptor(&self, certificate: Certificate) -> Result<TlsAcceptor, Outcome> {
        let authority = self.authority.as_ref().ok_or_else(|| Outcome::unsupported(HTTPS.to_string()))?;
        authority.acceptor(certificate).map_err(Outcome::error)
    }

    /// Runs the client for a GET.
    pub(crate) async fn run(&self, url: &str) -> Result<Run, Outcome> {
        self.call(&Call::get(url)).await
    }

    pub(crate) async fn call(&self, call: &Call<'_>) -> Result<Run, Outcome> {
        self.call_for(call, self.context.options.timeout).await
    }

    /// Runs the client for at most so long, and until it has ordered [`MOST_ORDERS`] payments.
    pub(crate) async fn call_for(&self, call: &Call<'_>, limit: Duration) -> Result<Run, Outcome> {
        let (dir, body_file) = (self.dir(), self.home.path().join("body.json"));
        std::fs::write(&body_file, call.body).map_err(Outcome::error)?;
        let ca_file = self.authority.as_ref().map(Authority::file);
        let words = self.context.command.words(call, &dir, &body_file, ca_file);
        let trusted = self.authority.iter().flat_map(Authority::variables);
        let variables: Vec<_> = self.wallets.variables().iter().cloned().chain(trusted).collect();
        let before = self.log.len();
        let enough = self.log.has_orders(self.log.orders().len() + MOST_ORDERS);
        let run = process::run(words, &variables, &dir, limit, enough).await;
        let run = run.map_err(|error| Outcome::error(format!("the client cannot be run: {error}")))?;
        if self.authority.is_some() && self.log.len() == before {
            tokio::time::sleep(MOMENT).await;
        }
        if run.ending == Ending::Enough {
            self.context.note(format!("the client pays without end: {}", run.ending));
        }
        self.log.run(run.clone());
        Ok(run)
    }

    /// Where the client keeps what it keeps.
    pub(crate) fn dir(&self) -> PathBuf {
        self.home.path().join("client")
    }

    pub(crate) fn node(&self) -> &DevNode {
        &self.node
    }

    pub(crate) fn faults(&self) -> &Faults {
        self.node.faults()
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    pub(crate) fn can(&self, ability: Ability) -> bool {
        self.context.options.has(ability)
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.context.options.timeout
    }

    /// The preimages of all that was paid, in hex.
    pub(crate) async fn preimages(&self) -> Vec<String> {
        self.faults().clear();
        let mut preimages = Vec::new();
        for payment in self.node.payments() {
            if let Ok(PayOutcome::Paid(payment)) = self.node.wallet().lookup(payment.payment_hash).await {
                preimages.push(hex(payment.preimage.expose()));
            }
        }
        preimages
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn cannot_listen(error: io::Error) -> Outcome {
    Outcome::error(format!("cannot listen: {error}"))
}

/// The address that this machine has in its network, if it is in one. Nothing is sent to find out.
pub(crate) fn own_address() -> Option<IpAddr> {
    let somewhere = SocketAddr::from(([192, 0, 2, 1], 9)); // of TEST-NET-1, where nobody is
    let socket = UdpSocket::bind(("0.0.0.0", 0)).ok()?;
    socket.connect(somewhere).ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && !ip.is_unspecified()).then_some(ip)
}
