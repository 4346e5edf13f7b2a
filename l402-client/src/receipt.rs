//! [`Receipt`]: what was paid.

use l402_core::{Msat, PaymentHash, UnixTime};
use reqwest::Response;

/// A payment this client made, and what it cost. Holds no secret.
///
/// Every response that was paid for carries one:
///
/// ```
/// use l402_client::Receipt;
///
/// fn log_cost(response: &reqwest::Response) {
///     match Receipt::of(response) {
///         Some(receipt) => println!("paid {} for {}", receipt.amount, receipt.payment_hash),
///         None => println!("free"),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// What the server asked for: the amount of the invoice.
    pub amount: Msat,
    /// The routing fee on top of it, where the wallet tells it.
    pub fee: Option<Msat>,
    /// Names the payment, here and in the wallet.
    pub payment_hash: PaymentHash,
    /// When the wallet had paid.
    pub paid_at: UnixTime,
}

impl Receipt {
    /// The receipt of the payment that bought this response; `None` when it was not paid for.
    #[must_use]
    pub fn of(response: &Response) -> Option<&Self> {
        response.extensions().get()
    }
}
