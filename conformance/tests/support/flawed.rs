//! A small L402 server of its own that can be made wrong in one way at a time.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use l402_core::ports::{InvoiceProvider, NewInvoice};
use l402_core::{Identifier, Limits, Macaroon, Msat, Preimage, RootKey, TokenId};
use l402_dev::DevNode;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    None,
    ChallengeStatus401,
    FreeForAll,
    NoChallenge,
    NoInvoiceParameter,
    LsatChallengeOnly,
    TokenParameterOnly,
    SwappedParameters,
    UnquotedParameters,
    NoSpaceAfterComma,
    UnpaddedBase64,
    OpaqueToken,
    InventedInvoice,
    OtherHashInIdentifier,
    ShortIdentifier,
    SameChallengeTwice,
    SameInvoiceTwice,
    Cacheable,
    HeadMints,
    OptionsMints,
    RefusesPaid,
    RefusesLsat,
    SchemeCaseSensitive,
    OneSpaceOnly,
    LowerCaseHexOnly,
    AnyPreimage,
    AnyPreimageOncePaid,
    NoPreimageNeeded,
    WrongPreimageIs500,
    SignatureUnchecked,
    RootKeyOfZeros,
    KnownHashIsEnough,
    LastSignatureByteUnchecked,
    RefusesWith400,
    TabIs500,
    TabsAreStripped,
    Reusable,
    ReplayKeyIsTheText,
    AnyPath,
}

struct Shop {
    flaw: Flaw,
    node: DevNode,
    key: RootKey,
    used: Mutex<HashSet<String>>,
    offers: Mutex<Vec<(String, String)>>,
}

/// Sells `/report` and `/other`, with `flaw`.
pub async fn serve(flaw: Flaw) -> SocketAddr {
    let node = DevNode::new().unwrap();
    let key = if flaw == Flaw::RootKeyOfZeros { [0; 32] } else { [7; 32] };
    let shop = Shop {
        flaw,
        node: node.clone(),
        key: RootKey::new(&key).unwrap(),
        used: Mutex::default(),
        offers: Mutex::default(),
    };
    super::serve(Router::new().fallback(handle).with_state(Arc::new(shop)), &node).await
}

async fn handle(State(shop): State<Arc<Shop>>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let mints = match method {
        Method::HEAD => shop.is(Flaw::HeadMints),
        Method::OPTIONS => shop.is(Flaw::OptionsMints),
        _ => true,
    };
    match headers.get(header::AUTHORIZATION) {
        _ if shop.is(Flaw::FreeForAll) => "for free".into_response(),
        Some(value) => match shop.verify(value.as_bytes(), uri.path()) {
            Ok(()) => "paid".into_response(),
            Err(status) => status.into_response(),
        },
        None if mints => shop.challenge(uri.path()).await,
        None => StatusCode::PAYMENT_REQUIRED.into_response(),
    }
}

impl Shop {
    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    async fn challenge(&self, path: &str) -> Response {
        let (macaroon, invoice) = self.offer(path).await;
        let parameters = match self.flaw {
            Flaw::NoInvoiceParameter => format!("macaroon=\"{macaroon}\""),
            Flaw::TokenParameterOnly => format!("version=\"0\", token=\"{macaroon}\", invoice=\"{invoice}\""),
            Flaw::SwappedParameters => format!("invoice=\"{invoice}\", macaroon=\"{macaroon}\""),
            Flaw::UnquotedParameters => format!("macaroon={macaroon}, invoice={invoice}"),
            Flaw::NoSpaceAfterComma => format!("macaroon=\"{macaroon}\",invoice=\"{invoice}\""),
            _ => format!("macaroon=\"{macaroon}\", invoice=\"{invoice}\""),
        };
        let scheme = if self.is(Flaw::LsatChallengeOnly) { "LSAT" } else { "L402" };
        let status = match self.flaw {
            Flaw::ChallengeStatus401 => StatusCode::UNAUTHORIZED,
            _ => StatusCode::PAYMENT_REQUIRED,
        };
        let mut response = status.into_response();
        if !self.is(Flaw::NoChallenge) {
            let value = format!("{scheme} {parameters}").parse().unwrap();
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        if !self.is(Flaw::Cacheable) {
            response.headers_mut().insert(header::CACHE_CONTROL, "private, no-store".parse().unwrap());
        }
        response
    }

    async fn offer(&self, path: &str) -> (String, String) {
        let first = self.offers.lock().unwrap().first().cloned();
        if let (Flaw::SameChallengeTwice, Some(offer)) = (self.flaw, first.clone()) {
            return offer;
        }
        let price = NewInvoice::new(Msat::from_sat(1), String::new(), Duration::from_secs(600));
        let invoice = self.node.provider().create_invoice(price).await.unwrap();
        let (mut bolt11, mut hash) = (invoice.bolt11, *invoice.payment_hash.as_bytes());
        if let (Flaw::SameInvoiceTwice, Some((_, first))) = (self.flaw, first) {
            bolt11 = first;
            let facts: l402_core::bolt11::InvoiceFacts = bolt11.parse().unwrap();
            hash = *facts.payment_hash.as_bytes();
        }
        if self.is(Flaw::OtherHashInIdentifier) {
            hash[0] ^= 1;
        }
        if self.is(Flaw::InventedInvoice) {
            bolt11 = format!("DEV:{}", invoice.payment_hash);
        }
        let mut token_id = *TokenId::from_bytes([0; 32]).as_bytes();
        token_id[..8].copy_from_slice(&self.offers.lock().unwrap().len().to_be_bytes());
        let identifier = [[0; 2].as_slice(), &hash, &token_id].concat();
        let identifier = if self.is(Flaw::ShortIdentifier) { &identifier[2..34] } else { &identifier };
        let token = Macaroon::new(&self.key, identifier, b"lsat").unwrap();
        let token = token.attenuate(format!("path={path}").as_bytes()).unwrap();
        // Of a length that needs padding in base64.
        let token = match token.as_bytes().len() % 3 {
            0 => token.attenuate(b"x").unwrap(),
            _ => token,
        };
        let macaroon = match self.flaw {
            Flaw::OpaqueToken => "eyJoYXNoIjoiNjFlNmE0MDRiMmYxIn0=".to_owned(),
            Flaw::UnpaddedBase64 => token.to_base64().trim_end_matches('=').to_owned(),
            _ => token.to_base64(),
        };
        let offer = (macaroon, bolt11);
        self.offers.lock().unwrap().push(offer.clone());
        offer
    }

    fn verify(&self, value: &[u8], path: &str) -> Result<(), StatusCode> {
        let refused = match self.flaw {
            Flaw::RefusesWith400 => StatusCode::BAD_REQUEST,
            _ => StatusCode::UNAUTHORIZED,
        };
        let mut text = String::from_utf8_lossy(value).into_owned();
        if self.is(Flaw::TabIs500) && text.contains('\t') {
            return Err(StatusCode::INTERNAL_SERVER_ERROR);
        }
        if self.is(Flaw::TabsAreStripped) {
            text = text.replace('\t', "");
        }
        let (scheme, rest) = text.split_once(' ').ok_or(refused)?;
        let scheme = if self.is(Flaw::SchemeCaseSensitive) { scheme.into() } else { scheme.to_uppercase() };
        let known = scheme == "L402" || (scheme == "LSAT" && !self.is(Flaw::RefusesLsat));
        if !known || self.is(Flaw::RefusesPaid) {
            return Err(refused);
        }
        let rest = if self.is(Flaw::OneSpaceOnly) { rest } else { rest.trim_start_matches(' ') };
        let (macaroon, preimage) = match rest.split_once(':') {
            Some((macaroon, "")) if self.is(Flaw::NoPreimageNeeded) => (macaroon, None),
            Some((macaroon, preimage)) => (macaroon, Some(preimage)),
            None => (rest, None),
        };
        let token = Macaroon::from_base64(macaroon, &Limits::UNLIMITED).map_err(|_| refused)?;
        if !self.is_authentic(&token) {
            return Err(refused);
        }
        if !self.is_paid(&token, preimage, refused)? {
            return Err(match self.flaw {
                Flaw::WrongPreimageIs500 => StatusCode::INTERNAL_SERVER_ERROR,
                _ => refused,
            });
        }
        let caveats: Vec<_> = token.as_macaroon_ref().caveats().collect();
        let for_path = caveats.iter().any(|caveat| caveat.id() == format!("path={path}").as_bytes());
        if !for_path && !self.is(Flaw::AnyPath) {
            return Err(StatusCode::PAYMENT_REQUIRED);
        }
        let key = match self.flaw {
            Flaw::ReplayKeyIsTheText => text,
            _ => format!("{:?}", token.as_macaroon_ref().identifier()),
        };
        let first_use = self.used.lock().unwrap().insert(key);
        if first_use || self.is(Flaw::Reusable) { Ok(()) } else { Err(StatusCode::PAYMENT_REQUIRED) }
    }

    fn is_authentic(&self, token: &Macaroon) -> bool {
        let token = token.as_macaroon_ref();
        let Ok(identifier) = Identifier::decode(token.identifier()) else {
            return self.is(Flaw::ShortIdentifier) && token.is_signed_by(&self.key);
        };
        match self.flaw {
            Flaw::SignatureUnchecked => true,
            Flaw::KnownHashIsEnough => {
                self.node.invoices().iter().any(|invoice| invoice.payment_hash == identifier.payment_hash)
            }
            Flaw::LastSignatureByteUnchecked => {
                let mut real = Macaroon::new(&self.key, token.identifier(), token.location()).unwrap();
                for caveat in token.caveats() {
                    real = real.attenuate(caveat.id()).unwrap();
                }
                real.as_bytes()[..real.as_bytes().len() - 1] == token.as_bytes()[..token.as_bytes().len() - 1]
            }
            _ => token.is_signed_by(&self.key),
        }
    }

    fn is_paid(&self, token: &Macaroon, text: Option<&str>, refused: StatusCode) -> Result<bool, StatusCode> {
        let identifier = token.as_macaroon_ref().identifier();
        let hash = if self.is(Flaw::ShortIdentifier) { identifier } else { &identifier[2..34] };
        let Some(text) = text else {
            return if self.is(Flaw::NoPreimageNeeded) { Ok(true) } else { Err(refused) };
        };
        if self.is(Flaw::LowerCaseHexOnly) && text.contains(|c: char| c.is_ascii_uppercase()) {
            return Err(refused);
        }
        let preimage: Preimage = text.parse().map_err(|_| refused)?;
        let settled = || {
            let invoices = self.node.invoices();
            invoices.iter().any(|known| known.payment_hash.as_bytes() == hash && known.settled_at.is_some())
        };
        Ok(match self.flaw {
            Flaw::AnyPreimage => true,
            Flaw::AnyPreimageOncePaid => settled(),
            Flaw::OtherHashInIdentifier => preimage.payment_hash().as_bytes()[1..] == hash[1..],
            _ => preimage.payment_hash().as_bytes() == hash,
        })
    }
}
