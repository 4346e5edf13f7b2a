//! What a server sells, and what was bought of it.

use crate::http::Response;
use crate::outcome::Outcome;
use crate::wire::challenge::parse_all;
use crate::wire::macaroon::{Macaroon, attenuate};
use crate::wire::{base64, hex};

/// The parameters of a challenge, as they were written.
#[derive(Debug)]
pub(in crate::server) struct Offer {
    pub(in crate::server) macaroon: String,
    pub(in crate::server) invoice: String,
}

/// A macaroon with the preimage that was paid for.
#[derive(Clone, Debug)]
pub(in crate::server) struct Token {
    pub(in crate::server) macaroon: String,
    pub(in crate::server) preimage: [u8; 32],
}

impl Token {
    pub(in crate::server) fn credential(&self) -> String {
        credential(&self.macaroon, &self.preimage)
    }

    pub(in crate::server) fn macaroon_bytes(&self) -> Result<Vec<u8>, Outcome> {
        decode_macaroon(&self.macaroon)
    }

    pub(in crate::server) fn parse(&self) -> Result<Macaroon, Outcome> {
        Offer::parse_macaroon(&self.macaroon)
    }

    /// The same payment, with more caveats: anybody can add them.
    pub(in crate::server) fn attenuated(&self, caveats: &[&[u8]]) -> Result<Self, Outcome> {
        let mut bytes = self.macaroon_bytes()?;
        for caveat in caveats {
            bytes = attenuate(&bytes, caveat)
                .map_err(|reason| Outcome::fail("a macaroon in the V2 binary format", reason))?;
        }
        Ok(Self { macaroon: base64::encode(&bytes), ..self.clone() })
    }

    /// As hex for the fields `Macaroon` and `Grpc-Metadata-Macaroon`, with the preimage as a caveat.
    pub(in crate::server) fn as_field(&self) -> Result<String, Outcome> {
        let caveat = format!("preimage={}", hex(&self.preimage));
        Ok(hex(&self.attenuated(&[caveat.as_bytes()])?.macaroon_bytes()?))
    }
}

impl Offer {
    pub(in crate::server) fn parse(&self) -> Result<Macaroon, Outcome> {
        Self::parse_macaroon(&self.macaroon)
    }

    fn parse_macaroon(text: &str) -> Result<Macaroon, Outcome> {
        Macaroon::parse(&decode_macaroon(text)?).map_err(|reason| {
            Outcome::fail("a macaroon in the V2 binary format", format!("{reason}: {text:?}"))
        })
    }
}

/// The credential in the form that every server knows.
pub(in crate::server) fn credential(macaroon: &str, preimage: &[u8]) -> String {
    format!("L402 {macaroon}:{}", hex(preimage))
}

pub(in crate::server) fn decode_macaroon(macaroon: &str) -> Result<Vec<u8>, Outcome> {
    base64::decode_any(macaroon).ok_or_else(|| Outcome::fail("a macaroon in base64", format!("{macaroon:?}")))
}

pub(in crate::server) fn read_offer(response: &Response) -> Result<Offer, Outcome> {
    let headers: Vec<&str> = response.values("www-authenticate").collect();
    let challenges = || headers.iter().flat_map(|header| parse_all(header));
    let Some(l402) = challenges().find(|challenge| challenge.scheme.eq_ignore_ascii_case("L402")) else {
        let schemes: Vec<&str> = challenges().map(|challenge| challenge.scheme).collect();
        let actual = if schemes.is_empty() { "none".to_owned() } else { format!("only {schemes:?}") };
        return Err(Outcome::fail("a WWW-Authenticate challenge with the scheme L402", actual));
    };
    let param = |name| l402.param(name).filter(|value| !value.is_empty()).map(str::to_owned);
    match (param("macaroon"), param("invoice")) {
        (Some(macaroon), Some(invoice)) => Ok(Offer { macaroon, invoice }),
        _ => {
            let names: Vec<&str> = l402.names().collect();
            Err(Outcome::fail("the parameters `macaroon` and `invoice`", format!("the parameters {names:?}")))
        }
    }
}

/// Whether an answer shows an invoice.
pub(in crate::server) fn has_invoice(response: &Response) -> bool {
    let mut headers = response.values("www-authenticate");
    headers.any(|header| parse_all(header).iter().any(|challenge| challenge.param("invoice").is_some()))
}
