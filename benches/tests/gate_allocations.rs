//! How often the gate asks for memory while it lets a paid request in, or makes an offer: counted, not timed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::sync::Mutex;
use std::time::Duration;

use l402_core::header::{Scheme, credential_header_value};
use l402_core::ports::{
    BackendError, Invoice, InvoiceProvider, NewInvoice, PortFuture, ProviderCapabilities, Settlement,
};
use l402_core::{
    Identifier, MasterKey, MintRequest, Msat, Network, Preimage, RequestContext, TokenId, UnixTime, Uses,
    mint,
};
use l402_dev::DevNode;
use l402_server::{Decision, Gate, OfferLimits, Quote, RequestParts};

const PRICE: Msat = Msat::from_sat(10);

fn gate(remembered: usize) -> Gate {
    let provider = DevNode::new().unwrap().provider();
    let gate = Gate::builder(provider).root_key(master()).price(Quote::new(PRICE)).token_cache(remembered);
    gate.build().unwrap()
}

fn master() -> MasterKey {
    MasterKey::from_bytes(std::array::from_fn(|number| number as u8))
}

fn header(number: u8, uses: Uses) -> String {
    let preimage = Preimage::from_bytes([number; 32]);
    let token_id = TokenId::sealing(master().id(), [number; 32]);
    let identifier = Identifier { payment_hash: preimage.payment_hash(), token_id };
    let request = RequestContext::new("GET", "/report", UnixTime::from_secs(0));
    let terms = MintRequest::new(identifier, &request, PRICE).with_uses(uses);
    let terms = terms.with_expiry(UnixTime::from_secs(4_000_000_000));
    let macaroon = mint(&terms, &master().root_key(&identifier.token_id)).unwrap();
    credential_header_value(Scheme::L402, &macaroon.to_base64(), &preimage)
}

/// Lets a request in and charges for it. Returns how often memory was asked for: until the handler runs, for the header
/// fields of its answer, and to charge.
fn allocations(gate: &Gate, header: &str) -> [u64; 3] {
    let fields: &[(&str, &[u8])] = &[("authorization", header.as_bytes())];
    let request = RequestParts::new("GET", "/report", &fields);
    let mut admission = None;
    let decided = allocation_counter::measure(|| {
        if let Ok(Decision::Admit(admitted)) = gate.decide(&request).into_ready() {
            admission = Some(admitted);
        }
    });
    let admission = admission.unwrap();
    let answer: &[(&str, &[u8])] = &[("content-type", b"text/plain")];
    let edited = allocation_counter::measure(|| {
        let mut edits = 0;
        admission.header_edits(200, &answer).for_each(|_, _| edits += 1);
        assert_eq!(edits, 3);
    });
    let finished = allocation_counter::measure(|| {
        assert!(matches!(admission.finish(200).into_ready(), Ok(Ok(()))));
    });
    [decided, edited, finished].map(|counted| counted.count_total)
}

/// The first field's text is decoded into a buffer; the receipt is a text of its own.
#[test]
fn a_valid_token_takes_one_allocation_and_its_receipt_another() {
    let gate = gate(0);
    let header = header(1, Uses::Unlimited);
    allocations(&gate, &header);
    assert_eq!(allocations(&gate, &header), [1, 1, 0]);
}

#[test]
fn a_token_that_is_remembered_takes_none() {
    let gate = gate(16);
    let header = header(1, Uses::Unlimited);
    allocations(&gate, &header);
    assert_eq!(allocations(&gate, &header), [0, 1, 0]);
}

/// What the store takes for growing is counted over many tokens.
#[test]
fn a_token_for_one_call_takes_no_more_but_room_in_the_store() {
    let gate = gate(0);
    let counts: Vec<_> = (1..=200).map(|number| allocations(&gate, &header(number, Uses::ONCE))).collect();
    assert!(counts.iter().all(|[_, edited, finished]| (*edited, *finished) == (1, 0)));
    let plain = counts.iter().filter(|[decided, ..]| *decided == 1).count();
    assert!(plain > counts.len() / 2, "{counts:?}");
}

/// Beside the invoice, which is the provider's: its description, the caveats, the token, that in base64, the field for
/// the challenge, the list of fields, the body. With the feature `metrics` a label takes another. Room for unpaid invoices
/// is counted over many offers.
#[test]
fn an_offer_takes_seven() {
    let invoices = 64;
    let provider = Premade::new(invoices);
    let gate = Gate::builder(provider).root_key(master()).price(Quote::new(PRICE));
    let gate = gate.offer_limits(OfferLimits::NONE).build().unwrap();
    let nothing: &[(&str, &[u8])] = &[];
    let request = RequestParts::new("GET", "/report", &nothing);
    let mut counts: Vec<_> = (0..invoices)
        .map(|_| {
            let counted = allocation_counter::measure(|| {
                let decision = gate.decide(&request).into_ready();
                assert!(matches!(decision, Ok(Decision::Answer(reply)) if reply.status == 402));
            });
            counted.count_total
        })
        .collect();
    counts.sort_unstable();
    assert!(matches!(counts[invoices / 3], 7 | 8), "{counts:?}");
}

/// A provider whose invoices were made before.
struct Premade(Mutex<Vec<Invoice>>);

impl Premade {
    fn new(count: usize) -> Self {
        let provider = DevNode::new().unwrap().provider();
        let wanted = NewInvoice::new(PRICE, "one call".to_owned(), Duration::from_secs(3600));
        let invoice = |_| provider.create_invoice(wanted.clone()).into_ready().unwrap().unwrap();
        Self(Mutex::new((0..count).map(invoice).collect()))
    }
}

impl InvoiceProvider for Premade {
    fn create_invoice(&self, _: NewInvoice) -> PortFuture<Result<Invoice, BackendError>> {
        PortFuture::ready(Ok(self.0.lock().unwrap().pop().unwrap()))
    }

    fn settlement(&self, _: String) -> PortFuture<Result<Settlement, BackendError>> {
        PortFuture::ready(Ok(Settlement::Open))
    }

    fn network(&self) -> Network {
        Network::Regtest
    }

    fn capabilities(&self) -> ProviderCapabilities {
        ProviderCapabilities::FULL
    }
}
