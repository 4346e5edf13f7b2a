//! Verifying: the caveats of L402.

use super::needs::{JUDGES_CAPABILITIES, JUDGES_SERVICES, JUDGES_VALID_UNTIL, VERIFY};
use super::{SUITE, Set, VALID};
use crate::case::Source;

pub(super) const SETS: &[Set] = &[
    Set::new(
        SUITE
            .must(
                "verifier/caveats/unknown",
                "caveats that are not known are skipped",
                "Verifiers MUST skip caveats whose condition they do not know.",
                Source::macaroon("Caveats"),
            )
            .needing(&[VERIFY])
            .after(&[VALID]),
        &[("caveats", "UnknownCaveat")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/caveats/services",
                "a token is for the services it names",
                "The service that is asked for MUST be among those of the caveat `services`.",
                Source::macaroon("Target Services"),
            )
            .needing(&[VERIFY, JUDGES_SERVICES])
            .after(&[VALID]),
        &[("caveats", "Services")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/caveats/services-repeated",
                "a repeated services caveat must not name more",
                "The services of a caveat MUST be a subset of those of the one before.",
                Source::macaroon("Target Services"),
            )
            .needing(&[VERIFY, JUDGES_SERVICES])
            .after(&["verifier/caveats/services"]),
        &[("caveats", "ServicesRepeated")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/caveats/capabilities",
                "a token is for the capabilities it names",
                "The capability that is asked for MUST be among those of the caveat, and those a subset \
                 of the ones before; without the caveat, all are allowed.",
                Source::macaroon("Service Capabilities"),
            )
            .needing(&[VERIFY, JUDGES_CAPABILITIES])
            .after(&[VALID]),
        &[("caveats", "Capabilities")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/caveats/valid-until",
                "a token is valid until the moment it names, and not at it",
                "The time MUST be before that of the caveat `<service>_valid_until`.",
                Source::macaroon("Service Constraints"),
            )
            .needing(&[VERIFY, JUDGES_VALID_UNTIL])
            .after(&[VALID]),
        &[("caveats", "ValidUntil")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/caveats/valid-until-repeated",
                "a repeated moment must not be later",
                "A repeated constraint MUST be at most as permissive as the one before.",
                Source::macaroon("Service Constraints"),
            )
            .needing(&[VERIFY, JUDGES_VALID_UNTIL])
            .after(&["verifier/caveats/valid-until"]),
        &[("caveats", "ValidUntilRepeated")],
    ),
    Set::new(
        SUITE
            .info(
                "verifier/caveats/spellings",
                "unusual spellings are answered",
                "How a space, a leading zero or an empty list is read differs; a token should not be \
                 written like that.",
                Source::PRACTICE,
            )
            .needing(&[VERIFY])
            .after(&[VALID]),
        &[("caveats", "Spelling")],
    ),
];
