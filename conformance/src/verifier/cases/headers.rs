//! The header fields: credentials and challenges.

use super::needs::{AUTHORIZE, CHALLENGE};
use super::{HELLO, SUITE, Set};
use crate::case::{Case, Source};

const CREDENTIAL: &str = "verifier/credential/standard";
const STANDARD: &str = "verifier/challenge/standard";

const GRAMMAR: &str = "l402-credential = \"L402\" 1*SP base64 *(\",\" base64) \":\" 1*HEXDIG";
const CASELESS: &str = "The name of the scheme is case-insensitive.";
const BOTH_NAMES: &str = "Both L402 and LSAT MUST be accepted.";

const fn credential(case: Case) -> Case {
    case.needing(&[AUTHORIZE]).after(&[CREDENTIAL])
}

const fn challenge(case: Case) -> Case {
    case.needing(&[CHALLENGE]).after(&[STANDARD])
}

pub(super) const SETS: &[Set] = &[
    Set::new(
        SUITE
            .must(
                CREDENTIAL,
                "the credential of the specification is accepted",
                GRAMMAR,
                Source::protocol("§5.3"),
            )
            .needing(&[AUTHORIZE])
            .after(&[HELLO]),
        &[("credential", "Standard")],
    ),
    Set::new(
        credential(SUITE.must(
            "verifier/credential/lsat",
            "LSAT is accepted",
            BOTH_NAMES,
            Source::protocol("§10"),
        )),
        &[("credential", "LegacyScheme")],
    ),
    Set::new(
        credential(SUITE.must(
            "verifier/credential/scheme-case",
            "the scheme is accepted in any case",
            CASELESS,
            Source::protocol("§5"),
        )),
        &[("credential", "SchemeCase")],
    ),
    Set::new(
        credential(SUITE.must(
            "verifier/credential/spaces",
            "several spaces after the scheme are accepted",
            GRAMMAR,
            Source::protocol("§5.3"),
        )),
        &[("credential", "Spaces")],
    ),
    Set::new(
        credential(SUITE.must(
            "verifier/credential/hex-case",
            "hex digits of either case are accepted",
            GRAMMAR,
            Source::protocol("§5.3"),
        )),
        &[("credential", "HexCase")],
    ),
    Set::new(
        credential(SUITE.should(
            "verifier/credential/base64",
            "base64 is accepted in the URL alphabet and without padding",
            "Several servers and clients write it so.",
            Source::PRACTICE,
        )),
        &[("credential", "Base64Dialect")],
    ),
    Set::new(
        credential(SUITE.may(
            "verifier/credential/list",
            "several macaroons are accepted",
            GRAMMAR,
            Source::protocol("§5.2"),
        )),
        &[("credential", "List")],
    ),
    Set::new(
        credential(SUITE.must(
            "verifier/credential/list-members",
            "a list is refused when one of its macaroons is not valid",
            "The server MUST verify the cryptographic integrity of the macaroon, of each there is.",
            Source::protocol("§6.1"),
        )),
        &[("credential", "ListMember")],
    ),
    Set::new(
        credential(SUITE.must(
            "verifier/credential/malformed",
            "what is no credential is refused",
            GRAMMAR,
            Source::protocol("§5.3"),
        )),
        &[("credential", "MalformedCredential")],
    ),
    Set::new(
        credential(SUITE.must(
            "verifier/credential/verified",
            "a credential is verified, not only read",
            "The server MUST verify the integrity of the macaroon and that the preimage is that of its \
             payment hash.",
            Source::protocol("§6.1"),
        )),
        &[("credential", "WrongPreimage"), ("credential", "WrongRootKey")],
    ),
    Set::new(
        credential(SUITE.info(
            "verifier/credential/spellings",
            "unusual spellings are answered",
            "Whether tabs, quotes, parameters and twins are read is up to the server.",
            Source::PRACTICE,
        )),
        &[("credential", "Spelling")],
    ),
    Set::new(
        SUITE
            .must(
                STANDARD,
                "the challenge of the specification is read",
                "l402-challenge = \"L402\" 1*SP macaroon-param \",\" SP invoice-param",
                Source::protocol("§5.3"),
            )
            .needing(&[CHALLENGE])
            .after(&[HELLO]),
        &[("challenge", "Standard")],
    ),
    Set::new(
        challenge(SUITE.must(
            "verifier/challenge/lsat",
            "LSAT challenges are read",
            BOTH_NAMES,
            Source::protocol("§10"),
        )),
        &[("challenge", "LegacyScheme")],
    ),
    Set::new(
        challenge(SUITE.must(
            "verifier/challenge/case",
            "names are read in any case",
            CASELESS,
            Source::protocol("§5"),
        )),
        &[("challenge", "SchemeCase")],
    ),
    Set::new(
        challenge(SUITE.must(
            "verifier/challenge/spaces",
            "spaces are read as RFC 9110 has them",
            "auth-param = token BWS \"=\" BWS ( token / quoted-string ), with commas and optional spaces \
             between them",
            Source::new("RFC 9110", "§11.4"),
        )),
        &[("challenge", "Spaces")],
    ),
    Set::new(
        challenge(SUITE.should(
            "verifier/challenge/order",
            "parameters are read in any order",
            "The order of authentication parameters has no meaning.",
            Source::new("RFC 9110", "§11.4"),
        )),
        &[("challenge", "ParameterOrder")],
    ),
    Set::new(
        challenge(SUITE.must(
            "verifier/challenge/unknown-parameters",
            "unknown parameters are ignored",
            "Clients MUST ignore parameters they do not know.",
            Source::protocol_with_version("§5"),
        )),
        &[("challenge", "UnknownParameter")],
    ),
    Set::new(
        challenge(SUITE.should(
            "verifier/challenge/token",
            "`token` is read like `macaroon`",
            "Clients SHOULD accept both `token` and `macaroon`.",
            Source::protocol_with_version("§5"),
        )),
        &[("challenge", "TokenParameter")],
    ),
    Set::new(
        challenge(SUITE.should(
            "verifier/challenge/bare",
            "values without quotes are read",
            "auth-param = token BWS \"=\" BWS ( token / quoted-string )",
            Source::new("RFC 9110", "§11.4"),
        )),
        &[("challenge", "BareValue")],
    ),
    Set::new(
        challenge(SUITE.must(
            "verifier/challenge/several",
            "challenges of other schemes around it are passed over",
            "A field may have several challenges, of several schemes.",
            Source::new("RFC 9110", "§11.6.1"),
        )),
        &[("challenge", "SeveralChallenges")],
    ),
    Set::new(
        challenge(SUITE.must(
            "verifier/challenge/malformed",
            "a challenge without macaroon or invoice is refused",
            "Both parameters MUST be there.",
            Source::protocol("§5.1"),
        )),
        &[("challenge", "MalformedChallenge")],
    ),
    Set::new(
        challenge(SUITE.should(
            "verifier/challenge/ambiguous",
            "a parameter with two values is refused",
            "To pay for one might buy the other.",
            Source::PRACTICE,
        )),
        &[("challenge", "AmbiguousChallenge")],
    ),
    Set::new(
        challenge(SUITE.info(
            "verifier/challenge/spellings",
            "unusual spellings are answered",
            "Whether a missing comma is read is up to the client.",
            Source::PRACTICE,
        )),
        &[("challenge", "Spelling")],
    ),
];
