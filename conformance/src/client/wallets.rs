//! The development node behind the wallets' interfaces, and the variables that tell the client of them.

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::{Next, from_fn};
use l402_core::ports::BoxError;
use l402_dev::facade::nwc::Nwc;
use l402_dev::facade::tls::Served;
use l402_dev::{DevAccount, DevNode, control, facade};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::log::Log;
use super::options::WalletKind;

/// The account that the client spends from.
pub(crate) const PAYER: &str = "payer";

/// Running interfaces. They end when this is dropped.
pub(crate) struct Wallets {
    variables: Vec<(String, String)>,
    http: JoinHandle<()>,
    /// Held for their ends.
    _running: (Option<Served>, Option<Nwc>),
}

impl Wallets {
    /// Serves the wallets of `node`; `dir` gets the certificate of LND's, `log` orders that the node refuses unread.
    pub(crate) async fn serve(
        node: &DevNode,
        only: Option<WalletKind>,
        dir: &Path,
        log: &Arc<Log>,
    ) -> Result<Self, BoxError> {
        let payer = node.account(PAYER).ok_or("the node has no payer")?;
        let (url, http) = serve(router(node, log)).await?;
        let wants = |kind| only.is_none_or(|only| only == kind);
        let tls = match wants(WalletKind::Lnd) {
            true => {
                Some(facade::tls::serve((Ipv4Addr::LOCALHOST, 0).into(), facade::lnd::router(node)).await?)
            }
            false => None,
        };
        let nwc = match wants(WalletKind::Nwc) {
            true => Some(Nwc::start(node).await?),
            false => None,
        };
        let mut variables = Variables(Vec::new());
        for kind in WalletKind::ALL.into_iter().filter(|kind| wants(*kind)) {
            match kind {
                WalletKind::Dev => variables.set("L402_DEV_URL", format!("{url}/node")),
                WalletKind::Lnd => variables.lnd(&payer, &url, tls.as_ref(), dir)?,
                WalletKind::Lnbits => {
                    variables.set("LNBITS_URL", format!("{url}/lnbits"));
                    variables.set("LNBITS_ADMIN_KEY", payer.spend_key());
                }
                WalletKind::Phoenixd => {
                    variables.set("PHOENIXD_URL", format!("{url}/phoenixd"));
                    variables.set("PHOENIXD_PASSWORD", payer.spend_key());
                }
                WalletKind::Blink => {
                    variables.set("BLINK_URL", format!("{url}/graphql"));
                    variables.set("BLINK_API_KEY", payer.spend_key());
                    variables.set("BLINK_WALLET_ID", PAYER.to_owned());
                }
                WalletKind::Nwc => {
                    let uri = nwc.as_ref().and_then(|nwc| nwc.uri(PAYER)).unwrap_or_default();
                    variables.set("NWC_URI", uri.to_owned());
                }
            }
        }
        variables.set("L402_NETWORK", "regtest".to_owned());
        variables.set(
            "L402_WALLET",
            match only {
                None | Some(WalletKind::Dev) => format!("dev://{}/node", url.trim_start_matches("http://")),
                Some(kind) => kind.name().to_owned(),
            },
        );
        Ok(Self { variables: variables.0, http, _running: (tls, nwc) })
    }

    /// What the client finds in its environment.
    ///
    /// # Security
    /// Keys of a node without money.
    pub(crate) fn variables(&self) -> &[(String, String)] {
        &self.variables
    }
}

impl Drop for Wallets {
    fn drop(&mut self) {
        self.http.abort();
    }
}

struct Variables(Vec<(String, String)>);

impl Variables {
    fn set(&mut self, name: &str, value: String) {
        self.0.push((name.to_owned(), value));
    }

    fn lnd(&mut self, payer: &DevAccount, url: &str, tls: Option<&Served>, dir: &Path) -> io::Result<()> {
        self.set("LND_HTTP_URL", format!("{url}/lnd"));
        self.set("LND_MACAROON_HEX", payer.spend_key());
        if let Some(tls) = tls {
            let certificate = dir.join("lnd-tls.cert");
            std::fs::write(&certificate, tls.certificate())?;
            self.set("LND_REST_URL", tls.url().to_owned());
            self.set("LND_TLS_CERT_FILE", certificate.display().to_string());
        }
        Ok(())
    }
}

/// Interfaces refuse what is longer before they have read it. It was an order none the less.
const MAX_ORDER_BYTES: u64 = 4096;

fn router(node: &DevNode, log: &Arc<Log>) -> Router {
    let log = Arc::clone(log);
    Router::new()
        .nest("/node", control::router(node))
        .nest("/lnd", facade::lnd::router(node))
        .nest("/lnbits", facade::lnbits::router(node))
        .nest("/phoenixd", facade::phoenixd::router(node))
        .merge(facade::blink::router(node))
        .layer(from_fn(move |request: Request, next: Next| {
            let length =
                request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
            if let Some(length @ MAX_ORDER_BYTES..) = length {
                log.order(&format!("({length} bytes)"));
            }
            next.run(request)
        }))
}

async fn serve(app: Router) -> io::Result<(String, JoinHandle<()>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let serving = async move {
        // It ends with its task only.
        let _ = axum::serve(listener, app).await;
    };
    Ok((url, tokio::spawn(serving)))
}
