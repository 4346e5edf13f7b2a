//! Bitcoin amounts as decimal text, without floating point.

use l402_core::Msat;

const SATS_PER_BTC: u64 = 100_000_000;
/// Decimals of a millisatoshi.
const DECIMALS: usize = 11;

/// The amount with all its eight decimals.
pub(super) fn from_sats(sats: u64) -> String {
    format!("{}.{:08}", sats / SATS_PER_BTC, sats % SATS_PER_BTC)
}

/// Reads an amount, exactly or not at all.
#[must_use]
pub fn to_msat(text: &str) -> Option<Msat> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let decimals = decimals.trim_end_matches('0');
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || decimals.len() > DECIMALS || !are_digits(whole) || !are_digits(decimals) {
        return None;
    }
    let msats = if decimals.is_empty() { 0 } else { format!("{decimals:0<DECIMALS$}").parse().ok()? };
    let whole = whole.parse::<u64>().ok()?.checked_mul(SATS_PER_BTC * 1000)?;
    whole.checked_add(msats).map(Msat::from_msat)
}

#[cfg(test)]
mod tests {
    use l402_core::Msat;

    use super::{from_sats, to_msat};

    #[test]
    fn every_satoshi_counts() {
        assert_eq!(from_sats(0), "0.00000000");
        assert_eq!(from_sats(10), "0.00000010");
        assert_eq!(from_sats(99_999_999), "0.99999999");
        assert_eq!(from_sats(2_100_000_000_000_000), "21000000.00000000");
        assert_eq!(from_sats(9_007_199_254_740_993), "90071992.54740993"); // not a double
    }

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        for sats in [0, 1, 10, 99_999_999, 2_100_000_000_000_000, 9_007_199_254_740_993] {
            assert_eq!(to_msat(&from_sats(sats)), Some(Msat::from_sat(sats)));
        }
        assert_eq!(to_msat("0.00000000001"), Some(Msat::from_msat(1)));
        assert_eq!(to_msat("1"), Some(Msat::from_sat(100_000_000)));
        assert_eq!(to_msat("1.50"), Some(Msat::from_sat(150_000_000)));
        assert_eq!(to_msat("0.000000000010000"), Some(Msat::from_msat(1)));
        for wrong in
            ["", ".", ".5", "-1", "+1", "1e3", "1,5", "0.000000000001", "184467441", "0x1", "1.2.3", " 1"]
        {
            assert_eq!(to_msat(wrong), None, "{wrong}");
        }
    }
}
