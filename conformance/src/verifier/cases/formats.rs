//! Reading macaroons, in each of their formats, and identifiers.

use super::needs::{IDENTIFIER, PARSE, READS_JSON, READS_V1, READS_V2, VERIFY};
use super::{GO_MACAROON, HELLO, READS, SUITE, Set};
use crate::case::{Need, Source};

const SERIALIZATION: Source = Source::macaroon("Serialization");
const V2: &[Need] = &[READS_V2, PARSE];
const V1: &[Need] = &[READS_V1, PARSE];
const JSON: &[Need] = &[READS_JSON, PARSE];

const ONE_SPELLING: &str = "A macaroon has one spelling, so that nothing that remembers tokens can be \
    cheated by respelling one. Nobody asks for it: go-macaroon, libmacaroons and pymacaroons all read \
    more.";

pub(super) const SETS: &[Set] = &[
    Set::new(
        SUITE
            .must(
                READS,
                "V2 macaroons are read as go-macaroon writes them",
                "Macaroons are serialized in the V2 binary format: location, identifier, caveats, \
                 signature, each with its type and its length as a varint.",
                SERIALIZATION,
            )
            .needing(V2)
            .after(&[HELLO]),
        &[("macaroon-v2", "Canonical"), ("macaroon-v2", "Large"), ("macaroon-v2", "EmptyLocation")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/v2/third-party",
                "V2 macaroons with third-party caveats are read",
                "A third-party caveat has a verification id after its identifier, and perhaps a location \
                 before it.",
                GO_MACAROON,
            )
            .needing(V2)
            .after(&[READS]),
        &[("macaroon-v2", "ThirdParty")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/v2/structure",
                "bytes that are no V2 macaroon are refused",
                "The fields of a macaroon stand in their order, each once: what lacks one, or has one too \
                 many, is none.",
                SERIALIZATION,
            )
            .needing(V2)
            .after(&[READS]),
        &[("macaroon-v2", "Structure"), ("macaroon-v2", "Truncated")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/v2/lengths",
                "lengths beyond the end, or beyond any number, are refused",
                "Each field has its length in front, a varint of at most 31 bits, and so many bytes \
                 follow.",
                SERIALIZATION,
            )
            .needing(V2)
            .after(&[READS]),
        &[("macaroon-v2", "LengthOverflow")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/v2/published-layout",
                "what is laid out as in the tables of macaroon-spec is refused",
                "The tags of the published tables are not those of any implementation; a reader that took \
                 both would read one token in two ways.",
                GO_MACAROON,
            )
            .needing(V2)
            .after(&[READS]),
        &[("macaroon-v2", "PublishedLayout"), ("verify", "PublishedLayout")],
    ),
    Set::new(
        SUITE
            .should(
                "verifier/v2/trailing-bytes",
                "bytes after the signature are refused",
                ONE_SPELLING,
                Source::PRACTICE,
            )
            .needing(V2)
            .after(&[READS]),
        &[("macaroon-v2", "TrailingBytes"), ("verify", "TrailingBytes")],
    ),
    Set::new(
        SUITE
            .should(
                "verifier/v2/shortest-lengths",
                "lengths that are not in their shortest form are refused",
                ONE_SPELLING,
                Source::PRACTICE,
            )
            .needing(V2)
            .after(&[READS]),
        &[("macaroon-v2", "NonMinimalVarint"), ("verify", "NonMinimalVarint")],
    ),
    Set::new(
        SUITE
            .should(
                "verifier/v2/empty-fields",
                "optional fields that are there and empty are refused",
                ONE_SPELLING,
                Source::PRACTICE,
            )
            .needing(V2)
            .after(&[READS]),
        &[("macaroon-v2", "EmptyField")],
    ),
    Set::new(
        SUITE
            .should(
                "verifier/v2/first-party-location",
                "a first-party caveat with a location is refused",
                "A first-party caveat has no location: no signature would cover it.",
                GO_MACAROON,
            )
            .needing(V2)
            .after(&[READS]),
        &[("macaroon-v2", "FirstPartyLocation"), ("verify", "FirstPartyLocation")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/v1/read",
                "V1 macaroons are read",
                "A verifier that has the V1 packet format reads what others write.",
                Source::new("libmacaroons", "the V1 format"),
            )
            .needing(V1)
            .after(&[HELLO]),
        &[("macaroon-v1", "Canonical"), ("macaroon-v1", "EmptyLocation"), ("macaroon-v1", "ThirdParty")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/v1/malformed",
                "bytes that are no V1 macaroon are refused",
                "Each packet has its length in four hex digits, a key, a space, a value and a newline, \
                 and the packets stand in their order.",
                Source::new("libmacaroons", "the V1 format"),
            )
            .needing(V1)
            .after(&["verifier/v1/read"]),
        &[
            ("macaroon-v1", "Truncated"),
            ("macaroon-v1", "Structure"),
            ("macaroon-v1", "LengthOverflow"),
            ("macaroon-v1", "DeepNesting"),
        ],
    ),
    Set::new(
        SUITE
            .should(
                "verifier/v1/trailing-bytes",
                "bytes after the last packet are refused",
                ONE_SPELLING,
                Source::PRACTICE,
            )
            .needing(V1)
            .after(&["verifier/v1/read"]),
        &[("macaroon-v1", "TrailingBytes")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/v1/verify",
                "V1 tokens are verified as V2 ones are",
                "The signature covers what a macaroon says, not how it is packed.",
                GO_MACAROON,
            )
            .needing(&[READS_V1, VERIFY])
            .after(&[HELLO]),
        &[("verify", "V1")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/v2-json/read",
                "V2-JSON macaroons are read",
                "A verifier that has V2-JSON reads what others write.",
                GO_MACAROON,
            )
            .needing(JSON)
            .after(&[HELLO]),
        &[("macaroon-v2-json", "Canonical"), ("macaroon-v2-json", "ThirdParty")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/v2-json/malformed",
                "what is no V2-JSON macaroon is refused",
                "An identifier and a signature of 32 bytes are there, each as text or as base64.",
                GO_MACAROON,
            )
            .needing(JSON)
            .after(&["verifier/v2-json/read"]),
        &[("macaroon-v2-json", "Json"), ("macaroon-v2-json", "DeepNesting")],
    ),
    Set::new(
        SUITE
            .should(
                "verifier/v2-json/one-spelling",
                "keys twice, locations without cover and what follows the object are refused",
                ONE_SPELLING,
                Source::PRACTICE,
            )
            .needing(JSON)
            .after(&["verifier/v2-json/read"]),
        &[
            ("macaroon-v2-json", "EmptyField"),
            ("macaroon-v2-json", "FirstPartyLocation"),
            ("macaroon-v2-json", "TrailingBytes"),
        ],
    ),
    Set::new(
        SUITE
            .info(
                "verifier/v2-json/spellings",
                "unusual V2-JSON is answered",
                "Whether unknown keys, nulls and padding are read is up to the reader.",
                Source::PRACTICE,
            )
            .needing(JSON)
            .after(&["verifier/v2-json/read"]),
        &[("macaroon-v2-json", "Spelling")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/v2-json/verify",
                "V2-JSON tokens are verified as V2 ones are",
                "The signature covers what a macaroon says, not how it is packed.",
                GO_MACAROON,
            )
            .needing(&[READS_JSON, VERIFY])
            .after(&[HELLO]),
        &[("verify", "V2Json")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/identifier/read",
                "an identifier is taken apart",
                "The identifier is a version (16 bits, big endian), the payment hash and the token id, 66 \
                 bytes in all.",
                Source::macaroon("Macaroon Identifier"),
            )
            .needing(&[IDENTIFIER])
            .after(&[HELLO]),
        &[("identifier", "Canonical")],
    ),
    Set::new(
        SUITE
            .must(
                "verifier/identifier/malformed",
                "identifiers of other versions and lengths are refused",
                "The only version is 0, and its identifiers have 66 bytes.",
                Source::macaroon("Macaroon Identifier"),
            )
            .needing(&[IDENTIFIER])
            .after(&["verifier/identifier/read"]),
        &[("identifier", "IdentifierVersion"), ("identifier", "IdentifierLength")],
    ),
];
