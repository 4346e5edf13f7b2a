//! What a case concludes from the wire and from the ledger.

use l402_core::Msat;

use super::context::Stage;
use super::options::Ability;
use super::origin::{Origin, Request};
use super::process::{Ending, Run};
use super::shop::{CONTENT, PRICE_MSAT, Shop};
use crate::outcome::{CaseResult, Outcome};

impl Stage<'_> {
    /// One invoice of the shop was paid, with its price, and nothing else was ordered.
    pub(crate) fn bought(&self, shop: &Shop) -> CaseResult {
        self.paid_at_most(1)?;
        let expected = format!("one payment of {PRICE_MSAT} msat, for an invoice of the shop");
        let orders = self.log().orders();
        let Some(order) = orders.first() else {
            return Err(Outcome::fail(expected, "the wallet was told to pay nothing"));
        };
        if !shop.offers().iter().any(|offer| offer.invoice.eq_ignore_ascii_case(order)) {
            return Err(Outcome::fail(expected, format!("the wallet was told to pay {order:?}")));
        }
        let amounts: Vec<u64> =
            self.node().payments().iter().map(|paid| Msat::as_msat(paid.amount)).collect();
        if amounts != [PRICE_MSAT] {
            return Err(Outcome::fail(expected, format!("payments of {amounts:?} msat")));
        }
        Ok(())
    }

    /// No more than so many invoices were ordered to be paid, or paid.
    pub(crate) fn paid_at_most(&self, most: usize) -> CaseResult {
        let (orders, payments) = (self.log().orders().len(), self.node().payments().len());
        if orders <= most && payments <= most {
            return Ok(());
        }
        let actual = format!("the wallet was told to pay {orders} invoices, and paid {payments} times");
        Err(Outcome::fail(format!("at most {most} paid invoices"), actual))
    }

    /// The wallet was told nothing. `why` follows "because".
    pub(crate) fn ordered_nothing(&self, why: &str) -> CaseResult {
        let orders = self.log().orders();
        let Some(order) = orders.first() else { return Ok(()) };
        let shown: String = order.chars().take(120).collect();
        let actual = format!("the wallet was told to pay {shown:?}");
        Err(Outcome::fail(format!("nothing is paid, because {why}"), actual))
    }

    /// The client got the content, and says so.
    pub(crate) fn delivered(&self, run: &Run) -> CaseResult {
        self.delivered_text(run, CONTENT)
    }

    pub(crate) fn delivered_text(&self, run: &Run, content: &str) -> CaseResult {
        let expected = "the client gets the content, and ends with exit status 0";
        if !run.succeeded() {
            return Err(Outcome::fail(expected, format!("{}: {}", run.ending, last_line(run))));
        }
        let shown = run.stdout.windows(content.len()).any(|window| window == content.as_bytes());
        if self.can(Ability::Stdout) && !shown {
            let actual = format!("{} bytes on standard output, without the content", run.stdout.len());
            return Err(Outcome::fail("the content on standard output", actual));
        }
        Ok(())
    }

    /// It ended by itself.
    pub(crate) fn ended(&self, run: &Run) -> CaseResult {
        match run.ending {
            Ending::ByItself(_) => Ok(()),
            ending => {
                let expected = format!("the client ends within {:?}", self.timeout());
                Err(Outcome::fail(expected, ending.to_string()))
            }
        }
    }

    /// No request to `origin` has a macaroon of `shop` or the preimage of anything that was paid.
    pub(crate) async fn nothing_of(&self, shop: &Shop, origin: &Origin) -> CaseResult {
        self.no_secret_in(shop, &origin.requests()).await
    }

    pub(crate) async fn no_secret_in(&self, shop: &Shop, requests: &[Request]) -> CaseResult {
        let mut secrets = self.preimages().await;
        secrets.extend(shop.offers().into_iter().map(|offer| offer.macaroon));
        let leak = requests.iter().find(|request| secrets.iter().any(|secret| request.contains(secret)));
        let Some(request) = leak else { return Ok(()) };
        let host = request.value("host").unwrap_or("nobody");
        Err(Outcome::fail(
            "a credential is sent to the origin that sold it, and to no other",
            format!("{} {} to {host} has it", request.method, request.target),
        ))
    }
}

/// A refused run says why; the last line is the most telling.
fn last_line(run: &Run) -> String {
    let text = String::from_utf8_lossy(&run.stderr);
    let line = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing on standard error");
    line.chars().take(200).collect()
}

/// Its fields that may carry a credential.
pub(crate) fn credentials(request: &Request) -> Vec<&str> {
    ["authorization", "macaroon", "grpc-metadata-macaroon"]
        .iter()
        .flat_map(|name| request.values(name))
        .collect()
}
