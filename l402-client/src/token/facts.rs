//! [`TokenFacts`]: what a token says about itself, in every dialect that is deployed.

use base64_simd::URL_SAFE_NO_PAD;
use l402_core::{
    Caveat, Identifier, IdentifierError, Limits, Macaroon, MacaroonDecodeError, MacaroonRef, PaymentHash,
    UnixTime,
};
use serde::Deserialize;

/// What a token says about itself. None of it is proven: it decides where the token is worth showing, and whether it
/// belongs to an invoice, but never what anybody may do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenFacts {
    /// The payment that makes it valid.
    pub payment_hash: PaymentHash,
    /// The only path it is for.
    pub path: Option<String>,
    /// The template of the only route it is for, such as `/items/{id}`.
    pub route: Option<String>,
    /// The only method it is for.
    pub method: Option<String>,
    /// The services it is for, if it is a pass for whole services.
    pub services: Vec<String>,
    /// It is bound to more of a request than can be told from here, such as its query.
    pub is_bound: bool,
    /// How often it can be used.
    pub uses: Option<u32>,
    /// When it stops being accepted.
    pub expires_at: Option<UnixTime>,
}

impl TokenFacts {
    /// Reads the text of a token.
    ///
    /// Besides macaroons in every format that [`Macaroon::from_text_any`] reads: the base64 JSON of l402kit
    /// (`{"hash", "exp"}`), and base64 JSON with a signature behind a dot (`{"paymentHash"}`).
    ///
    /// # Errors
    /// [`TokenError`] when it is none of these, or does not say which payment it is for.
    pub fn read(text: &str, limits: &Limits) -> Result<Self, TokenError> {
        let error = match Macaroon::from_text_any(text, limits) {
            Ok((macaroon, ..)) => return Self::of_macaroon(macaroon.as_macaroon_ref()),
            Err(error) => error,
        };
        if text.len() > limits.header_bytes {
            return Err(TokenError::Unreadable(error));
        }
        let json = text.split('.').next().unwrap_or_default();
        Self::of_json(json).ok_or(TokenError::Unreadable(error))
    }

    fn new(payment_hash: PaymentHash) -> Self {
        Self {
            payment_hash,
            path: None,
            route: None,
            method: None,
            services: Vec::new(),
            is_bound: false,
            uses: None,
            expires_at: None,
        }
    }

    fn of_macaroon(macaroon: MacaroonRef<'_>) -> Result<Self, TokenError> {
        let identifier =
            Identifier::decode_any(macaroon.identifier()).map_err(TokenError::UnreadableIdentifier)?;
        let mut facts = Self::new(identifier.payment_hash());
        macaroon.caveats().for_each(|caveat| facts.learn(&caveat));
        Ok(facts)
    }

    /// Some servers write spaces around the `=`.
    fn learn(&mut self, caveat: &Caveat<'_>) {
        let Some((condition, value)) = caveat.condition() else {
            self.is_bound = true;
            return;
        };
        let value = value.trim();
        match condition.trim() {
            "path" | "RequestPath" => self.path = Some(value.to_owned()),
            "route" => self.route = Some(value.to_owned()),
            "method" | "RequestMethod" => self.method = Some(value.to_owned()),
            "services" => {
                let names = value.split(',').map(|service| service.split(':').next().unwrap_or(service));
                self.services = names.map(str::to_owned).collect();
            }
            "uses" => {
                self.uses = value.parse().ok().map(|uses| self.uses.map_or(uses, |known| known.min(uses)))
            }
            "expires_at" | "ExpiresAt" => self.expires(value),
            name if name.ends_with("_valid_until") => self.expires(value),
            "amount" | "preimage" | "Realm" => {}
            name if name.ends_with("_capabilities") => {}
            _ => self.is_bound = true,
        }
    }

    fn expires(&mut self, value: &str) {
        if let Ok(at) = value.parse().map(UnixTime::from_secs) {
            self.expires_at = Some(self.expires_at.map_or(at, |known| known.min(at)));
        }
    }

    fn of_json(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Json {
            #[serde(alias = "paymentHash")]
            hash: String,
            /// In milliseconds; read as any number, since some tokens have fractions there.
            exp: Option<serde_json::Number>,
        }
        let plain: String = text
            .trim_end_matches('=')
            .chars()
            .map(|c| match c {
                '+' => '-',
                '/' => '_',
                c => c,
            })
            .collect();
        let bytes = URL_SAFE_NO_PAD.decode_to_vec(plain).ok()?;
        let json: Json = serde_json::from_slice(&bytes).ok()?;
        let mut facts = Self::new(json.hash.parse().ok()?);
        facts.expires_at = json.exp.and_then(|exp| exp.as_u64()).map(|exp| UnixTime::from_secs(exp / 1000));
        Some(facts)
    }
}

/// Why a token cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is in no known format.
    #[error("the token is in no known format")]
    Unreadable(#[source] MacaroonDecodeError),
    /// It does not say which payment it is for.
    #[error("the token does not say which payment it is for")]
    UnreadableIdentifier(#[source] IdentifierError),
}

#[cfg(test)]
mod tests {
    use base64_simd::{STANDARD, URL_SAFE};
    use l402_core::{RootKey, TokenId};

    use super::*;

    const HASH: PaymentHash = PaymentHash::from_bytes([7; 32]);

    fn read(text: &str) -> Result<TokenFacts, TokenError> {
        TokenFacts::read(text, &Limits::default())
    }

    fn macaroon(identifier: &[u8], caveats: &[&str]) -> Macaroon {
        let macaroon = Macaroon::new(&RootKey::new(&[1; 32]).unwrap(), identifier, b"lsat").unwrap();
        caveats.iter().fold(macaroon, |macaroon, caveat| macaroon.attenuate(caveat.as_bytes()).unwrap())
    }

    fn identifier() -> [u8; 66] {
        Identifier { payment_hash: HASH, token_id: TokenId::from_bytes([1; 32]) }.to_bytes()
    }

    #[test]
    fn caveats_of_ours() {
        let text = macaroon(
            &identifier(),
            &["path=/a", "method=GET", "amount=10", "uses=3", "uses=2", "expires_at=900", "expires_at=800"],
        )
        .to_base64();
        let expected = TokenFacts {
            path: Some("/a".to_owned()),
            method: Some("GET".to_owned()),
            uses: Some(2),
            expires_at: Some(UnixTime::from_secs(800)),
            ..TokenFacts::new(HASH)
        };
        assert_eq!(read(&text), Ok(expected));
    }

    #[test]
    fn caveats_of_others() {
        let aperture = macaroon(
            &identifier(),
            &["services=loop:0,pool:1", "loop_capabilities=", "loop_valid_until=500"],
        );
        let facts = read(&aperture.to_base64()).unwrap();
        assert_eq!(facts.services, ["loop", "pool"]);
        assert_eq!((facts.expires_at, facts.is_bound), (Some(UnixTime::from_secs(500)), false));

        let spaced = macaroon(HASH.as_bytes(), &["RequestPath = /protected", "RequestMethod = GET"]);
        let facts = read(&URL_SAFE.encode_to_string(spaced.as_bytes())).unwrap();
        assert_eq!((facts.path.as_deref(), facts.method.as_deref()), (Some("/protected"), Some("GET")));

        for unknown in ["query_sha256=00", "no equals"] {
            assert!(read(&macaroon(&identifier(), &[unknown]).to_base64()).unwrap().is_bound, "{unknown}");
        }
    }

    #[test]
    fn identifiers_of_others() {
        let hex: String = identifier().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(read(&macaroon(hex.as_bytes(), &[]).to_base64()).unwrap().payment_hash, HASH);
        assert_eq!(read(&macaroon(&[7; 32], &[]).to_base64()).unwrap().payment_hash, HASH);
        assert_eq!(
            read(&macaroon(&[1; 66], &[]).to_base64()),
            Err(TokenError::UnreadableIdentifier(IdentifierError::Version))
        );
    }

    #[test]
    fn tokens_that_are_no_macaroons() {
        let json = format!(r#"{{"hash": "{HASH}", "exp": 1795179472805}}"#);
        let facts = read(&STANDARD.encode_to_string(&json)).unwrap();
        assert_eq!((facts.payment_hash, facts.expires_at), (HASH, Some(UnixTime::from_secs(1_795_179_472))));

        let json = format!(r#"{{"p":1,"paymentHash":"{HASH}"}}"#);
        let token = format!("{}.f86da265", URL_SAFE_NO_PAD.encode_to_string(&json));
        assert_eq!(read(&token).unwrap().payment_hash, HASH);

        for garbage in ["", "garbage!", "e30=", ".", "eyJoYXNoIjoxfQ=="] {
            assert!(matches!(read(garbage), Err(TokenError::Unreadable(_))), "{garbage}");
        }
    }
}
