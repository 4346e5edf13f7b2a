//! Wallets that fail, lie, or do not know: never asked twice, and never believed more than they prove.

use std::time::Duration;

use l402_client::{BuildError, ClientError, L402Client, Spent};
use l402_core::ports::{BackendError, BackendErrorKind, PayOutcome, Payment, WalletCapabilities};
use l402_core::{Msat, Preimage};

use crate::support::{Bill, PRICE, Shop, TestWallet, builder, client, preimage};

/// Every kind of failure, and whether an error of this kind leaves open what became of the money.
const KINDS: [(BackendErrorKind, bool); 17] = [
    (BackendErrorKind::Auth, false),
    (BackendErrorKind::Forbidden, false),
    (BackendErrorKind::RateLimited { retry_after: Some(Duration::from_secs(1)) }, false),
    (BackendErrorKind::InvalidInvoice, false),
    (BackendErrorKind::Expired, false),
    (BackendErrorKind::AlreadyPaid, true),
    (BackendErrorKind::InFlight, true),
    (BackendErrorKind::NoRoute, false),
    (BackendErrorKind::InsufficientBalance, false),
    (BackendErrorKind::LimitExceeded, false),
    (BackendErrorKind::FeeTooHigh, false),
    (BackendErrorKind::SelfPayment, false),
    (BackendErrorKind::NotFound, true),
    (BackendErrorKind::Unsupported, false),
    (BackendErrorKind::Unavailable, true),
    (BackendErrorKind::Timeout, true),
    (BackendErrorKind::Protocol, true),
];

/// Buys with this wallet, and checks that it is asked once and that nothing is shown to the server.
async fn failure(wallet: TestWallet) -> ClientError {
    let shop = Shop::selling(&Bill::good()).await;
    let error = client(&wallet).get(shop.url("/")).send().await.unwrap_err();
    assert_eq!(wallet.payments().len(), 1, "{error:?}");
    assert_eq!(shop.requests().await.len(), 1, "{error:?}");
    error
}

fn unknown() -> Spent {
    Spent::Unknown { payment_hash: preimage().payment_hash(), amount: PRICE }
}

#[tokio::test]
async fn a_preimage_of_another_payment_proves_nothing() {
    for wrong in [[0; 32], [0xff; 32]] {
        let paid = move || Ok(PayOutcome::Paid(Payment::new(Preimage::from_bytes(wrong), None)));
        let error = failure(TestWallet::answering(paid)).await;
        assert!(matches!(error, ClientError::PreimageMismatch { .. }), "{error:?}");
        assert_eq!(error.spent(), unknown());
    }
}

#[tokio::test]
async fn a_pending_payment_may_have_been_made() {
    let error = failure(TestWallet::answering(|| Ok(PayOutcome::Pending))).await;
    let ClientError::PaymentPending { payment_hash, amount, source: None } = &error else {
        panic!("{error:?}")
    };
    assert_eq!((*payment_hash, *amount), (preimage().payment_hash(), PRICE));
    assert_eq!(error.spent(), unknown());
    assert!(error.to_string().contains(&payment_hash.to_string()), "what to look up: {error}");
}

#[tokio::test]
async fn a_failed_payment_costs_nothing() {
    for (kind, _) in KINDS {
        let error = failure(TestWallet::answering(move || Ok(PayOutcome::Failed(kind)))).await;
        assert!(matches!(&error, ClientError::PaymentFailed { kind: k, .. } if *k == kind), "{error:?}");
        assert_eq!(error.spent(), Spent::Nothing);
    }
}

#[tokio::test]
async fn an_error_leaves_open_what_it_does_not_rule_out() {
    for (kind, open) in KINDS {
        let error = failure(TestWallet::answering(move || Err(BackendError::new("test", kind)))).await;
        if open {
            assert!(matches!(error, ClientError::PaymentPending { source: Some(_), .. }), "{error:?}");
            assert_eq!(error.spent(), unknown(), "{kind:?}");
        } else {
            assert!(
                matches!(&error, ClientError::PaymentFailed { kind: k, source: Some(_) } if *k == kind),
                "{error:?}"
            );
            assert_eq!(error.spent(), Spent::Nothing, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn what_the_wallet_says_is_the_source_of_the_error() {
    let wallet = TestWallet::answering(|| {
        Err(BackendError::new("test", BackendErrorKind::Unavailable).with_source("connection refused"))
    });
    let error = failure(wallet).await;
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "test: the backend cannot be reached");
    assert_eq!(source.source().unwrap().to_string(), "connection refused");
}

#[test]
fn a_wallet_without_preimages_is_refused_before_anything_is_sent() {
    let wallet =
        TestWallet::obedient().with_capabilities(WalletCapabilities::FULL.with_preimage_on_pay(false));
    let error = L402Client::builder(wallet.clone()).build().unwrap_err();
    assert!(matches!(error, BuildError::NoPreimages), "{error:?}");
    assert_eq!(wallet.payments(), []);
}

#[tokio::test]
async fn a_wallet_without_lookup_or_fee_limit_will_do() {
    let least = WalletCapabilities::FULL.with_lookup(false).with_fee_limit(false);
    let wallet = TestWallet::obedient().with_capabilities(least);
    let shop = Shop::selling(&Bill::good()).await;
    client(&wallet).get(shop.url("/")).send().await.unwrap();
    assert_eq!(wallet.payments()[0].max_fee, Msat::from_sat(10));
}

#[test]
fn a_payment_needs_some_time() {
    let error = builder(&TestWallet::obedient()).pay_timeout(Duration::ZERO).build().unwrap_err();
    assert!(matches!(error, BuildError::ZeroPayTimeout), "{error:?}");
}
