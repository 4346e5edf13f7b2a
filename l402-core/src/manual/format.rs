//! The token, byte by byte.
//!
//! One example runs through this page: a server sells one `GET /report` for 10 sat. Every number is computed by the
//! [program at the end](#all-of-it-as-a-program), which is compiled and run with the tests. Numbers are hex unless
//! they say otherwise.
//!
//! # What goes in
//!
//! | what | value | where it comes from |
//! |---|---|---|
//! | preimage | `000102…1e1f`, 32 bytes | the server's Lightning node; secret until the invoice is paid |
//! | payment hash | `630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd` | SHA-256 of the preimage; stands in the invoice |
//! | master key | 32 × `11` | the server's secret ([`MasterKey`](crate::MasterKey)) |
//! | key id | `3d41b63b` | the first 4 bytes of `HMAC(master key, "l402 root key id")` ([`RootKeyId`](crate::RootKeyId)) |
//! | entropy | 32 × `22` | the server's random generator; its first 4 bytes are not used |
//! | token id | `3d41b63b`, then 28 × `22` | key id and entropy ([`TokenId::sealing`](crate::TokenId::sealing)) |
//! | root key | `8408ef30ad185a4283cd8535cac6d490d687852b351b9406f0c3deaf175d3232` | `HMAC(master key, token id)` |
//!
//! `HMAC(key, message)` is HMAC-SHA256 on this page.
//!
//! How a server comes to its root keys is its own business: nobody else can tell. The last four rows are how this
//! crate does it. Another server takes 32 random bytes for the token id and 32 more for the root key, and stores
//! both. All that follows is the same for every server.
//!
//! # The identifier
//!
//! 66 bytes ([`Identifier`](crate::Identifier)):
//!
//! ```text
//! 0000                                                              version 0, big-endian
//! 630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd  payment hash
//! 3d41b63b22222222222222222222222222222222222222222222222222222222  token id
//! ```
//!
//! # The caveats
//!
//! Each is `condition=value`, without spaces, split at the first `=`. [`mint`](crate::mint()) writes these five in this
//! order. Their names are this project's own; see [`deployed`](super::deployed) for those of others.
//!
//! ```text
//! path=/report               for this path only
//! method=GET                 for this method only
//! amount=10000               what it cost, in msat
//! uses=1                     for one request
//! expires_at=1900004200      Unix seconds; the first second at which it no longer works
//! ```
//!
//! # The signature
//!
//! It is a chain. Each link is the HMAC of one more part of the token, with the link before as its key:
//!
//! | link | computed as | value |
//! |---|---|---|
//! | chain key | `HMAC("macaroons-key-generator", root key)` | `1112ce3babfc7282653155faf1d5f78fb930b0b42ef017b413390c3c097df767` |
//! | 0 | `HMAC(chain key, identifier)` | `1f9cf2dfd2904d90cc2f7d060a12bbfd5884f5de0eb66871f45fde4dadc34c32` |
//! | 1 | `HMAC(link 0, "path=/report")` | `a0415377ea65eaf248eac1eb94022f110253674cd3ae4aa19d6a49c95c871a63` |
//! | 2 | `HMAC(link 1, "method=GET")` | `7f24718933aa23d3204327909a0b6174af81a92c48736fc89dc20064fac8aea7` |
//! | 3 | `HMAC(link 2, "amount=10000")` | `c69c15cd32be0dda3b11cbd16ae7196ac799b555e3c1578160c643ae4d91974a` |
//! | 4 | `HMAC(link 3, "uses=1")` | `73f963a8adfa181b5a262903eb0b7450284a7b87f3af8ad916292bcacf3b7c01` |
//! | 5 | `HMAC(link 4, "expires_at=1900004200")` | `cd3717b98e104fbfdd6c1b2734965a4aaa16e9f6c8621f04ceeb50d2ef6c01f3` |
//!
//! The last link is the signature; the others are not written down. So anybody who holds the token can add a link,
//! and nobody without the root key can take one away.
//!
//! The chain key is easily forgotten, since the published text [leaves it out](super::deployed). In the
//! first line the text is the key and the root key is the message.
//!
//! # The macaroon
//!
//! 187 bytes in the V2 binary format. A field is a tag, a length and so many bytes. The tags are 01 location,
//! 02 identifier or caveat, 04 verification id (of third-party caveats only) and 06 signature. Lengths are unsigned
//! LEB128: seven bits per byte, the lowest first, with the top bit set on all bytes but the last. Every length of this
//! example is below 80 and takes one byte. 00 ends a section.
//!
//! ```text
//! 02                                                 format version 2
//! 01 04 6c736174                                     location, 4 bytes: "lsat"
//! 02 42 0000                                         identifier, 66 bytes: version,
//!       630dcd2966c4336691125448bbb25b4f
//!       f412a49c732db2c8abc1b8581bd710dd               payment hash,
//!       3d41b63b222222222222222222222222
//!       22222222222222222222222222222222               token id
//! 00                                                 end of the header
//! 02 0c 706174683d2f7265706f7274                     caveat, 12 bytes: "path=/report"
//! 00                                                 end of this caveat
//! 02 0a 6d6574686f643d474554                         caveat, 10 bytes: "method=GET"
//! 00
//! 02 0c 616d6f756e743d3130303030                     caveat, 12 bytes: "amount=10000"
//! 00
//! 02 06 757365733d31                                 caveat, 6 bytes: "uses=1"
//! 00
//! 02 15 657870697265735f61743d31393030303034323030   caveat, 21 bytes: "expires_at=1900004200"
//! 00
//! 00                                                 end of the caveats
//! 06 20 cd3717b98e104fbfdd6c1b2734965a4a
//!       aa16e9f6c8621f04ceeb50d2ef6c01f3               signature, 32 bytes; nothing follows
//! ```
//!
//! Nothing signs the location: it can be changed freely, and nobody checks it.
//!
//! # The challenge
//!
//! The bytes in base64, standard alphabet with padding, are 252 characters. They stand in the `WWW-Authenticate` field
//! of a 402 answer, next to the invoice, all in one line:
//!
//! ```text
//! L402 macaroon="AgEEbHNhdAJCAABjDc0pZsQzZpESVEi7sltP9BKknHMtssirwbhYG9cQ3T1BtjsiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIi
//!   IiIiIiAAIMcGF0aD0vcmVwb3J0AAIKbWV0aG9kPUdFVAACDGFtb3VudD0xMDAwMAACBnVzZXM9MQACFWV4cGlyZXNfYXQ9MTkwMDAwNDIwM
//!   AAABiDNNxe5jhBPv91sGyc0llpKqhbp9shiHwTO61DS72wB8w==",
//!   invoice="lnbcrt100n1pcnlvcqdq8fs6rqvspp5vvxu62txcsekdygj23ythvjmfl6p9fyuwvkm9j9tcxu9sx7hzrwssp5xvenxvenxvenx
//!   venxvenxvenxvenxvenxvenxvenxvenxvenxves9qrsgqxqzjccqpj9ucj7wt7lz6npcf3q62ssmr3zdezmz72m84hyd26lrw4l8vr98882
//!   sujt4zs8dxyp64pk5kzzmulf9kz30f4c2alsqw2ta0qj5h3nmsp5a24hf",
//!   version="0", token="(the macaroon again)"
//! ```
//!
//! The invoice is for 10 000 msat on regtest, until 1900000600; the token works for an hour longer. The client finds
//! the payment hash in both and refuses a pair that does not match, since paying it would buy nothing.
//!
//! # The credential
//!
//! Once paid, the client sends the macaroon as it got it, a colon and the preimage in 64 hex digits, in the
//! `Authorization` field, all in one line:
//!
//! ```text
//! L402 AgEEbHNhdAJCAABjDc0pZsQzZpESVEi7sltP9BKknHMtssirwbhYG9cQ3T1BtjsiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiAAIM
//!   cGF0aD0vcmVwb3J0AAIKbWV0aG9kPUdFVAACDGFtb3VudD0xMDAwMAACBnVzZXM9MQACFWV4cGlyZXNfYXQ9MTkwMDAwNDIwMAAABiDNNxe5
//!   jhBPv91sGyc0llpKqhbp9shiHwTO61DS72wB8w==:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
//! ```
//!
//! The server takes it apart and checks, in this order ([`verify`](crate::verify)): SHA-256 of the preimage is the
//! payment hash in the identifier; the chain, computed again from the root key, ends in the signature; every caveat
//! holds for this request. Then it counts the use, which no token can do for itself.
//!
//! # All of it as a program
//!
//! Its first half uses SHA-256 and HMAC and nothing of this crate, so that it can be written again in any
//! language.
//!
//! ```
//! use hmac::{Hmac, KeyInit, Mac};
//! use l402_core::header::{Challenge, ChallengeRef, CredentialRef, Scheme, credential_header_value};
//! use l402_core::{
//!     Grant, Identifier, Limits, Macaroon, MasterKey, MintRequest, Msat, Preimage, RequestContext, RootKey, TokenId,
//!     UnixTime, UnknownCaveats, Uses, mint,
//! };
//! use sha2::{Digest, Sha256};
//!
//! fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
//!     Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(message).finalize().into_bytes().into()
//! }
//!
//! fn hex(bytes: &[u8]) -> String {
//!     bytes.iter().map(|byte| format!("{byte:02x}")).collect()
//! }
//!
//! // What goes in.
//! let preimage: [u8; 32] = core::array::from_fn(|index| index as u8);
//! let payment_hash: [u8; 32] = Sha256::digest(preimage).into();
//! assert_eq!(hex(&payment_hash), "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd");
//! let master = [0x11; 32];
//! let key_id = &hmac(&master, b"l402 root key id")[..4];
//! assert_eq!(hex(key_id), "3d41b63b");
//! let token_id = [key_id, &[0x22; 28]].concat();
//! let root_key = hmac(&master, &token_id);
//! assert_eq!(hex(&root_key), "8408ef30ad185a4283cd8535cac6d490d687852b351b9406f0c3deaf175d3232");
//!
//! // The identifier.
//! let identifier = [&[0, 0], &payment_hash[..], &token_id].concat();
//! assert_eq!(identifier.len(), 66);
//!
//! // The signature.
//! let chain_key = hmac(b"macaroons-key-generator", &root_key);
//! assert_eq!(hex(&chain_key), "1112ce3babfc7282653155faf1d5f78fb930b0b42ef017b413390c3c097df767");
//! let mut signature = hmac(&chain_key, &identifier);
//! assert_eq!(hex(&signature), "1f9cf2dfd2904d90cc2f7d060a12bbfd5884f5de0eb66871f45fde4dadc34c32");
//! let caveats = [
//!     ("path=/report", "a0415377ea65eaf248eac1eb94022f110253674cd3ae4aa19d6a49c95c871a63"),
//!     ("method=GET", "7f24718933aa23d3204327909a0b6174af81a92c48736fc89dc20064fac8aea7"),
//!     ("amount=10000", "c69c15cd32be0dda3b11cbd16ae7196ac799b555e3c1578160c643ae4d91974a"),
//!     ("uses=1", "73f963a8adfa181b5a262903eb0b7450284a7b87f3af8ad916292bcacf3b7c01"),
//!     ("expires_at=1900004200", "cd3717b98e104fbfdd6c1b2734965a4aaa16e9f6c8621f04ceeb50d2ef6c01f3"),
//! ];
//! for (caveat, link) in caveats {
//!     signature = hmac(&signature, caveat.as_bytes());
//!     assert_eq!(hex(&signature), link);
//! }
//!
//! // The macaroon.
//! let mut bytes = vec![2];
//! bytes.extend([&[1, 4], &b"lsat"[..]].concat());
//! bytes.extend([&[2, 66], &identifier[..], &[0]].concat());
//! for (caveat, _) in caveats {
//!     bytes.extend([&[2, caveat.len() as u8], caveat.as_bytes(), &[0]].concat());
//! }
//! bytes.extend([&[0, 6, 32], &signature[..]].concat());
//! let printed = "02
//!     01 04 6c736174
//!     02 42 0000
//!           630dcd2966c4336691125448bbb25b4f
//!           f412a49c732db2c8abc1b8581bd710dd
//!           3d41b63b222222222222222222222222
//!           22222222222222222222222222222222
//!     00
//!     02 0c 706174683d2f7265706f7274
//!     00
//!     02 0a 6d6574686f643d474554
//!     00
//!     02 0c 616d6f756e743d3130303030
//!     00
//!     02 06 757365733d31
//!     00
//!     02 15 657870697265735f61743d31393030303034323030
//!     00
//!     00
//!     06 20 cd3717b98e104fbfdd6c1b2734965a4a
//!           aa16e9f6c8621f04ceeb50d2ef6c01f3";
//! assert_eq!(hex(&bytes), printed.split_whitespace().collect::<String>());
//! assert_eq!(bytes.len(), 187);
//!
//! // This crate mints the same bytes.
//! let master = MasterKey::from_bytes(master);
//! let now = UnixTime::from_secs(1_900_000_000);
//! let request = RequestContext::new("GET", "/report", now);
//! let preimage = Preimage::from_bytes(preimage);
//! let identifier =
//!     Identifier { payment_hash: preimage.payment_hash(), token_id: TokenId::sealing(master.id(), [0x22; 32]) };
//! let terms = MintRequest::new(identifier, &request, Msat::from_sat(10))
//!     .with_uses(Uses::ONCE)
//!     .with_expiry(UnixTime::from_secs(1_900_004_200));
//! let macaroon = mint(&terms, &master.root_key(&identifier.token_id))?;
//! assert_eq!(macaroon.as_bytes(), bytes);
//! // And so does a server that stores its root keys.
//! assert!(macaroon.as_macaroon_ref().is_signed_by(&RootKey::new(&root_key)?));
//!
//! // The challenge.
//! let base64 = "AgEEbHNhdAJCAABjDc0pZsQzZpESVEi7sltP9BKknHMtssirwbhYG9cQ3T1BtjsiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIi\
//!     IiIiIiAAIMcGF0aD0vcmVwb3J0AAIKbWV0aG9kPUdFVAACDGFtb3VudD0xMDAwMAACBnVzZXM9MQACFWV4cGlyZXNfYXQ9MTkwMDAwNDIwM\
//!     AAABiDNNxe5jhBPv91sGyc0llpKqhbp9shiHwTO61DS72wB8w==";
//! assert_eq!((macaroon.to_base64(), base64.len()), (base64.to_owned(), 252));
//! let invoice = "lnbcrt100n1pcnlvcqdq8fs6rqvspp5vvxu62txcsekdygj23ythvjmfl6p9fyuwvkm9j9tcxu9sx7hzrwssp5xvenxvenxvenx\
//!     venxvenxvenxvenxvenxvenxvenxvenxvenxves9qrsgqxqzjccqpj9ucj7wt7lz6npcf3q62ssmr3zdezmz72m84hyd26lrw4l8vr98882\
//!     sujt4zs8dxyp64pk5kzzmulf9kz30f4c2alsqw2ta0qj5h3nmsp5a24hf";
//! # #[cfg(feature = "bolt11")]
//! # {
//! #     let facts: l402_core::bolt11::InvoiceFacts = invoice.parse()?;
//! #     assert_eq!(facts.payment_hash, identifier.payment_hash);
//! #     assert_eq!(facts.amount, Some(Msat::from_msat(10_000)));
//! #     assert_eq!(facts.network, l402_core::Network::Regtest);
//! #     assert_eq!(facts.expires_at, UnixTime::from_secs(1_900_000_600));
//! # }
//! let challenge = Challenge::new(macaroon, invoice.to_owned())?.to_header_value();
//! assert_eq!(
//!     challenge,
//!     format!(r#"L402 macaroon="{base64}", invoice="{invoice}", version="0", token="{base64}""#)
//! );
//!
//! // The client reads it. What it checks before it pays:
//! let limits = Limits::default();
//! let offer = ChallengeRef::parse_all(challenge.as_bytes(), &limits).next().ok_or("no challenge")??;
//! let offered = Macaroon::from_base64(offer.macaroon, &limits)?;
//! let offered = Identifier::decode(offered.as_macaroon_ref().identifier())?;
//! assert_eq!(offered.payment_hash.as_bytes(), &payment_hash);
//!
//! // The credential.
//! let credential = credential_header_value(Scheme::L402, offer.macaroon, &preimage);
//! let printed = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
//! assert_eq!(credential, format!("L402 {base64}:{printed}"));
//!
//! // The server verifies it.
//! let mut buffer = Vec::new();
//! let credential = CredentialRef::parse_all(credential.as_bytes(), &limits).next().ok_or("no credential")??;
//! let unverified = credential.decode_into(&mut buffer, &limits)?;
//! let root_key = master.root_key(&unverified.token_id());
//! let grant: Grant =
//!     unverified.authenticate(&[root_key])?.prove_payment()?.permit(&request, UnknownCaveats::Skip)?;
//! assert_eq!(grant.payment_hash, identifier.payment_hash);
//! assert_eq!(grant.amount, Some(Msat::from_sat(10)));
//! assert_eq!(grant.uses, Uses::ONCE);
//! assert_eq!(grant.expires_at, UnixTime::from_secs(1_900_004_200));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
