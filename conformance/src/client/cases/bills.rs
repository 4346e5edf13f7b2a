//! Bills that must not be paid.

use std::time::Duration;

use lightning_invoice::{Currency, SiPrefix};

use super::{PAYS, SAFETY, should};
use crate::case::{Case, Source, Suite};
use crate::check::Check;
use crate::client::context::Context;
use crate::client::origin::Answer;
use crate::client::shop::{Draft, Form, Offer, PRICE_MSAT, Script, Spelled};
use crate::outcome::{CaseResult, Outcome};
use crate::wire::base64;

pub(super) const REASONABLE: &str = "Before it pays, the client checks that the amount of the invoice is reasonable, and abandons \
                          the payment if it is not; the most that it pays is configurable.";
pub(super) const AMOUNT: Source = Source::protocol("§6.2 and §9.5");
const BOLT11: Source = Source::new("BOLT 11", "requirements of readers");

pub(super) const fn must(id: &'static str, title: &'static str) -> Case {
    super::must(id, title, REASONABLE, AMOUNT)
}

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: must("client/whole-bitcoin", "an amount without multiplier is whole bitcoin"),
        run: |cx| Box::pin(foreign(cx, Draft::of(1, None), "it costs a bitcoin")),
    },
    Check {
        case: must("client/amountless", "an invoice without amount is not paid"),
        run: |cx| Box::pin(foreign(cx, Draft { amount: None, ..Draft::GOOD }, "the invoice has no amount")),
    },
    Check {
        case: must("client/amount-zero", "an invoice for nothing is not paid"),
        run: |cx| Box::pin(foreign(cx, Draft::of(0, Some(SiPrefix::Milli)), "the invoice is for nothing")),
    },
    Check {
        case: must("client/amount-overflow", "an amount that no integer holds is not paid"),
        run: |cx| Box::pin(foreign(cx, Draft::of(u64::MAX, None), "there is not so much bitcoin")),
    },
    Check {
        case: should(
            "client/sub-millisatoshi",
            "a part of a millisatoshi is not paid",
            "If the p multiplier is used and the last decimal is not 0, the reader must fail the payment.",
            BOLT11,
        ),
        run: |cx| {
            Box::pin(foreign(
                cx,
                Draft::of(1, Some(SiPrefix::Pico)),
                "the amount is a tenth of a millisatoshi",
            ))
        },
    },
    Check {
        case: should(
            "client/no-invoice",
            "a text that is no invoice is not given to the wallet",
            "A client that cannot read an invoice knows nothing of its amount.",
            SAFETY,
        ),
        run: |cx| Box::pin(refuses(cx, rewritten(|_| "DEV:61e6a404b2f1619e".to_owned()), "it is no invoice")),
    },
    Check {
        case: should(
            "client/checksum",
            "an invoice whose checksum is wrong is not paid",
            "A reader must check the checksum of the invoice.",
            BOLT11,
        ),
        run: |cx| {
            let changed = |invoice: &str| invoice.replacen("lnbcrt100n1", "lnbcrt200n1", 1);
            Box::pin(refuses(cx, rewritten(changed), "its checksum is wrong"))
        },
    },
    Check {
        case: should(
            "client/signature",
            "an invoice that somebody else signed is not paid",
            "A reader must check that the signature is that of the payee in the invoice.",
            BOLT11,
        ),
        run: |cx| Box::pin(foreign(cx, Draft { forged: true, ..Draft::GOOD }, "its signature is wrong")),
    },
    Check {
        case: should(
            "client/other-network",
            "an invoice for another network is not paid",
            "A reader must fail the payment of an invoice for a chain it does not know.",
            BOLT11,
        ),
        run: |cx| {
            let draft = Draft { currency: Currency::Bitcoin, ..Draft::GOOD };
            Box::pin(foreign(cx, draft, "the invoice is for mainnet, and the wallet on regtest"))
        },
    },
    Check {
        case: should(
            "client/expired",
            "an expired invoice is not paid",
            "After the expiry of an invoice a reader should not try to pay it.",
            BOLT11,
        ),
        run: |cx| {
            let draft = Draft { expired_for: Some(Duration::from_secs(60)), ..Draft::GOOD };
            Box::pin(foreign(cx, draft, "it expired a minute ago"))
        },
    },
    Check {
        case: should(
            "client/hash-mismatch",
            "an invoice that its macaroon does not commit to is not paid",
            "Before it pays, the client checks that the macaroon has the invoice's payment hash: otherwise the preimage \
             opens nothing.",
            Source::new("L402 discovery-spec", "verification by the client"),
        ),
        run: |cx| Box::pin(refuses(cx, mismatched(), "the macaroon is for another payment")),
    },
    Check {
        case: should(
            "client/unreadable-macaroon",
            "a challenge with a broken macaroon is not paid",
            "What is paid for is the token; one that is broken on arrival is worth nothing.",
            SAFETY,
        ),
        run: |cx| Box::pin(refuses(cx, broken_macaroon(), "the macaroon is cut off")),
    },
    Check {
        case: Suite::Client
            .must(
                "client/two-offers",
                "of two challenges one is paid at most, and shown with its own macaroon",
                "The client pays for what it needs, once.",
                SAFETY,
            )
            .after(PAYS),
        run: |cx| Box::pin(two_offers(cx)),
    },
    Check {
        case: should(
            "client/two-invoices",
            "a challenge with two invoices is not paid",
            "Every parameter may occur once in a challenge.",
            Source::new("RFC 9110", "§11.2"),
        ),
        run: |cx| Box::pin(refuses(cx, two_invoices(), "nobody knows which invoice is meant")),
    },
];

pub(super) async fn refuses(cx: &Context, script: Script, why: &str) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell(script).await?;
    stage.run(&shop.url("/report")).await?;
    if shop.requests().is_empty() {
        return Err(Outcome::fail("a request", "the client asked for nothing"));
    }
    stage.ordered_nothing(why)
}

/// An invoice that is not of the node, so that a wallet would pay somewhere else.
pub(super) async fn foreign(cx: &Context, draft: Draft, why: &str) -> CaseResult {
    refuses(cx, Script::honest().offering(move |till| till.offer_foreign(&draft)), why).await
}

pub(super) fn rewritten(change: impl Fn(&str) -> String + Send + Sync + 'static) -> Script {
    Script::honest().unpaid(move |_, offer| {
        let offer = Offer { invoice: change(&offer.invoice), ..offer.clone() };
        Form::Plain.answer(402, &offer)
    })
}

pub(super) fn mismatched() -> Script {
    Script::honest().offering(|till| {
        let (invoice, payment_hash) = till.invoice(PRICE_MSAT);
        let macaroon = base64::encode(&till.macaroon([0x5a; 32], Spelled::Anyhow));
        till.add(Offer { macaroon, invoice, payment_hash })
    })
}

pub(super) fn broken_macaroon() -> Script {
    Script::honest().offering(|till| {
        let (invoice, payment_hash) = till.invoice(PRICE_MSAT);
        let bytes = till.macaroon(payment_hash, Spelled::Anyhow);
        till.add(Offer { macaroon: base64::encode(&bytes[..bytes.len() / 2]), invoice, payment_hash })
    })
}

async fn two_offers(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell(offering_twice()).await?;
    stage.run(&shop.url("/report")).await?;
    stage.paid_at_most(1)?;
    let paid: Vec<String> = stage.log().orders();
    let strangers = shop.offers().into_iter().filter(|offer| !paid.contains(&offer.invoice));
    let requests = shop.requests();
    for offer in strangers {
        if requests.iter().any(|request| request.contains(&offer.macaroon)) {
            return Err(Outcome::fail(
                "the macaroon of the paid invoice",
                "the macaroon of the other one is shown",
            ));
        }
    }
    Ok(())
}

/// Two challenges, with different prices.
pub(super) fn offering_twice() -> Script {
    Script::honest().first(|request, till| {
        if request.value("authorization").is_some() {
            return None;
        }
        let lines = [till.offer(10_000), till.offer(20_000)].map(|offer| Form::Plain.lines(&offer).remove(0));
        Some(lines.into_iter().fold(Answer::new(402), |answer, line| answer.header("WWW-Authenticate", line)))
    })
}

pub(super) fn two_invoices() -> Script {
    Script::honest().first(|request, till| {
        if request.value("authorization").is_some() {
            return None;
        }
        let (first, second) = (till.offer(10_000), till.offer(20_000));
        let line = format!(
            "L402 macaroon=\"{}\", invoice=\"{}\", invoice=\"{}\"",
            first.macaroon, first.invoice, second.invoice
        );
        Some(Answer::new(402).header("WWW-Authenticate", line))
    })
}
