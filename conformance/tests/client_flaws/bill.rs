//! Deciding whether a challenge is worth its price.

use std::time::SystemTime;

use base64_simd::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use l402_core::{Identifier, Limits, Macaroon, MacaroonFormat};
use lightning_invoice::{Bolt11Invoice, Currency, SignedRawBolt11Invoice};
use serde_json::Value;

use crate::challenge::Challenge;
use crate::flaw::Flaw;
use crate::http::Answer;

/// A challenge that may be paid.
#[derive(Clone, Debug)]
pub(crate) struct Bill {
    pub(crate) challenge: Challenge,
    pub(crate) amount_msat: u64,
    pub(crate) payment_hash: Option<[u8; 32]>,
}

pub(crate) fn check(
    challenge: Challenge,
    answer: &Answer,
    limit_sats: u64,
    flaw: Flaw,
) -> Result<Bill, String> {
    let limit = limit_sats * 1000;
    let invoice = &challenge.invoice;
    if challenge.macaroon.bytes().any(|byte| byte.is_ascii_control()) && flaw != Flaw::FieldsFromServer {
        return Err("a macaroon with control characters".to_owned());
    }
    let payment_hash = match flaw {
        _ if leaves_it_to_wallet(flaw) => None,
        _ => Some(payment_hash(invoice, flaw)?),
    };
    let amount_msat = match flaw {
        _ if leaves_it_to_wallet(flaw) => by_pattern(invoice).unwrap_or(0),
        Flaw::PriceFromBody => {
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            body["price_sats"].as_u64().map_or_else(|| amount(invoice, flaw), |sats| Ok(sats * 1000))?
        }
        _ => amount(invoice, flaw)?,
    };
    let too_much = match flaw {
        Flaw::NoLimit => false,
        // A negative amount is below every limit.
        Flaw::AmountInThirtyTwoBits => amount_msat & 0x8000_0000 == 0 && amount_msat & 0x7fff_ffff > limit,
        Flaw::RoundsDown => amount_msat / 1000 > limit_sats,
        Flaw::LimitIsTooMuch => amount_msat >= limit,
        Flaw::LimitInCapitalsIsNone => amount_msat > limit && invoice.starts_with("ln"),
        _ => amount_msat > limit,
    };
    if too_much {
        return Err(format!("{amount_msat} msat are too much"));
    }
    check_token(&challenge.macaroon, payment_hash, flaw)?;
    Ok(Bill { challenge, amount_msat, payment_hash })
}

fn leaves_it_to_wallet(flaw: Flaw) -> bool {
    matches!(flaw, Flaw::LeavesInvoiceToWallet | Flaw::AmountByPattern | Flaw::ChallengesOfAnyLength)
}

fn payment_hash(invoice: &str, flaw: Flaw) -> Result<[u8; 32], String> {
    if invoice.len() > 4096 {
        return Err("the invoice is too long".to_owned());
    }
    if flaw == Flaw::SmallLettersOnly && !invoice.starts_with("ln") {
        return Err("no invoice".to_owned());
    }
    let signed: SignedRawBolt11Invoice = invoice.parse().map_err(|error| format!("{error}"))?;
    if !signed.check_signature() {
        return Err("the signature is wrong".to_owned());
    }
    if signed.currency() != Currency::Regtest {
        return Err("another network".to_owned());
    }
    let hash = *signed.payment_hash().ok_or("no payment hash")?.0.as_ref();
    let is_odd = matches!(flaw, Flaw::OverflowIsCheap | Flaw::ZeroIsCheap);
    if let Ok(invoice) = Bolt11Invoice::from_signed(signed) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        if invoice.would_expire(now) {
            return Err("it has expired".to_owned());
        }
    } else if !is_odd {
        return Err("it contradicts itself".to_owned());
    }
    Ok(hash)
}

fn amount(invoice: &str, flaw: Flaw) -> Result<u64, String> {
    let signed: SignedRawBolt11Invoice = invoice.parse().map_err(|error| format!("{error}"))?;
    let Some(pico) = signed.amount_pico_btc() else {
        let overflows = signed.raw_invoice().hrp.raw_amount.is_some();
        return match flaw {
            Flaw::OverflowIsCheap if overflows => Ok(1000),
            Flaw::AmountlessIsCheap if !overflows => Ok(0),
            _ => Err("an amount that cannot be read".to_owned()),
        };
    };
    let letters = invoice.to_ascii_lowercase();
    let multiplier = letters.trim_start_matches("lnbcrt").trim_start_matches(|c: char| c.is_ascii_digit());
    Ok(match flaw {
        Flaw::MisreadsPico if multiplier.starts_with('p') => pico / 10_000,
        Flaw::MisreadsMilli if multiplier.starts_with('m') => pico / 10_000_000,
        _ if pico == 0 && flaw != Flaw::ZeroIsCheap => return Err("nothing is sold for nothing".to_owned()),
        _ => pico / 10,
    })
}

/// What `^ln(bcrt|bc|tb)(\d+)([munp])1` finds, in millisatoshi.
fn by_pattern(invoice: &str) -> Option<u64> {
    let rest = ["lnbcrt", "lnbc", "lntb"].iter().find_map(|prefix| invoice.strip_prefix(prefix))?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = rest[..digits].parse().ok()?;
    let factor = match rest.get(digits..digits + 2)? {
        "m1" => 100_000_000,
        "u1" => 100_000,
        "n1" => 100,
        "p1" => return Some(number / 10),
        _ => return None,
    };
    number.checked_mul(factor)
}

fn check_token(text: &str, payment_hash: Option<[u8; 32]>, flaw: Flaw) -> Result<(), String> {
    if flaw == Flaw::MacaroonUnchecked || flaw == Flaw::FieldsFromServer {
        return Ok(());
    }
    let bare = text.trim_end_matches('=');
    let bytes = match flaw {
        Flaw::StandardBase64Only => STANDARD.decode_to_vec(text),
        _ => STANDARD_NO_PAD.decode_to_vec(bare).or_else(|_| URL_SAFE_NO_PAD.decode_to_vec(bare)),
    };
    let bytes = bytes.map_err(|_| "a token that is no base64")?;
    let found = match Macaroon::decode_any(&bytes, &Limits::default()) {
        Ok((_, format)) if flaw == Flaw::SecondVersionOnly && format != MacaroonFormat::V2 => {
            return Err("an unknown format".to_owned());
        }
        Ok((macaroon, _)) => {
            let identifier = Identifier::decode_any(macaroon.as_macaroon_ref().identifier());
            *identifier.map_err(|_| "an unknown identifier")?.payment_hash().as_bytes()
        }
        Err(_) if flaw == Flaw::MacaroonsOnly => return Err("no macaroon".to_owned()),
        Err(_) => {
            let token: Value = serde_json::from_slice(&bytes).map_err(|_| "a broken token")?;
            let hash = token["hash"].as_str().and_then(|hash| hex_simd::decode_to_vec(hash).ok());
            hash.and_then(|hash| hash.try_into().ok()).ok_or("a token without a hash")?
        }
    };
    if payment_hash.is_some_and(|hash| hash != found)
        && !matches!(flaw, Flaw::HashUnchecked | Flaw::PaysAgainOn402)
    {
        return Err("the token is for another payment".to_owned());
    }
    Ok(())
}
