//! Bitcoin amounts as decimal text, without floating point.

const SATS_PER_BTC: u64 = 100_000_000;

/// The amount with all its eight decimals.
pub(super) fn from_sats(sats: u64) -> String {
    format!("{}.{:08}", sats / SATS_PER_BTC, sats % SATS_PER_BTC)
}

#[cfg(test)]
mod tests {
    use super::from_sats;

    #[test]
    fn every_satoshi_counts() {
        assert_eq!(from_sats(0), "0.00000000");
        assert_eq!(from_sats(10), "0.00000010");
        assert_eq!(from_sats(99_999_999), "0.99999999");
        assert_eq!(from_sats(2_100_000_000_000_000), "21000000.00000000");
        assert_eq!(from_sats(9_007_199_254_740_993), "90071992.54740993"); // not a double
    }
}
