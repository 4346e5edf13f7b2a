//! A shop that writes a new bill for everybody, and the wallet that pays them.

use std::sync::{Arc, Mutex};

use base64_simd::STANDARD;
use l402_core::ports::{
    BackendError, BackendErrorKind, PayOutcome, PayRequest, Payment, PortFuture, Wallet, WalletCapabilities,
};
use l402_core::{
    Identifier, Limits, Macaroon, Msat, Network, PaymentHash, Preimage, RootKey, TokenId, UnixTime,
};
use lightning_invoice::{Currency, PositiveTimestamp, RawBolt11Invoice};
use wiremock::{Request, ResponseTemplate};

use super::{NOW, PRICE, Shop, answer, invoice_of, sign};

/// The bills of one shop, and what became of them. Clones share them.
#[derive(Clone)]
pub(crate) struct Till(Arc<Mutex<State>>);

struct State {
    /// The caveats of the next tokens.
    caveats: Vec<String>,
    price: Msat,
    /// What a token that is not accepted is answered with.
    refusal: u16,
    bills: Vec<Bill>,
    next_answer: Option<Answer>,
    lookups: usize,
    now: UnixTime,
}

/// What the wallet says instead of the truth, once.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// It pays, and says it does not know.
    PendingAndPaid,
    /// It does not pay, and says it does not know.
    PendingAndNot,
    /// It fails, and says so.
    Failed,
}

struct Bill {
    preimage: Preimage,
    macaroon: String,
    paid: u32,
    uses_left: u32,
}

impl Till {
    /// Sells single calls for [`PRICE`], and answers used tokens with 402.
    pub(crate) fn new() -> Self {
        let (caveats, bills) = (vec!["uses=1".to_owned()], Vec::new());
        Self(Arc::new(Mutex::new(State {
            caveats,
            price: PRICE,
            refusal: 402,
            bills,
            next_answer: None,
            lookups: 0,
            now: NOW,
        })))
    }

    /// From now on sells tokens with these caveats; without `uses` they are good for ever.
    pub(crate) fn selling<const N: usize>(&self, caveats: [&str; N]) -> &Self {
        self.0.lock().unwrap().caveats = caveats.map(str::to_owned).to_vec();
        self
    }

    pub(crate) fn set_caveats(&self, caveats: &[&str]) {
        self.0.lock().unwrap().caveats = caveats.iter().map(|caveat| (*caveat).to_owned()).collect();
    }

    /// When the next invoices are written.
    pub(crate) fn now_is(&self, now: UnixTime) {
        self.0.lock().unwrap().now = now;
    }

    /// As [`Till::serve`], for tokens with this caveat only.
    pub(crate) fn serve_only_if(&self, request: &Request, caveat: &str) -> ResponseTemplate {
        let shown = request.headers.get("authorization").map(|value| value.to_str().unwrap());
        let has_caveat = shown.is_none_or(|shown| {
            let text = shown.trim_start_matches("L402 ").split(':').next().unwrap();
            let macaroon = Macaroon::from_base64(text, &Limits::default()).unwrap();
            macaroon.as_macaroon_ref().caveats().any(|found| found.id() == caveat.as_bytes())
        });
        if has_caveat { self.serve(request) } else { self.0.lock().unwrap().new_bill() }
    }

    pub(crate) fn refusing_with(&self, status: u16) -> &Self {
        self.0.lock().unwrap().refusal = status;
        self
    }

    pub(crate) fn at(&self, price: Msat) -> &Self {
        self.0.lock().unwrap().price = price;
        self
    }

    /// What the wallet says next.
    pub(crate) fn wallet_answers(&self, answer: Answer) {
        self.0.lock().unwrap().next_answer = Some(answer);
    }

    /// How often each bill was paid, in their order; those that were not, too.
    pub(crate) fn paid(&self) -> Vec<u32> {
        self.0.lock().unwrap().bills.iter().map(|bill| bill.paid).collect()
    }

    pub(crate) fn payments(&self) -> u32 {
        self.paid().iter().sum()
    }

    /// What proves the payment of a bill, whether it was paid or not.
    pub(crate) fn preimage(&self, hash: PaymentHash) -> Preimage {
        self.0.lock().unwrap().bill(hash).preimage.clone()
    }

    pub(crate) fn lookups(&self) -> usize {
        self.0.lock().unwrap().lookups
    }

    /// Every token sold so far is worthless from now on.
    pub(crate) fn forget_tokens(&self) {
        self.0.lock().unwrap().bills.iter_mut().for_each(|bill| bill.uses_left = 0);
    }

    pub(crate) fn serve(&self, request: &Request) -> ResponseTemplate {
        let shown = request.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
        let mut state = self.0.lock().unwrap();
        let refusal = state.refusal;
        match shown {
            Some(shown) => {
                let bill = state.bills.iter_mut().find(|bill| {
                    shown == format!("L402 {}:{}", bill.macaroon, bill.preimage.expose_hex()) && bill.paid > 0
                });
                match bill {
                    Some(bill) if bill.uses_left > 0 => {
                        bill.uses_left -= 1;
                        ResponseTemplate::new(200).set_body_string("the goods")
                    }
                    _ if refusal == 402 => state.new_bill(),
                    _ => ResponseTemplate::new(refusal),
                }
            }
            None => state.new_bill(),
        }
    }

    /// A bill as the reference sends it, but with this status.
    pub(crate) fn serve_as(&self, status: u16, _: &Request) -> ResponseTemplate {
        answer(status, &[self.raw_bill()])
    }

    /// The header field of a new bill.
    pub(crate) fn raw_bill(&self) -> String {
        let (macaroon, invoice) = self.0.lock().unwrap().write_bill();
        challenge(&macaroon, &invoice)
    }

    /// A new bill in the body alone, as JSON.
    pub(crate) fn new_bill_in_body(&self) -> ResponseTemplate {
        let (macaroon, invoice) = self.0.lock().unwrap().write_bill();
        ResponseTemplate::new(402)
            .set_body_json(serde_json::json!({"macaroon": macaroon, "invoice": invoice}))
    }

    pub(crate) async fn open(&self) -> Shop {
        let till = self.clone();
        Shop::with(move |request| till.serve(request)).await
    }
}

impl State {
    fn new_bill(&mut self) -> ResponseTemplate {
        let (macaroon, invoice) = self.write_bill();
        answer(402, &[challenge(&macaroon, &invoice)])
    }

    fn write_bill(&mut self) -> (String, String) {
        let number = u64::try_from(self.bills.len()).unwrap();
        let mut bytes = [0x5a; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        let preimage = Preimage::from_bytes(bytes);
        let payment_hash = preimage.payment_hash();
        let identifier = Identifier { payment_hash, token_id: TokenId::from_bytes([0xfb; 32]) };
        let macaroon = Macaroon::new(&RootKey::new(&[1; 32]).unwrap(), &identifier.to_bytes(), b"").unwrap();
        let macaroon = self
            .caveats
            .iter()
            .fold(macaroon, |macaroon, caveat| macaroon.attenuate(caveat.as_bytes()).unwrap());
        let uses = self.caveats.iter().find_map(|caveat| caveat.strip_prefix("uses="));
        let macaroon = STANDARD.encode_to_string(macaroon.as_bytes());
        let invoice = sign(dated(self.now, invoice_of(payment_hash, Some(self.price), Currency::Regtest)));
        let uses_left = uses.map_or(u32::MAX, |uses| uses.parse().unwrap());
        self.bills.push(Bill { preimage, macaroon: macaroon.clone(), paid: 0, uses_left });
        (macaroon, invoice)
    }

    fn bill(&mut self, hash: PaymentHash) -> &mut Bill {
        self.bills.iter_mut().find(|bill| bill.preimage.payment_hash() == hash).unwrap()
    }
}

/// The wallet.
impl Wallet for Till {
    fn pay(&self, request: PayRequest) -> PortFuture<Result<PayOutcome, BackendError>> {
        let mut state = self.0.lock().unwrap();
        let scripted = state.next_answer.take();
        let bill = state.bill(request.payment_hash);
        PortFuture::ready(Ok(match scripted {
            Some(Answer::Failed) => PayOutcome::Failed(BackendErrorKind::NoRoute),
            Some(Answer::PendingAndNot) => PayOutcome::Pending,
            Some(Answer::PendingAndPaid) => {
                bill.paid += 1;
                PayOutcome::Pending
            }
            None => {
                bill.paid += 1;
                PayOutcome::Paid(Payment::new(bill.preimage.clone(), Some(Msat::from_msat(7))))
            }
        }))
    }

    fn lookup(&self, hash: PaymentHash) -> PortFuture<Result<PayOutcome, BackendError>> {
        let mut state = self.0.lock().unwrap();
        state.lookups += 1;
        let bill = state.bill(hash);
        PortFuture::ready(if bill.paid > 0 {
            Ok(PayOutcome::Paid(Payment::new(bill.preimage.clone(), Some(Msat::from_msat(7)))))
        } else {
            Err(BackendError::new("till", BackendErrorKind::NotFound))
        })
    }

    fn balance(&self) -> PortFuture<Result<Msat, BackendError>> {
        PortFuture::ready(Ok(Msat::from_sat(1_000_000)))
    }

    fn network(&self) -> Network {
        Network::Regtest
    }

    fn capabilities(&self) -> WalletCapabilities {
        WalletCapabilities::FULL
    }
}

fn dated(now: UnixTime, mut invoice: RawBolt11Invoice) -> RawBolt11Invoice {
    invoice.data.timestamp = PositiveTimestamp::from_unix_timestamp(now.as_secs()).unwrap();
    invoice
}

fn challenge(macaroon: &str, invoice: &str) -> String {
    format!(r#"L402 macaroon="{macaroon}", invoice="{invoice}""#)
}
