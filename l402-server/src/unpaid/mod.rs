//! The unpaid path, where strangers could make a node work for nothing: how many offers are made, and when none are.

mod breaker;
mod clock;
mod limits;
mod outstanding;
mod throttle;

pub(crate) use breaker::Breaker;
pub use breaker::ProviderHealth;
pub(crate) use clock::RateClock;
pub use limits::{OfferLimits, Rate};
pub(crate) use outstanding::Reservation;
pub(crate) use throttle::{Throttle, Throttled};
