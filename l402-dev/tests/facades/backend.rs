//! Each facade with the clients of this workspace, as a provider and a wallet.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use l402_core::ports::{BackendError, Invoice, InvoiceProvider, PayOutcome, Wallet};
use l402_core::{ManualClock, Msat, Network, UnixTime};
use l402_dev::{DevAccount, DevNode, facade};
use l402_providers::{Endpoint, blink, cln, lnbits, lnd, lnurl, nwc, phoenixd};
use tokio::net::TcpListener;

use crate::{order, request};

/// A node of its own behind one facade.
pub(crate) struct Backend {
    pub(crate) name: &'static str,
    pub(crate) node: DevNode,
    pub(crate) clock: ManualClock,
    pub(crate) payer: DevAccount,
    pub(crate) payee: DevAccount,
    pub(crate) provider: Arc<dyn InvoiceProvider>,
    pub(crate) wallet: Option<Arc<dyn Wallet>>,
    /// Both again, for a node that says nothing when it is down: how long they wait for it is how long a test takes.
    pub(crate) impatient: Option<(Arc<dyn InvoiceProvider>, Arc<dyn Wallet>)>,
    pub(crate) over_http: bool,
    /// The answer has a payment hash next to the invoice.
    pub(crate) tells_the_hash: bool,
    open: Open,
    _directory: Option<tempfile::TempDir>,
    _nwc: Option<facade::nwc::Nwc>,
}

/// Opens a wallet with a key.
type Open = Box<dyn Fn(&str) -> Arc<dyn Wallet> + Send + Sync>;

impl Backend {
    pub(crate) async fn invoice(&self, amount: Msat) -> Result<Invoice, BackendError> {
        self.provider.create_invoice(order(amount)).await
    }

    pub(crate) async fn pay(&self, bolt11: &str) -> Result<PayOutcome, BackendError> {
        let own = self.payer.wallet();
        let wallet: &dyn Wallet = self.wallet.as_deref().unwrap_or(&own);
        match wallet.pay(request(bolt11, Duration::from_secs(20))).await {
            // As every caller must.
            Ok(PayOutcome::Pending) => {
                let hash = request(bolt11, Duration::ZERO).payment_hash;
                wallet.lookup(hash).await
            }
            outcome => outcome,
        }
    }

    pub(crate) fn wallet_with_key(&self, key: &str) -> Arc<dyn Wallet> {
        (self.open)(key)
    }
}

const REGTEST: Network = Network::Regtest;

pub(crate) async fn all() -> Vec<Backend> {
    vec![
        lnbits().await,
        lnd().await,
        phoenixd().await,
        blink().await,
        cln().await,
        clnrest().await,
        nwc().await,
        lnurl().await,
    ]
}

/// A node whose clock stands at the real time, because invoices are checked by the real clock.
pub(crate) fn node() -> (DevNode, ManualClock) {
    let clock = ManualClock::at(UnixTime::from(std::time::SystemTime::now()));
    (DevNode::builder().clock(clock.clone()).build().unwrap(), clock)
}

pub(crate) async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router).into_future());
    url
}

fn endpoint(url: &str) -> Endpoint {
    Endpoint::new(url).unwrap().pause(Duration::from_millis(5))
}

async fn over_http<P: InvoiceProvider + 'static, W: Wallet + 'static>(
    name: &'static str,
    router: fn(&DevNode) -> Router,
    provider: impl Fn(&str, String) -> P,
    wallet: impl Fn(&str, String) -> W + Send + Sync + 'static,
) -> Backend {
    let (node, clock) = node();
    let url = serve(router(&node)).await;
    let (payer, payee) = (node.account("payer").unwrap(), node.account("payee").unwrap());
    let provider = Arc::new(provider(&url, payee.receive_key()));
    let open = Box::new(move |key: &str| -> Arc<dyn Wallet> { Arc::new(wallet(&url, key.to_owned())) });
    let wallet = Some(open(&payer.spend_key()));
    Backend {
        name,
        clock,
        payer,
        payee,
        provider,
        wallet,
        impatient: None,
        over_http: true,
        tells_the_hash: true,
        open,
        node,
        _directory: None,
        _nwc: None,
    }
}

async fn lnbits() -> Backend {
    use l402_wallets::lnbits::LnbitsWallet;
    over_http(
        "lnbits",
        facade::lnbits::router,
        |url, key| lnbits::LnbitsProvider::new(endpoint(url), key).unwrap().with_network(REGTEST),
        |url, key| LnbitsWallet::new(endpoint(url), key).unwrap().with_network(REGTEST),
    )
    .await
}

async fn lnd() -> Backend {
    use l402_wallets::lnd::LndWallet;
    over_http(
        "lnd",
        facade::lnd::router,
        |url, key| lnd::LndProvider::new(endpoint(url), key).unwrap().with_network(REGTEST),
        |url, key| LndWallet::new(endpoint(url), key).unwrap().with_network(REGTEST),
    )
    .await
}

async fn phoenixd() -> Backend {
    use l402_wallets::phoenixd::PhoenixdWallet;
    over_http(
        "phoenixd",
        facade::phoenixd::router,
        |url, key| phoenixd::PhoenixdProvider::new(endpoint(url), key).unwrap().with_network(REGTEST),
        |url, key| PhoenixdWallet::new(endpoint(url), key).unwrap().with_network(REGTEST),
    )
    .await
}

async fn blink() -> Backend {
    use l402_wallets::blink::BlinkWallet;
    let graphql = |url: &str| endpoint(&format!("{url}/graphql"));
    over_http(
        "blink",
        facade::blink::router,
        move |url, key| blink::BlinkProvider::at(graphql(url), key).unwrap().with_network(REGTEST),
        move |url, key| BlinkWallet::at(graphql(url), key).unwrap().with_network(REGTEST),
    )
    .await
}

async fn cln() -> Backend {
    use l402_wallets::cln::ClnWallet;
    let (node, clock) = node();
    let (payer, payee) = (node.account("payer").unwrap(), node.account("payee").unwrap());
    let directory = tempfile::tempdir().unwrap();
    let socket = |account: &DevAccount| {
        let path = directory.path().join(account.name());
        let listener = facade::cln::bind(&path).unwrap();
        tokio::spawn(facade::cln::serve(listener, account.clone()));
        path
    };
    let provider = cln::ClnProvider::socket(socket(&payee)).unwrap().with_network(REGTEST);
    let wallet = ClnWallet::socket(socket(&payer)).unwrap().with_network(REGTEST);
    Backend {
        name: "cln",
        clock,
        payer,
        payee,
        provider: Arc::new(provider),
        wallet: Some(Arc::new(wallet)),
        impatient: None,
        over_http: false,
        tells_the_hash: true,
        open: Box::new(|_| panic!("a socket has no key")),
        node,
        _directory: Some(directory),
        _nwc: None,
    }
}

async fn clnrest() -> Backend {
    use l402_wallets::cln::{ClnWallet, Rune};
    over_http(
        "clnrest",
        facade::cln::router,
        |url, key| cln::ClnProvider::rest(endpoint(url), Rune::new(key)).unwrap().with_network(REGTEST),
        |url, key| ClnWallet::rest(endpoint(url), Rune::new(key)).unwrap().with_network(REGTEST),
    )
    .await
}

async fn nwc() -> Backend {
    use l402_wallets::nwc::NwcWallet;
    let (node, clock) = node();
    let (payer, payee) = (node.account("payer").unwrap(), node.account("payee").unwrap());
    let served = facade::nwc::Nwc::start(&node).await.unwrap();
    let uri = |name: &str, timeout| {
        let uri = nwc::NwcUri::parse(served.uri(name).unwrap()).unwrap();
        uri.timeout(timeout).pause(Duration::from_millis(5))
    };
    let sides = |timeout| -> (Arc<dyn InvoiceProvider>, Arc<dyn Wallet>) {
        let provider = nwc::NwcProvider::new(uri("payee", timeout)).unwrap().with_network(REGTEST);
        let wallet = NwcWallet::new(uri("payer", timeout)).unwrap().with_network(REGTEST);
        (Arc::new(provider), Arc::new(wallet))
    };
    let (provider, wallet) = sides(Duration::from_secs(60));
    Backend {
        name: "nwc",
        clock,
        payer,
        payee,
        provider,
        wallet: Some(wallet),
        impatient: Some(sides(Duration::from_millis(200))),
        over_http: false,
        tells_the_hash: true,
        open: Box::new(|_| panic!("a connection has no other key")),
        node,
        _directory: None,
        _nwc: Some(served),
    }
}

async fn lnurl() -> Backend {
    let (node, clock) = node();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, facade::lnurl::router(&node, &url)).into_future());
    let (payer, payee) = (node.account("payer").unwrap(), node.account("payee").unwrap());
    let pay_url = format!("{url}/.well-known/lnurlp/payee");
    let provider = lnurl::LnurlProvider::from_url(&pay_url).unwrap().allowing_private_hosts().unwrap();
    Backend {
        name: "lnurl",
        clock,
        payer,
        payee,
        provider: Arc::new(provider.with_network(REGTEST)),
        wallet: None,
        impatient: None,
        over_http: true,
        tells_the_hash: false,
        open: Box::new(|_| panic!("receives alone")),
        node,
        _directory: None,
        _nwc: None,
    }
}
