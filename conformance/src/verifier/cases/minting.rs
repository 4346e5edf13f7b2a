//! Making macaroons, and appending caveats to those of others.

use super::needs::{ATTENUATE, MINT, READS_V1, READS_V2, WRITES_V1, WRITES_V2};
use super::{GO_MACAROON, HELLO, SUITE, Set};
use crate::case::Source;

pub(super) const SETS: &[Set] = &[
    Set::new(
        SUITE
            .must(
                "verifier/mint/bytes",
                "a minted macaroon is, byte for byte, that of go-macaroon",
                "The key is HMAC-SHA256(\"macaroons-key-generator\", root key); the signature is the HMAC \
                 of the identifier with it, and then of each caveat with the signature before.",
                GO_MACAROON,
            )
            .needing(&[MINT, WRITES_V2])
            .after(&[HELLO]),
        &[("mint", "Minted"), ("mint", "Large")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/mint/root-keys",
                "root keys of any length are used as they are",
                "The root key is the message of the HMAC that the chain starts from, so that none is too \
                 long or too short.",
                GO_MACAROON,
            )
            .needing(&[MINT, WRITES_V2])
            .after(&[HELLO]),
        &[("mint", "RootKeyLength")],
    ),
    Set::new(
        SUITE
            .should(
                "verifier/mint/empty-root-key",
                "nothing is signed with an empty root key",
                "A root key is secret; everybody knows the empty one.",
                Source::PRACTICE,
            )
            .needing(&[MINT, WRITES_V2])
            .after(&["verifier/mint/bytes"]),
        &[("mint", "EmptyRootKey")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/mint/v1",
                "a minted V1 macaroon is, byte for byte, that of libmacaroons",
                "A verifier that has the V1 packet format writes what others read.",
                Source::new("libmacaroons", "the V1 format"),
            )
            .needing(&[MINT, WRITES_V1])
            .after(&[HELLO]),
        &[("mint", "V1")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/attenuate/bytes",
                "appended caveats are signed with the signature before them",
                "A caveat is appended by anybody, without the root key: the new signature is its HMAC \
                 with the old one.",
                Source::macaroon("Attenuation"),
            )
            .needing(&[ATTENUATE, READS_V2, WRITES_V2])
            .after(&[HELLO]),
        &[("attenuate", "Attenuated")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/attenuate/v1",
                "appended caveats of V1 macaroons are signed in the same way",
                "The signature covers what a macaroon says, not how it is packed.",
                GO_MACAROON,
            )
            .needing(&[ATTENUATE, READS_V1, WRITES_V1])
            .after(&[HELLO]),
        &[("attenuate", "V1")],
    ),
];
