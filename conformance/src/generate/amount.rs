//! Amounts of invoices.

use proptest::prelude::*;
use proptest::sample::select;
use serde::{Deserialize, Serialize};

/// An amount as BOLT 11 writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Amount {
    pub(crate) number: u64,
    /// `m`, `u`, `n` or `p`; none for whole bitcoin.
    pub(crate) multiplier: Option<char>,
}

/// More than a thousand satoshi, and no more than there will ever be.
pub(crate) fn dear() -> BoxedStrategy<Amount> {
    // The least and the most of each multiplier, in zeros.
    let range = select(vec![
        (None, 0_u32, 6),
        (Some('m'), 0, 9),
        (Some('u'), 1, 12),
        (Some('n'), 4, 15),
        (Some('p'), 7, 18),
    ]);
    (range, any::<u32>(), 1..10_u64)
        .prop_map(|((multiplier, least, most), zeros, digit)| {
            let zeros = least + zeros % (most - least + 1);
            // An odd digit behind it shows whether all of them are read.
            let number = digit * 10_u64.pow(zeros) + 10_u64.pow(zeros.saturating_sub(2));
            Amount { number, multiplier }
        })
        .boxed()
}
