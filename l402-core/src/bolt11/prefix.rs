//! The human-readable part of an invoice: network and amount.

use super::InvoiceError;
use crate::amount::Msat;
use crate::network::Network;

/// Reads `ln`, the network, and the amount, if there is one. The case is not looked at.
pub(super) fn read(prefix: &[u8]) -> Result<(Network, Option<Msat>), InvoiceError> {
    let digits = prefix.iter().position(u8::is_ascii_digit).unwrap_or(prefix.len());
    let (network, amount) = prefix.split_at(digits);
    let network = network_of(network)?;
    let amount = if amount.is_empty() { None } else { Some(msat(amount).ok_or(InvoiceError::Malformed)?) };
    Ok((network, amount))
}

fn network_of(name: &[u8]) -> Result<Network, InvoiceError> {
    let known: [(&[u8], _); 4] = [
        (b"lnbc", Network::Bitcoin),
        (b"lntb", Network::Testnet),
        (b"lntbs", Network::Signet),
        (b"lnbcrt", Network::Regtest),
    ];
    let found = known.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
    let is_invoice = matches!(name, [b'l' | b'L', b'n' | b'N', ..]);
    let error = if is_invoice { InvoiceError::UnknownNetwork } else { InvoiceError::Malformed };
    found.map(|(_, network)| network).ok_or(error)
}

/// Digits and a multiplier, in exact millisatoshi. `None` for anything else, for a fraction of a millisatoshi, and for
/// more than fits in 64 bits of picobitcoin (18.4 million bitcoin).
fn msat(amount: &[u8]) -> Option<Msat> {
    let (digits, picobitcoin) = match amount.split_last()? {
        (b'm' | b'M', digits) => (digits, 1_000_000_000),
        (b'u' | b'U', digits) => (digits, 1_000_000),
        (b'n' | b'N', digits) => (digits, 1_000),
        (b'p' | b'P', digits) => (digits, 1),
        _ => (amount, 1_000_000_000_000),
    };
    let number = digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })?;
    let picobitcoin = number.checked_mul(picobitcoin)?;
    picobitcoin.is_multiple_of(10).then(|| Msat::from_msat(picobitcoin / 10))
}
