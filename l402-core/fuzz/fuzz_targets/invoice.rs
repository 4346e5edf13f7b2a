//! Invoices, as they are and with their checksum put right: what is accepted, with the signature and without, says what
//! a plain reader of the same characters finds, in either case. What is rightly signed is read without the signature, too.

#![no_main]

use l402_core::bolt11::{InvoiceError, InvoiceFacts, InvoiceTerms};
use l402_core_fuzz::plain_invoice::{PlainInvoice, with_checksum};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    check(text);
    if let Some(repaired) = with_checksum(text) {
        check(&repaired);
    }
});

fn check(text: &str) {
    let terms: Result<InvoiceTerms, InvoiceError> = text.parse();
    let facts: Result<InvoiceFacts, InvoiceError> = text.parse();
    assert_eq!(terms == Err(InvoiceError::TooLong), text.len() > 4096);
    assert_eq!(facts == Err(InvoiceError::TooLong), text.len() > 4096);
    let Ok(terms) = terms else {
        assert!(facts.is_err(), "signed, and not read without the signature");
        return;
    };
    assert_eq!(text.to_ascii_lowercase().parse(), Ok(terms));
    assert_eq!(text.to_ascii_uppercase().parse(), Ok(terms));
    let plain = PlainInvoice::read(text);
    assert_eq!((terms.amount, terms.payment_hash), (plain.amount, plain.payment_hash));
    assert_eq!((terms.expires_at, terms.network), (plain.expires_at, plain.network));

    let Ok(facts) = facts else { return };
    assert_eq!(text.to_ascii_lowercase().parse(), Ok(facts));
    assert_eq!(text.to_ascii_uppercase().parse(), Ok(facts));
    assert_eq!((terms.amount, terms.payment_hash), (facts.amount, facts.payment_hash));
    assert_eq!((terms.expires_at, terms.network), (facts.expires_at, facts.network));
}
