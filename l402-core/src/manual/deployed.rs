//! Where the published texts are wrong or disagree, what deployed code does, and what is done here.
//!
//! Facts as read in sources of 2026. *The texts* are those of the repository `lightninglabs/L402` and its draft
//! bLIP-26; *the reference* is Aperture, with go-macaroon below it.
//!
//! # Four texts
//!
//! | name here | text | challenge |
//! |---|---|---|
//! | March text | `protocol-specification.md` of March 2026, "aligned with bLIP-26" | `version="0", token=, invoice=` |
//! | section text | the restructured `protocol-specification.md` that the main branch served afterwards | `macaroon=, invoice=` |
//! | open change | pull request 21, on top of the section text | `version="0", token=, invoice=` |
//! | bLIP-26 | the draft, open since 2023 | `macaroon=, invoice=`, later revisions `token=` |
//!
//! `macaroon-spec.md` goes with all of them. Sections (§) below are those of the section text. Older clients and
//! servers follow the LSAT text of 2020, which is the same protocol under another name.
//!
//! # The macaroon
//!
//! | subject | the text says | deployed code does | here |
//! |---|---|---|---|
//! | first key of the chain | macaroon-spec: link 0 is `HMAC(root key, identifier)` | every macaroon library first computes `HMAC("macaroons-key-generator", root key)` | as the libraries ([`RootKey`](crate::RootKey)); the literal chain does not verify |
//! | digests of the worked example | macaroon-spec prints `3c5d…`, `8a2f…`, `b71c…` | they fit neither way: literally `b71df975…`, `64a6168c…`, `c35d0f79…`; with the generator `39928649…`, `7cbc8f0b…`, `2f4222d5…` | a test holds all nine |
//! | tags of V2 | macaroon-spec: location 06, location of a caveat 05, caveat 01, verification id 02 and always there | 01 location, 02 identifier and caveat, 04 verification id of third-party caveats only, 06 signature | as the libraries; see [`format`](mod@super::format) |
//! | ends of sections | macaroon-spec: none after the caveats, one after the signature | one after the caveats, none after the signature | as the libraries |
//! | worked example of V2 | a length of 14 for the 13 bytes of `account=12345` | no reader accepts it | refused, and a test says so |
//! | trailing bytes, padded lengths, empty optional fields | not said | go-macaroon reads over trailing bytes, and reads an empty verification id as none | refused: one macaroon has one form |
//! | V1 packets, V2-JSON | V2 only | some Rust and Python servers write V1; go-macaroon reads it | a credential is V2; core reads the other two for tools, and never writes them |
//! | location | not said | `lsat` in the reference; others write a URL, or nothing | `lsat` is written, nothing is checked: it is not signed |
//! | root key | macaroon-spec: 32 random bytes for each token, stored | stored under SHA-256 of the identifier by the reference; one static key for all tokens by some | derived from a master key, or a store behind [`RootKeyStore`](crate::ports::RootKeyStore); never empty |
//!
//! The tests are `the_published_chain_does_not_match`, `the_published_tags_are_refused` and
//! `the_published_credential_is_refused` in `tests/reference_vectors.rs`.
//!
//! # Identifiers
//!
//! The texts and the reference agree on 66 bytes: version 0, payment hash, token id. In the field there are others:
//!
//! | written by | identifier |
//! |---|---|
//! | boltwall, lsat-js | the 66 bytes as 132 hex digits |
//! | `l402_middleware`, and the nginx module built on it | the bare payment hash, 32 bytes |
//! | lsat-middleware (Go) | Go's gob encoding, 231 bytes |
//! | some JavaScript servers | signed JSON, which is no macaroon |
//!
//! Here a server mints and accepts the 66 bytes only, and the client pays only for those: where it cannot find the
//! payment hash it cannot see what it pays for. Core recognises the first two others for tools. go-macaroon's reader of
//! identifiers tolerates extra bytes and a short last field; ours wants exactly 66.
//!
//! # Caveats
//!
//! | subject | the text says | deployed code does | here |
//! |---|---|---|---|
//! | spaces | macaroon-spec prints `services = x` | `services=x`; with spaces the condition is `services␠`, which nobody knows | no spaces; nothing is trimmed |
//! | unknown conditions | macaroon-spec: MUST be skipped | the reference skips; `l402_middleware` refuses | skipped; [`UnknownCaveats::Refuse`](crate::UnknownCaveats::Refuse) on request |
//! | no `=` at all | not said | the reference skips it | as an unknown condition |
//! | `services`, `<service>_capabilities`, `<service>_valid_until` | each repetition may only restrict | the reference checks the first and the last of them, and writes all three | known where the caller names the service. Without a name, a token with `services` is refused, and the other two are unknown |
//! | other numbers | macaroon-spec: increasingly restrictive | the reference does not check them | [`amount`, `uses` and `expires_at`](mod@super::format) may only shrink; those of others are unknown |
//! | path, method, time | not said | `RequestPath = `, `RequestMethod = `, `ExpiresAt = `, `expiration=` in milliseconds, `path`, `method` | `path=`, `method=`, `expires_at=` in seconds |
//! | `preimage=` | macaroon-spec has it | clients of the reference append it; lnget does so over HTTP as well | read when the header has none; each one there must be right |
//!
//! Skipping has a price. Whoever hands a token on and adds a condition that the server does not know has added nothing.
//! Refusing has one, too: a client may add a note of its own that the specification tells servers to ignore.
//!
//! # The challenge
//!
//! | subject | the text says | deployed code does | here |
//! |---|---|---|---|
//! | name of the parameter | `macaroon` (section text), `token` (March text, open change) | servers write `macaroon`; the reference's clients read nothing else | both are written, both are read |
//! | order and spacing | §5.3: macaroon, comma, space, invoice | the reference's client matches `(LSAT\|L402) macaroon="(.*?)", invoice="(.*?)"` and nothing else; lnget allows other spacing and case, but not another order or anything in between | written exactly so, with `version` and `token` behind; read in any order |
//! | quotes | §5.3: quoted-string | `l402_middleware` writes bare values | quotes are written; bare values are read |
//! | case of the scheme | §5: any | the reference's client and L402sdk want capitals | `L402` is written; any case is read |
//! | two names | §10: SHOULD send LSAT and L402, LSAT first | the reference sends two fields, LSAT first; lnget and L402sdk look at the first field only | one field, `L402`; the reference's pair on request (`Challenge::to_aperture_header_values`), not yet in the gate |
//! | several schemes in one field | RFC 9110 allows it | several clients look at the start of the field only | all fields and all list members are read; others are skipped |
//! | base64 | §5.3 by grammar, macaroon-spec by name: standard, padded | most write that; Python, JavaScript and Rust macaroon libraries write the URL alphabet, often without padding | standard and padded is written; all four are read, a mixture is not |
//!
//! Where more parameters than two follow, §5.3 read to the letter has no place for them. Every client that is known
//! reads over them at the end, and the March text wants them.
//!
//! # The credential
//!
//! | subject | the text says | deployed code does | here |
//! |---|---|---|---|
//! | scheme | §5: any case; §10: LSAT and L402 | the reference's server wants capitals | any case of both |
//! | spaces after it | §5.3: one or more | the reference's server wants one | one or more |
//! | preimage | §5.3: hex in either case; the printed example has 12 bytes | the reference's server wants lower case, and reads over what follows the 64 digits | 64 digits in either case and nothing behind |
//! | base64 | as above | the reference's server reads standard and padded only | all four; bits that stand for nothing are refused |
//! | parameter form `macaroon="…", preimage="…"` | not said | sent by some clients | read |
//! | several macaroons | §5.2 and §5.3: a comma-separated list | refused by the reference's server as bad base64 | up to four of one payment; what they allow is what all allow |
//! | discharges of third-party caveats | what the list is meant for | rare | with feature `third-party` |
//! | several `Authorization` fields | RFC 9110: the field is not a list | the reference's client sends two, LSAT and L402 twins; its server lets the last one decide | the same credential twice is one; two different ones are refused with 401 |
//! | other schemes beside it | not said | varies | skipped |
//! | `Grpc-Metadata-Macaroon`, `Macaroon` | not said | hex, with a `preimage` caveat; read by the reference when there is no `Authorization` | core reads their values; the gate does not look at them yet |
//!
//! # 401 or 402
//!
//! | credential | the texts say | the reference does | here |
//! |---|---|---|---|
//! | none | 402 with a challenge (§4.1, §6.1) | 402 | 402 with a challenge |
//! | malformed, forged, wrong preimage | March text: 402, and in another place 401; section text: 401 (§4.1, §6.1) | 402 with a fresh challenge | 401 with a code and no invoice |
//! | control characters in it | §5.2: 401; March text: SHOULD 402 | 402 | 401 |
//! | revoked | §8: a fresh 402; §6.1: 401 | 402 | 401 when the key is not known |
//! | expired, used up, for another route | §8: a fresh 402; §6.1 read to the letter: 401 | 402 | 402 with a challenge |
//!
//! The line here is whether the token was ours and paid for
//! ([`Rejection::is_authentic`](crate::Rejection::is_authentic)). An honest client that holds an old token needs a new
//! offer, and every deployed client pays again on 402 only. Somebody who sends what we never signed gets none, since
//! an offer costs the node an invoice. A 401 carries `WWW-Authenticate: L402` without parameters, because RFC 9110
//! §15.5.2 wants a challenge on every 401.
//!
//! A client that sticks to a token after the server changed its master key without [`KeyRing`](crate::KeyRing) gets 401
//! and may not buy again by itself. That is the price of this line.
//!
//! # gRPC
//!
//! The section text wants HTTP 200 with `Grpc-Status: 402` and details in `grpc-status-details-bin`; the March text,
//! the open change and bLIP-26 want `Grpc-Status: 13` and `payment required`, which is what the reference sends. The
//! gate here does not speak gRPC yet.
