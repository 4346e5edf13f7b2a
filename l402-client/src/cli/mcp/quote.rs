//! The tool `quote`: what a request costs, without paying.

use l402_client::decision::Offer;
use l402_client::{Quote, RequestBuilder};
use l402_core::UnixTime;
use rmcp::schemars::{self, JsonSchema};
use serde::Serialize;

use super::Desk;
use super::fetch::Request;
use super::outcome::{Outcome, Refusal};

/// What a request costs.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Price {
    /// Whether the server answers without being paid.
    free: bool,
    /// The HTTP status of an answer that is free.
    status: Option<u16>,
    /// A token that was bought before is at hand, so `fetch` may cost nothing.
    has_token: bool,
    /// The bill.
    bill: Option<Bill>,
}

/// The facts of the signed invoice, and how long what it buys is good for.
#[derive(Debug, Serialize, JsonSchema)]
struct Bill {
    /// In millisatoshi (1000 are one sat), without routing fees.
    amount_msat: u64,
    /// The node that gets the money.
    payee: String,
    payment_hash: String,
    /// Until when the invoice can be paid, in seconds since 1970. `fetch` gets a new one.
    expires_at: u64,
    /// How many calls it is good for; null when the server does not say.
    uses: Option<u32>,
    /// Until when it is good, in seconds since 1970; null when the server does not say.
    token_expires_at: Option<u64>,
}

pub(super) async fn run(desk: &Desk, request: Request) -> Outcome<Price> {
    let (has_token, request) = match prepare(desk, request) {
        Ok(prepared) => prepared,
        Err(refusal) => return refusal.into(),
    };
    match request.quote().await {
        Ok(Quote::Offer(offer)) => {
            Outcome::free(Price { free: false, status: None, has_token, bill: Some(Bill::from(&*offer)) })
        }
        Ok(Quote::Free(response)) => {
            let status = Some(response.status().as_u16());
            Outcome::free(Price { free: true, status, has_token, bill: None })
        }
        Ok(_) => {
            Refusal::new("unknown_answer", "this answer is none that this program knows", "tell the user")
                .into()
        }
        Err(error) => error.into(),
    }
}

/// And whether a token for it is at hand.
fn prepare(desk: &Desk, request: Request) -> Result<(bool, RequestBuilder), Refusal> {
    let (url, method) = (request.allowed_url(desk)?, request.method()?);
    let has_token = desk.client.credential(&method, &url).is_some();
    Ok((has_token, request.prepare(desk, url)?))
}

impl From<&Offer> for Bill {
    fn from(offer: &Offer) -> Self {
        let token = offer.token();
        Self {
            amount_msat: offer.amount().as_msat(),
            payee: offer.payee().to_string(),
            payment_hash: offer.payment_hash().to_string(),
            expires_at: offer.expires_at().as_secs(),
            uses: token.uses,
            token_expires_at: token.expires_at.map(UnixTime::as_secs),
        }
    }
}
