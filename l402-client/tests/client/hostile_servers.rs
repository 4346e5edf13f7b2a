//! Bills that must not be paid: each has an error of its own, and none reaches the wallet.

use std::time::Duration;

use base64_simd::STANDARD;
use l402_client::{Cap, ClientError, Denial, Period, Receipt, Spent, reqwest};
use l402_core::bolt11::InvoiceError;
use l402_core::header::ChallengeParseError;
use l402_core::{
    IdentifierError, Limits, Macaroon, MacaroonDecodeError, ManualClock, Msat, Network, PaymentHash,
    Preimage, RootKey, UnixTime,
};
use lightning_invoice::{Currency, PositiveTimestamp, SiPrefix};
use secp256k1::SecretKey;
use wiremock::ResponseTemplate;

use crate::support::{
    Bill, CAP, INVOICE_EXPIRY, NOW, PRICE, Shop, TestWallet, answer, builder, capped, client, invoice,
    invoice_of, macaroon_for, preimage, raw_server, sign, sign_with,
};

/// Asks a shop that sends these fields with a 402, with a wallet that would pay anything.
async fn refusal(challenges: &[String]) -> ClientError {
    let wallet = TestWallet::obedient();
    let shop = Shop::asking(&Bill::good(), 402, challenges).await;
    let error = client(&wallet).get(shop.url("/report")).send().await.unwrap_err();
    assert_eq!(wallet.payments(), [], "{error:?}");
    assert_eq!(error.spent(), Spent::Nothing, "{error:?}");
    assert_eq!(shop.requests().await.len(), 1, "{error:?}");
    error
}

/// One test a row: the challenges, and the error that they must meet.
macro_rules! refused {
    ($($name:ident: $challenges:expr => $error:pat,)*) => {$(
        #[tokio::test]
        async fn $name() {
            let error = refusal(&$challenges).await;
            assert!(matches!(error, $error), "{error:?}");
        }
    )*};
}

const ONE_TOO_MUCH: Msat = Msat::from_msat(100_001);
const A_MILLION_BITCOIN: Msat = Msat::from_sat(100_000_000_000_000);
const SOON: UnixTime = UnixTime::from_secs(NOW.as_secs() + 10);

refused! {
    // What is no challenge.
    a_402_without_a_challenge: [] => ClientError::NoChallenge,
    a_402_with_other_schemes_only: [
        r#"Payment id="x", intent="charge""#.to_owned(), "Bearer, Basic realm=\"L402\"".to_owned(),
    ] => ClientError::NoChallenge,
    a_challenge_of_a_similar_scheme: [
        Bill::good().challenge_as(r#"L4022 macaroon="M", invoice="I""#),
    ] => ClientError::NoChallenge,
    a_challenge_without_macaroon: [Bill::good().challenge_as(r#"L402 invoice="I""#)]
        => ClientError::UnreadableChallenge(ChallengeParseError::MissingMacaroon),
    a_challenge_without_invoice: [Bill::good().challenge_as(r#"L402 macaroon="M""#)]
        => ClientError::UnreadableChallenge(ChallengeParseError::MissingInvoice),
    a_challenge_with_two_invoices: [
        Bill::good().challenge_as(r#"L402 macaroon="M", invoice="I", invoice="lnbcrt1""#),
    ] => ClientError::UnreadableChallenge(ChallengeParseError::Ambiguous),
    a_challenge_with_an_open_quote: [Bill::good().challenge_as(r#"L402 macaroon="M", invoice="I"#)]
        => ClientError::UnreadableChallenge(ChallengeParseError::Syntax),
    a_challenge_that_is_too_long: [
        Bill::good().challenge() + ", x=" + &"x".repeat(8 * 1024),
    ] => ClientError::UnreadableChallenge(ChallengeParseError::TooLong),
    two_challenges_that_cannot_be_read: [
        r#"L402 invoice="I""#.to_owned(), "=".to_owned(),
    ] => ClientError::UnreadableChallenge(ChallengeParseError::MissingMacaroon),

    // Macaroons.
    a_macaroon_of_garbage: [Bill { macaroon: "garbage!".to_owned(), ..Bill::good() }.challenge()]
        => ClientError::UnreadableMacaroon(MacaroonDecodeError::Base64),
    a_token_of_a_short_hash: [with_macaroon(br#"{"hash": "00", "exp": 1}"#).challenge()]
        => ClientError::UnreadableMacaroon(_),
    a_macaroon_with_more_behind: [
        with_macaroon(&[macaroon_for(preimage().payment_hash()), vec![0]].concat()).challenge(),
    ] => ClientError::UnreadableMacaroon(MacaroonDecodeError::TrailingBytes),
    a_macaroon_for_half_a_hash: [with_identifier(&preimage().payment_hash().as_bytes()[..16]).challenge()]
        => ClientError::UnreadableIdentifier(IdentifierError::Length),
    a_macaroon_of_an_unknown_version: [with_identifier(&[1; 66]).challenge()]
        => ClientError::UnreadableIdentifier(IdentifierError::Version),
    a_macaroon_for_another_payment: [
        with_macaroon(&macaroon_for(PaymentHash::from_bytes([9; 32]))).challenge(),
    ] => ClientError::HashMismatch,
    an_invoice_for_another_payment: [Bill::with_invoice(sign(invoice_of(
        Preimage::from_bytes([8; 32]).payment_hash(), Some(PRICE), Currency::Regtest,
    ))).challenge()] => ClientError::HashMismatch,

    a_token_that_has_expired: [with_caveat("expires_at=1900000000").challenge()] => ClientError::WorthlessToken,
    a_pass_that_has_expired: [with_caveat("a_valid_until=1899999999").challenge()] => ClientError::WorthlessToken,
    a_token_without_uses: [with_caveat("uses=0").challenge()] => ClientError::WorthlessToken,
    a_base64_json_token_that_has_expired: [json_token(1_799_999_999_000).challenge()]
        => ClientError::WorthlessToken,
    a_json_token_whose_expiry_is_in_seconds: [json_token(1_999_999_999).challenge()]
        => ClientError::WorthlessToken,
    a_token_that_nests_deeply: [with_macaroon("[".repeat(5_000).as_bytes()).challenge()]
        => ClientError::UnreadableMacaroon(_),
    a_token_of_too_many_caveats: [with_caveats(65).challenge()]
        => ClientError::UnreadableMacaroon(MacaroonDecodeError::TooManyCaveats),
    two_bad_challenges_of_which_the_first_explains: [
        Bill::with_amount(Msat::ZERO).challenge(), Bill::with_amount(ONE_TOO_MUCH).challenge(),
    ] => ClientError::AmountZero,
    nine_bad_challenges: vec![Bill::with_amount(Msat::ZERO).challenge(); 9] => ClientError::AmountZero,

    // Invoices.
    an_invoice_that_is_none: [
        Bill::with_invoice(format!("DEV:{}", preimage().payment_hash())).challenge(),
    ] => ClientError::UnreadableInvoice(InvoiceError::Malformed),
    an_invoice_with_a_changed_character: [Bill::with_invoice(tampered()).challenge()]
        => ClientError::UnreadableInvoice(InvoiceError::Malformed),
    an_invoice_signed_by_somebody_else: [Bill::with_invoice(forged()).challenge()]
        => ClientError::UnreadableInvoice(InvoiceError::Malformed),
    an_invoice_of_a_part_of_a_millisatoshi: [with_raw_amount(1, Some(SiPrefix::Pico)).challenge()]
        => ClientError::UnreadableInvoice(InvoiceError::Malformed),
    an_invoice_whose_amount_overflows: [with_raw_amount(u64::MAX, None).challenge()]
        => ClientError::UnreadableInvoice(InvoiceError::Malformed),
    an_invoice_that_is_too_long: [Bill::with_invoice("lnbcrt1".repeat(600)).challenge()]
        => ClientError::UnreadableInvoice(InvoiceError::TooLong),
    an_invoice_of_a_network_nobody_knows: [
        Bill::with_invoice(sign(invoice(Some(PRICE), Currency::Simnet))).challenge(),
    ] => ClientError::UnreadableInvoice(InvoiceError::UnknownNetwork),
    an_invoice_of_another_network: [
        Bill::with_invoice(sign(invoice(Some(PRICE), Currency::Bitcoin))).challenge(),
    ] => ClientError::OtherNetwork { invoice: Network::Bitcoin, wallet: Network::Regtest },
    an_invoice_without_amount: [
        Bill::with_invoice(sign(invoice(None, Currency::Regtest))).challenge(),
    ] => ClientError::AmountMissing,
    an_invoice_for_nothing: [Bill::with_amount(Msat::ZERO).challenge()] => ClientError::AmountZero,
    an_invoice_above_the_cap: [Bill::with_amount(ONE_TOO_MUCH).challenge()]
        => ClientError::Denied(Denial::OverCap { asked: ONE_TOO_MUCH, used: Msat::ZERO, cap: Cap { limit: CAP, period: Period::Request, .. } }),
    an_invoice_for_a_million_bitcoin: [Bill::with_amount(A_MILLION_BITCOIN).challenge()]
        => ClientError::Denied(Denial::OverCap { asked: A_MILLION_BITCOIN, used: Msat::ZERO, cap: Cap { limit: CAP, .. } }),
    an_invoice_that_has_expired: [Bill::with_invoice(aged(INVOICE_EXPIRY)).challenge()]
        => ClientError::Expired { expires_at: NOW, now: NOW },
    an_invoice_about_to_expire: [
        Bill::with_invoice(aged(INVOICE_EXPIRY - Duration::from_secs(10))).challenge(),
    ] => ClientError::Expired { expires_at: SOON, now: NOW },
}

fn with_macaroon(bytes: &[u8]) -> Bill {
    Bill { macaroon: STANDARD.encode_to_string(bytes), ..Bill::good() }
}

fn with_caveat(caveat: &str) -> Bill {
    with_all([caveat.to_owned()])
}

fn with_caveats(count: u32) -> Bill {
    with_all((0..count).map(|number| format!("{number}=x")))
}

fn with_all(caveats: impl IntoIterator<Item = String>) -> Bill {
    let bytes = macaroon_for(preimage().payment_hash());
    let macaroon = Macaroon::decode_any(&bytes, &Limits::default()).unwrap().0;
    let add = |macaroon: Macaroon, caveat: String| macaroon.attenuate(caveat.as_bytes()).unwrap();
    with_macaroon(caveats.into_iter().fold(macaroon, add).as_bytes())
}

/// As l402kit writes them, with an expiry in milliseconds.
fn json_token(exp: u64) -> Bill {
    with_macaroon(format!(r#"{{"hash":"{}","exp":{exp}}}"#, preimage().payment_hash()).as_bytes())
}

fn with_identifier(identifier: &[u8]) -> Bill {
    with_macaroon(Macaroon::new(&RootKey::new(&[1; 32]).unwrap(), identifier, b"").unwrap().as_bytes())
}

/// The amount changed in the text, which the checksum covers.
fn tampered() -> String {
    let good = Bill::good().invoice;
    assert!(good.starts_with("lnbcrt100n1"), "{good}");
    good.replacen("lnbcrt100n1", "lnbcrt200n1", 1)
}

/// A correct checksum over the signature of another key than the invoice names.
fn forged() -> String {
    sign_with(&SecretKey::from_slice(&[8; 32]).unwrap(), invoice(Some(PRICE), Currency::Regtest))
}

fn with_raw_amount(amount: u64, prefix: Option<SiPrefix>) -> Bill {
    let mut raw = invoice(Some(PRICE), Currency::Regtest);
    raw.hrp.raw_amount = Some(amount);
    raw.hrp.si_prefix = prefix;
    Bill::with_invoice(sign(raw))
}

fn aged(age: Duration) -> String {
    let mut raw = invoice(Some(PRICE), Currency::Regtest);
    raw.data.timestamp = PositiveTimestamp::from_unix_timestamp(NOW.as_secs() - age.as_secs()).unwrap();
    sign(raw)
}

#[tokio::test]
async fn only_402_is_paid() {
    for status in [200, 202, 400, 401, 403, 404, 407, 429, 500, 503] {
        let wallet = TestWallet::obedient();
        let bill = Bill::good();
        let shop = Shop::asking(&bill, status, &[bill.challenge()]).await;
        let response = client(&wallet).get(shop.url("/")).send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()["www-authenticate"], bill.challenge());
        assert_eq!(Receipt::of(&response), None);
        assert_eq!(wallet.payments(), [], "{status}");
        assert_eq!(shop.requests().await.len(), 1);
    }
}

#[tokio::test]
async fn a_cap_of_nothing_pays_nothing() {
    let wallet = TestWallet::obedient();
    let shop = Shop::selling(&Bill::with_amount(Msat::from_msat(1))).await;
    let client = builder(&wallet).budget(capped(Msat::ZERO)).build().unwrap();
    let error = client.get(shop.url("/")).send().await.unwrap_err();
    assert!(
        matches!(&error, ClientError::Denied(Denial::OverCap { cap, .. }) if cap.limit.is_zero()),
        "{error:?}"
    );
    assert_eq!(wallet.payments(), []);
}

#[tokio::test]
async fn an_invoice_that_expires_while_the_client_runs_is_refused() {
    let (wallet, clock) = (TestWallet::obedient(), ManualClock::at(NOW));
    let client = builder(&wallet).clock(clock.clone()).build().unwrap();
    let shop = Shop::selling(&Bill::good()).await;
    client.get(shop.url("/")).send().await.unwrap();
    clock.advance(INVOICE_EXPIRY);
    let error = client.get(shop.url("/other")).send().await.unwrap_err();
    assert!(matches!(error, ClientError::Expired { .. }), "{error:?}");
    assert_eq!(wallet.payments().len(), 1);
}

#[tokio::test]
async fn a_server_that_asks_again_and_again_is_paid_once() {
    let wallet = TestWallet::obedient();
    let bill = Bill::good();
    let greedy = answer(402, &[bill.challenge()]);
    let shop = Shop::answering(&bill, greedy.clone(), greedy).await;

    let error = client(&wallet).get(shop.url("/")).send().await.unwrap_err();

    let ClientError::StillPaymentRequired { receipt } = &error else { panic!("{error:?}") };
    assert_eq!((receipt.amount, receipt.payment_hash), (PRICE, preimage().payment_hash()));
    assert_eq!(error.spent(), Spent::Paid(receipt.clone()));
    assert_eq!(wallet.payments().len(), 1);
    assert_eq!(shop.requests().await.len(), 2);
}

#[tokio::test]
async fn a_server_that_takes_the_money_and_hangs_up_leaves_a_receipt() {
    let wallet = TestWallet::obedient();
    let challenge = Bill::good().challenge();
    let bill = format!(
        "HTTP/1.1 402 Payment Required\r\nwww-authenticate: {challenge}\r\nconnection: close\r\n\
         content-length: 0\r\n\r\n"
    );
    let url = raw_server(vec![bill, String::new()]) + "/report?key=topsecret";

    let error = client(&wallet).get(url).send().await.unwrap_err();

    let ClientError::PaidRequestFailed { receipt, source } = &error else { panic!("{error:?}") };
    assert_eq!(receipt.amount, PRICE);
    assert_eq!(error.spent(), Spent::Paid(receipt.clone()));
    assert_eq!(source.as_reqwest().unwrap().url().map(|url| url.path()), Some("/report"));
    assert!(!format!("{error:?} {source}").contains("topsecret"), "{error:?}");
    assert_eq!(wallet.payments().len(), 1);
}

#[tokio::test]
async fn a_server_that_hangs_up_at_once_costs_nothing() {
    let wallet = TestWallet::obedient();
    let url = raw_server(vec![String::new()]).replace("http://", "http://user:hush@");
    let request =
        reqwest::Request::new(reqwest::Method::GET, format!("{url}/?key=hush#hush").parse().unwrap());

    let error = client(&wallet).execute(request).await.unwrap_err();

    let ClientError::Http(source) = &error else { panic!("{error:?}") };
    assert!(source.as_reqwest().unwrap().url().is_some());
    assert!(!format!("{error:?} {source}").contains("hush"), "{error:?}");
    assert_eq!(error.spent(), Spent::Nothing);
    assert_eq!(wallet.payments(), []);
}

#[tokio::test]
async fn a_server_that_never_answers_costs_nothing_but_the_timeout() {
    let wallet = TestWallet::obedient();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let error = client(&wallet).get(url).timeout(Duration::from_millis(10)).send().await.unwrap_err();
    assert!(matches!(&error, ClientError::Http(source) if source.is_timeout()), "{error:?}");
    assert_eq!(wallet.payments(), []);
}

#[tokio::test]
async fn a_url_that_is_none_is_an_error_of_send() {
    let wallet = TestWallet::obedient();
    for url in ["not a url", "/report", "ftp://127.0.0.1/", "http://"] {
        let error = client(&wallet).get(url).send().await.unwrap_err();
        assert!(matches!(error, ClientError::Http(_)), "{url}: {error:?}");
    }
}

/// The answer is no TLS, which only a client that speaks TLS can tell.
#[cfg(feature = "rustls")]
#[tokio::test]
async fn https_is_spoken_by_default() {
    let wallet = TestWallet::obedient();
    let shop = Shop::selling(&Bill::good()).await;
    let error = client(&wallet).get(shop.url("/").replace("http:", "https:")).send().await.unwrap_err();
    assert!(
        matches!(&error, ClientError::Http(source) if source.as_reqwest().is_some_and(|error| error.is_connect())),
        "{error:?}"
    );
}

/// A name that stands for this machine, but not in the way that the rule knows.
#[tokio::test]
async fn plain_http_is_not_paid_over() {
    let wallet = TestWallet::obedient();
    let shop = Shop::selling(&Bill::good()).await;
    let http = reqwest::Client::builder()
        .resolve("shop.example", ([127, 0, 0, 1], shop.port()).into())
        .build()
        .unwrap();
    let client = builder(&wallet).http_client(http).build().unwrap();
    let url = format!("http://shop.example:{}/report?key=hush", shop.port());

    let error = client.get(url).send().await.unwrap_err();

    let ClientError::NotConfidential { origin } = &error else { panic!("{error:?}") };
    assert_eq!(*origin, format!("http://shop.example:{}", shop.port()));
    assert_eq!(wallet.payments(), []);
    assert_eq!(shop.requests().await.len(), 1);
}

#[tokio::test]
async fn plain_http_to_a_service_of_tor_is_paid_over() {
    let wallet = TestWallet::obedient();
    let shop = Shop::selling(&Bill::good()).await;
    let http = reqwest::Client::builder()
        .resolve("expyuzz4wqqyqhjn.onion", ([127, 0, 0, 1], shop.port()).into())
        .build()
        .unwrap();
    let client = builder(&wallet).http_client(http).build().unwrap();
    client.get(format!("http://expyuzz4wqqyqhjn.onion:{}/", shop.port())).send().await.unwrap();
    assert_eq!(wallet.payments().len(), 1);
}

/// A body that can be read once only.
fn stream() -> reqwest::Body {
    reqwest::Body::wrap(reqwest::Body::from("streamed"))
}

#[tokio::test]
async fn a_streamed_body_is_sent_but_not_paid_for() {
    let wallet = TestWallet::obedient();
    let shop = Shop::selling(&Bill::good()).await;
    let error = client(&wallet).post(shop.url("/")).body(stream()).send().await.unwrap_err();
    assert!(matches!(error, ClientError::BodyNotReplayable), "{error:?}");
    assert_eq!(error.spent(), Spent::Nothing);
    assert_eq!(wallet.payments(), []);
    let requests = shop.requests().await;
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].body, b"streamed");
}

#[tokio::test]
async fn a_streamed_body_is_fine_where_nothing_is_to_pay() {
    let wallet = TestWallet::obedient();
    let shop = Shop::with(|_| ResponseTemplate::new(204)).await;
    let response = client(&wallet).post(shop.url("/")).body(stream()).send().await.unwrap();
    assert_eq!(response.status(), 204);
}

#[tokio::test]
async fn an_authorization_of_the_callers_own_is_not_replaced() {
    let wallet = TestWallet::obedient();
    let bill = Bill::good();
    let shop = Shop::selling(&bill).await;
    let client = client(&wallet);
    let with_user = shop.url("/").replace("http://", "http://user:password@");
    for request in [
        client.get(shop.url("/")).header("authorization", "Bearer hush"),
        client.get(shop.url("/")).map(|request| request.basic_auth("user", Some("hush"))),
        client.get(with_user),
        client.get(shop.url("/")).header("authorization", bill.credential().replace("5a", "5b")),
    ] {
        let error = request.send().await.unwrap_err();
        assert!(matches!(error, ClientError::AuthorizationInUse), "{error:?}");
        assert_eq!(error.spent(), Spent::Nothing);
    }
    assert_eq!(wallet.payments(), []);
    assert_eq!(shop.requests().await.len(), 4);
}

#[tokio::test]
async fn an_authorization_of_the_callers_own_is_sent() {
    let wallet = TestWallet::obedient();
    let bill = Bill::good();
    let shop = Shop::selling(&bill).await;
    let request = client(&wallet).get(shop.url("/")).header("authorization", bill.credential());
    let response = request.send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), "the goods");
    assert_eq!(wallet.payments(), []);
}
