//! The caveats about services, as the reference server writes them: `services`, `<service>_capabilities` and
//! `<service>_valid_until`.
//!
//! They are looked at only when [`RequestContext::service`] says which service a request is for. Values are written
//! without spaces. (macaroon-spec, "Caveats".)

use super::{RequestContext, Satisfier, decimal};

pub(crate) const SERVICES: &str = "services";

/// `services=<name>:<tier>[,<name>:<tier>…]`: the token is for these services.
pub(super) struct Services;

impl Satisfier for Services {
    fn handles(&self, condition: &str, _: &RequestContext<'_>) -> bool {
        condition == SERVICES
    }

    fn narrows(&self, previous: &str, next: &str) -> bool {
        let tier_before = |name| services(previous).flatten().find(|(before, _)| *before == name);
        services(next).all(|service| {
            service.is_some_and(|(name, tier)| tier_before(name).is_some_and(|(_, before)| tier <= before))
        })
    }

    fn holds(&self, value: &str, request: &RequestContext<'_>) -> bool {
        let Some(wanted) = request.service else { return false };
        // The whole list must be well-formed, also after the service that is wanted.
        let found = services(value).try_fold(false, |found, service| {
            let (name, _) = service?;
            Some(found || name == wanted.as_bytes())
        });
        found.unwrap_or(false)
    }
}

/// The services of a list with their tiers; `None` for an item that is not `<name>:<tier>`.
fn services(list: &str) -> impl Iterator<Item = Option<(&[u8], u64)>> {
    items(list).map(|item| {
        let colon = item.iter().position(|byte| *byte == b':')?;
        let (name, tier) = (&item[..colon], decimal(&item[colon + 1..])?);
        (!name.is_empty()).then_some((name, tier))
    })
}

/// What stands between the commas of a list, as bytes: on texts this short, searching as in a `str` takes longer.
fn items(list: &str) -> impl Iterator<Item = &[u8]> {
    list.as_bytes().split(|byte| *byte == b',')
}

/// `<service>_capabilities=<name>[,<name>…]`: of the service, only these. An empty list is no capability at all; no
/// caveat is all of them.
pub(super) struct Capabilities;

impl Satisfier for Capabilities {
    fn handles(&self, condition: &str, request: &RequestContext<'_>) -> bool {
        names(condition, request.service, "_capabilities")
    }

    fn narrows(&self, previous: &str, next: &str) -> bool {
        next.is_empty() || items(next).all(|name| items(previous).any(|before| before == name))
    }

    fn holds(&self, value: &str, request: &RequestContext<'_>) -> bool {
        request.capability.is_none_or(|wanted| items(value).any(|name| name == wanted.as_bytes()))
    }
}

/// `<service>_valid_until=<Unix seconds>`: of the service, only before this moment.
pub(super) struct ValidUntil;

impl Satisfier for ValidUntil {
    fn handles(&self, condition: &str, request: &RequestContext<'_>) -> bool {
        names(condition, request.service, "_valid_until")
    }

    fn narrows(&self, previous: &str, next: &str) -> bool {
        is_no_larger(previous, next)
    }

    fn holds(&self, value: &str, request: &RequestContext<'_>) -> bool {
        decimal(value.as_bytes()).is_some_and(|end| request.now.as_secs() < end)
    }
}

fn names(condition: &str, service: Option<&str>, suffix: &str) -> bool {
    service.is_some_and(|service| condition.strip_suffix(suffix) == Some(service))
}

/// Whether both are numbers, and the next is at most the previous.
fn is_no_larger(previous: &str, next: &str) -> bool {
    match (decimal(previous.as_bytes()), decimal(next.as_bytes())) {
        (Some(previous), Some(next)) => next <= previous,
        _ => false,
    }
}

/// A numeric constraint of one's own: a caveat whose number must not be below what the request comes to.
///
/// For a constraint such as `loop_monthly_volume_sats=200000`, say what the month comes to with this request:
///
/// ```
/// use l402_core::{AtMost, RequestContext, Satisfier, UnixTime};
///
/// let volume = AtMost::new("loop_monthly_volume_sats", 150_000);
/// let request = RequestContext::new("POST", "/loop", UnixTime::from_secs(1_900_000_000));
/// assert!(volume.holds("200000", &request));
/// assert!(!volume.holds("100000", &request));
/// assert!(volume.narrows("200000", "100000"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AtMost<'a> {
    condition: &'a str,
    actual: u64,
}

impl<'a> AtMost<'a> {
    /// Holds for `condition=<number>` when `actual` is at most the number.
    #[must_use]
    pub const fn new(condition: &'a str, actual: u64) -> Self {
        Self { condition, actual }
    }
}

impl Satisfier for AtMost<'_> {
    fn handles(&self, condition: &str, _: &RequestContext<'_>) -> bool {
        condition == self.condition
    }

    fn narrows(&self, previous: &str, next: &str) -> bool {
        is_no_larger(previous, next)
    }

    fn holds(&self, value: &str, _: &RequestContext<'_>) -> bool {
        decimal(value.as_bytes()).is_some_and(|limit| self.actual <= limit)
    }
}
