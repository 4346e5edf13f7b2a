//! Settings: what requests are looked at for, and how they are answered.

use std::sync::Arc;

use l402_core::{Clock, Limits, UnknownCaveats};

use super::GateBuilder;
use crate::client_key::TrustedProxies;
use crate::paid::Idempotency;
use crate::reply::{Cors, Profile};
use crate::unpaid::{OfferLimits, RateClock};

/// Requests.
impl GateBuilder {
    /// Takes the word of these proxies about who the client is. Default: of none.
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// How many offers are made before the answer is 429. Default: [`OfferLimits::default`].
    pub const fn offer_limits(mut self, limits: OfferLimits) -> Self {
        self.offer_limits = limits;
        self
    }

    /// Makes offers only to clients that say they can pay, with `Accept-Authenticate: L402`. All others get 402 without
    /// an invoice, so that crawlers and browsers cost the node nothing. Default: everybody gets an offer.
    pub const fn only_offer_if_asked(mut self) -> Self {
        self.replies.only_offer_if_asked = true;
        self
    }

    /// How much of a credential is looked at. Default: [`Limits::default`].
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What to do with caveats that nobody here knows. Default: skip them, as the specification demands.
    pub const fn unknown_caveats(mut self, unknown: UnknownCaveats) -> Self {
        self.unknown_caveats = unknown;
        self
    }

    /// Only watches: every request is let in, and the log, metrics and hooks tell what would have become of it. No
    /// invoice is made. Tokens that are shown are checked and charged as ever. For trying a paywall on real
    /// traffic. Answers are not kept for an `Idempotency-Key`, and price functions are not asked, so that what they would
    /// give away is told as `payment_required`. Handlers must not insist on `Paid`: take `Option<Paid>`.
    pub const fn shadow(mut self) -> Self {
        self.shadow = true;
        self
    }

    /// Takes the time from this clock. Default: the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self.rate_clock = RateClock::Given(Arc::clone(&self.clock));
        self
    }
}

/// Answers.
impl GateBuilder {
    /// Answers with the manners of another server. Default: [`Profile::DEFAULT`].
    pub const fn profile(mut self, profile: Profile) -> Self {
        self.replies.profile = profile;
        self
    }

    /// Lets web pages of other origins use what is sold. Default: those of the same origin only.
    pub fn cors(mut self, cors: Cors) -> Self {
        self.replies.cors = Some(cors);
        self
    }

    /// Whether browsers get a page with the invoice, instead of JSON. Default: they do.
    ///
    /// That is whoever asks with GET and names `text/html` in `Accept` as what it likes best. The page has a QR code, pays
    /// with a WebLN wallet where the browser has one, and shows what was bought. It loads nothing from anywhere, and its
    /// `Content-Security-Policy` allows no more than itself. That policy stays in force for HTML that was bought: it is
    /// shown without its own styles, images and scripts. Files of other types open and save as usual.
    pub const fn html(mut self, html: bool) -> Self {
        self.replies.html = html;
        self
    }

    /// Keeps the answers to requests with an `Idempotency-Key`, for clients that ask again. Default: none are kept.
    pub const fn idempotency(mut self, settings: Idempotency) -> Self {
        self.idempotency = Some(settings);
        self
    }

    /// Whether what was delivered and charged says for which payment, in the field `L402-Payment-Hash`. Default: it does.
    /// A payment hash is no secret.
    pub const fn receipts(mut self, receipts: bool) -> Self {
        self.replies.receipts = receipts;
        self
    }
}
