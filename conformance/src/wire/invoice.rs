//! Reading BOLT11 invoices.

use lightning_invoice::SignedRawBolt11Invoice;

/// The payment hash of an invoice whose checksum and signature are right.
pub(crate) fn payment_hash(invoice: &str) -> Result<[u8; 32], String> {
    let invoice: SignedRawBolt11Invoice = invoice.parse().map_err(|error| format!("{error}"))?;
    if !invoice.check_signature() {
        return Err("the signature is wrong".to_owned());
    }
    let hash = invoice.payment_hash().ok_or("it has no payment hash")?;
    Ok(*hash.0.as_ref())
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
    fn the_payment_hash_is_read() {
        let hash = unhex32("909c5331bd82d48a7f745c1c0d4f555ab21cc535375958b48d544a019ef127fe").unwrap();
        assert_eq!(payment_hash(INVOICE), Ok(hash));
        assert_eq!(payment_hash(&INVOICE.to_uppercase()), Ok(hash));
    }

    #[test]
    fn what_is_no_invoice_is_refused() {
        assert!(payment_hash("DEV:61e6a404").is_err());
        assert!(payment_hash("").is_err());
        assert!(payment_hash(&INVOICE.replace("lntb5u", "lntb6u")).is_err());
    }
}
