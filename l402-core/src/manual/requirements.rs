//! Every requirement of the specification, and what fulfils it.
//!
//! The numbers are this project's. §n is a section of the 2026 `protocol-specification.md`, *macaroon-spec* its sister
//! text; [`deployed`](super::deployed) says which revisions there are. *March* marks what only the revision of March
//! 2026 and the open change on top of the current one want, *discovery* the open draft of a discovery text.
//! Requirements are restated, not quoted.
//!
//! *Yes*, *partly*, *not yet* and *no* are about this workspace as it is. A test is named by its function, with its
//! file in brackets: *core*, *server*, *axum*, *actix* and *client* are the crates' `tests` folders. A name like
//! `challenge/form` is a case of `l402-conformance`, which runs against both adapters.
//!
//! # Tokens
//!
//! | | level | requirement | source | here | shown by |
//! |---|---|---|---|---|---|
//! | V1 | MUST | identifier of 66 bytes, big-endian, version 0 | macaroon-spec, identifier | yes: [`Identifier`](crate::Identifier) | `vector_4_is_an_identifier_and_version_1_is_none` (core, `reference_vectors`) |
//! | V2 | MUST | a token without a known root key is refused; deleting the key revokes | macaroon-spec, revocation | yes: an unknown key is refused ([`UnknownRootKey`](crate::Rejection::UnknownRootKey)). A [`KeyRing`](crate::KeyRing) retires a whole secret at a moment; the server's `RevocationList` takes back the tokens of one payment | `an_unknown_key_is_refused` (core, `verify`), `tokens_outlive_the_rotation_of_their_secret_until_the_cut_off` (server, `gate`), `a_token_can_be_taken_back_and_given_again` (server, `keys`) |
//! | V3 | MUST | signatures compared in constant time | macaroon-spec, verification | yes: [`is_signed_by`](crate::MacaroonRef::is_signed_by), over `subtle`. No test measures time | `secret_bytes_are_compared_in_constant_time_only` (core, `secrets`) looks at the source |
//! | V4 | MUST | the preimage, from the header or a caveat, hashes to the payment hash | macaroon-spec, verification | yes: [`Unverified::screen`](crate::Unverified::screen), and every `preimage` caveat besides | `a_wrong_preimage_is_refused_before_anything_else`, `preimage_caveats_must_all_be_right` (core, `verify`) |
//! | V5 | MUST | `services`: each within the one before, the last has the target | macaroon-spec, caveats | yes, with tiers, where the caller names the service ([`RequestContext::with_service`](crate::RequestContext::with_service)); where it does not, such a token is refused. The gate names the pass that a route asks for | `repeated_services_must_be_a_subset_and_the_last_decides` (core, `caveats`), `a_pass_opens_the_routes_of_its_name_with_any_method` (server, `pricing`) |
//! | V6 | MUST | `<service>_capabilities` within the one before; none means all | macaroon-spec, caveats | yes, where the caller names service and capability; otherwise unknown | `capabilities_are_of_the_service_and_absence_is_all_of_them` (core, `caveats`) |
//! | V7 | MUST | numeric constraints only get tighter | macaroon-spec, caveats | yes for ours (`amount`, `uses`, `expires_at`), and for those a caller adds with [`AtMost`](crate::AtMost); others are unknown, hence skipped | `repeated_caveats_may_only_narrow` (core, `verify`), `one_can_add_conditions_of_ones_own` (core, `caveats`) |
//! | V8 | MUST | unknown caveats are skipped | macaroon-spec, verification | yes by default: [`UnknownCaveats::Skip`](crate::UnknownCaveats::Skip); [`Refuse`](crate::UnknownCaveats::Refuse) departs from it on request. A third-party caveat without its discharge is never skipped | `unknown_caveats_are_skipped_or_refused` (core, `verify`) |
//! | V9 | MUST | the time is before `valid_until`, and a later one is not later | macaroon-spec, caveats | yes: `expires_at`, and `<service>_valid_until` where the caller names the service | `a_service_ends_at_its_second_and_never_later_than_before` (core, `caveats`), `a_token_ends_at_its_second` (core, `verify`), `a_token_expires` (server, `gate`) |
//! | V10 | MUST | each repetition restricts the one before, the last decides | macaroon-spec, caveats | yes for the caveats known here; of `path`, `method` and `preimage` every one must hold | `repeated_caveats_may_only_narrow` (core, `verify`), `one_more_caveat_never_allows_more` (core, `properties`) |
//! | V11 | MUST, March | a token can be verified without stored state | March | yes with [`MasterKey`](crate::MasterKey). Counting its uses takes a store | `another_instance_with_the_same_secret_accepts_the_token` (server, `gate`) |
//! | V12 | MUST | V2 binary format | macaroon-spec, serialization | yes, with the tags that libraries use and not those of the text | `minting_the_same_again_gives_the_same_bytes` (core, `vectors`), `challenge/macaroon-v2` |
//!
//! Reading V1 packets and V2-JSON as well, and third-party caveats with their discharges (feature `third-party`), are
//! in core; the specification asks for neither.
//!
//! # Servers
//!
//! | | level | requirement | source | here | shown by |
//! |---|---|---|---|---|---|
//! | S1 | MUST | 402 when payment is due and there is no credential | §4.1, §6.1 | yes | `an_unpaid_request_gets_a_challenge_in_the_one_form` (server, `gate`), `challenge/status-402` |
//! | S2 | MUST | `WWW-Authenticate` with macaroon and invoice | §5.1, §6.1 | yes, but not on answers to `HEAD` and `OPTIONS`: those get 402 without an offer, so that they cost no invoice | the same, `challenge/parameters`; `head_and_options_get_no_invoice_and_no_way_in` (server, `gate`) |
//! | S3 | MUST | both quoted, macaroon first, comma and space between | §5.1, §5.3 | yes: [`Challenge::to_header_value`](crate::header::Challenge::to_header_value). `version` and `token` follow, which this grammar does not name | `the_output_is_exactly_one_form` (core, `challenge`), `challenge/form` |
//! | S4 | MUST | the macaroon in standard base64, padded | §5.3, macaroon-spec | yes: [`Macaroon::to_base64`](crate::Macaroon::to_base64) | `vector_5_is_minted_and_lengthened_byte_for_byte` (core, `reference_vectors`), `challenge/base64` |
//! | S5 | MUST | the identifier holds the invoice's payment hash | §5.1, §6.1 | yes: taken from the invoice that was read, which must be what the provider said | `a_provider_that_fails_or_lies_sells_nothing_and_tells_nothing` (server, `backends`), `challenge/identifier` |
//! | S6 | SHOULD | prices in msat, and a BOLT11 invoice for it | §6.1.1 | yes: [`Msat`](crate::Msat); a price that the provider cannot express is refused when the gate is built | `settings_that_make_no_sense_are_refused_when_built` (server, `gate`) |
//! | S7 | SHOULD | LSAT and L402 challenges, LSAT first | §10 | deliberately not by default: many clients read the first field only, and those need `L402` there. The server's `Profile::APERTURE`, or `with_lsat_twin`, sends the pair | `the_pair_of_the_reference_is_written_exactly` (core, `dialects`), `every_code_in_every_profile_and_format` (server, `replies`) |
//! | S8 | MUST | both names accepted in credentials | §10 | yes | `every_form_in_the_field_is_read` (core, `credential`), `credential/lsat` |
//! | S9 | MUST | the scheme in any case | §5 | yes | the same, `credential/scheme-case` |
//! | S10 | MUST | one or more spaces after it; hex in either case | §5.3 | yes | the same, `credential/two-spaces`, `credential/upper-case-hex` |
//! | S11 | MAY | several macaroons, separated by commas | §5.2, §5.3 | yes: up to four, all of one payment | `a_comma_list_of_macaroons_is_one_credential`, `a_fifth_macaroon_is_refused` (core, `credential`), `two_tokens_of_one_payment_allow_what_both_allow` (core, `verify`) |
//! | S12 | MUST | the token's integrity first; 401 if it fails | §6.1 | partly: 401, and nothing of a token is used before the signature was right. But the preimage is compared before the signature, because a wrong one then costs one hash; which of two faults is reported differs, the status does not | `forged_tampered_and_foreign_tokens_are_refused_without_an_invoice` (server, `gate`), `verification/forged`, `verification/tampered` |
//! | S13 | MUST | 401 when the preimage does not fit | §4.1 | yes | the same, `verification/wrong-preimage` |
//! | S14 | MUST | 401 for control characters in macaroon or preimage | §5.2 | yes where they reach the gate; HTTP libraries refuse most before, with 400 | `no_byte_but_base64_makes_a_macaroon`, `no_byte_but_hex_digits_makes_a_preimage` (core, `credential`), `verification/control-characters` |
//! | S15 | MUST | payment verified, by the preimage or by asking the node | §6.1 | yes: by the preimage, and by asking the node where the preimage proves nothing or, on request, where the buyer has none | `where_the_preimage_is_no_proof_the_node_is_always_asked`, `only_settled_lets_in` (server, `settlement`) |
//! | S16 | SHOULD | a valid request is processed | §6.1 | yes | `every_example_sells_and_delivers` (axum, actix), `credential/accepted` |
//! | S17 | – | a revoked or expired credential gets a fresh 402 | §8, against S12 | yes; so do used up and misdirected ones, and those whose key is retired. One whose key was never known gets 401, as it cannot be told from a forged one | `a_token_expires`, `tokens_outlive_the_rotation_of_their_secret_until_the_cut_off` (server, `gate`), `a_token_can_be_taken_back_and_given_again` (server, `keys`) |
//! | S18 | MUST | a fresh macaroon for each challenge, with a random root key of its own that is never disclosed | §6.1, macaroon-spec | partly: fresh, and with a key of its own; but the key is derived from the master key and 28 random bytes, deliberately, so that a challenge writes nothing. Never disclosed | `root_keys_are_derived_as_documented` (core, `verify`), `challenge/fresh` |
//! | S19 | MUST NOT | challenges over plain HTTP; TLS 1.2 or later | §9.1 | no: the gate sees requests, not connections. TLS is for the server or the proxy before it, and nothing here notices when there is none | – |
//! | S20 | MUST | gRPC is answered with HTTP 200, and recognised by its content type | §7.1 | not yet | – |
//! | S21 | MUST | gRPC status and message (the texts disagree) | §7 | not yet | – |
//! | S22 | SHOULD, March | `macaroon=` besides `token=`, a missing `version`, metadata `macaroon` besides `token` | March | partly: credentials and challenges are read under both names, and no version is asked for. The gate reads `Grpc-Metadata-Macaroon` and `Macaroon` where there is no `Authorization`, and not `token` | `every_form_in_the_field_is_read` (core, `credential` and `challenge`), `a_macaroon_in_a_field_of_its_own_pays` (core, `dialects`; server, `gate`) |
//! | S23 | MUST, March | `version="0"` in the challenge | March | yes | `the_output_is_exactly_one_form` (core, `challenge`) |
//! | S24 | MUST, discovery | a manifest at `/.well-known/l402.json`, with rules for quotes and error codes | discovery | not yet | – |
//!
//! # Clients
//!
//! | | level | requirement | source | here | shown by |
//! |---|---|---|---|---|---|
//! | C1 | MUST | the amount is checked before paying, against a limit that can be set | §6.2, §9.5 | yes: caps per request, hour, day, host and in total, fees included, on unless changed (1000 sat a request); invoices without an amount are refused | `the_default_cap_is_a_thousand_sat`, `every_cap_holds_with_the_fee_in_it`, `processes_that_race_for_a_budget_use_it_up_and_no_more`, `an_invoice_without_amount` (client) |
//! | C2 | MUST | pay the invoice, obtain the preimage | §6.2 | yes, through the port [`Wallet`](crate::ports::Wallet), and the preimage is compared with the hash. The wallets are those of `l402-wallets` | `a_bill_of_the_dev_node_is_paid_and_the_goods_are_delivered`, `a_preimage_of_another_payment_proves_nothing` (client) |
//! | C3 | MUST | send scheme, macaroon as issued, colon, preimage in hex | §6.2 | yes; in the word the server used, `L402` or `LSAT` | `the_macaroon_goes_back_as_issued_in_every_dialect_of_base64` (client) |
//! | C4 | MUST | repeat the original request with it | §6.2 | yes, except for a streamed body, which is not paid for | `a_request_is_repeated_as_it_was`, `a_streamed_body_is_sent_but_not_paid_for` (client) |
//! | C5 | SHOULD | keep a credential and use it until the next 402 | §8 | yes: in memory or SQLite, by origin and by what the caveats allow; dropped on 401 and 402, and bought anew once | `a_token_is_used_until_its_uses_are_up`, `a_token_that_is_refused_is_dropped_and_a_new_one_bought_once`, `tokens_are_shared_through_the_store` (client) |
//! | C6 | MUST NOT | credentials over plain HTTP | §9.1 | yes, except to this machine and to `.onion` | `plain_http_is_not_paid_over`, `plain_http_to_a_service_of_tor_is_paid_over` (client) |
//! | C7 | MUST, March | unknown parameters are ignored | March | yes: [`ChallengeRef`](crate::header::ChallengeRef) | `every_form_in_the_field_is_read` (core, `challenge`) |
//! | C8 | SHOULD, March | `token=` and `macaroon=` accepted | March | yes | the same, `every_form_of_a_challenge_is_understood` (client) |
//! | C9 | MUST, March | gRPC: the token in hex in metadata `token` | March | not yet: no gRPC | – |
//! | C10 | SHOULD, discovery | before paying a quote: equal hashes, caveats as quoted, amount within the limit; otherwise do not pay | discovery | partly: equal hashes and the amount, for every challenge, and a token whose caveats make it worthless is not paid for. There are no quotes of the discovery text | `a_macaroon_for_another_payment`, `an_invoice_above_the_cap` (client) |
