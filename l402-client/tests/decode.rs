//! What `decode` says of texts, and what it keeps to itself.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests, too")]

use core::time::Duration;

use l402_client::decode::{DecodeError, Decoded, decode};
use l402_core::header::{Challenge, Scheme, credential_header_value};
use l402_core::ports::{InvoiceProvider, NewInvoice};
use l402_core::{Identifier, Macaroon, Msat, PaymentHash, Preimage, RootKey, TokenId};
use l402_dev::DevNode;

fn macaroon(hash: PaymentHash) -> Macaroon {
    let identifier = Identifier { payment_hash: hash, token_id: TokenId::from_bytes([8; 32]) };
    let macaroon = Macaroon::new(&RootKey::new(b"key").unwrap(), &identifier.to_bytes(), b"lsat").unwrap();
    macaroon.attenuate(b"path=/report").unwrap()
}

fn invoice() -> (String, PaymentHash) {
    let order = NewInvoice::new(Msat::from_sat(10), String::new(), Duration::from_secs(600));
    let invoice = DevNode::new().unwrap().provider().create_invoice(order).into_ready().unwrap().unwrap();
    (invoice.bolt11, invoice.payment_hash)
}

#[test]
fn an_invoice_tells_its_price_in_any_spelling() {
    let (bolt11, hash) = invoice();
    for text in [
        bolt11.clone(),
        bolt11.to_uppercase(),
        format!("lightning:{bolt11}"),
        format!(" LIGHTNING:{bolt11}\n"),
    ] {
        let Decoded::Invoice(invoice) = decode(&text).unwrap() else { panic!("{text}") };
        assert_eq!((invoice.amount_msat, &*invoice.network), (Some(10_000), "regtest"));
        assert_eq!(invoice.payment_hash, hash.to_string());
        assert_eq!(invoice.payee.len(), 66);
    }
}

#[test]
fn a_challenge_tells_whether_its_halves_belong_together() {
    let (bolt11, hash) = invoice();
    for (committed, matches) in [(hash, true), (PaymentHash::from_bytes([1; 32]), false)] {
        let value = Challenge::new(macaroon(committed), bolt11.clone()).unwrap().to_header_value();
        let Decoded::Challenge(challenge) = decode(&value).unwrap() else { panic!("{value}") };
        assert_eq!((challenge.scheme, challenge.hashes_match), ("L402", matches));
        assert_eq!(challenge.invoice.payment_hash, hash.to_string());
        assert_eq!(challenge.macaroon.payment_hash, Some(committed.to_string()));
    }
}

#[test]
fn a_credential_is_told_without_its_secrets() {
    let preimage = Preimage::from_bytes([3; 32]);
    for (hash, matches) in [(preimage.payment_hash(), true), (PaymentHash::from_bytes([1; 32]), false)] {
        let token = macaroon(hash);
        let value = credential_header_value(Scheme::Lsat, &token.to_base64(), &preimage);
        let decoded = decode(&value).unwrap();
        let Decoded::Credential(credential) = &decoded else { panic!("{value}") };
        assert_eq!((credential.scheme, credential.preimage_matches), ("LSAT", matches));
        let json = serde_json::to_string(&decoded).unwrap();
        assert!(json.contains(r#""kind":"credential""#), "{json}");
        assert!(!json.contains(&preimage.expose_hex()));
    }
}

#[test]
fn a_macaroon_tells_its_caveats_and_hides_a_preimage() {
    let token = macaroon(PaymentHash::from_bytes([7; 32]));
    let secret = "ab".repeat(32);
    let token = token.attenuate(format!("preimage={secret}").as_bytes()).unwrap();
    let token = token.attenuate(b"\x1b[31mred\xff").unwrap();
    let hex: String = token.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    for (text, encoding) in [(token.to_base64(), "base64"), (hex, "hex")] {
        let Decoded::Macaroon(macaroon) = decode(&text).unwrap() else { panic!("{text}") };
        assert_eq!((macaroon.format, macaroon.encoding, &*macaroon.location), ("v2", encoding, "lsat"));
        assert_eq!(macaroon.token_id, Some("08".repeat(32)));
        let texts: Vec<_> = macaroon.caveats.iter().map(|caveat| &*caveat.text).collect();
        assert_eq!(texts, ["path=/report", "preimage=[hidden]", "\u{fffd}[31mred\u{fffd}"]);
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    assert!(matches!(decode("lnbc1nonsense"), Err(DecodeError::Invoice(_))));
    assert_eq!(decode("L402 hello"), Err(DecodeError::Header));
    assert_eq!(decode("lsat AgEE:00"), Err(DecodeError::Header));
    for text in ["", "hello there", "{", "02"] {
        assert!(matches!(decode(text), Err(DecodeError::Macaroon(_))), "{text}");
    }
    assert!(decode("é€").is_err() && decode("lightning€").is_err(), "cut at characters");
}
