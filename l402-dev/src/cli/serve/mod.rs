//! `l402-dev serve`: the node, its facades, a paid API and a page, at one address.

mod page;
mod premium;
mod ready;
mod state_file;

use std::collections::BTreeSet;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use axum::Router;
use clap::Args;
use l402_core::Msat;
use l402_dev::{DevNode, control, facade};
use tokio::net::TcpListener;

use super::{Failure, cannot_listen};
use ready::Ready;
use state_file::StateFile;

/// Run a node that other software can use, with a page to watch it
#[derive(Debug, Args)]
#[command(
    after_help = "Everything is for development: whoever reaches the address pays with money that does not \
    exist. The keys that other software needs are on the page and in the --json line."
)]
pub(crate) struct Options {
    /// Where it listens; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3402")]
    listen: SocketAddr,
    /// Print one JSON object when it is ready, instead of text
    #[arg(long)]
    json: bool,
    /// Keep accounts, invoices and payments in this file, and go on from it
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// 64 hex digits that the node's key and all preimages follow from; without it they are random
    #[arg(long, value_name = "HEX", conflicts_with = "state")]
    seed: Option<String>,
    /// What every payment costs on top of its amount, in millisatoshi
    #[arg(long, value_name = "MSAT", default_value_t = 0)]
    fee: u64,
    /// A further account and what it holds, in satoshi, next to payer and payee; may be given again
    #[arg(long = "account", value_name = "NAME=SATS", value_parser = parse_account)]
    accounts: Vec<(String, u64)>,
    /// Serve LND's interface over TLS as well, at this address
    #[arg(long, value_name = "ADDR")]
    lnd_tls: Option<SocketAddr>,
    /// Where to write the certificate of --lnd-tls, in PEM
    #[arg(long, value_name = "FILE", requires = "lnd_tls")]
    lnd_cert: Option<PathBuf>,
    /// Serve Core Lightning's socket of an account; may be given again
    #[cfg(unix)]
    #[arg(long = "cln-socket", value_name = "ACCOUNT=PATH", value_parser = parse_socket)]
    sockets: Vec<(String, PathBuf)>,
}

pub(crate) async fn run(options: Options) -> Result<ExitCode, Failure> {
    let state = options.state.as_ref().map(|path| StateFile::open(path)).transpose()?;
    let node = node(&options, state.as_ref())?;
    open_accounts(&node, &options.accounts)?;

    let listener = TcpListener::bind(options.listen).await;
    let listener = listener.map_err(|error| cannot_listen(options.listen, &error))?;
    let url = format!("http://{}", listener.local_addr()?);
    let nwc = facade::nwc::Nwc::start(&node).await?;
    let mut ready = Ready::new(&node, &nwc, &url);
    let mut lnd_over_tls = None;
    if let Some(address) = options.lnd_tls {
        let served = facade::tls::serve(address, facade::lnd::router(&node)).await;
        let served = served.map_err(|error| match &error {
            facade::tls::TlsError::Listen(address, cause) => cannot_listen(*address, cause),
            _ => error.into(),
        })?;
        if let Some(path) = &options.lnd_cert {
            std::fs::write(path, served.certificate())
                .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        }
        let (url, cert_pem) = (served.url().to_owned(), served.certificate().to_owned());
        ready.lnd_tls = Some(ready::LndTls { url, cert_pem });
        lnd_over_tls = Some(served);
    }
    #[cfg(unix)]
    for (name, path) in &options.sockets {
        let account =
            node.account(name).ok_or_else(|| format!("--cln-socket: there is no account '{name}'"))?;
        let socket = facade::cln::bind(path)
            .map_err(|error| format!("cannot listen at {}: {error}", path.display()))?;
        tokio::spawn(facade::cln::serve(socket, account));
    }

    let app = app(&node, &url, &ready)?;
    let server = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>());
    tokio::spawn(server.into_future());
    announce(&ready, options.json)?;
    let saving = state.map(|state| tokio::spawn(state.keep(node.clone())));
    tokio::signal::ctrl_c().await?;
    drop((nwc, lnd_over_tls));
    if let Some(saving) = saving {
        saving.abort();
    }
    Ok(ExitCode::SUCCESS)
}

fn node(options: &Options, state: Option<&StateFile>) -> Result<DevNode, Failure> {
    let mut builder = DevNode::builder().fee(Msat::from_msat(options.fee));
    if let Some(seed) = &options.seed {
        let seed: l402_core::Preimage = seed.parse().map_err(|_| "--seed takes 64 hex digits")?;
        builder = builder.seed(*seed.expose());
    }
    if let Some(snapshot) = state.and_then(StateFile::content) {
        builder = builder.restore(snapshot);
    }
    Ok(builder.build()?)
}

/// What the state file brought back stays as it is.
fn open_accounts(node: &DevNode, accounts: &[(String, u64)]) -> Result<(), Failure> {
    let mut names = BTreeSet::from(["payer", "payee"]);
    for (name, sats) in accounts {
        if !names.insert(name) {
            return Err(format!("--account: there is an account '{name}' already; take another name").into());
        }
        if node.account(name).is_none() {
            node.open_account(name, Msat::checked_from_sat(*sats).ok_or("an account holds too much")?)?;
        }
    }
    Ok(())
}

fn app(node: &DevNode, url: &str, ready: &Ready) -> Result<Router, Failure> {
    Ok(page::router(ready)?
        .merge(premium::router(node)?)
        .merge(facade::lnurl::router(node, url))
        .merge(facade::blink::router(node))
        .nest("/node", control::router(node))
        .nest("/lnd", facade::lnd::router(node))
        .nest("/lnbits", facade::lnbits::router(node))
        .nest("/clnrest", facade::cln::router(node))
        .nest("/phoenixd", facade::phoenixd::router(node)))
}

fn announce(ready: &Ready, json: bool) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string(ready)?)?;
    } else {
        write!(out, "{ready}")?;
    }
    Ok(out.flush()?)
}

fn parse_account(text: &str) -> Result<(String, u64), String> {
    let parts = text.split_once('=').filter(|(name, _)| is_name(name));
    let (name, sats) =
        parts.ok_or("an account is written NAME=SATS, with a name of letters, digits, - and _")?;
    let sats = sats.parse().map_err(|_| "the balance is a whole number of satoshi")?;
    Ok((name.to_owned(), sats))
}

/// What can stand in a Lightning Address.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(unix)]
fn parse_socket(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or("a socket is written ACCOUNT=PATH")?;
    Ok((name.to_owned(), path.into()))
}
