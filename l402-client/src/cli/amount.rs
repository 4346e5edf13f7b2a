//! Amounts as people write them.

use l402_core::Msat;

/// `50sat`, `50 sat` or `50000msat`. A bare number could be either, so it is refused.
pub(crate) fn parse(text: &str) -> Result<Msat, String> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: Option<u64> = number.parse().ok();
    let amount = match unit.trim() {
        "sat" | "sats" => number.and_then(Msat::checked_from_sat),
        "msat" | "msats" => number.map(Msat::from_msat),
        _ => None,
    };
    amount.ok_or_else(|| "an amount is written 50sat or 50000msat".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_need_their_unit() {
        assert_eq!(parse("50sat"), Ok(Msat::from_sat(50)));
        assert_eq!(parse(" 50 sats "), Ok(Msat::from_sat(50)));
        assert_eq!(parse("1500msat"), Ok(Msat::from_msat(1_500)));
        for wrong in ["", "50", "sat", "-1sat", "1.5sat", "50btc", "18446744073709551615sat", "1e3sat"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
