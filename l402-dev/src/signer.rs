//! The node's key, the preimages that follow from its seed, and the invoices it signs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bitcoin_hashes::{Hash, HashEngine, Hmac, HmacEngine, sha256};
use l402_core::ports::{BackendError, BackendErrorKind, NewInvoice};
use l402_core::{Msat, PaymentHash, Preimage, UnixTime};
use lightning_invoice::{
    Bolt11Invoice, Bolt11InvoiceDescription, CreationError, Currency, DEFAULT_MIN_FINAL_CLTV_EXPIRY_DELTA,
    Description, InvoiceBuilder, PaymentSecret, Sha256,
};
use secp256k1::{PublicKey, Secp256k1, SecretKey, SignOnly};

use crate::error::{DevNodeError, backend_error};

/// The longest description an invoice can hold: 1023 digits of 5 bits.
const MAX_DESCRIPTION_BYTES: usize = 639;

/// Signs invoices. A random node is one whose seed is random, so there is one way only to make secrets.
pub(crate) struct Signer {
    seed: [u8; 32],
    secrets: HmacEngine<sha256::Hash>,
    node_key: SecretKey,
    secp: Secp256k1<SignOnly>,
    next_invoice: AtomicU64,
}

/// An invoice and what its payee knows of it.
pub(crate) struct SignedInvoice {
    /// Its place among all that were signed.
    pub(crate) number: u64,
    pub(crate) bolt11: String,
    pub(crate) preimage: Preimage,
    pub(crate) payment_hash: PaymentHash,
    pub(crate) amount: Msat,
    pub(crate) description: String,
    pub(crate) created_at: UnixTime,
    pub(crate) expires_at: UnixTime,
}

/// What is to be signed.
pub(crate) struct Draft {
    pub(crate) amount: Msat,
    pub(crate) description: String,
    /// What stands in the invoice instead of the description.
    pub(crate) description_hash: Option<[u8; 32]>,
    pub(crate) created_at: UnixTime,
    pub(crate) expires_in: Duration,
    pub(crate) currency: Currency,
}

impl Draft {
    pub(crate) fn new(request: NewInvoice, now: UnixTime) -> Self {
        let NewInvoice { amount, description, expires_in, .. } = request;
        let currency = Currency::Regtest;
        Self { amount, description, description_hash: None, created_at: now, expires_in, currency }
    }
}

impl Signer {
    pub(crate) fn from_seed(seed: [u8; 32]) -> Result<Self, DevNodeError> {
        let secrets = HmacEngine::new(&seed);
        let node_key =
            SecretKey::from_slice(&derive(&secrets, b"node key", 0)).map_err(|_| DevNodeError::Seed)?;
        let next_invoice = AtomicU64::new(0);
        Ok(Self { seed, secrets, node_key, secp: Secp256k1::signing_only(), next_invoice })
    }

    /// A Nostr key of the account of this number.
    #[cfg(feature = "nwc")]
    pub(crate) fn nostr_key(&self, account: usize, role: &str) -> [u8; 32] {
        derive(&self.secrets, format!("nostr {role}").as_bytes(), account as u64)
    }

    /// Everything that signatures and secrets follow from, and how many invoices there were.
    pub(crate) fn position(&self) -> ([u8; 32], u64) {
        (self.seed, self.next_invoice.load(Ordering::Relaxed))
    }

    /// Goes on after `invoices`, so that no preimage is used twice.
    pub(crate) fn skip_to(&self, invoices: u64) {
        self.next_invoice.store(invoices, Ordering::Relaxed);
    }

    /// The preimage of the invoice of this number.
    pub(crate) fn preimage(&self, number: u64) -> Preimage {
        Preimage::from_bytes(derive(&self.secrets, b"preimage", number))
    }

    pub(crate) fn node_id(&self) -> [u8; 33] {
        PublicKey::from_secret_key(&self.secp, &self.node_key).serialize()
    }

    /// The secret with which software opens the account of this number, to spend or to receive only.
    pub(crate) fn account_key(&self, account: usize, may_spend: bool) -> [u8; 32] {
        let kind: &[u8] = if may_spend { b"spend key" } else { b"receive key" };
        derive(&self.secrets, kind, account as u64)
    }

    /// Signs an invoice with a preimage never used before by this signer.
    pub(crate) fn sign(&self, draft: Draft) -> Result<SignedInvoice, BackendError> {
        let Draft { amount, mut description, description_hash, created_at, expires_in, currency } = draft;
        if amount.is_zero() {
            // BOLT 11 would let the payer choose.
            return Err(invalid("an invoice needs an amount above zero"));
        }
        truncate_at_char(&mut description, MAX_DESCRIPTION_BYTES);
        let number = self.next_invoice.fetch_add(1, Ordering::Relaxed);
        let preimage = self.preimage(number);
        let payment_hash = preimage.payment_hash();
        let payment_secret = PaymentSecret(derive(&self.secrets, b"payment secret", number));

        let invoice = InvoiceBuilder::new(currency)
            .amount_milli_satoshis(amount.as_msat())
            .invoice_description(invoice_description(&description, description_hash)?)
            .payment_hash(sha256::Hash::from_byte_array(*payment_hash.as_bytes()))
            .payment_secret(payment_secret)
            .duration_since_epoch(Duration::from_secs(created_at.as_secs()))
            .expiry_time(expires_in)
            .min_final_cltv_expiry_delta(DEFAULT_MIN_FINAL_CLTV_EXPIRY_DELTA)
            .build_signed(|message| self.secp.sign_ecdsa_recoverable(message, &self.node_key))
            .map_err(|error: CreationError| invalid(error.to_string()))?;

        let expires_at = expires_at(&invoice)?;
        let bolt11 = invoice.to_string();
        Ok(SignedInvoice {
            number,
            bolt11,
            preimage,
            payment_hash,
            amount,
            description,
            created_at,
            expires_at,
        })
    }
}

impl SignedInvoice {
    /// Whether `text` is this invoice, which may be written in capitals as well, as in QR codes.
    pub(crate) fn is_written_as(&self, text: &str) -> bool {
        self.bolt11.eq_ignore_ascii_case(text)
    }
}

/// The secret number `number` of its kind: HMAC-SHA256 of both under the seed.
fn derive(secrets: &HmacEngine<sha256::Hash>, kind: &[u8], number: u64) -> [u8; 32] {
    let mut mac = secrets.clone();
    mac.input(kind);
    mac.input(&number.to_be_bytes());
    Hmac::from_engine(mac).to_byte_array()
}

fn invoice_description(text: &str, hash: Option<[u8; 32]>) -> Result<Bolt11InvoiceDescription, BackendError> {
    if let Some(hash) = hash {
        return Ok(Bolt11InvoiceDescription::Hash(Sha256(sha256::Hash::from_byte_array(hash))));
    }
    let text = Description::new(text.to_owned()).map_err(|error| invalid(error.to_string()))?;
    Ok(Bolt11InvoiceDescription::Direct(text))
}

/// From the invoice rather than the request: what payers will read.
fn expires_at(invoice: &Bolt11Invoice) -> Result<UnixTime, BackendError> {
    let since_epoch = invoice.expires_at().ok_or_else(|| invalid("the expiry is too far away"))?;
    Ok(UnixTime::from_secs(since_epoch.as_secs()))
}

/// `str::floor_char_boundary` is younger than the oldest compiler supported.
fn truncate_at_char(text: &mut String, max_bytes: usize) {
    let fits = (0..=max_bytes.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    text.truncate(fits.unwrap_or(0));
}

fn invalid(reason: impl Into<String>) -> BackendError {
    backend_error(BackendErrorKind::InvalidInvoice).with_source(reason.into())
}
