//! [`InvoiceTerms`]: what an invoice asks for, its signature left to whoever pays.

use core::str::FromStr;

use super::bech32::{self, Words};
use super::{InvoiceError, MAX_LEN, prefix};
use crate::amount::Msat;
use crate::hash::PaymentHash;
use crate::network::Network;
use crate::time::UnixTime;

/// Words of five bits. (BOLT 11, "Data Part".)
const TIMESTAMP: usize = 7;
const SIGNATURE: usize = 104;
const PAYMENT_HASH: usize = 52;

/// The tags of fields, as words.
const TAG_PAYMENT_HASH: u8 = 1;
const TAG_EXPIRY: u8 = 6;

/// Seconds, where an invoice does not say.
const DEFAULT_EXPIRY: u64 = 3600;

/// What an invoice asks for, its signature not looked at.
///
/// For sellers, about an invoice that their own provider has just made: whether it is about the amount, the payment, the
/// network and the time that it should be about. Reading it takes no memory and under a microsecond.
///
/// # Security
/// Anybody can write such a text, so **never pay by this**: that takes `InvoiceFacts`, of the feature `bolt11`. What is
/// checked is the form: the length, one case, the checksum, a known network, an amount that is exact and does not
/// overflow, fields that end where they say, exactly one payment hash, and an expiry that is a moment in time. What is
/// not: the signature, and with it the payee; description, payment secret, features and routes, which are skipped
/// like unknown fields.
///
/// A seller loses nothing by that. Its provider could send a signed invoice of somebody else's just as well, so trust in
/// the provider is not what a signature adds. An invoice that is not rightly signed cannot be paid: the buyer's wallet checks the
/// signature before it pays.
///
/// ```
/// use l402_core::bolt11::InvoiceTerms;
/// use l402_core::{Msat, Network};
///
/// let terms: InvoiceTerms = "lntb5u1p0pskpmpp5jzw9xvdast2g5lm5tswq6n64t2epe3f4xav43dyd239qr8h3yllqdqqcqzpg\
///     sp5m8sfjqgugthk66q3tr4gsqr5rh740jrq9x4l0kvj5e77nmwqvpnq9qy9qsq72afzu7sfuppzqg3q2pn49hlh66rv7w60h2ruahx857g94\
///     s066yzxcjn4yccqc79779sd232v9ewluvu0tmusvht6r99rld8xsk287cpyac79r".parse()?;
/// assert_eq!(terms.amount, Some(Msat::from_sat(500)));
/// assert_eq!(terms.network, Network::Testnet);
/// # Ok::<(), l402_core::bolt11::InvoiceError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvoiceTerms {
    /// What it costs; `None` when the payer is to choose.
    pub amount: Option<Msat>,
    /// What the preimage will hash to.
    pub payment_hash: PaymentHash,
    /// When it stops being payable.
    pub expires_at: UnixTime,
    /// The network to pay on.
    pub network: Network,
}

/// Reads an invoice with its checksum, and without its signature.
impl FromStr for InvoiceTerms {
    type Err = InvoiceError;

    fn from_str(text: &str) -> Result<Self, InvoiceError> {
        if text.len() > MAX_LEN {
            return Err(InvoiceError::TooLong);
        }
        let (prefix, words) = bech32::split(text.as_bytes()).ok_or(InvoiceError::Malformed)?;
        let (network, amount) = prefix::read(prefix)?;
        let Data { payment_hash, expires_at } = Data::read(words).ok_or(InvoiceError::Malformed)?;
        Ok(Self { amount, payment_hash, expires_at, network })
    }
}

/// What matters of the part behind the prefix.
struct Data {
    payment_hash: PaymentHash,
    expires_at: UnixTime,
}

impl Data {
    fn read(words: Words<'_>) -> Option<Self> {
        let (signed, _) = words.split_at(words.len().checked_sub(SIGNATURE)?)?;
        let (timestamp, mut fields) = signed.split_at(TIMESTAMP)?;
        let (mut payment_hash, mut expiry) = (None, None);
        while fields.len() > 0 {
            let (tag, field, rest) = next_field(fields)?;
            fields = rest;
            match tag {
                // Of another length it is another kind of hash, to be skipped.
                TAG_PAYMENT_HASH if field.len() == PAYMENT_HASH => {
                    // Of two, the payer would choose one.
                    if payment_hash.is_some() {
                        return None;
                    }
                    payment_hash = Some(PaymentHash::from_bytes(field.bytes()?));
                }
                // The first one counts, as in all implementations.
                TAG_EXPIRY => expiry = expiry.or(Some(field.number()?)),
                _ => {}
            }
        }
        let expires_at = timestamp.number()?.checked_add(expiry.unwrap_or(DEFAULT_EXPIRY))?;
        Some(Self { payment_hash: payment_hash?, expires_at: UnixTime::from_secs(expires_at) })
    }
}

/// The next field, its tag before it and what follows behind it.
fn next_field(fields: Words<'_>) -> Option<(u8, Words<'_>, Words<'_>)> {
    let (tag, fields) = fields.split_at(1)?;
    let (len, fields) = fields.split_at(2)?;
    let (field, rest) = fields.split_at(usize::try_from(len.number()?).ok()?)?;
    Some((tag.iter().next()?, field, rest))
}
