//! A shop that sends bills, the bills, and a wallet that does as it is told.

pub(crate) mod till;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64_simd::STANDARD;
use bitcoin_hashes::{Hash, sha256};
use l402_client::{Budget, L402Client, L402ClientBuilder};
use l402_core::ports::{
    BackendError, PayOutcome, PayRequest, Payment, PortFuture, Wallet, WalletCapabilities,
};
use l402_core::{
    Identifier, Macaroon, ManualClock, Msat, Network, PaymentHash, Preimage, RootKey, TokenId, UnixTime,
};
use lightning_invoice::{Currency, InvoiceBuilder, PaymentSecret, RawBolt11Invoice};
use secp256k1::{Secp256k1, SecretKey};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_900_000_000);
pub(crate) const PRICE: Msat = Msat::from_sat(10);
pub(crate) const CAP: Msat = Msat::from_sat(100);
pub(crate) const INVOICE_EXPIRY: Duration = Duration::from_secs(600);

/// The preimage of every invoice here, so that it is easy to find where it should not be.
pub(crate) fn preimage() -> Preimage {
    Preimage::from_bytes([0x5a; 32])
}

pub(crate) fn preimage_hex() -> String {
    "5a".repeat(32)
}

/// What a shop asks for: a macaroon and an invoice, as text.
#[derive(Clone)]
pub(crate) struct Bill {
    /// The word that the shop takes back.
    pub(crate) scheme: &'static str,
    pub(crate) macaroon: String,
    pub(crate) invoice: String,
}

impl Bill {
    /// A good one, for [`PRICE`].
    pub(crate) fn good() -> Self {
        Self::with_invoice(sign(invoice(Some(PRICE), Currency::Regtest)))
    }

    /// A good macaroon with whatever invoice.
    pub(crate) fn with_invoice(invoice: String) -> Self {
        let macaroon = STANDARD.encode_to_string(macaroon_for(preimage().payment_hash()));
        Self { scheme: "L402", macaroon, invoice }
    }

    pub(crate) fn with_amount(amount: Msat) -> Self {
        Self::with_invoice(sign(invoice(Some(amount), Currency::Regtest)))
    }

    /// The header as most servers write it.
    pub(crate) fn challenge(&self) -> String {
        self.challenge_as(r#"L402 macaroon="M", invoice="I""#)
    }

    /// The header in another form, where `M` and `I` stand for macaroon and invoice.
    pub(crate) fn challenge_as(&self, form: &str) -> String {
        let word = |word: &str| match word {
            "M" => self.macaroon.clone(),
            "I" => self.invoice.clone(),
            other => other.to_owned(),
        };
        form.split_inclusive(|c: char| !c.is_ascii_alphanumeric())
            .map(|piece| {
                let end = piece.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(piece.len());
                word(&piece[..end]) + &piece[end..]
            })
            .collect()
    }

    /// The only `Authorization` that pays for it.
    pub(crate) fn credential(&self) -> String {
        format!("{} {}:{}", self.scheme, self.macaroon, preimage_hex())
    }
}

pub(crate) fn macaroon_for(payment_hash: PaymentHash) -> Vec<u8> {
    let identifier = Identifier { payment_hash, token_id: TokenId::from_bytes([0xfb; 32]) };
    let key = RootKey::new(&[1; 32]).unwrap();
    Macaroon::new(&key, &identifier.to_bytes(), b"shops").unwrap().as_bytes().to_vec()
}

/// An unsigned invoice of [`preimage`], created now.
pub(crate) fn invoice(amount: Option<Msat>, currency: Currency) -> RawBolt11Invoice {
    invoice_of(preimage().payment_hash(), amount, currency)
}

pub(crate) fn invoice_of(hash: PaymentHash, amount: Option<Msat>, currency: Currency) -> RawBolt11Invoice {
    let builder = InvoiceBuilder::new(currency)
        .description("a report".to_owned())
        .payment_hash(sha256::Hash::from_byte_array(*hash.as_bytes()))
        .payment_secret(PaymentSecret([3; 32]))
        .payee_pub_key(node_key().public_key(&Secp256k1::new()))
        .duration_since_epoch(Duration::from_secs(NOW.as_secs()))
        .expiry_time(INVOICE_EXPIRY)
        .min_final_cltv_expiry_delta(80);
    match amount {
        Some(amount) => builder.amount_milli_satoshis(amount.as_msat()).build_raw().unwrap(),
        None => builder.build_raw().unwrap(),
    }
}

pub(crate) fn sign(invoice: RawBolt11Invoice) -> String {
    sign_with(&node_key(), invoice)
}

pub(crate) fn sign_with(key: &SecretKey, invoice: RawBolt11Invoice) -> String {
    let secp = Secp256k1::signing_only();
    invoice.sign::<_, ()>(|hash| Ok(secp.sign_ecdsa_recoverable(hash, key))).unwrap().to_string()
}

fn node_key() -> SecretKey {
    SecretKey::from_slice(&[7; 32]).unwrap()
}

/// A server that sends a bill to everybody but those who show the right credential.
pub(crate) struct Shop(MockServer);

impl Shop {
    /// Asks for the payment of `bill` in the usual way.
    pub(crate) async fn selling(bill: &Bill) -> Self {
        Self::asking(bill, 402, &[bill.challenge()]).await
    }

    /// Answers `status` with these `WWW-Authenticate` fields until `bill` is paid, and 200 `the goods` then.
    pub(crate) async fn asking(bill: &Bill, status: u16, challenges: &[String]) -> Self {
        let unpaid = answer(status, challenges);
        let goods = ResponseTemplate::new(200).set_body_string("the goods");
        Self::answering(bill, unpaid, goods).await
    }

    /// Answers `unpaid` until `bill` is paid, and `paid` then.
    pub(crate) async fn answering(bill: &Bill, unpaid: ResponseTemplate, paid: ResponseTemplate) -> Self {
        let credential = bill.credential();
        Self::with(move |request| {
            let shown = request.headers.get("authorization").is_some_and(|shown| *shown == *credential);
            if shown { paid.clone() } else { unpaid.clone() }
        })
        .await
    }

    pub(crate) async fn with(answer: impl Fn(&Request) -> ResponseTemplate + Send + Sync + 'static) -> Self {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(answer).mount(&server).await;
        Self(server)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.0.uri() + path
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.address().port()
    }

    pub(crate) async fn requests(&self) -> Vec<Request> {
        self.0.received_requests().await.unwrap()
    }
}

pub(crate) fn answer(status: u16, challenges: &[String]) -> ResponseTemplate {
    challenges.iter().fold(ResponseTemplate::new(status), |answer, challenge| {
        answer.append_header("www-authenticate", challenge.as_str())
    })
}

/// A server on a bare socket: reads one request a connection and writes these answers in turn. An empty answer
/// closes the connection.
pub(crate) fn raw_server(answers: Vec<String>) -> String {
    raw_server_after(b"\r\n\r\n", answers)
}

/// The same for requests whose body is `order`.
pub(crate) fn raw_server_for_posts(answers: Vec<String>) -> String {
    raw_server_after(b"\r\n\r\norder", answers)
}

fn raw_server_after(end: &'static [u8], answers: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for answer in answers {
            accept(&listener, end).write_all(answer.as_bytes()).unwrap();
        }
    });
    url
}

/// A bill as it goes over the wire, after which the connection is closed.
pub(crate) fn raw_402(challenge: &str) -> String {
    format!(
        "HTTP/1.1 402 Payment Required\r\nwww-authenticate: {challenge}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )
}

/// What was paid for.
pub(crate) const RAW_GOODS: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nthe goods";

/// The next connection, when its request is there, which ends like this.
pub(crate) fn accept(listener: &TcpListener, end: &[u8]) -> TcpStream {
    let (mut stream, _) = listener.accept().unwrap();
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.ends_with(end) {
        let read = stream.read(&mut buffer).unwrap();
        assert_ne!(read, 0, "the client closed");
        request.extend_from_slice(&buffer[..read]);
    }
    stream
}

type Script = dyn Fn() -> Result<PayOutcome, BackendError> + Send + Sync;

/// A wallet that pays whatever it is asked to, unless its script says otherwise, and counts.
#[derive(Clone)]
pub(crate) struct TestWallet {
    script: Arc<Script>,
    asked: Arc<Mutex<Vec<PayRequest>>>,
    capabilities: WalletCapabilities,
}

impl TestWallet {
    /// Always answers with [`preimage`], as an obedient wallet would: only the client can refuse.
    pub(crate) fn obedient() -> Self {
        Self::answering(|| Ok(PayOutcome::Paid(Payment::new(preimage(), Some(Msat::from_msat(1_500))))))
    }

    pub(crate) fn answering(
        script: impl Fn() -> Result<PayOutcome, BackendError> + Send + Sync + 'static,
    ) -> Self {
        Self { script: Arc::new(script), asked: Arc::default(), capabilities: WalletCapabilities::FULL }
    }

    pub(crate) const fn with_capabilities(mut self, capabilities: WalletCapabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Every payment it was asked for.
    pub(crate) fn payments(&self) -> Vec<PayRequest> {
        self.asked.lock().unwrap().clone()
    }
}

impl Wallet for TestWallet {
    fn pay(&self, request: PayRequest) -> PortFuture<Result<PayOutcome, BackendError>> {
        self.asked.lock().unwrap().push(request);
        PortFuture::ready((self.script)())
    }

    fn lookup(&self, _: PaymentHash) -> PortFuture<Result<PayOutcome, BackendError>> {
        panic!("nothing to look up was expected")
    }

    fn balance(&self) -> PortFuture<Result<Msat, BackendError>> {
        panic!("this client does not ask for balances")
    }

    fn network(&self) -> Network {
        Network::Regtest
    }

    fn capabilities(&self) -> WalletCapabilities {
        self.capabilities
    }
}

/// The default budget with this cap on a request.
pub(crate) fn capped(cap: Msat) -> Budget {
    Budget::default().per_request(cap)
}

/// A client with a cap of [`CAP`], to which it is always [`NOW`].
pub(crate) fn client(wallet: &TestWallet) -> L402Client {
    builder(wallet).build().unwrap()
}

pub(crate) fn builder(wallet: &TestWallet) -> L402ClientBuilder {
    L402Client::builder(wallet.clone()).budget(capped(CAP)).clock(ManualClock::at(NOW))
}
