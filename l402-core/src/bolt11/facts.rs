//! [`InvoiceFacts`]: what money depends on, from a text whose signature was checked.

use core::fmt;
use core::str::FromStr;

use lightning_invoice::{
    Bolt11Invoice, Bolt11SemanticError, Currency, DEFAULT_EXPIRY_TIME, SignedRawBolt11Invoice,
};

use super::{InvoiceError, MAX_LEN};
use crate::amount::Msat;
use crate::codec::fmt_hex;
use crate::hash::{PaymentHash, public_bytes};
use crate::network::Network;
use crate::time::UnixTime;

/// What an invoice says, for those who pay it.
///
/// ```
/// use l402_core::bolt11::InvoiceFacts;
/// use l402_core::{Msat, Network};
///
/// let facts: InvoiceFacts = "lntb5u1p0pskpmpp5jzw9xvdast2g5lm5tswq6n64t2epe3f4xav43dyd239qr8h3yllqdqqcqzpg\
///     sp5m8sfjqgugthk66q3tr4gsqr5rh740jrq9x4l0kvj5e77nmwqvpnq9qy9qsq72afzu7sfuppzqg3q2pn49hlh66rv7w60h2ruahx857g94\
///     s066yzxcjn4yccqc79779sd232v9ewluvu0tmusvht6r99rld8xsk287cpyac79r".parse()?;
/// assert_eq!(facts.amount, Some(Msat::from_sat(500)));
/// assert_eq!(facts.network, Network::Testnet);
/// assert_eq!(facts.payee.to_string(), "0206d56900d992a784d4b82a629541cafe990e639c01a0f6b2e5cb6f33c7939630");
/// # Ok::<(), l402_core::bolt11::InvoiceError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvoiceFacts {
    /// What it costs; `None` when the payer is to choose.
    pub amount: Option<Msat>,
    /// What the preimage will hash to.
    pub payment_hash: PaymentHash,
    /// When it stops being payable.
    pub expires_at: UnixTime,
    /// The network to pay on.
    pub network: Network,
    /// Who signed it and gets the money.
    pub payee: NodeId,
}

/// The public key of a Lightning node: a compressed point of secp256k1, 33 bytes. It is what nodes are known by.
///
/// An invoice names its payee, or leaves the key to be recovered from its signature; both are the same here.
/// (BOLT 11, field `n`.)
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId([u8; 33]);

public_bytes!(NodeId, 33);

/// Reads an invoice in full, with checksum and signature.
impl FromStr for InvoiceFacts {
    type Err = InvoiceError;

    fn from_str(text: &str) -> Result<Self, InvoiceError> {
        if text.len() > MAX_LEN {
            return Err(InvoiceError::TooLong);
        }
        let signed: SignedRawBolt11Invoice = text.parse().map_err(|_| InvoiceError::Malformed)?;
        if !is_payable(&signed) {
            return Err(InvoiceError::Malformed);
        }
        let network = match signed.currency() {
            Currency::Bitcoin => Network::Bitcoin,
            Currency::BitcoinTestnet => Network::Testnet,
            Currency::Signet => Network::Signet,
            Currency::Regtest => Network::Regtest,
            Currency::Simnet => return Err(InvoiceError::UnknownNetwork),
        };
        let created_at = signed.raw_invoice().data.timestamp.as_unix_timestamp();
        let lifetime = signed.expiry_time().map_or(DEFAULT_EXPIRY_TIME, |expiry| expiry.as_seconds());
        let expires_at = created_at.checked_add(lifetime).ok_or(InvoiceError::Malformed)?;
        let payment_hash: [u8; 32] = *signed.payment_hash().ok_or(InvoiceError::Malformed)?.0.as_ref();
        let payee = match signed.payee_pub_key() {
            Some(payee) => payee.0,
            None => signed.recover_payee_pub_key().map_err(|_| InvoiceError::Malformed)?.0,
        };
        // An amount that overflows is no amount to the library, which would leave it to the payer.
        let amount = match (signed.amount_pico_btc(), signed.raw_invoice().hrp.raw_amount) {
            (None, Some(_)) => return Err(InvoiceError::Malformed),
            (pico_btc, _) => pico_btc.map(|pico_btc| Msat::from_msat(pico_btc / 10)),
        };
        Ok(Self {
            amount,
            payment_hash: PaymentHash::from_bytes(payment_hash),
            expires_at: UnixTime::from_secs(expires_at),
            network,
            payee: NodeId(payee.serialize()),
        })
    }
}

/// Whether a payer may rely on it: its fields, features, signature and amount are as BOLT 11 wants them.
///
/// An invoice without a feature field may pass, which the library refuses: the two features that it asks for,
/// `var_onion_optin` and `payment_secret`, are ASSUMED (BOLT 9), so that writers leave them out. The payment secret
/// itself must be there.
fn is_payable(signed: &SignedRawBolt11Invoice) -> bool {
    match Bolt11Invoice::from_signed(signed.clone()) {
        Ok(_) => true,
        // Fields and payment secret were looked at before the features, and nothing else yet.
        Err(Bolt11SemanticError::InvalidFeatures) => {
            let is_exact = signed.amount_pico_btc().is_none_or(|pico_btc| pico_btc % 10 == 0);
            signed.features().is_none()
                && signed.payment_secret().is_some()
                && is_exact
                && signed.check_signature()
        }
        Err(_) => false,
    }
}
