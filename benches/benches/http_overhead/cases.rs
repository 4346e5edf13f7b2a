//! What is measured: gates, and the requests that are sent to them.

use l402_core::header::{Scheme, credential_header_value};
use l402_core::{
    Identifier, Macaroon, MasterKey, MintRequest, Msat, Preimage, RequestContext, TokenId, UnixTime, Uses,
    mint,
};
use l402_server::{Decision, Gate, GateBuilder, OfferLimits, Quote, Reply, RequestParts};

use crate::forged::forged;
use crate::provider::Premade;

pub(crate) const PATH: &str = "/report";

const EXPIRES: UnixTime = UnixTime::from_secs(1_999_999_999);
pub(crate) const PRICE: Msat = Msat::from_sat(10);

const ONE_CALL: &str = "one call, new token";
/// Of a token as the gate sells it unless told otherwise, with five caveats.
const OFFER: &str = "402, new invoice";
/// Of a pass, which has three.
const OFFER_OF_PASS: &str = "402 of a pass, new invoice";

/// What a gate allows for unless it is told otherwise.
const UNPAID: usize = 10_000;

/// How many tokens take turns where a token may be shown again.
const TOKENS: usize = 1000;

/// One kind of request, and who answers it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) layer: Layer,
    pub(crate) status: u16,
    /// The case without a gate that this one is held against, by its place.
    pub(crate) bare: usize,
    /// `Authorization` values, in turn; none at all where a request has no such field.
    headers: Vec<String>,
    next: usize,
    may_repeat: bool,
}

/// What a handler is behind.
#[derive(Clone)]
pub(crate) enum Layer {
    None,
    /// None, but an answer of as many bytes and fields as an offer has, which costs whoever sends it something, too.
    Copy(&'static Reply),
    /// One that does nothing, which tells what a layer costs in the framework itself.
    Empty,
    Gate(Gate),
}

impl Case {
    fn new(name: &'static str, layer: Layer, headers: Vec<String>) -> Self {
        let bare = usize::from(!headers.is_empty());
        Self { name, layer, status: 200, bare, headers, next: 0, may_repeat: true }
    }

    pub(crate) fn next_header(&mut self) -> Option<&str> {
        if self.headers.is_empty() {
            return None;
        }
        assert!(self.may_repeat || self.next < self.headers.len(), "not enough tokens");
        let header = &self.headers[self.next % self.headers.len()];
        self.next += 1;
        Some(header)
    }
}

/// Cases for so many requests each. The first two have no gate; of the others, those with `wanted` in their names.
pub(crate) fn cases(requests: usize, wanted: &str) -> Vec<Case> {
    let is_wanted = |name: &str| name.contains(wanted);
    let one_calls = if is_wanted(ONE_CALL) { requests } else { 0 };
    let offers = if is_wanted(OFFER) || is_wanted(OFFER_OF_PASS) { requests } else { 0 };
    let mut cases = all_cases(one_calls, offers);
    let mut place = 0;
    cases.retain(|case| {
        place += 1;
        place <= 2 || is_wanted(case.name)
    });
    cases
}

fn all_cases(one_calls: usize, offers: usize) -> Vec<Case> {
    let tokens = || (0..TOKENS).map(three_caveats).collect::<Vec<_>>();
    let gate = |invoices| {
        let provider = Premade::new(PRICE, invoices);
        let clock = provider.clock();
        Gate::builder(provider)
            .clock(clock)
            .root_key(master())
            .price(Quote::new(PRICE))
            .offer_limits(OfferLimits::NONE.unpaid_invoices(UNPAID))
    };
    let behind = |gate: GateBuilder| Layer::Gate(gate.build().unwrap());
    let pass = Quote::new(PRICE).pass("reports").unlimited();
    let remembering = || behind(gate(0).token_cache(4 * TOKENS));
    let forged = (0..TOKENS).map(|number| forged(three_caveats(number))).collect();
    let one_call = (0..one_calls).map(one_call).collect();
    let offer = Box::leak(Box::new(offer_of(&gate(1).build().unwrap())));
    vec![
        Case::new("bare", Layer::None, Vec::new()),
        Case::new("bare, header sent", Layer::None, tokens()),
        Case::new("empty layer", Layer::Empty, tokens()),
        Case::new("free of charge", behind(gate(0).price(Quote::free())), tokens()),
        Case::new("valid, 3 caveats", behind(gate(0)), tokens()),
        Case::new("remembered, 1000 in turn", remembering(), tokens()),
        Case::new("remembered, always the same", remembering(), vec![three_caveats(0)]),
        Case { status: 401, ..Case::new("forged token", behind(gate(0)), forged) },
        Case { may_repeat: false, ..Case::new(ONE_CALL, behind(gate(0)), one_call) },
        Case { status: 402, ..Case::new("bare, a copy of a 402", Layer::Copy(offer), Vec::new()) },
        Case { status: 402, ..Case::new(OFFER, behind(gate(offers)), Vec::new()) },
        Case { status: 402, ..Case::new(OFFER_OF_PASS, behind(gate(offers).price(pass)), Vec::new()) },
    ]
}

fn offer_of(gate: &Gate) -> Reply {
    let nothing: &[(&str, &[u8])] = &[];
    match gate.decide(&RequestParts::new("GET", PATH, &nothing)).into_ready() {
        Ok(Decision::Answer(reply)) => reply,
        other => panic!("{other:?} is no offer"),
    }
}

fn master() -> MasterKey {
    MasterKey::from_bytes(std::array::from_fn(|number| number as u8))
}

/// The preimage and the identifier of a token, different for each number.
fn bought(number: usize) -> (Preimage, Identifier) {
    let mut bytes = [9; 32];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    let preimage = Preimage::from_bytes(bytes);
    let token_id = TokenId::sealing(master().id(), bytes);
    let identifier = Identifier { payment_hash: preimage.payment_hash(), token_id };
    (preimage, identifier)
}

/// A token for any number of calls.
fn three_caveats(number: usize) -> String {
    let (preimage, identifier) = bought(number);
    let key = master().root_key(&identifier.token_id);
    let bare = Macaroon::new(&key, &identifier.to_bytes(), b"l402").unwrap();
    let caveats = [format!("path={PATH}"), "method=GET".to_owned(), format!("expires_at={EXPIRES}")];
    let token = caveats.iter().fold(bare, |token, caveat| token.attenuate(caveat.as_bytes()).unwrap());
    credential_header_value(Scheme::L402, &token.to_base64(), &preimage)
}

/// A token as the gate sells it: five caveats, one of them the number of its uses.
fn one_call(number: usize) -> String {
    let (preimage, identifier) = bought(number);
    let request = RequestContext::new("GET", PATH, UnixTime::from_secs(0));
    let terms = MintRequest::new(identifier, &request, PRICE).with_uses(Uses::ONCE).with_expiry(EXPIRES);
    let token = mint(&terms, &master().root_key(&identifier.token_id)).unwrap();
    credential_header_value(Scheme::L402, &token.to_base64(), &preimage)
}
