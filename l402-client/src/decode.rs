//! [`decode`]: what a challenge, a credential, a macaroon or an invoice says, without trusting it.
//!
//! For people and programs that want to look before they pay, and for whoever wonders why a token does not work.
//! The text may be a `WWW-Authenticate` or `Authorization` value, a macaroon in any format and encoding, or a
//! BOLT11 invoice with or without `lightning:` before it.
//!
//! ```
//! use l402_client::decode::{Decoded, decode};
//! # use l402_core::{Identifier, Macaroon, PaymentHash, RootKey, TokenId};
//! # let identifier = Identifier { payment_hash: PaymentHash::from_bytes([7; 32]), token_id: TokenId::from_bytes([8; 32]) };
//! # let macaroon = Macaroon::new(&RootKey::new(b"key")?, &identifier.to_bytes(), b"lsat")?;
//! # let text = macaroon.attenuate(b"path=/report")?.to_base64();
//! let Decoded::Macaroon(macaroon) = decode(&text)? else { panic!("no macaroon") };
//! assert_eq!(macaroon.caveats[0].text, "path=/report");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Security
//! Nothing is verified but an invoice's checksum and signature: only the server that made a macaroon can tell
//! whether it is genuine. No preimage and no signature is in the result.

use l402_core::bolt11::{InvoiceError, InvoiceFacts};
use l402_core::header::ChallengeRef;
use l402_core::{
    Identifier, IdentifierDialect, Limits, Macaroon, MacaroonDecodeError, MacaroonFormat, MacaroonText,
    PaymentHash, Preimage,
};
use serde::Serialize;

/// What a text is. As JSON, the field `kind` tells which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decoded {
    /// A `WWW-Authenticate` value.
    Challenge(DecodedChallenge),
    /// An `Authorization` value.
    Credential(DecodedCredential),
    /// A macaroon.
    Macaroon(DecodedMacaroon),
    /// A BOLT11 invoice.
    Invoice(DecodedInvoice),
}

/// What a challenge says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DecodedChallenge {
    /// `L402` or `LSAT`.
    pub scheme: &'static str,
    /// The token.
    pub macaroon: DecodedMacaroon,
    /// The invoice to pay for it.
    pub invoice: DecodedInvoice,
    /// Whether the token commits to the payment hash of the invoice. If not, paying it buys nothing.
    pub hashes_match: bool,
}

/// What a credential says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DecodedCredential {
    /// `L402` or `LSAT`.
    pub scheme: &'static str,
    /// The token.
    pub macaroon: DecodedMacaroon,
    /// Whether the preimage is the proof of the payment that the token commits to.
    pub preimage_matches: bool,
}

/// What a macaroon says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DecodedMacaroon {
    /// How its bytes are packed: `v1`, `v2` or `v2-json`.
    pub format: &'static str,
    /// How its bytes are written: `base64`, `base64url`, `hex` or `plain`, with `-unpadded` where padding is missing.
    pub encoding: &'static str,
    /// A hint of the server that nobody checks.
    pub location: String,
    /// The payment that makes it valid, as 64 hex digits; `None` when the identifier is not one of L402.
    pub payment_hash: Option<String>,
    /// What makes it unique, as 64 hex digits.
    pub token_id: Option<String>,
    /// Its conditions, in order.
    pub caveats: Vec<DecodedCaveat>,
}

/// One condition of a macaroon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DecodedCaveat {
    /// The condition, with what is no text replaced. The value of a `preimage` caveat is hidden.
    pub text: String,
    /// Whether another service must discharge it.
    pub third_party: bool,
}

/// What an invoice says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DecodedInvoice {
    /// What it costs in millisatoshi; `None` when the payer is to choose, which no client of ours does.
    pub amount_msat: Option<u64>,
    /// 64 hex digits.
    pub payment_hash: String,
    /// The Unix time at which it stops being payable.
    pub expires_at: u64,
    /// The network to pay on, such as `bitcoin` or `regtest`.
    pub network: String,
    /// The node that gets the money, as 66 hex digits.
    pub payee: String,
}

/// Why a text says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// It begins as an invoice.
    #[error("{0}")]
    Invoice(InvoiceError),
    /// It begins with `L402` or `LSAT`, but is neither a challenge nor a credential.
    #[error("neither a challenge (macaroon=..., invoice=...) nor a credential (<macaroon>:<preimage>)")]
    Header,
    /// It was taken for a macaroon.
    #[error("neither an invoice (ln...), nor a header (L402 ...), nor a macaroon: {0}")]
    Macaroon(MacaroonDecodeError),
}

/// Finds out what `text` is, and what it says.
///
/// # Errors
/// [`DecodeError`].
pub fn decode(text: &str) -> Result<Decoded, DecodeError> {
    let text = text.trim();
    let lower = text.get(..10).unwrap_or(text).to_ascii_lowercase();
    let invoice = text.get("lightning:".len()..).filter(|_| lower == "lightning:");
    if invoice.is_some() || lower.starts_with("lnbc") || lower.starts_with("lntb") {
        return read_invoice(invoice.unwrap_or(text)).map(Decoded::Invoice).map_err(DecodeError::Invoice);
    }
    if let Some(scheme) = ["l402 ", "lsat "].into_iter().find(|scheme| lower.starts_with(scheme)) {
        let scheme = if scheme == "l402 " { "L402" } else { "LSAT" };
        return read_header(text, scheme).ok_or(DecodeError::Header);
    }
    read_macaroon(text).map(Decoded::Macaroon).map_err(DecodeError::Macaroon)
}

fn read_header(text: &str, scheme: &'static str) -> Option<Decoded> {
    let limits = Limits::default();
    if let Some(Ok(challenge)) = ChallengeRef::parse_all(text.as_bytes(), &limits).next() {
        let macaroon = read_macaroon(challenge.macaroon).ok()?;
        let invoice = read_invoice(challenge.invoice).ok()?;
        let hashes_match = macaroon.payment_hash.as_ref() == Some(&invoice.payment_hash);
        return Some(Decoded::Challenge(DecodedChallenge { scheme, macaroon, invoice, hashes_match }));
    }
    let (macaroon, preimage) = text.get(5..)?.trim().rsplit_once(':')?;
    let macaroon = read_macaroon(macaroon).ok()?;
    let preimage: Preimage = preimage.parse().ok()?;
    let preimage_matches = macaroon.payment_hash == Some(preimage.payment_hash().to_string());
    Some(Decoded::Credential(DecodedCredential { scheme, macaroon, preimage_matches }))
}

fn read_macaroon(text: &str) -> Result<DecodedMacaroon, MacaroonDecodeError> {
    let (macaroon, format, written) = Macaroon::from_text_any(text, &Limits::default())?;
    let macaroon = macaroon.as_macaroon_ref();
    let identifier = Identifier::decode_any(macaroon.identifier()).ok();
    let caveats = macaroon.caveats().map(|caveat| DecodedCaveat {
        text: match caveat.condition() {
            Some(("preimage", _)) => "preimage=[hidden]".to_owned(),
            _ => printable(caveat.id()),
        },
        third_party: caveat.third_party().is_some(),
    });
    Ok(DecodedMacaroon {
        format: match format {
            MacaroonFormat::V1 => "v1",
            MacaroonFormat::V2Json => "v2-json",
            _ => "v2",
        },
        encoding: encoding(written),
        location: printable(macaroon.location()),
        payment_hash: identifier
            .as_ref()
            .map(IdentifierDialect::payment_hash)
            .as_ref()
            .map(PaymentHash::to_string),
        token_id: identifier.and_then(|identifier| identifier.token_id()).map(|id| id.to_string()),
        caveats: caveats.collect(),
    })
}

const fn encoding(written: MacaroonText) -> &'static str {
    match written {
        MacaroonText::Base64 => "base64",
        MacaroonText::Base64Unpadded => "base64-unpadded",
        MacaroonText::Base64Url => "base64url",
        MacaroonText::Base64UrlUnpadded => "base64url-unpadded",
        MacaroonText::Hex => "hex",
        _ => "plain",
    }
}

fn read_invoice(text: &str) -> Result<DecodedInvoice, InvoiceError> {
    let facts: InvoiceFacts = text.parse()?;
    Ok(DecodedInvoice {
        amount_msat: facts.amount.map(l402_core::Msat::as_msat),
        payment_hash: facts.payment_hash.to_string(),
        expires_at: facts.expires_at.as_secs(),
        network: facts.network.to_string(),
        payee: facts.payee.to_string(),
    })
}

/// As text that cannot steer a terminal.
fn printable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
