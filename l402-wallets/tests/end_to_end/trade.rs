//! What holds between any seller and any buyer with money between them: the part of the contract that needs nobody to
//! misbehave, and so can be kept with real nodes.

use std::time::Duration;

use l402_core::Msat;
use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{
    BackendErrorKind as Kind, Invoice, InvoiceProvider, NewInvoice, PayOutcome, PayRequest, Payment,
    Settlement, Wallet,
};

/// Far more than any backend here needs, however busy the machine is.
const MINUTE: Duration = Duration::from_secs(60);
/// More than any backend takes between neighbours.
const MAX_FEE: Msat = Msat::from_sat(3);

/// Two backends, or two sides of one.
pub(crate) struct Trade<'a> {
    /// For messages.
    pub(crate) name: &'a str,
    pub(crate) seller: &'a dyn InvoiceProvider,
    pub(crate) buyer: &'a dyn Wallet,
    /// What things cost. The buyer can pay it a few times.
    pub(crate) price: Msat,
    /// More than the buyer has.
    pub(crate) too_dear: Msat,
}

/// Runs every case. Nothing else may change the buyer's balance meanwhile.
pub(crate) async fn check(trade: Trade<'_>) {
    trade.an_invoice_is_paid_once_and_both_sides_can_prove_it().await;
    trade.payments_that_race_pay_once().await;
    trade.what_is_not_meant_is_not_paid().await;
    trade.what_the_buyer_cannot_afford_is_not_paid().await;
}

impl Trade<'_> {
    async fn an_invoice_is_paid_once_and_both_sides_can_prove_it(&self) {
        let Self { name, seller, buyer, price, .. } = self;
        let invoice = self.order(*price).await;
        let (id, hash) = (invoice.lookup_id.clone(), invoice.payment_hash);
        let open = seller.settlement(id.clone()).await.unwrap();
        assert!(matches!(open, Settlement::Open), "{name}: {open:?}");
        if id == hash.to_string() {
            let unknown = seller.settlement("00".repeat(32)).await.unwrap();
            assert!(matches!(unknown, Settlement::NotFound), "{name}: {unknown:?}");
        }
        assert_eq!(buyer.lookup(hash).await.unwrap_err().kind(), Kind::NotFound, "{name}");

        let before = buyer.balance().await.unwrap();
        let request = request(&invoice);
        let first = self.paid(buyer.pay(request.clone()).await.unwrap());
        let again = self.paid(buyer.pay(request).await.unwrap());
        assert_eq!(first.preimage.payment_hash(), hash, "{name}");
        assert_eq!(again.preimage.payment_hash(), hash, "{name}: paid again");
        let fee = first.fee.unwrap_or(Msat::ZERO);
        assert!(fee <= MAX_FEE, "{name}: {fee}");
        assert_eq!(self.spent_since(before).await, price.checked_add(fee), "{name}: paid once");

        let found = self.paid(buyer.lookup(hash).await.unwrap());
        assert_eq!(found.preimage.payment_hash(), hash, "{name}");
        match seller.settlement(id).await.unwrap() {
            Settlement::Settled { preimage: Some(preimage), .. } => {
                assert_eq!(preimage.payment_hash(), hash, "{name}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }

    async fn payments_that_race_pay_once(&self) {
        let Self { name, buyer, price, .. } = self;
        let invoice = self.order(*price).await;
        let before = buyer.balance().await.unwrap();
        let racing: Vec<_> = (0..8).map(|_| tokio::spawn(buyer.pay(request(&invoice)))).collect();
        let mut fee = None;
        for racer in racing {
            let payment = self.paid(racer.await.unwrap().unwrap());
            assert_eq!(payment.preimage.payment_hash(), invoice.payment_hash, "{name}");
            fee = fee.max(payment.fee);
        }
        let cost = price.checked_add(fee.unwrap_or(Msat::ZERO));
        assert_eq!(self.spent_since(before).await, cost, "{name}: paid once");
    }

    async fn what_is_not_meant_is_not_paid(&self) {
        let Self { name, buyer, price, .. } = self;
        let (invoice, another) = (self.order(*price).await, self.order(*price).await);
        let before = buyer.balance().await.unwrap();
        let (mut other_hash, mut broken) = (request(&invoice), request(&invoice));
        other_hash.payment_hash = another.payment_hash;
        broken.bolt11.pop();
        for wrong in [other_hash, broken] {
            let outcome = buyer.pay(wrong).await.unwrap();
            assert!(matches!(outcome, PayOutcome::Failed(Kind::InvalidInvoice)), "{name}: {outcome:?}");
        }
        assert_eq!(self.spent_since(before).await, Some(Msat::ZERO), "{name}");
    }

    async fn what_the_buyer_cannot_afford_is_not_paid(&self) {
        let Self { name, buyer, too_dear, .. } = self;
        let dear = self.order(*too_dear).await;
        let before = buyer.balance().await.unwrap();
        // What failed may be tried again.
        for again in ["first", "again"] {
            let outcome = buyer.pay(request(&dear)).await.unwrap();
            let expected = matches!(outcome, PayOutcome::Failed(Kind::InsufficientBalance));
            assert!(expected, "{name}, {again}: {outcome:?}");
        }
        assert_eq!(self.spent_since(before).await, Some(Msat::ZERO), "{name}");
    }

    /// An invoice that is what was ordered.
    async fn order(&self, amount: Msat) -> Invoice {
        let wanted = NewInvoice::new(amount, "one report".to_owned(), Duration::from_secs(600));
        let invoice = self.seller.create_invoice(wanted).await.unwrap();
        let facts: InvoiceFacts = invoice.bolt11.parse().unwrap();
        assert_eq!(
            (facts.amount, facts.payment_hash, facts.network),
            (Some(amount), invoice.payment_hash, self.seller.network()),
            "{}",
            self.name
        );
        invoice
    }

    async fn spent_since(&self, before: Msat) -> Option<Msat> {
        before.checked_sub(self.buyer.balance().await.unwrap())
    }

    #[track_caller]
    fn paid(&self, outcome: PayOutcome) -> Payment {
        match outcome {
            PayOutcome::Paid(payment) => payment,
            other => panic!("{}: not paid: {other:?}", self.name),
        }
    }
}

fn request(invoice: &Invoice) -> PayRequest {
    PayRequest::new(invoice.bolt11.clone(), invoice.payment_hash, MAX_FEE, MINUTE)
}
