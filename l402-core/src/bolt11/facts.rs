//! [`InvoiceFacts`]: what money depends on, from a text whose signature was checked.

use core::fmt;
use core::str::FromStr;

use lightning_invoice::{Bolt11Invoice, Currency};

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
        let invoice: Bolt11Invoice = text.parse().map_err(|_| InvoiceError::Malformed)?;
        let network = match invoice.currency() {
            Currency::Bitcoin => Network::Bitcoin,
            Currency::BitcoinTestnet => Network::Testnet,
            Currency::Signet => Network::Signet,
            Currency::Regtest => Network::Regtest,
            Currency::Simnet => return Err(InvoiceError::UnknownNetwork),
        };
        let expires_at = invoice.expires_at().ok_or(InvoiceError::Malformed)?;
        let amount = invoice.amount_milli_satoshis().map(Msat::from_msat);
        let payment_hash: [u8; 32] = *invoice.payment_hash().as_ref();
        let payee = NodeId(invoice.get_payee_pub_key().serialize());
        // The library calls an amount that overflows no amount at all, which would leave it to the payer.
        if amount.is_none() && invoice.into_signed_raw().raw_invoice().hrp.raw_amount.is_some() {
            return Err(InvoiceError::Malformed);
        }
        Ok(Self {
            amount,
            payment_hash: PaymentHash::from_bytes(payment_hash),
            expires_at: UnixTime::from_secs(expires_at.as_secs()),
            network,
            payee,
        })
    }
}
