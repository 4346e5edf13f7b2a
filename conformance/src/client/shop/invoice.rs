//! Invoices that no honest node writes, rightly signed.

use std::time::{Duration, SystemTime};

use bitcoin_hashes::{Hash, sha256};
use lightning_invoice::{
    Currency, InvoiceBuilder, PaymentSecret, PositiveTimestamp, RawBolt11Invoice, SiPrefix,
};
use secp256k1::{PublicKey, Secp256k1, SecretKey};

/// What an invoice says that the development node would not write.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// The number after the currency and its multiplier, as they are written; `None` for an invoice without amount.
    pub(crate) amount: Option<(u64, Option<SiPrefix>)>,
    pub(crate) currency: Currency,
    /// How long ago it expired; it has an hour left without.
    pub(crate) expired_for: Option<Duration>,
    /// The signature is not that of the payee it names.
    pub(crate) forged: bool,
}

impl Draft {
    /// Ten satoshi on the network of the development node.
    pub(crate) const GOOD: Self = Self {
        amount: Some((100, Some(SiPrefix::Nano))),
        currency: Currency::Regtest,
        expired_for: None,
        forged: false,
    };

    pub(crate) const fn of(amount: u64, prefix: Option<SiPrefix>) -> Self {
        Self { amount: Some((amount, prefix)), ..Self::GOOD }
    }
}

const EXPIRY: Duration = Duration::from_secs(3600);

const PAYEE: [u8; 32] = [0x11; 32];
const SOMEBODY_ELSE: [u8; 32] = [0x22; 32];

/// Writes and signs it. Empty if the library refuses, which it does for none of the drafts here.
pub(crate) fn sign(draft: &Draft, payment_hash: [u8; 32]) -> String {
    try_sign(draft, payment_hash).unwrap_or_default()
}

fn try_sign(draft: &Draft, payment_hash: [u8; 32]) -> Option<String> {
    let secp = Secp256k1::new();
    let payee = SecretKey::from_slice(&PAYEE).ok()?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let age = draft.expired_for.map_or(Duration::ZERO, |expired| EXPIRY + expired);
    let mut invoice: RawBolt11Invoice = InvoiceBuilder::new(draft.currency.clone())
        .description("conformance".to_owned())
        .payment_hash(sha256::Hash::from_byte_array(payment_hash))
        .payment_secret(PaymentSecret([0x33; 32]))
        .payee_pub_key(PublicKey::from_secret_key(&secp, &payee))
        .duration_since_epoch(Duration::from_secs(now.as_secs()))
        .expiry_time(EXPIRY)
        .min_final_cltv_expiry_delta(80)
        .build_raw()
        .ok()?;
    invoice.data.timestamp = PositiveTimestamp::from_unix_timestamp((now - age).as_secs()).ok()?;
    invoice.hrp.raw_amount = draft.amount.map(|(amount, _)| amount);
    invoice.hrp.si_prefix = draft.amount.and_then(|(_, prefix)| prefix);
    let key = if draft.forged { SecretKey::from_slice(&SOMEBODY_ELSE).ok()? } else { payee };
    let signed = invoice.sign::<_, ()>(|message| Ok(secp.sign_ecdsa_recoverable(message, &key)));
    Some(signed.ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use lightning_invoice::{Sha256, SignedRawBolt11Invoice};

    fn read(draft: &Draft) -> SignedRawBolt11Invoice {
        sign(draft, [9; 32]).parse().unwrap()
    }

    #[test]
    fn drafts_become_invoices() {
        let good = read(&Draft::GOOD);
        assert!(good.check_signature());
        assert_eq!(good.payment_hash(), Some(&Sha256(sha256::Hash::from_byte_array([9; 32]))));
        assert!(sign(&Draft::GOOD, [9; 32]).starts_with("lnbcrt100n1"));
        assert!(sign(&Draft { amount: None, ..Draft::GOOD }, [9; 32]).starts_with("lnbcrt1p"));
        assert!(sign(&Draft::of(1, None), [9; 32]).starts_with("lnbcrt11"));
        assert!(
            sign(&Draft { currency: Currency::Bitcoin, ..Draft::GOOD }, [9; 32]).starts_with("lnbc100n1")
        );
        assert!(!read(&Draft { forged: true, ..Draft::GOOD }).check_signature());
        let expired = read(&Draft { expired_for: Some(Duration::from_secs(60)), ..Draft::GOOD });
        assert!(expired.raw_invoice().data.timestamp < good.raw_invoice().data.timestamp);
    }
}
