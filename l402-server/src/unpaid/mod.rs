//! The unpaid path, where strangers could make a node work for nothing.
//!
//! 1. `offer`: is there anything to be offered, and for how much?
//! 2. `throttle`, `limits`, `outstanding`: were there enough offers, or do enough invoices wait to be paid?
//! 3. `breaker`: is the provider up?
//! 4. `challenge`: an invoice, believed in nothing, and a token sealed to it, whose id is of `entropy`.

mod breaker;
mod challenge;
mod clock;
mod entropy;
mod limits;
mod offer;
mod outstanding;
mod throttle;

pub(crate) use breaker::Breaker;
pub use breaker::ProviderHealth;
pub(crate) use clock::RateClock;
pub(crate) use entropy::Entropy;
pub use limits::{OfferLimits, Rate};
use outstanding::Reservation;
pub(crate) use throttle::{Throttle, Throttled};
