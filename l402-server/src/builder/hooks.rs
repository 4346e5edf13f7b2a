//! Settings: whom to tell.

use std::sync::Arc;

use l402_core::Grant;

use super::GateBuilder;
use crate::telemetry::{Challenged, Refused};

/// Hooks, called in the middle of a request: they must be quick, and not wait.
impl GateBuilder {
    /// Called when an offer was made.
    pub fn on_challenge(mut self, hook: impl Fn(&Challenged) + Send + Sync + 'static) -> Self {
        self.telemetry.on_challenge = Some(Arc::new(hook));
        self
    }

    /// Called when a use was charged, or a token that is not counted let a request through.
    pub fn on_paid(mut self, hook: impl Fn(&Grant) + Send + Sync + 'static) -> Self {
        self.telemetry.on_paid = Some(Arc::new(hook));
        self
    }

    /// Called when a request was not let in; in shadow mode, when it would not have been.
    pub fn on_refused(mut self, hook: impl Fn(&Refused) + Send + Sync + 'static) -> Self {
        self.telemetry.on_refused = Some(Arc::new(hook));
        self
    }

    /// Called when a use was given back because nothing was delivered. What a store undoes after a commit whose answer reached
    /// nobody is between it and itself.
    pub fn on_released(mut self, hook: impl Fn(&Grant) + Send + Sync + 'static) -> Self {
        self.telemetry.on_released = Some(Arc::new(hook));
        self
    }
}
