//! Verifying: the signature, the payment, the identifier.

use super::needs::{JUDGES_IDENTIFIER, JUDGES_PREIMAGE, VERIFY};
use super::{GO_MACAROON, HELLO, SUITE, Set, VALID};
use crate::case::{Need, Source};

const INTEGRITY: &str = "The server MUST verify the cryptographic integrity of the macaroon (HMAC chain \
    verification against the root key).";
const PAYMENT: &str =
    "The server MUST verify that the preimage hashes to the payment hash that the macaroon commits to.";
const NEEDS: &[Need] = &[VERIFY];
const PAID: &[Need] = &[VERIFY, JUDGES_PREIMAGE];
const IDENTIFIED: &[Need] = &[VERIFY, JUDGES_IDENTIFIER];

pub(super) const SETS: &[Set] = &[
    Set::new(
        SUITE
            .must(
                VALID,
                "valid tokens are accepted",
                "The server SHOULD process the request when the macaroon and the preimage are valid.",
                Source::protocol("§6.1"),
            )
            .needing(NEEDS)
            .after(&[HELLO]),
        &[("verify", "Valid")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/token/root-keys",
                "root keys of any length are used as they are",
                "The root key is the message of the HMAC that the chain starts from, so that none is too \
                 long or too short.",
                GO_MACAROON,
            )
            .needing(NEEDS)
            .after(&[VALID]),
        &[("verify", "RootKeyLength")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/token/location",
                "a token is valid whatever its location says",
                "The location is a hint that no signature covers.",
                GO_MACAROON,
            )
            .needing(NEEDS)
            .after(&[VALID]),
        &[("verify", "LocationUnsigned")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/token/forged",
                "tokens signed with other keys are refused",
                INTEGRITY,
                Source::protocol("§6.1"),
            )
            .needing(NEEDS)
            .after(&[VALID]),
        &[("verify", "WrongRootKey")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/token/key-derivation",
                "tokens whose chain starts from another key are refused, also from that of the published \
                 text",
                "The chain starts from HMAC-SHA256(\"macaroons-key-generator\", root key). The published \
                 text leaves that out; whoever follows it reads nobody's tokens.",
                GO_MACAROON,
            )
            .needing(NEEDS)
            .after(&[VALID]),
        &[("verify", "KeyDerivation"), ("verify", "PublishedChain")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/token/signature",
                "changed signatures are refused",
                INTEGRITY,
                Source::protocol("§6.1"),
            )
            .needing(NEEDS)
            .after(&[VALID]),
        &[("verify", "WrongSignature")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/token/identifier",
                "changed identifiers are refused",
                INTEGRITY,
                Source::protocol("§6.1"),
            )
            .needing(NEEDS)
            .after(&[VALID]),
        &[("verify", "ChangedIdentifier")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/token/caveats",
                "changed, removed, moved and added caveats are refused",
                INTEGRITY,
                Source::protocol("§6.1"),
            )
            .needing(NEEDS)
            .after(&[VALID]),
        &[("verify", "ChangedCaveats")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/token/third-party",
                "third-party caveats without their discharge are refused",
                "A third-party caveat holds only with the macaroon that discharges it.",
                GO_MACAROON,
            )
            .needing(NEEDS)
            .after(&[VALID]),
        &[("verify", "ThirdParty")],
    ),
    Set::new(
        SUITE
            .should(
                "verifier/token/empty-root-key",
                "nothing is verified with an empty root key",
                "A root key is secret; everybody knows the empty one.",
                Source::PRACTICE,
            )
            .needing(NEEDS)
            .after(&[VALID]),
        &[("verify", "EmptyRootKey")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/payment/wrong-preimage",
                "other preimages are refused",
                PAYMENT,
                Source::protocol("§6.1.3"),
            )
            .needing(PAID)
            .after(&[VALID]),
        &[("verify", "WrongPreimage")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/payment/missing-preimage",
                "a token without a preimage is refused",
                PAYMENT,
                Source::protocol("§6.1.3"),
            )
            .needing(PAID)
            .after(&[VALID]),
        &[("verify", "MissingPreimage")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/payment/preimage-caveat",
                "a preimage is found in a caveat, too",
                "The preimage is in the header or in the caveat `preimage`.",
                Source::macaroon("Caveats"),
            )
            .needing(PAID)
            .after(&[VALID]),
        &[("verify", "PreimageCaveat")],
    ),
    Set::new(
        SUITE
            .info(
                "verifier/payment/two-preimages",
                "two preimages, of which one is wrong, are answered",
                "Whether one that fits is enough is up to the verifier.",
                Source::PRACTICE,
            )
            .needing(PAID)
            .after(&[VALID]),
        &[("verify", "Spelling")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/token/identifier-version",
                "identifiers of other versions are refused",
                "The only version is 0; another one says nothing about what follows.",
                Source::macaroon("Macaroon Identifier"),
            )
            .needing(IDENTIFIED)
            .after(&[VALID]),
        &[("verify", "IdentifierVersion")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/token/identifier-length",
                "identifiers of other lengths are refused",
                "The identifier is a version, the payment hash and the token id, 66 bytes in all.",
                Source::macaroon("Macaroon Identifier"),
            )
            .needing(IDENTIFIED)
            .after(&[VALID]),
        &[("verify", "IdentifierLength")],
    ),
];
