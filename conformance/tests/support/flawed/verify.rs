//! How the server checks a credential.

use axum::http::{HeaderMap, Method, header};
use l402_core::{Identifier, Limits, Macaroon, MacaroonRef, Preimage, RootKey};

use super::claim::Use;
use super::{Flaw, Shop};

/// Why a credential opens nothing.
#[derive(Clone, Copy, Debug)]
pub(super) enum Refused {
    Invalid,
    UsedUp,
    Expired,
    Unfit,
    Odd(u16),
}

impl Shop {
    /// `None` if there is no credential.
    pub(super) async fn verify(
        &self,
        headers: &HeaderMap,
        method: &Method,
        path: &str,
    ) -> Option<Result<Use, Refused>> {
        let texts = match self.credentials(headers)? {
            Ok(texts) => texts,
            Err(refused) => return Some(Err(refused)),
        };
        let first = texts.first()?;
        let differ = texts.iter().any(|text| !same(text, first));
        let text = if self.is(Flaw::LastCredentialWins) { texts.last()? } else { first };
        if (differ && !self.is(Flaw::LastCredentialWins)) || (texts.len() > 1 && self.is(Flaw::OneFieldOnly))
        {
            return Some(Err(Refused::Invalid));
        }
        Some(self.verify_one(text, method, path).await)
    }

    /// The credentials, each as `L402 macaroon:preimage`.
    fn credentials(&self, headers: &HeaderMap) -> Option<Result<Vec<String>, Refused>> {
        let mut found = Vec::new();
        for value in headers.get_all(header::AUTHORIZATION) {
            let mut text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            if self.is(Flaw::TabIs500) && text.contains('\t') {
                return Some(Err(Refused::Odd(500)));
            }
            if self.is(Flaw::TabsAreStripped) {
                text = text.replace('\t', "");
            }
            if self.is(Flaw::SchemeOptional) && text.contains(':') {
                let rest = text.rsplit(' ').next().unwrap_or_default();
                text = format!("L402 {rest}");
            }
            let scheme = text.split([' ', '\t']).next().unwrap_or_default().to_uppercase();
            if scheme == "L402" || scheme == "LSAT" {
                found.push(text);
            }
        }
        if !found.is_empty() {
            return Some(Ok(found));
        }
        if headers.contains_key(header::AUTHORIZATION) {
            return None;
        }
        for (field, flaw) in
            [("grpc-metadata-macaroon", Flaw::NoGrpcMetadataField), ("macaroon", Flaw::NoMacaroonField)]
        {
            if let Some(value) = headers.get(field).filter(|_| !self.is(flaw)) {
                return Some(from_field(value.as_bytes()).map(|text| vec![text]).ok_or(Refused::Invalid));
            }
        }
        None
    }

    async fn verify_one(&self, text: &str, method: &Method, path: &str) -> Result<Use, Refused> {
        let (scheme, rest) = text.split_once(' ').ok_or(Refused::Invalid)?;
        let is_listed = ["L402", "LSAT", "l402"].contains(&scheme);
        let upper = scheme.to_uppercase();
        let scheme = if self.is(Flaw::SchemeCaseSensitive) { scheme } else { upper.as_str() };
        let known = scheme == "L402" || (scheme == "LSAT" && !self.is(Flaw::RefusesLsat));
        if !known || self.is(Flaw::RefusesPaid) || self.is(Flaw::SchemeFromAList) && !is_listed {
            return Err(Refused::Invalid);
        }
        let rest = if self.is(Flaw::OneSpaceOnly) { rest } else { rest.trim_start_matches(' ') };
        if self.is(Flaw::GarbageIs500) && !rest.contains(':') {
            return Err(Refused::Odd(500));
        }
        if self.is(Flaw::OpenQuoteIs500) && rest.matches('"').count() % 2 == 1 {
            return Err(Refused::Odd(500));
        }
        let split =
            if self.is(Flaw::ColonsAreIgnored) { rest.rsplit_once(':') } else { rest.split_once(':') };
        let (macaroon, preimage) = split.unwrap_or((rest, ""));
        if let Some(forged) = self.accepts_forgery(macaroon, preimage) {
            return self.claim_key(forged).await.ok_or(Refused::UsedUp);
        }
        let token = self.decode(macaroon)?;
        if !self.is_authentic(&token) {
            return Err(Refused::Invalid);
        }
        if !self.is_paid(&token, preimage)? {
            let odd = self.is(Flaw::WrongPreimageIs500);
            return Err(if odd { Refused::Odd(500) } else { Refused::Invalid });
        }
        self.check_caveats(&token, method, path)?;
        if preimage.is_empty() && self.is(Flaw::SettledNeedsNoPreimage) {
            return Ok(Use::uncounted());
        }
        self.claim(&token, text, preimage).await.ok_or(Refused::UsedUp)
    }

    fn decode(&self, text: &str) -> Result<Macaroon, Refused> {
        let text = if self.is(Flaw::ColonsAreIgnored) { text.replace(':', "") } else { text.to_owned() };
        let padded = text.len().is_multiple_of(4);
        if (self.is(Flaw::PaddingRequired) && !padded)
            || (self.is(Flaw::UrlAlphabetRefused) && text.contains(['-', '_']))
        {
            return Err(Refused::Invalid);
        }
        Macaroon::from_base64(&text, &Limits::UNLIMITED).map_err(|_| Refused::Invalid)
    }

    fn is_authentic(&self, token: &Macaroon) -> bool {
        let (key, bytes) = (self.key(), token.as_bytes());
        let token = token.as_macaroon_ref();
        let Ok(identifier) = Identifier::decode(token.identifier()) else {
            return self.is(Flaw::ShortIdentifier) && token.is_signed_by(&key);
        };
        match self.flaw {
            Flaw::SignatureUnchecked => true,
            Flaw::KnownHashIsEnough => {
                self.node.invoices().iter().any(|invoice| invoice.payment_hash == identifier.payment_hash)
            }
            Flaw::SignatureOfIssueIsEnough => {
                let issued = self.offers.lock().unwrap();
                let issued =
                    issued.iter().map(|(text, _)| Macaroon::from_base64(text, &Limits::UNLIMITED).unwrap());
                let same = |known: &Macaroon| known.as_macaroon_ref().identifier() == token.identifier();
                token.is_signed_by(&key)
                    || issued
                        .into_iter()
                        .any(|known| same(&known) && known.as_macaroon_ref().signature() == token.signature())
            }
            Flaw::LastSignatureByteUnchecked => {
                let real = signed_again(&key, token);
                real[..real.len() - 1] == bytes[..bytes.len() - 1]
            }
            Flaw::SignatureBytesInAnyOrder => {
                let sorted = |signature: &[u8]| {
                    let mut signature = signature.to_vec();
                    signature.sort_unstable();
                    signature
                };
                let real = signed_again(&key, token);
                sorted(&real[real.len() - 32..]) == sorted(&token.signature()[..])
            }
            Flaw::OneBitUnchecked => {
                let mut repaired = bytes.to_vec();
                let last = repaired.len() - 7;
                repaired[last] ^= 1;
                let repaired = Macaroon::from_base64(
                    &base64_simd::STANDARD.encode_to_string(&repaired),
                    &Limits::UNLIMITED,
                );
                token.is_signed_by(&key) || repaired.unwrap().as_macaroon_ref().is_signed_by(&key)
            }
            _ => token.is_signed_by(&key),
        }
    }

    /// Whether the field `X-Payment` has a macaroon and its preimage.
    pub(super) fn is_paid_for(&self, headers: &HeaderMap) -> bool {
        let text = headers.get("x-payment").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let Some((macaroon, preimage)) = text.split_once(':') else { return false };
        self.decode(macaroon).is_ok_and(|token| matches!(self.is_paid(&token, preimage), Ok(true)))
    }

    fn is_paid(&self, token: &Macaroon, text: &str) -> Result<bool, Refused> {
        let identifier = token.as_macaroon_ref().identifier();
        let hash = if self.is(Flaw::ShortIdentifier) { identifier } else { &identifier[2..34] };
        let settled = |wanted: &[u8]| {
            let invoices = self.node.invoices();
            invoices.iter().any(|known| known.payment_hash.as_bytes() == wanted && known.settled_at.is_some())
        };
        match self.flaw {
            Flaw::NoPreimageNeeded if text.is_empty() => return Ok(true),
            Flaw::SettledNeedsNoPreimage if text.is_empty() => return Ok(settled(hash)),
            _ => {}
        }
        if self.is(Flaw::LowerCaseHexOnly) && text.contains(|c: char| c.is_ascii_uppercase()) {
            return Err(Refused::Invalid);
        }
        let text = if self.is(Flaw::PreimagePrefixIsEnough) { text.get(..64).unwrap_or(text) } else { text };
        let preimage: Preimage = text.parse().map_err(|_| Refused::Invalid)?;
        Ok(match self.flaw {
            Flaw::AnyPreimage => true,
            Flaw::AnyPreimageOncePaid => settled(hash),
            Flaw::AnySettledPreimage => settled(preimage.payment_hash().as_bytes()),
            Flaw::OtherHashInIdentifier => preimage.payment_hash().as_bytes()[1..] == hash[1..],
            _ => preimage.payment_hash().as_bytes() == hash,
        })
    }

    fn check_caveats(&self, token: &Macaroon, method: &Method, path: &str) -> Result<(), Refused> {
        let macaroon = token.as_macaroon_ref();
        let (mut paths, mut methods, mut expiries) = (Vec::new(), Vec::new(), Vec::new());
        for caveat in macaroon.caveats() {
            match str::from_utf8(caveat.id()).ok().and_then(|text| text.split_once('=')) {
                Some(("path", value)) => paths.push(value),
                Some(("method", value)) => methods.push(value),
                Some(("expires_at", value)) => expiries.push(value.parse::<u64>().unwrap_or_default()),
                Some(("fill", _)) => {}
                Some(("preimage", _)) if !self.is(Flaw::PreimageCaveatRefused) => {}
                Some(("preimage", _)) => return Err(Refused::Invalid),
                _ if self.is(Flaw::UnknownCaveatsRefused) => return Err(Refused::Invalid),
                _ => {}
            }
        }
        let fits = match self.flaw {
            Flaw::AnyPath => true,
            Flaw::LastPathWins => paths.last() == Some(&path),
            _ => paths.iter().all(|known| *known == path),
        };
        if !fits || (methods.iter().any(|known| *known != method.as_str()) && !self.is(Flaw::AnyMethod)) {
            return Err(Refused::Unfit);
        }
        let widens = expiries.windows(2).any(|pair| pair[1] > pair[0]);
        let expiry = if self.is(Flaw::FirstExpiryWins) { expiries.first() } else { expiries.last() };
        let over = expiry.is_some_and(|expiry| *expiry <= self.now());
        match self.flaw {
            Flaw::ExpiryUnchecked => Ok(()),
            Flaw::LastExpiryWins | Flaw::FirstExpiryWins if !over => Ok(()),
            _ if over || widens => Err(Refused::Expired),
            _ => Ok(()),
        }
    }

    /// Whether a caveat of a credential, good or bad, has a line break in it.
    pub(super) fn has_line_break_in_caveat(&self, headers: &HeaderMap) -> bool {
        let texts = self.credentials(headers).and_then(Result::ok).unwrap_or_default();
        texts.iter().any(|text| {
            let macaroon = text.split([' ', ':']).nth(1).unwrap_or_default();
            let token = Macaroon::from_base64(macaroon, &Limits::UNLIMITED);
            token.is_ok_and(|token| {
                token.as_macaroon_ref().caveats().any(|caveat| caveat.id().contains(&b'\n'))
            })
        })
    }
}

/// The bytes of the token, with the signature that it should have.
fn signed_again(key: &RootKey, token: MacaroonRef<'_>) -> Vec<u8> {
    let mut real = Macaroon::new(key, token.identifier(), token.location()).unwrap();
    for caveat in token.caveats() {
        real = real.attenuate(caveat.id()).unwrap();
    }
    real.as_bytes().to_vec()
}

/// Whether two credentials are the same but for the name of the scheme.
fn same(one: &str, other: &str) -> bool {
    let rest = |text: &str| text.split_once(' ').map(|(_, rest)| rest.trim_start().to_owned());
    rest(one) == rest(other)
}

/// The macaroon is in hex, and the preimage in a caveat of it.
fn from_field(value: &[u8]) -> Option<String> {
    let bytes = hex_simd::decode_to_vec(value).ok()?;
    let text = base64_simd::STANDARD.encode_to_string(&bytes);
    let token = Macaroon::from_base64(&text, &Limits::UNLIMITED).ok()?;
    let preimage = token.as_macaroon_ref().caveats().find_map(|caveat| {
        caveat.id().strip_prefix(b"preimage=").map(|hex| String::from_utf8_lossy(hex).into_owned())
    })?;
    Some(format!("L402 {text}:{preimage}"))
}
