//! [`Till`]: what a shop has offered, and what was paid for.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use l402_core::Msat;
use l402_core::ports::{InvoiceProvider, NewInvoice};
use l402_dev::DevNode;

use super::invoice::{self, Draft};
use super::offer::{self, Offer, Spelled};
use crate::client::origin::Request;
use crate::wire::macaroon::{Macaroon, identifier_payment_hash};
use crate::wire::{base64, sha256, unhex32};

/// What the shop's macaroons say besides their identifier; none of it is checked.
const CAVEATS: [&str; 2] = ["services=conformance:0", "conformance_capabilities="];

/// How long an invoice can be paid.
const EXPIRY: Duration = Duration::from_secs(600);

#[derive(Debug)]
pub(crate) struct Till {
    node: DevNode,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    offers: Vec<Offer>,
    /// How often the credential of a payment hash was shown.
    uses: HashMap<[u8; 32], u32>,
}

impl Till {
    pub(crate) fn new(node: &DevNode) -> Self {
        Self { node: node.clone(), book: Mutex::default() }
    }

    pub(crate) fn offers(&self) -> Vec<Offer> {
        self.book().offers.clone()
    }

    /// An honest offer, which the node knows.
    pub(crate) fn offer(&self, price_msat: u64) -> Offer {
        self.offer_spelled(price_msat, Spelled::Anyhow)
    }

    pub(crate) fn offer_spelled(&self, price_msat: u64, spelled: Spelled) -> Offer {
        let (invoice, payment_hash) = self.invoice(price_msat);
        let macaroon = base64::encode(&self.macaroon(payment_hash, spelled));
        self.add(Offer { macaroon, invoice, payment_hash })
    }

    /// An offer with an invoice that the node does not know: whoever pays it pays somewhere else.
    pub(crate) fn offer_foreign(&self, draft: &Draft) -> Offer {
        let preimage = sha256(&self.book().offers.len().to_be_bytes());
        let payment_hash = sha256(&preimage);
        let invoice = invoice::sign(draft, payment_hash);
        let macaroon = base64::encode(&self.macaroon(payment_hash, Spelled::Anyhow));
        self.add(Offer { macaroon, invoice, payment_hash })
    }

    /// Keeps an offer that was made in another way.
    pub(crate) fn add(&self, offer: Offer) -> Offer {
        self.book().offers.push(offer.clone());
        offer
    }

    /// An invoice of the node, and its payment hash.
    pub(crate) fn invoice(&self, price_msat: u64) -> (String, [u8; 32]) {
        let order = NewInvoice::new(Msat::from_msat(price_msat), "conformance".to_owned(), EXPIRY);
        // The node answers at once, and refuses no amount that is asked for here.
        match self.node.provider().create_invoice(order).into_ready() {
            Ok(Ok(invoice)) => (invoice.bolt11, *invoice.payment_hash.as_bytes()),
            _ => Default::default(),
        }
    }

    /// The bytes of the next macaroon.
    pub(crate) fn macaroon(&self, payment_hash: [u8; 32], spelled: Spelled) -> Vec<u8> {
        offer::macaroon(payment_hash, self.book().offers.len(), &CAVEATS, spelled)
    }

    /// The offer that the request is paid for with, and how often its credential was shown, this time included.
    pub(crate) fn paid(&self, request: &Request) -> Option<(Offer, u32)> {
        let offer = self.offers().into_iter().find(|offer| is_paid_with(request, offer))?;
        let mut book = self.book();
        let uses = book.uses.entry(offer.payment_hash).or_default();
        *uses += 1;
        Some((offer, *uses))
    }

    /// No rule can stop half-way, so a panic elsewhere leaves it whole.
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As a lenient server reads it: either scheme in any case, any base64, caveats added, hex of either case.
fn is_paid_with(request: &Request, offer: &Offer) -> bool {
    request.values("authorization").any(|value| {
        let Some((scheme, rest)) = value.split_once(' ') else { return false };
        let Some((macaroon, preimage)) = rest.trim_start().rsplit_once(':') else { return false };
        ["L402", "LSAT"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
            && unhex32(preimage).is_some_and(|preimage| sha256(&preimage) == offer.payment_hash)
            && (macaroon == offer.macaroon || commits_to(macaroon, offer.payment_hash))
    })
}

fn commits_to(macaroon: &str, payment_hash: [u8; 32]) -> bool {
    let bytes = base64::decode_any(macaroon);
    let parsed = bytes.and_then(|bytes| Macaroon::parse(&bytes).ok());
    parsed.is_some_and(|parsed| identifier_payment_hash(&parsed.identifier) == Ok(payment_hash))
}
