//! Threat model: who attacks, what stops them, and what does not.
//!
//! This is about `l402-core`, `l402-server` with its two adapters, and `l402-client`, as they are. What is missing is
//! said where it is missing.
//!
//! # What is protected
//!
//! 1. The seller gets paid for what is delivered: no token without payment, no use that was not bought.
//! 2. The buyer gets what was paid for: no payment for nothing, no payment twice, no use lost to a failure. A use is
//!    charged before the first byte of the answer goes out, so an answer that breaks off later is charged.
//! 3. Both keep working while strangers send what they like.
//!
//! # What is assumed
//!
//! SHA-256 and HMAC-SHA256 hold. Preimages and the server's random numbers cannot be guessed. The master key is secret
//! and random; its length is checked, its randomness cannot be. Requests come over TLS, or over Tor. All instances
//! that share a master key share a replay store. Clocks are right within seconds.
//!
//! A paid token is a bearer secret: whoever has macaroon and preimage has what they buy. The preimage is also known to
//! every node that forwarded the payment, and the macaroon to whoever saw the challenge; that is why neither is written
//! to logs.
//!
//! # Who attacks
//!
//! ## The client
//!
//! Wants goods without paying, or more than was paid for.
//! - *Stopped*: forged and changed tokens (chain), foreign preimages (hash), a second use in another spelling (uses are
//!   counted by payment hash), many uses at once (a claim is one step), another path or method (caveats), a use after
//!   the end (caveat).
//! - *Not stopped*: a handler that works first and then answers 400 or above has worked for nothing, since that gives
//!   the use back. One that takes longer than the lease works for nothing, too: its answer is withheld, and the use is
//!   free again. With a fixed price or a table, the query is not part of what is bought: a token for `/report` opens
//!   `/report?id=2` as well as `/report?id=1`; with a price function it is. The body never is.
//! - *Bounded*: asking for invoices without end. Offers are throttled, and open invoices bounded, per instance.
//!
//! ## The delegatee
//!
//! Holds a token that somebody narrowed, and wants what was taken away.
//! - *Stopped*: a caveat cannot be removed, and a repeated number cannot grow.
//! - *Not stopped*: caveats that this server does not know are skipped unless
//!   [`UnknownCaveats::Refuse`](crate::UnknownCaveats::Refuse) is set, those of other L402 servers among them
//!   ([list](super::deployed)). And use counts are per payment, not per holder: holders of copies share the uses.
//!
//! ## The network
//!
//! Reads and changes what it can, and wants a token on its way.
//! - *Stopped*: the client pays over `https` only, or to this machine, or to `.onion`; it keeps off proxies for its
//!   own machine; nothing is paid and no credential is sent after a redirect to another origin. Challenges and
//!   refusals carry `Cache-Control: no-store`.
//!   Challenges name no path and no query in the invoice. Paid answers are `private`.
//! - *Not stopped*: the server does not notice when it is reached without TLS.
//!
//! ## Another tenant
//!
//! Runs, or buys from, another service with the same keys, and wants to use its tokens here.
//! - *Stopped*: a token for another path or method. With another master key, every token.
//! - *Not stopped*: the host is not part of a token. Services that share a master key accept each other's tokens for
//!   equal paths, also when their prices differ: the amount is sealed in the token and handed to the handler
//!   ([`Grant::amount`](crate::Grant::amount)), but not compared with the price. After a price went up, tokens bought
//!   before are still good until they expire. Give each service a master key of its own.
//!
//! ## The provider
//!
//! The node or service that makes the server's invoices is broken, or lies.
//! - *Stopped*: an invoice for another amount, hash or network, an expired one, one with a wrong checksum, one that
//!   would break the header, one that was offered to somebody else: 503, and nothing is sold. Where preimages are shown
//!   before payment, every token's invoice is looked up. A provider error lets nobody in, and one that never answers is
//!   not waited for.
//! - *Not stopped*: whoever makes the invoices gets the money, and knows the preimages. An invoice with a wrong
//!   signature is shown to buyers, whose wallets do not pay it: see
//!   [`InvoiceTerms`](crate::bolt11::InvoiceTerms).
//!
//! ## The wallet
//!
//! Pays for the client, and is broken or lies.
//! - *Stopped*: a preimage that does not fit is no proof. An error or silence after which money may be gone counts as
//!   unknown, and the call does not pay again.
//! - *Not stopped*: a wallet can spend what it holds. The fee limit is handed to the wallet, and only the wallet can
//!   keep it. With a wallet that cannot look payments up, an unknown outcome stays unknown, and its money
//!   reserved, until its owner says what became of it.
//!
//! ## The server, towards the client
//!
//! Wants more money than agreed, or money for nothing.
//! - *Stopped*: a price above the limit, or none, or of zero; an invoice for another network, expired, or with a wrong
//!   signature; a macaroon for another payment; a second 402 after paying (an error with a receipt, no second
//!   payment); a bill under any status but 402; a bill from another origin.
//! - *Not stopped*: a server that takes the money and delivers nothing. The receipt is all there is. The caps
//!   per hour, day and host bound what it can take that way.
//!
//! # Known attacks
//!
//! | | attack | what stops it here | shown by |
//! |---|---|---|---|
//! | A1 | a token that was never signed by the server | the chain is computed before anything in the token counts; there is no mode without it | `forged_tokens_are_refused` (core, `verify`), `verification/forged`; `a01_forged_tokens` (server, `adapters`) |
//! | A2 | a used token again, in another spelling | uses are counted under the 32 bytes of the payment hash | `a_replay_in_other_clothes_is_a_replay` (server, `gate`), `verification/used-again-respelled`; `a02_replay_in_other_spellings` (server, `adapters`) |
//! | A3 | a token many times at once | [`ReplayStore::claim`](crate::ports::ReplayStore::claim) is one step. Over several instances this takes a store that they share: an SQLite file, or Redis | `claims_at_once`, `two_handles` (cases of `l402_server::stores::contract`, which all stores pass); `a03_many_uses_at_once` (server, `adapters`) |
//! | A4 | a used token again after its use was forgotten | a use is remembered until the token expires, as it was sold: an earlier expiry that a holder adds does not count | `never_early`, `latest_expiry` (cases of `l402_server::stores::contract`), `a_grant_says_how_long_the_token_was_minted_for` (core, `verify`); `a04_replay_after_a_long_time` (server, `adapters`) |
//! | A5 | a token for one thing used for another | path and method are sealed and compared; with a price function also the query, and the header fields that the price depended on. A pass opens only routes of its name. The host and a body are not sealed | `a_cheap_token_opens_nothing_else`, `a_token_is_bound_to_what_its_price_depended_on`, `a_pass_opens_the_routes_of_its_name_with_any_method` (server, `pricing`); `a05_tokens_for_something_else` (server, `adapters`) |
//! | A6 | caveats that read differently to different readers | split at the first `=`, nothing trimmed, exact names, plain decimal numbers, all of them must hold | `one_more_caveat_never_allows_more` (core, `properties`), `numbers_must_be_plain` (core, `verify`); `a06_caveats_that_confuse` (server, `adapters`) |
//! | A7 | other spellings of a path | compared byte by byte as sent, never decoded; another spelling is another path, and not what was bought. Prices go by the template that the router finds, in the spelling in which it looks for it | `a_token_opens_nothing_but_what_it_was_bought_for` (server, `gate`); `a07_paths_that_confuse` (server, `adapters`); `no_spelling_of_a_path_has_another_price_than_its_route` (axum, actix) |
//! | A8 | a stolen or old master key | a key id in the token, rotation while running with a cut-off, and a list of revoked payments. Until it is replaced, a stolen key mints tokens. No keys per tenant | `a_secret_is_rotated_while_requests_are_served`, `a_token_can_be_taken_back_and_given_again` (server, `keys`); `a08_rotation_and_revocation` (server, `adapters`) |
//! | A9 | a weak key | [`MasterKey`](crate::MasterKey) takes 32 bytes and nothing else; read from text, a file or the environment, bytes that are text or hardly differ are refused. There is no default key: one that is made up has to be asked for, and the log says what that means. [`RootKey`](crate::RootKey) refuses only the empty one | `what_is_no_secret_or_a_weak_one_is_refused`, `a_made_up_secret_is_never_the_same` (server, `keys`); `a09_weak_keys` (server, `adapters`) |
//! | A10 | input that is dear to read | [`Limits`](crate::Limits) before decoding, readers without recursion, one allowance of caveats for a list. Every reader is fuzzed, for 30 seconds in each CI run | `the_dearest_hostile_credential_costs_at_most_twenty_honest_ones` (core), `the_time_to_read_grows_with_the_length_and_no_faster` (core, `properties`); `a10_parser_bombs` (server, `adapters`) |
//! | A11 | secrets from response times | signature, preimage hash and credentials are compared in constant time. Reading hex and base64 is not constant; it handles only what the sender knows. Not measured | `secret_bytes_are_compared_in_constant_time_only` (core, `secrets`); `a11_one_answer_for_every_wrong_byte` (server, `adapters`) |
//! | A12 | a flood of requests for invoices | offers are counted for each client and together before the provider is called, and unpaid invoices are bounded; a bad credential, `HEAD` and `OPTIONS` cost none; on request only clients get one that say they can pay. Paid requests are never throttled | `a_flood_costs_the_node_what_was_configured_and_paid_requests_are_served`, `unpaid_invoices_are_bounded_and_make_room_when_paid_or_expired` (server, `unpaid`); `a12_a_flood_costs_no_more_invoices_than_configured` (server, `adapters`) |
//! | A13 | a forged client address | the connection's address counts, and a forwarding header only from proxies that are named as trusted; an IPv6 /64 is one client | `a_forwarding_header_counts_only_from_a_trusted_proxy` (server, `pricing`); `a13_borrowed_addresses` (server, `adapters`) |
//! | A14 | invoices of zero, of no amount, of absurd amounts | a gate with a price of zero is not built, and the invoice's amount must equal the price; the client refuses all three | `a_provider_that_fails_or_lies_sells_nothing_and_tells_nothing` (server, `backends`), `an_invoice_without_amount`, `an_invoice_for_nothing`, `an_invoice_for_a_million_bitcoin` (client); `a14_prices_of_nothing` (server, `adapters`) |
//! | A15 | a provider's invoice that is not the one asked for | amount, hash, network and expiry are checked before it is sent out, and that nobody else was offered it; the signature by who pays | `a_provider_that_fails_or_lies_sells_nothing_and_tells_nothing` (server, `backends`), `one_invoice_is_never_offered_to_two` (server, `unpaid`); `a15_a_provider_that_lies` (server, `adapters`) |
//! | A16 | overcharging, a limit that is not applied | the amount is that of the signed invoice; what cannot be read is refused, never zero; caps per request, hour, day, host and in total with the fee in them, kept by one transaction over all tasks and processes | `every_cap_holds_with_the_fee_in_it`, `an_invoice_whose_amount_overflows`, `processes_that_race_for_a_budget_use_it_up_and_no_more` (client) |
//! | A17 | a macaroon and an invoice that do not belong together | refused before paying | `a_macaroon_for_another_payment` (client) |
//! | A18 | a wallet's wrong preimage, or success without payment | compared with the hash; the outcome is unknown, not paid and not failed, and its money stays reserved until a lookup says what happened | `a_preimage_of_another_payment_proves_nothing`, `an_unknown_payment_stays_reserved_and_is_not_made_twice` (client) |
//! | A19 | a redirect that takes the token or the payment elsewhere | followed within the origin only; no bill of another origin is paid; the credential does not cross | `the_credential_does_not_follow_a_redirect_to_another_origin`, `a_client_that_went_to_another_origin_does_not_pay_there` (client) |
//! | A20 | a credential from `https` sent over `http` | an origin has a scheme, and tokens are kept by origin | `plain_http_is_not_paid_over`, `a_token_goes_to_no_other_origin` (client) |
//! | A21 | secrets in logs | types print nothing of themselves, errors hold nothing of the input, the client's header is marked sensitive. The server leaves `Authorization` on the request, so what the application logs is its own | `every_step_of_verification_prints_nothing_secret`, `errors_print_nothing_of_the_input` (core, `secrets`), `a_payment_leaves_a_trace_without_secrets` (client). What the tests of the server and its adapters log, at every level, is searched for every secret (`a_leak_ends_the_whole_program`; server, `secrecy`) |
//! | A22 | a cache that serves paid answers to others | challenges and refusals are `no-store`. Paid answers, and free calls of a free tier, are `private` unless the handler's own rule is stricter, and vary by `Authorization` | `challenge/no-store`; server, `replies`; `a22_caches` (server, `adapters`) |
//! | A23 | clocks that differ | the server has one clock and no leeway; the client refuses an invoice that ends within ten seconds | `an_invoice_may_be_paid_until_ten_seconds_before_it_expires` (client); `a23_clocks_that_differ` (server, `adapters`) |
//! | A24 | a store that is down or full | 503, and nobody gets in; a full store forgets nobody | `a_store_that_cannot_answer_lets_nobody_in`, `a_full_store_refuses_and_forgets_nobody` (server, `backends`); `a24_without_redis` (server, `adapters`) |
//! | A25 | a provider that is down | 503 for those without a token; tokens go on working. A provider that does not answer in time counts as down, and one that fails again and again is left alone for a while | `a_provider_that_fails_or_lies_sells_nothing_and_tells_nothing` (server, `backends`), `a_provider_that_is_down_is_left_alone_and_tried_again` (server, `unpaid`); `a25_a_provider_that_is_down` (server, `adapters`) |
//! | A26 | two credentials in one request | the same one twice is one, two different ones are refused | `the_same_credential_twice_is_one`, `malformed_credentials_get_a_clear_401_and_no_invoice` (server, `gate`); `a26_ambiguous_headers` (server, `adapters`) |
//! | A27 | a payment that hangs | the outcome is unknown; neither this call nor another pays the invoice again, and a lookup finishes it, after a crash as well | `a_pending_payment_may_have_been_made`, `an_unknown_payment_that_was_made_buys_the_next_call`, `killed_at_every_step` (client) |
//! | A28 | endless or slow answers to the client | a challenge above 8 KiB is refused, of the body of a 402 no more than 16 KiB are read, redirects end. No limit on the time of an answer unless the caller sets one; the body of a paid answer is the caller's | `a_challenge_that_is_too_long`, `a_circle_of_redirects_ends`, `a_server_that_never_answers_costs_nothing_but_the_timeout` (client) |
//! | A29 | a backend's address that points into the private network | Lightning Addresses and LNURLs lead to public hosts over https only, unless private ones are allowed | `strangers_cannot_send_us_into_our_own_network` (providers) |
//! | A30 | script in a payment page | everything that goes into the page is escaped, and its `Content-Security-Policy` allows its own script and style by their hashes and nothing else; it cannot be framed | server, `replies`; `a30_scripts_in_the_page` (server, `adapters`) |
//! | A31 | text of the server that steers an agent's decision to pay | the client decides by the invoice's facts and its limits; it reads no description, and of the body of a 402 nothing but a bill. The tools for agents say nothing of a server's before it is paid, the question to the user has the invoice's facts, and no argument of the model's raises a cap | `approval_is_asked_for_with_facts_and_obeyed`, `nothing_that_a_server_says_moves_money_or_reaches_a_refusal`, `the_user_is_shown_facts_and_no_words_of_the_server` (client) |
//! | A32 | files read or replaced by others | a new SQLite file of the server is its owner's alone (0600), and a root key's file that others may read is warned about. The client's file is its owner's alone, and links and files that others can read are refused, and so are those with a wallet's secret | `a32_files_that_others_read` (server, `adapters`), `all_files_are_their_owners_only`, `a_symbolic_link_is_refused_also_to_where_nothing_is` (client), `files_that_others_can_read_are_refused` (wallets) |
//!
//! The names of tests are explained in [`requirements`](super::requirements).
