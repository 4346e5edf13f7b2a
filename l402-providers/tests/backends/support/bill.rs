//! Signed invoices, and their preimages.

use std::time::Duration;

use l402_core::ports::{InvoiceProvider, NewInvoice, PayOutcome, PayRequest, Wallet};
use l402_core::{Msat, PaymentHash};
use l402_dev::DevNode;

/// An invoice for regtest, and everything its payee knows of it.
pub(crate) struct Bill {
    pub(crate) amount: Msat,
    pub(crate) bolt11: String,
    pub(crate) hash: PaymentHash,
    pub(crate) preimage: String,
}

impl Bill {
    /// An invoice for 21 sat.
    pub(crate) fn new() -> Self {
        Self::of(Msat::from_sat(21))
    }

    pub(crate) fn of(amount: Msat) -> Self {
        let node = DevNode::new().unwrap();
        let invoice = node.provider().create_invoice(order(amount)).into_ready().unwrap().unwrap();
        let pay = PayRequest::new(invoice.bolt11.clone(), invoice.payment_hash, Msat::ZERO, Duration::ZERO);
        let PayOutcome::Paid(payment) = node.wallet().pay(pay).into_ready().unwrap().unwrap() else {
            panic!("the node does not pay itself")
        };
        let preimage = payment.preimage.expose_hex();
        Self { amount, bolt11: invoice.bolt11, hash: invoice.payment_hash, preimage }
    }

    /// The payment hash in standard base64.
    pub(crate) fn hash_base64(&self) -> String {
        base64(self.hash.as_bytes())
    }

    /// The preimage in standard base64.
    pub(crate) fn preimage_base64(&self) -> String {
        base64(self.preimage.parse::<l402_core::Preimage>().unwrap().expose())
    }
}

/// What a paywall asks for.
pub(crate) fn order(amount: Msat) -> NewInvoice {
    NewInvoice::new(amount, "one report".to_owned(), Duration::from_secs(600))
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0_u32, |group, &byte| group << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for index in 0..4 {
            let digit = usize::try_from(group >> (18 - 6 * index) & 63).unwrap();
            text.push(if index <= chunk.len() { ALPHABET[digit] as char } else { '=' });
        }
    }
    text
}
