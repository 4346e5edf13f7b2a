//! What a paid answer tells caches.

/// The `Cache-Control` that a paid answer gets in place of its own; `None` when its own keeps shared caches away.
///
/// Adapters ask this for every answer of an admitted request, so that what one buyer paid for is not handed to the next
/// visitor. A request with `Authorization` is kept from shared caches already, but not once a handler says `public`,
/// `s-maxage` or `must-revalidate` (RFC 9111 section 3.5), which is not said with payment in mind.
///
/// ```
/// use l402_server::paid_cache_control;
///
/// assert_eq!(paid_cache_control([].into_iter()), Some("private"));
/// assert_eq!(paid_cache_control([&b"public, max-age=60"[..]].into_iter()), Some("private"));
/// assert_eq!(paid_cache_control([&b"max-age=60, Private"[..]].into_iter()), None);
/// assert_eq!(paid_cache_control([&b"no-store"[..]].into_iter()), None);
/// ```
#[must_use]
pub fn paid_cache_control<'a>(mut current: impl Iterator<Item = &'a [u8]>) -> Option<&'static str> {
    let keeps_away = |directive: &[u8]| {
        let directive = directive.trim_ascii();
        directive.eq_ignore_ascii_case(b"private") || directive.eq_ignore_ascii_case(b"no-store")
    };
    let is_private = current.any(|value| value.split(|byte| *byte == b',').any(keeps_away));
    (!is_private).then_some("private")
}
