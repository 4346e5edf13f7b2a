//! How the server offers.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bitcoin_hashes::{Hash, sha256};
use l402_conformance::Profile;
use l402_core::ports::{InvoiceProvider, NewInvoice};
use l402_core::{Macaroon, Msat};
use lightning_invoice::{Currency, InvoiceBuilder, PaymentSecret};
use secp256k1::{Secp256k1, SecretKey};
use sha2::Digest;

use super::{Flaw, Shop};

impl Shop {
    pub(super) async fn challenge(&self, method: &Method, path: &str) -> Response {
        let (macaroon, invoice) = self.offer(method, path).await;
        let parameters = match self.flaw {
            Flaw::NoInvoiceParameter => format!("macaroon=\"{macaroon}\""),
            Flaw::TokenParameterOnly => format!("version=\"0\", token=\"{macaroon}\", invoice=\"{invoice}\""),
            Flaw::SwappedParameters => format!("invoice=\"{invoice}\", macaroon=\"{macaroon}\""),
            Flaw::UnquotedParameters => format!("macaroon={macaroon}, invoice={invoice}"),
            Flaw::NoSpaceAfterComma => format!("macaroon=\"{macaroon}\",invoice=\"{invoice}\""),
            Flaw::NoVersion => {
                format!("macaroon=\"{macaroon}\", invoice=\"{invoice}\", token=\"{macaroon}\"")
            }
            Flaw::TokenDiffers => {
                format!("macaroon=\"{macaroon}\", invoice=\"{invoice}\", version=\"0\", token=\"M\"")
            }
            _ => {
                format!("macaroon=\"{macaroon}\", invoice=\"{invoice}\", version=\"0\", token=\"{macaroon}\"")
            }
        };
        let status = match self.flaw {
            Flaw::ChallengeStatus401 => StatusCode::UNAUTHORIZED,
            _ => StatusCode::PAYMENT_REQUIRED,
        };
        let mut fields = match self.flaw {
            Flaw::NoChallenge => Vec::new(),
            Flaw::LsatChallengeOnly => vec![format!("LSAT {parameters}")],
            Flaw::OtherSchemeFirst => vec!["Bearer realm=\"x\"".to_owned(), format!("L402 {parameters}")],
            _ => vec![format!("L402 {parameters}")],
        };
        if self.profile == Profile::Aperture && self.flaw != Flaw::NoLsatTwin {
            let twin = match self.flaw {
                Flaw::TwinHasOtherInvoice => parameters.replace(&invoice, &self.offer(method, path).await.1),
                _ => parameters,
            };
            let place = if self.is(Flaw::LsatTwinLast) { fields.len() } else { 0 };
            fields.insert(place, format!("LSAT {twin}"));
        }
        let mut response = status.into_response();
        for field in fields {
            response.headers_mut().append(header::WWW_AUTHENTICATE, field.parse().unwrap());
        }
        if !self.is(Flaw::Cacheable) {
            let value = HeaderValue::from_static("private, no-store");
            response.headers_mut().insert(header::CACHE_CONTROL, value);
        }
        response
    }

    pub(super) async fn offer(&self, method: &Method, path: &str) -> (String, String) {
        if !self.is(Flaw::OffersAreShared) {
            return self.new_offer(method, path).await;
        }
        let alone = self.in_flight.fetch_add(1, Ordering::SeqCst) == 0;
        self.wait_for_company().await;
        let last = self.offers.lock().unwrap().last().cloned();
        let offer = match last.filter(|_| !alone) {
            Some(last) => last,
            None => self.new_offer(method, path).await,
        };
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        offer
    }

    async fn new_offer(&self, method: &Method, path: &str) -> (String, String) {
        let first = self.offers.lock().unwrap().first().cloned();
        if let (Flaw::SameChallengeTwice, Some(offer)) = (self.flaw, first.clone()) {
            return offer;
        }
        let time_to_pay = Duration::from_secs(if self.is(Flaw::ShortLivedInvoice) { 5 } else { 600 });
        let amount = if path.ends_with("?amount=1") { Msat::from_msat(1) } else { Msat::from_sat(1) };
        let price = NewInvoice::new(amount, String::new(), time_to_pay);
        let invoice = self.node.provider().create_invoice(price).await.unwrap();
        let (mut bolt11, mut hash) = (invoice.bolt11, *invoice.payment_hash.as_bytes());
        if let (Flaw::SameInvoiceTwice, Some((_, first))) = (self.flaw, first) {
            bolt11 = first;
            let facts: l402_core::bolt11::InvoiceFacts = bolt11.parse().unwrap();
            hash = *facts.payment_hash.as_bytes();
        }
        match self.flaw {
            Flaw::OtherHashInIdentifier => hash[0] ^= 1,
            Flaw::InventedInvoice => bolt11 = format!("DEV:{}", invoice.payment_hash),
            Flaw::AmountlessInvoice => bolt11 = amountless(hash),
            _ => {}
        }
        let macaroon = self.macaroon(hash, method, path);
        let offer = (macaroon, bolt11);
        self.offers.lock().unwrap().push(offer.clone());
        offer
    }

    fn macaroon(&self, hash: [u8; 32], method: &Method, path: &str) -> String {
        let made = self.offers.lock().unwrap().len();
        let token_id: [u8; 32] = match self.flaw {
            Flaw::SameTokenId => sha2::Sha256::digest([1]).into(),
            Flaw::CountedTokenId => {
                let mut counted = [0; 32];
                counted[24..].copy_from_slice(&(made as u64).to_be_bytes());
                counted
            }
            _ => sha2::Sha256::digest(hash).into(),
        };
        let identifier = [[0; 2].as_slice(), &hash, &token_id].concat();
        let identifier = if self.is(Flaw::ShortIdentifier) { &identifier[2..34] } else { &identifier };
        let mut token = Macaroon::new(&self.key(), identifier, b"lsat").unwrap();
        let expiry = format!("expires_at={}", self.now() + 3600);
        for caveat in [format!("path={path}"), format!("method={method}"), expiry] {
            token = token.attenuate(caveat.as_bytes()).unwrap();
        }
        // Of a length that needs padding in base64, with letters that only one alphabet has.
        let fill = |token: &Macaroon, at: u8| {
            token.clone().attenuate(&[&b"fill="[..], &vec![at; 1 + usize::from(at % 3)]].concat()).unwrap()
        };
        let mut filled = token.clone();
        for at in 0..=255 {
            let text = filled.to_base64();
            if text.ends_with('=') && text.contains(['+', '/']) {
                break;
            }
            filled = fill(&token, at);
        }
        match self.flaw {
            Flaw::OpaqueToken => "eyJoYXNoIjoiNjFlNmE0MDRiMmYxIn0=".to_owned(),
            Flaw::UnpaddedBase64 => filled.to_base64().trim_end_matches('=').to_owned(),
            _ => filled.to_base64(),
        }
    }
}

/// An invoice for which whoever pays chooses the amount; nobody can pay it.
fn amountless(hash: [u8; 32]) -> String {
    let key = SecretKey::from_slice(&[9; 32]).unwrap();
    let invoice = InvoiceBuilder::new(Currency::Regtest)
        .description(String::new())
        .payment_hash(sha256::Hash::from_byte_array(hash))
        .payment_secret(PaymentSecret([3; 32]))
        .duration_since_epoch(Duration::from_secs(super::super::now().as_secs()))
        .min_final_cltv_expiry_delta(18)
        .build_signed(|message| Secp256k1::new().sign_ecdsa_recoverable(message, &key))
        .unwrap();
    invoice.to_string()
}
