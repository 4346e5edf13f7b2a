//! LNURL-pay (LUD-06, LUD-16) and its lookups (LUD-21): three `GET`s, each to a URL that the one before gave.

use bitcoin_hashes::{Hash, sha256};
use l402_core::ports::BackendErrorKind;
use l402_core::{Msat, Network, Preimage};
use lightning_invoice::{Bolt11Invoice, Bolt11InvoiceDescriptionRef};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::http::{CallError, ConfigError, Endpoint, Http, fields, guard};

#[derive(Clone, Debug)]
pub(super) struct Api {
    http: Http,
    url: Url,
    private: bool,
    pub(super) network: Network,
}

/// Errors often come with status 200.
#[derive(Deserialize)]
struct Outcome {
    #[serde(default)]
    status: String,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PayRequest {
    tag: String,
    callback: String,
    #[serde(deserialize_with = "fields::msat")]
    min_sendable: Msat,
    #[serde(deserialize_with = "fields::msat")]
    max_sendable: Msat,
    metadata: String,
    #[serde(default)]
    comment_allowed: usize,
}

#[derive(Deserialize)]
pub(super) struct Callback {
    pub(super) pr: String,
    #[serde(default)]
    pub(super) verify: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Verify {
    pub(super) settled: bool,
    #[serde(default, deserialize_with = "fields::preimage")]
    pub(super) preimage: Option<Preimage>,
    #[serde(default)]
    pub(super) pr: Option<String>,
}

/// What a lookup gives, or the reason it gives instead, and that as an error.
pub(super) enum Verified {
    Known(Verify),
    Refused(String, CallError),
}

impl Api {
    pub(super) const NAME: &'static str = "lnurl";

    pub(super) fn new(url: Url, private: bool) -> Result<Self, ConfigError> {
        // The rules for URLs of strangers apply to each request, this one included.
        let mut endpoint = Endpoint::new(url.as_str())?;
        endpoint.public_only = !private;
        let http = Http::new(Self::NAME, endpoint, None)?;
        Ok(Self { http, url, private, network: Network::Bitcoin })
    }

    pub(super) fn allowing_private_hosts(&self) -> Result<Self, ConfigError> {
        Ok(Self { network: self.network, ..Self::new(self.url.clone(), true)? })
    }

    pub(super) async fn pay_request(&self) -> Result<PayRequest, CallError> {
        let request: PayRequest = self.ask(self.url.clone()).await?;
        if request.tag == "payRequest" { Ok(request) } else { Err(protocol("this is no LNURL for paying")) }
    }

    /// Asks for an invoice of this amount.
    pub(super) async fn invoice(
        &self,
        request: &PayRequest,
        amount: Msat,
        comment: &str,
    ) -> Result<Callback, CallError> {
        if amount < request.min_sendable || amount > request.max_sendable {
            let (min, max) = (request.min_sendable, request.max_sendable);
            let range =
                format!("this address takes from {min} to {max}, and the invoice would be for {amount}");
            return Err(CallError::refused(Self::NAME, BackendErrorKind::LimitExceeded).because(range));
        }
        let mut url = self.url_of(&request.callback)?;
        url.query_pairs_mut().append_pair("amount", &amount.as_msat().to_string());
        let comment = crate::invoice::cut_chars(comment, request.comment_allowed);
        if !comment.is_empty() {
            url.query_pairs_mut().append_pair("comment", comment);
        }
        self.ask(url).await
    }

    pub(super) async fn verify(&self, url: &str) -> Result<Verified, CallError> {
        let answer = self.http.get_url(self.url_of(url)?).read().await?;
        match answer.json::<Outcome>() {
            Ok(Outcome { status, reason }) if status == "ERROR" => {
                Ok(Verified::Refused(reason, answer.error_as(BackendErrorKind::Unavailable)))
            }
            _ => answer.success()?.json().map(Verified::Known),
        }
    }

    /// A URL that the other side gave, if requests may go there.
    pub(super) fn url_of(&self, text: &str) -> Result<Url, CallError> {
        let url = Url::parse(text).ok().filter(|url| guard::is_allowed(url, self.private));
        url.ok_or_else(|| protocol("the server names a URL that is not https to a public host"))
    }

    /// Sends what is sent once: an invoice asked for twice would be two.
    async fn ask<T: DeserializeOwned>(&self, url: Url) -> Result<T, CallError> {
        if !guard::is_allowed(&url, self.private) {
            return Err(protocol("the URL is not https to a public host"));
        }
        let answer = self.http.get_url(url).send().await?;
        match answer.json::<Outcome>() {
            Ok(Outcome { status, .. }) if status == "ERROR" => {
                Err(answer.error_as(BackendErrorKind::Unavailable))
            }
            _ => answer.success()?.json(),
        }
    }
}

impl PayRequest {
    /// Whether the invoice commits to what the server says it is for, as LUD-06 demands.
    pub(super) fn is_described_by(&self, bolt11: &str) -> bool {
        let Ok(invoice) = bolt11.parse::<Bolt11Invoice>() else { return false };
        match invoice.description() {
            Bolt11InvoiceDescriptionRef::Hash(hash) => {
                hash.0.to_byte_array() == sha256::Hash::hash(self.metadata.as_bytes()).to_byte_array()
            }
            Bolt11InvoiceDescriptionRef::Direct(_) => false,
        }
    }
}

pub(super) fn protocol(reason: &'static str) -> CallError {
    CallError::unclear(Api::NAME, BackendErrorKind::Protocol).because(reason)
}
