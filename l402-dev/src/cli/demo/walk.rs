//! What the demo does, step by step over HTTP, and what came of it.

use std::time::Duration;

use l402_client::{Budget, L402Client, Receipt};
use l402_core::bolt11::InvoiceFacts;
use l402_core::header::{ChallengeRef, Scheme, credential_header_value};
use l402_core::ports::{PayOutcome, PayRequest, Wallet};
use l402_core::{Limits, Msat, Preimage};
use reqwest::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use serde::Serialize;

use super::attack;
use super::shop::Shop;
use crate::cli::Failure;

/// Everything that happened: what `--json` prints, and what the story needs besides.
pub(crate) struct Walk {
    pub(crate) report: Report,
    /// The token of the challenge, as text.
    pub(crate) macaroon: String,
    pub(crate) preimage: Preimage,
    /// What the attacks were told, in words.
    pub(crate) reasons: Reasons,
    /// The same purchase through the client library.
    pub(crate) by_client: ClientCall,
}

#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) challenge: Challenge,
    pub(crate) payment: Payment,
    pub(crate) paid: Paid,
    pub(crate) forged: Refused,
    pub(crate) replayed: Refused,
    pub(crate) tampered: Refused,
    pub(crate) ok: bool,
}

#[derive(Serialize)]
pub(crate) struct Challenge {
    pub(crate) status: u16,
    pub(crate) www_authenticate: String,
    pub(crate) price_sats: u64,
    pub(crate) invoice: String,
    pub(crate) payment_hash: String,
}

#[derive(Serialize)]
pub(crate) struct Payment {
    pub(crate) preimage_matches: bool,
}

#[derive(Serialize)]
pub(crate) struct Paid {
    pub(crate) status: u16,
    pub(crate) body: String,
}

#[derive(Serialize)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) code: String,
}

pub(crate) struct Reasons {
    pub(crate) forged: String,
    pub(crate) replayed: String,
    pub(crate) tampered: String,
}

pub(crate) struct ClientCall {
    pub(crate) status: u16,
    pub(crate) receipt: Option<Receipt>,
}

pub(crate) async fn run(shop: &Shop) -> Result<Walk, Failure> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    let url = shop.report_url();

    let (challenge, macaroon) = ask(&http, &url).await?;
    let preimage = pay(shop, &challenge.invoice).await?;
    let preimage_matches = preimage.payment_hash().to_string() == challenge.payment_hash;

    let credential = credential_header_value(Scheme::L402, &macaroon, &preimage);
    let answer = http.get(&url).header(AUTHORIZATION, &credential).send().await?;
    let paid = Paid { status: answer.status().as_u16(), body: answer.text().await? };

    let (forged, forged_why) = present(&http, &url, attack::forge(&macaroon)?).await?;
    let (replayed, replayed_why) = present(&http, &url, credential).await?;
    let (tampered, tampered_why) = present(&http, &url, attack::tamper(&macaroon, &preimage)?).await?;
    let by_client = buy_with_client(shop, &url).await?;

    let ok = challenge.status == 402
        && challenge.price_sats == Shop::PRICE.to_sat_ceil()
        && preimage_matches
        && paid.status == 200
        && forged.is(401, "bad_signature")
        && replayed.is(402, "token_used")
        && tampered.is(401, "bad_signature")
        && by_client.status == 200
        && by_client.receipt.as_ref().is_some_and(|receipt| receipt.amount == Shop::PRICE);
    Ok(Walk {
        report: Report {
            challenge,
            payment: Payment { preimage_matches },
            paid,
            forged,
            replayed,
            tampered,
            ok,
        },
        macaroon,
        preimage,
        reasons: Reasons { forged: forged_why, replayed: replayed_why, tampered: tampered_why },
        by_client,
    })
}

/// Asks without paying, and reads the challenge as any client would: from the header.
async fn ask(http: &reqwest::Client, url: &str) -> Result<(Challenge, String), Failure> {
    let answer = http.get(url).send().await?;
    let header = answer.headers().get(WWW_AUTHENTICATE).ok_or("the answer has no challenge")?;
    let www_authenticate = header.to_str()?.to_owned();
    let challenge = ChallengeRef::parse_all(www_authenticate.as_bytes(), &Limits::default())
        .next()
        .ok_or("the answer has no L402 challenge")??;
    let (macaroon, invoice) = (challenge.macaroon.to_owned(), challenge.invoice.to_owned());
    let facts: InvoiceFacts = invoice.parse()?;
    let challenge = Challenge {
        status: answer.status().as_u16(),
        www_authenticate,
        price_sats: facts.amount.map_or(0, Msat::to_sat_ceil),
        invoice,
        payment_hash: facts.payment_hash.to_string(),
    };
    Ok((challenge, macaroon))
}

async fn pay(shop: &Shop, invoice: &str) -> Result<Preimage, Failure> {
    let facts: InvoiceFacts = invoice.parse()?;
    let request =
        PayRequest::new(invoice.to_owned(), facts.payment_hash, Msat::ZERO, Duration::from_secs(30));
    match shop.node.wallet().pay(request).await? {
        PayOutcome::Paid(payment) => Ok(payment.preimage),
        _ => Err("the dev wallet did not pay".into()),
    }
}

/// Shows a credential that should not work, and returns the answer's code and text.
async fn present(
    http: &reqwest::Client,
    url: &str,
    credential: String,
) -> Result<(Refused, String), Failure> {
    let answer = http.get(url).header(AUTHORIZATION, credential).send().await?;
    let status = answer.status().as_u16();
    let body: serde_json::Value = serde_json::from_str(&answer.text().await?).unwrap_or_default();
    let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
    Ok((Refused { status, code: text("code") }, text("error")))
}

async fn buy_with_client(shop: &Shop, url: &str) -> Result<ClientCall, Failure> {
    let client =
        L402Client::builder(shop.node.wallet()).budget(Budget::default().per_request(Shop::PRICE)).build()?;
    let answer = client.get(url).send().await?;
    Ok(ClientCall { status: answer.status().as_u16(), receipt: Receipt::of(&answer).cloned() })
}

impl Refused {
    fn is(&self, status: u16, code: &str) -> bool {
        self.status == status && self.code == code
    }
}
