//! Reading BOLT11 invoices.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lightning_invoice::SignedRawBolt11Invoice;

/// What an invoice says, whose checksum and signature are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invoice {
    pub(crate) payment_hash: [u8; 32],
    /// `None` if whoever pays chooses.
    pub(crate) amount_msat: Option<u64>,
    /// When it expires, in seconds since 1970.
    pub(crate) expires_at: u64,
    pub(crate) network: String,
}

/// What BOLT 11 says where an invoice says nothing.
const DEFAULT_EXPIRY: Duration = Duration::from_secs(3600);

impl Invoice {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let invoice: SignedRawBolt11Invoice = text.parse().map_err(|error| format!("{error}"))?;
        if !invoice.check_signature() {
            return Err("the signature is wrong".to_owned());
        }
        let hash = invoice.payment_hash().ok_or("it has no payment hash")?;
        let raw = invoice.raw_invoice();
        let expiry = raw.expiry_time().map_or(DEFAULT_EXPIRY, |expiry| *expiry.as_duration());
        let created = raw.data.timestamp.as_duration_since_epoch();
        Ok(Self {
            payment_hash: *hash.0.as_ref(),
            amount_msat: raw.amount_pico_btc().map(|pico| pico / 10),
            expires_at: created.saturating_add(expiry).as_secs(),
            network: raw.currency().to_string(),
        })
    }

    /// How many seconds are left to pay it.
    pub(crate) fn seconds_left(&self) -> u64 {
        self.expires_at.saturating_sub(now())
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::unhex32;

    /// From aperture's `l402/client_interceptor_test.go`.
    const INVOICE: &str = "lntb5u1p0pskpmpp5jzw9xvdast2g5lm5tswq6n64t2epe3f4xav43dyd239qr8h3yllqdqqcqzpgsp5m8sfj\
        qgugthk66q3tr4gsqr5rh740jrq9x4l0kvj5e77nmwqvpnq9qy9qsq72afzu7sfuppzqg3q2pn49hlh66rv7w60h2ruahx857g94s066yz\
        xcjn4yccqc79779sd232v9ewluvu0tmusvht6r99rld8xsk287cpyac79r";

    #[test]
    fn what_it_says_is_read() {
        let hash = unhex32("909c5331bd82d48a7f745c1c0d4f555ab21cc535375958b48d544a019ef127fe").unwrap();
        let invoice = Invoice::parse(INVOICE).unwrap();
        assert_eq!((invoice.payment_hash, invoice.amount_msat), (hash, Some(500_000)));
        assert_eq!((invoice.network.as_str(), invoice.seconds_left()), ("tb", 0));
        assert_eq!(Invoice::parse(&INVOICE.to_uppercase()), Ok(invoice));
    }

    #[test]
    fn what_is_no_invoice_is_refused() {
        assert!(Invoice::parse("DEV:61e6a404").is_err());
        assert!(Invoice::parse("").is_err());
        assert!(Invoice::parse(&INVOICE.replace("lntb5u", "lntb6u")).is_err());
    }
}
