//! From a credential to a grant, and everything that must not get there.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod common;

use std::collections::HashSet;

use common::{
    EXPIRES_AT, IDENTIFIER, LOCATION, NOW, PRICE, RawMacaroon, SIGNATURE, VERIFICATION_ID, attenuate,
    base64_dialects, hmac, identifier, identifier_of, key, master, preimage_hex, read, request, token,
    token_with,
};
use l402_core::header::CredentialError;
use l402_core::ports::RootKeyStore;
use l402_core::{
    Grant, Macaroon, MacaroonDecodeError, MasterKey, MintRequest, Msat, Preimage, Rejection, RequestContext,
    RootKey, TokenId, UnixTime, UnknownCaveats, Uses, mint,
};

/// Every step, for macaroons (base64, joined by commas) and what stands after the colon.
fn verify_text(
    macaroons: &str,
    preimage: Option<&str>,
    keys: &[RootKey],
    request: &RequestContext<'_>,
    unknown: UnknownCaveats,
) -> Result<Grant, Rejection> {
    let value = match preimage {
        Some(preimage) => format!("L402 {macaroons}:{preimage}"),
        None => format!("L402 {macaroons}"),
    };
    read(value.as_bytes(), |found| {
        found[0].clone().authenticate(keys)?.prove_payment()?.permit(request, unknown)
    })
    .unwrap()
}

fn verify_at(macaroon: &Macaroon, request: &RequestContext<'_>) -> Result<Grant, Rejection> {
    let text = macaroon.to_base64();
    verify_text(&text, Some(&preimage_hex()), &[key()], request, UnknownCaveats::Skip)
}

fn verify(macaroon: &Macaroon) -> Result<Grant, Rejection> {
    verify_at(macaroon, &request())
}

/// What comes of these caveats, and of no others, under both policies for unknown ones.
fn verdicts<C: AsRef<[u8]>>(caveats: impl IntoIterator<Item = C>) -> [Result<(), Rejection>; 2] {
    let text = token_with(caveats).to_base64();
    [UnknownCaveats::Skip, UnknownCaveats::Refuse]
        .map(|unknown| verify_text(&text, Some(&preimage_hex()), &[key()], &request(), unknown).map(|_| ()))
}

#[track_caller]
fn assert_verdict<C: AsRef<[u8]>>(caveats: impl IntoIterator<Item = C>, expected: Result<(), Rejection>) {
    assert_eq!(verdicts(caveats), [expected; 2]);
}

#[test]
fn a_sold_token_is_granted_what_was_sold() {
    let grant = verify(&token()).unwrap();
    assert_eq!(grant.payment_hash, identifier().payment_hash);
    assert_eq!(grant.token_id, identifier().token_id);
    assert_eq!(grant.amount, Some(PRICE));
    assert_eq!(grant.uses, Uses::ONCE);
    assert_eq!(grant.expires_at, EXPIRES_AT);

    let strict = verify_text(
        &token().to_base64(),
        Some(&preimage_hex()),
        &[key()],
        &request(),
        UnknownCaveats::Refuse,
    );
    assert_eq!(strict, Ok(grant), "every caveat that is minted is known");
}

#[test]
fn minting_seals_the_terms_as_caveats() {
    let minted = |terms: MintRequest<'_>| {
        let macaroon = mint(&terms, &key()).unwrap();
        let macaroon = macaroon.as_macaroon_ref();
        assert_eq!(macaroon.location(), b"lsat");
        assert_eq!(macaroon.identifier(), identifier().to_bytes());
        macaroon.caveats().map(|caveat| String::from_utf8(caveat.id().to_vec()).unwrap()).collect::<Vec<_>>()
    };
    let terms = MintRequest::new(identifier(), &request(), PRICE);
    assert_eq!(minted(terms), ["path=/report", "method=GET", "amount=10000"]);

    let uses = Uses::Limited(7.try_into().unwrap());
    assert_eq!(
        minted(terms.with_uses(uses).with_expiry(EXPIRES_AT)),
        ["path=/report", "method=GET", "amount=10000", "uses=7", "expires_at=1900003600"]
    );

    let context = request();
    assert_eq!(
        minted(MintRequest::for_route(identifier(), &context, "/{page}", PRICE)),
        ["route=/{page}", "method=GET", "amount=10000"]
    );
    assert_eq!(
        minted(MintRequest::for_service(identifier(), "basic", PRICE)),
        ["services=basic:0", "amount=10000"]
    );
    let conditions = [("lookup_id".to_owned(), "7".to_owned()), ("query_sha256".to_owned(), "00".to_owned())];
    assert_eq!(
        minted(terms.with_conditions(&conditions)),
        ["lookup_id=7", "query_sha256=00", "path=/report", "method=GET", "amount=10000"]
    );
}

#[test]
fn a_token_without_limits_is_granted_without_limits() {
    let grant = verify(&token_with::<&str>([])).unwrap();
    assert_eq!((grant.amount, grant.uses, grant.expires_at), (None, Uses::Unlimited, UnixTime::MAX));
}

#[test]
fn forged_tokens_are_refused() {
    let forged = |key: &[u8]| {
        let macaroon = Macaroon::new(&RootKey::new(key).unwrap(), &identifier().to_bytes(), b"lsat").unwrap();
        attenuate(macaroon, ["path=/report", "method=GET"])
    };
    // Everything that somebody without the key can think of signing with.
    let id = identifier();
    let guesses: [&[u8]; 5] = [
        &[0; 32],
        b"macaroons-key-generator",
        id.token_id.as_bytes(),
        id.payment_hash.as_bytes(),
        &[0xab; 32],
    ];
    for guess in guesses {
        assert_eq!(verify(&forged(guess)), Err(Rejection::BadSignature));
    }
    let none = RawMacaroon::v2().field(IDENTIFIER, &identifier().to_bytes()).end().end();
    for signature in [[0; 32], [0xff; 32], hmac(&[], &identifier().to_bytes())] {
        let text = base64_simd::STANDARD.encode_to_string(none.clone().field(SIGNATURE, &signature).build());
        let verdict = verify_text(&text, Some(&preimage_hex()), &[key()], &request(), UnknownCaveats::Skip);
        assert_eq!(verdict, Err(Rejection::BadSignature));
    }
}

/// Every bit: only those of the location's text may change, since nothing signs or reads it.
#[test]
fn no_tampered_token_is_granted_anything() {
    let token = token();
    let bytes = token.as_bytes();
    let location = 3..7;
    assert_eq!(&bytes[location.clone()], b"lsat");
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(is_granted(&flipped), location.contains(&(bit / 8)), "bit {bit}");
    }
}

#[test]
fn no_shortened_or_stretched_token_is_granted_anything() {
    let token = token();
    let bytes = token.as_bytes();
    assert!(is_granted(bytes));
    for position in 0..bytes.len() {
        assert!(!is_granted(&bytes[..position]), "cut to {position}");
        assert!(!is_granted(&bytes[position + 1..]), "cut by {position}");
        assert!(!is_granted(&[&bytes[..position], &bytes[position + 1..]].concat()), "without {position}");
        for byte in [0, 1, 2, 4, 6, 0x80, b'a'] {
            let longer = [&bytes[..position], &[byte], &bytes[position..]].concat();
            assert!(!is_granted(&longer), "{byte} at {position}");
        }
    }
}

/// Leaves out every subset of the caveats, and puts them in other orders.
#[test]
fn no_caveat_can_be_taken_away_or_moved() {
    let token = token();
    let macaroon = token.as_macaroon_ref();
    let caveats: Vec<&[u8]> = macaroon.caveats().map(|caveat| caveat.id()).collect();
    let rebuild = |caveats: &[&[u8]]| {
        let raw = RawMacaroon::v2().field(LOCATION, b"lsat").field(IDENTIFIER, macaroon.identifier()).end();
        let raw = caveats.iter().fold(raw, |raw, caveat| raw.field(IDENTIFIER, caveat).end());
        raw.end().field(SIGNATURE, macaroon.signature()).build()
    };
    assert!(is_granted(&rebuild(&caveats)));
    for kept in 0..(1_u32 << caveats.len()) - 1 {
        let some: Vec<&[u8]> =
            (0..caveats.len()).filter(|index| kept & (1 << index) != 0).map(|index| caveats[index]).collect();
        assert!(!is_granted(&rebuild(&some)), "{kept:#b}");
    }
    for index in 1..caveats.len() {
        let mut moved = caveats.clone();
        moved.swap(0, index);
        assert!(!is_granted(&rebuild(&moved)), "{index}");
    }
}

fn is_granted(macaroon: &[u8]) -> bool {
    let text = base64_simd::STANDARD.encode_to_string(macaroon);
    let value = format!("L402 {text}:{}", preimage_hex());
    read(value.as_bytes(), |found| {
        let authentic = found[0].clone().authenticate(&[key()]);
        authentic.and_then(|authentic| authentic.prove_payment()?.permit(&request(), UnknownCaveats::Skip))
    })
    .is_ok_and(|verdict| verdict.is_ok())
}

#[test]
fn a_wrong_preimage_is_refused_before_anything_else() {
    let text = token().to_base64();
    for wrong in ["00".repeat(32), "aa".repeat(32), identifier().payment_hash.to_string()] {
        for keys in [&[key()][..], &[]] {
            let verdict = verify_text(&text, Some(&wrong), keys, &request(), UnknownCaveats::Skip);
            assert_eq!(verdict, Err(Rejection::WrongPreimage));
        }
    }
}

/// Whatever follows on the identifier, and however base64 is written; where the location is longer than usual, too.
#[test]
fn a_wrong_preimage_is_seen_before_the_rest_is_read_and_a_right_one_hides_nothing() {
    let (right, wrong) = (preimage_hex(), "00".repeat(32));
    for location in ["", "lsat", "ten-bytes-", "a-location-longer-than-usual"] {
        let bare = Macaroon::new(&key(), &identifier().to_bytes(), location.as_bytes()).unwrap();
        let macaroon = bare.attenuate(b"path=/report").unwrap();
        let mut cut = macaroon.as_bytes().to_vec();
        cut.truncate(cut.len() - 1);
        for text in base64_dialects(macaroon.as_bytes()) {
            let screen = |preimage: &str| {
                read(format!("L402 {text}:{preimage}").as_bytes(), |found| {
                    (found[0].screen(), found[0].token_id())
                })
            };
            assert_eq!(screen(&right), Ok((Ok(()), identifier().token_id)), "{location}");
            assert_eq!(
                screen(&wrong),
                Ok((Err(Rejection::WrongPreimage), identifier().token_id)),
                "{location}"
            );
        }
        for text in base64_dialects(&cut) {
            let screen = |preimage: &str| {
                read(format!("L402 {text}:{preimage}").as_bytes(), |found| found[0].screen())
            };
            assert!(matches!(screen(&right), Err(CredentialError::Macaroon(_))), "{location}");
            if location.len() <= 10 {
                assert_eq!(screen(&wrong), Ok(Err(Rejection::WrongPreimage)), "{location}");
            } else {
                assert!(matches!(screen(&wrong), Err(CredentialError::Macaroon(_))), "{location}");
            }
        }
    }
}

/// What comes first of several faults.
#[test]
fn of_several_faults_the_first_in_order_is_told() {
    let (text, wrong) = (token().to_base64(), "00".repeat(32));
    let (head, tail) = text.split_at(60);
    for (value, error) in [
        (format!("L402 {head}*{tail}:xx{}", &wrong[2..]), CredentialError::Preimage),
        (format!("L402 {head}*{tail}:{wrong}"), CredentialError::Base64),
        (format!("L402 {}:{wrong}", &text[..60]), CredentialError::Macaroon(MacaroonDecodeError::Truncated)),
    ] {
        assert_eq!(read(value.as_bytes(), |_| ()), Err(error), "{value}");
    }
    let broken_behind = format!("L402 {text}*:{wrong}");
    assert_eq!(read(broken_behind.as_bytes(), |found| found[0].screen()), Ok(Err(Rejection::WrongPreimage)));
    let right = format!("L402 {text}*:{}", preimage_hex());
    assert_eq!(read(right.as_bytes(), |_| ()), Err(CredentialError::Base64));
}

/// Screening finds a wrong preimage without any key, and nothing else.
#[test]
fn screening_refuses_wrong_preimages_only() {
    let right = preimage_hex();
    let wrong = "00".repeat(32);
    let text = token().to_base64();
    let carrying = |preimage: &str| token_with([format!("preimage={preimage}")]).to_base64();
    let cases = [
        (format!("L402 {text}:{right}"), Ok(())),
        (format!("L402 {text}:{wrong}"), Err(Rejection::WrongPreimage)),
        (format!("L402 {text}"), Ok(())),
        (format!("L402 {}", carrying(&right)), Ok(())),
        (format!("L402 {}", carrying(&wrong)), Err(Rejection::WrongPreimage)),
        (format!("L402 {},{}", text, carrying(&wrong)), Err(Rejection::WrongPreimage)),
        (format!("L402 {}:{right}", carrying(&wrong)), Ok(())),
    ];
    for (value, expected) in cases {
        assert_eq!(read(value.as_bytes(), |found| found[0].screen()), Ok(expected), "{value}");
    }
}

#[test]
fn a_missing_preimage_is_refused_after_the_signature() {
    let text = token().to_base64();
    let verdict = |keys: &[RootKey]| verify_text(&text, None, keys, &request(), UnknownCaveats::Skip);
    assert_eq!(verdict(&[key()]), Err(Rejection::MissingPreimage));
    assert_eq!(verdict(&[RootKey::new(b"x").unwrap()]), Err(Rejection::BadSignature));
}

#[test]
fn an_unknown_key_is_refused() {
    let text = token().to_base64();
    let verdict = |keys: &[RootKey]| {
        verify_text(&text, Some(&preimage_hex()), keys, &request(), UnknownCaveats::Skip).map(|_| ())
    };
    assert_eq!(verdict(&[]), Err(Rejection::UnknownRootKey));
    assert_eq!(verdict(&[key(), key()]), Err(Rejection::UnknownRootKey));
    assert_eq!(verdict(&[key()]), Ok(()));
    let other_token = TokenId::sealing(master().id(), [4; 32]);
    assert_eq!(verdict(&[master().root_key(&other_token)]), Err(Rejection::BadSignature));
    let other_master = MasterKey::from_bytes([8; 32]);
    assert_eq!(verdict(&[other_master.root_key(&identifier().token_id)]), Err(Rejection::BadSignature));
}

#[test]
fn a_master_key_finds_the_keys_of_its_own_tokens_only() {
    let found = |master: &MasterKey, token| {
        RootKeyStore::root_key(master, token, NOW).into_ready().unwrap().unwrap().is_some()
    };
    let issued = master().issue([9; 32]).into_ready().unwrap().unwrap();
    assert!(found(&master(), issued.token_id));
    assert!(!found(&MasterKey::from_bytes([8; 32]), issued.token_id));
    assert!(!found(&master(), TokenId::from_bytes([9; 32])));

    let macaroon = Macaroon::new(&issued.root_key, b"id", b"").unwrap();
    let again =
        RootKeyStore::root_key(&master(), issued.token_id, NOW).into_ready().unwrap().unwrap().unwrap();
    assert!(macaroon.as_macaroon_ref().is_signed_by(&again.root_key));
    assert!(again.is_live);
}

/// The derivation is part of the format: a server of the next version must know the keys of this one.
#[test]
fn root_keys_are_derived_as_documented() {
    let token = identifier().token_id;
    let documented = RootKey::new(&hmac(&[7; 32], token.as_bytes())).unwrap();
    assert!(self::token().as_macaroon_ref().is_signed_by(&documented));
}

#[test]
fn a_token_ends_at_its_second() {
    let at = |now| verify_at(&token(), &RequestContext::new("GET", "/report", now)).map(|_| ());
    let last = UnixTime::from_secs(EXPIRES_AT.as_secs() - 1);
    let next = UnixTime::from_secs(EXPIRES_AT.as_secs() + 1);
    assert_eq!(at(UnixTime::from_secs(0)), Ok(()));
    assert_eq!(at(last), Ok(()));
    assert_eq!(at(EXPIRES_AT), Err(Rejection::Expired));
    assert_eq!(at(next), Err(Rejection::Expired));
    assert_eq!(at(UnixTime::MAX), Err(Rejection::Expired));
}

#[test]
fn a_token_is_for_one_path() {
    let at = |path| verify_at(&token(), &RequestContext::new("GET", path, NOW)).map(|_| ());
    assert_eq!(at("/report"), Ok(()));
    let others = [
        "",
        "/",
        "/repor",
        "/reports",
        "/report/",
        "//report",
        "/Report",
        "/report?x=1",
        "/report#x",
        "/%72eport",
        "/a/../report",
        "/report\0",
        " /report",
        "/report ",
        "report",
        "*",
    ];
    for path in others {
        assert_eq!(at(path), Err(Rejection::OtherPath), "{path:?}");
    }
}

#[test]
fn a_token_is_for_one_method() {
    for method in ["", "POST", "get", "GETS", "HEAD", "GET ", " GET"] {
        let verdict = verify_at(&token(), &RequestContext::new(method, "/report", NOW));
        assert_eq!(verdict, Err(Rejection::OtherMethod), "{method:?}");
    }
}

#[test]
fn a_path_caveat_names_the_path_and_a_route_caveat_the_template() {
    let item = RequestContext::new("GET", "/items/7", NOW).with_route("/items/{id}");
    let at =
        |caveat: &str, request: &RequestContext<'_>| verify_at(&token_with([caveat]), request).map(|_| ());
    assert_eq!(at("path=/items/7", &item), Ok(()));
    assert_eq!(at("route=/items/{id}", &item), Ok(()));
    assert_eq!(at("path=/items/8", &item), Err(Rejection::OtherPath));
    assert_eq!(at("path=/items/{id}", &item), Err(Rejection::OtherPath));
    assert_eq!(at("route=/items/7", &item), Err(Rejection::OtherPath));
    assert_eq!(at("route=/items/{name}", &item), Err(Rejection::OtherPath));
    let unrouted = RequestContext::new("GET", "/items/7", NOW);
    assert_eq!(at("route=/items/{id}", &unrouted), Err(Rejection::OtherPath));
}

/// Whoever asks for the path that is written like the template gets a token for that path and no other.
#[test]
fn a_path_that_looks_like_a_template_opens_only_itself() {
    let at = |path| RequestContext::new("GET", path, NOW).with_route("/items/{id}");
    let macaroon = mint(&MintRequest::new(identifier(), &at("/items/{id}"), PRICE), &key()).unwrap();
    assert!(verify_at(&macaroon, &at("/items/{id}")).is_ok());
    assert_eq!(verify_at(&macaroon, &at("/items/7")), Err(Rejection::OtherPath));
}

#[test]
fn a_token_minted_on_a_route_is_for_its_path() {
    let at = |path| RequestContext::new("GET", path, NOW).with_route("/items/{id}");
    let macaroon = mint(&MintRequest::new(identifier(), &at("/items/7"), PRICE), &key()).unwrap();
    assert!(verify_at(&macaroon, &at("/items/7")).is_ok());
    assert_eq!(verify_at(&macaroon, &at("/items/8")), Err(Rejection::OtherPath));
}

#[test]
fn numbers_must_be_plain() {
    let bad = [
        "",
        " ",
        "-1",
        "+1",
        "01",
        "00",
        "1 ",
        " 1",
        "1.0",
        "1e3",
        "0x1",
        "1_000",
        "1,000",
        "1\n",
        "1\0",
        "١",
        "=1",
        "1:",
        "1/",
        "18446744073709551616",
        "99999999999999999999999",
        "NaN",
    ];
    for condition in ["amount", "uses", "expires_at"] {
        for number in bad {
            assert_verdict([format!("{condition}={number}")], Err(Rejection::MalformedCaveat));
        }
        assert_verdict([format!("{condition}={}", "9".repeat(1000))], Err(Rejection::MalformedCaveat));
    }
    for number in ["0", "4294967296", "18446744073709551615"] {
        assert_verdict([format!("uses={number}")], Err(Rejection::MalformedCaveat));
    }
}

#[test]
fn the_largest_numbers_fit() {
    let caveats = ["amount=18446744073709551615", "uses=4294967295", "expires_at=18446744073709551615"];
    let grant = verify(&token_with(caveats)).unwrap();
    assert_eq!(grant.amount, Some(Msat::MAX));
    assert_eq!(grant.uses, Uses::Limited(u32::MAX.try_into().unwrap()));
    assert_eq!(grant.expires_at, UnixTime::MAX);
    assert_eq!(verify(&token_with(["amount=0"])).unwrap().amount, Some(Msat::ZERO));
    assert_verdict(["expires_at=0"], Err(Rejection::Expired));
}

#[test]
fn repeated_caveats_may_only_narrow() {
    let cases: [(&[&str], Result<(), Rejection>); 14] = [
        (&["uses=5", "uses=5", "uses=1"], Ok(())),
        (&["uses=5", "uses=6"], Err(Rejection::WidenedCaveat)),
        (&["uses=5", "uses=1", "uses=2"], Err(Rejection::WidenedCaveat)),
        (&["amount=10", "amount=9"], Ok(())),
        (&["amount=10", "amount=11"], Err(Rejection::WidenedCaveat)),
        (&["expires_at=1900000900", "expires_at=1900000500"], Ok(())),
        (&["expires_at=1900000500", "expires_at=1900000900"], Err(Rejection::WidenedCaveat)),
        (&["expires_at=1899999999", "expires_at=1900000900"], Err(Rejection::Expired)),
        (&["expires_at=1900000900", "expires_at=1899999999"], Err(Rejection::Expired)),
        (&["path=/report", "path=/report"], Ok(())),
        (&["path=/report", "path=/other"], Err(Rejection::OtherPath)),
        (&["path=/other", "path=/report"], Err(Rejection::OtherPath)),
        (&["method=POST", "method=GET"], Err(Rejection::OtherMethod)),
        (&["uses=1", "uses=x"], Err(Rejection::MalformedCaveat)),
    ];
    for (caveats, expected) in cases {
        assert_verdict(caveats, expected);
    }
    let grant = verify(&token_with(["uses=5", "amount=9", "uses=2", "amount=7"])).unwrap();
    assert_eq!(
        (grant.uses, grant.amount),
        (Uses::Limited(2.try_into().unwrap()), Some(Msat::from_msat(9))),
        "what was paid is a fact"
    );
}

#[test]
fn unknown_caveats_are_skipped_or_refused() {
    let unknown: [&[u8]; 16] = [
        b"",
        b"=",
        b"path",
        b"uses",
        b"report_valid_until=1",
        b"Path=/other",
        b"PATH=/other",
        b"path =/other",
        b" path=/other",
        b"path:/other",
        b"paths=/other",
        b"xpath=/other",
        b"expires-at=1",
        b"account = 7",
        b"\xff\xfe",
        b"\xffpath=/other",
    ];
    for caveat in unknown {
        let expected = [Ok(()), Err(Rejection::UnknownCaveat)];
        assert_eq!(verdicts([caveat]), expected, "{}", String::from_utf8_lossy(caveat));
    }
}

/// Skipping these would drop a restriction that the server knows and somebody meant.
#[test]
fn a_known_caveat_that_is_not_text_is_not_unknown() {
    for (condition, rejection) in [
        ("path", Rejection::OtherPath),
        ("method", Rejection::OtherMethod),
        ("amount", Rejection::MalformedCaveat),
        ("uses", Rejection::MalformedCaveat),
        ("expires_at", Rejection::MalformedCaveat),
        ("preimage", Rejection::MalformedCaveat),
    ] {
        for value in [&b"\xff"[..], b"1\xff", b"/report\xc3\x28"] {
            let caveat = [condition.as_bytes(), b"=", value].concat();
            assert_verdict([caveat], Err(rejection));
        }
    }
}

#[test]
fn a_third_party_caveat_is_never_taken_for_granted() {
    // Even one that would hold if it were ours, and whichever way unknown caveats are treated.
    for id in [&b"path=/report"[..], b"anything", b""] {
        let step = hmac(&chain_key(), &identifier().to_bytes());
        let signature = hmac(&step, &[hmac(&step, b"vid"), hmac(&step, id)].concat());
        let bytes = RawMacaroon::v2()
            .field(IDENTIFIER, &identifier().to_bytes())
            .end()
            .field(LOCATION, b"https://auth.test/")
            .field(IDENTIFIER, id)
            .field(VERIFICATION_ID, b"vid")
            .end()
            .end()
            .field(SIGNATURE, &signature)
            .build();
        let text = base64_simd::STANDARD.encode_to_string(bytes);
        for unknown in [UnknownCaveats::Skip, UnknownCaveats::Refuse] {
            let verdict = verify_text(&text, Some(&preimage_hex()), &[key()], &request(), unknown);
            assert_eq!(verdict, Err(Rejection::Undischarged));
        }
        // It carries no preimage either, whatever it says.
        let id = format!("preimage={}", preimage_hex());
        let signature = hmac(&step, &[hmac(&step, b"vid"), hmac(&step, id.as_bytes())].concat());
        let bytes = RawMacaroon::v2()
            .field(IDENTIFIER, &identifier().to_bytes())
            .end()
            .field(IDENTIFIER, id.as_bytes())
            .field(VERIFICATION_ID, b"vid")
            .end()
            .end()
            .field(SIGNATURE, &signature)
            .build();
        let text = base64_simd::STANDARD.encode_to_string(bytes);
        let verdict = verify_text(&text, None, &[key()], &request(), UnknownCaveats::Skip);
        assert_eq!(verdict, Err(Rejection::MissingPreimage));
    }
}

/// The key the chain of the test token starts from, by another library.
fn chain_key() -> [u8; 32] {
    let root_key = hmac(&[7; 32], identifier().token_id.as_bytes());
    hmac(b"macaroons-key-generator", &root_key)
}

#[test]
fn preimage_caveats_must_all_be_right() {
    let right = format!("preimage={}", preimage_hex());
    let upper = format!("preimage={}", preimage_hex().to_uppercase());
    let wrong = format!("preimage={}", "00".repeat(32));
    let short = "preimage=abab".to_owned();
    let spaced = format!("preimage= {}", preimage_hex());

    // With the right one after the colon.
    assert_verdict([&right], Ok(()));
    assert_verdict([&right, &upper, &right], Ok(()));
    assert_verdict([&wrong], Err(Rejection::WrongPreimage));
    assert_verdict([&right, &wrong], Err(Rejection::WrongPreimage));
    assert_verdict([&wrong, &right], Err(Rejection::WrongPreimage));
    assert_verdict([&short], Err(Rejection::MalformedCaveat));
    assert_verdict([&spaced], Err(Rejection::MalformedCaveat));

    // With nothing after the colon.
    let alone = |caveats: &[&String]| {
        let text = token_with(caveats).to_base64();
        verify_text(&text, None, &[key()], &request(), UnknownCaveats::Refuse).map(|_| ())
    };
    assert_eq!(alone(&[&right]), Ok(()));
    assert_eq!(alone(&[&upper]), Ok(()));
    assert_eq!(alone(&[&wrong]), Err(Rejection::WrongPreimage));
    assert_eq!(alone(&[&wrong, &right]), Err(Rejection::WrongPreimage));
    assert_eq!(alone(&[&right, &wrong]), Err(Rejection::WrongPreimage));
    assert_eq!(alone(&[&right, &short]), Err(Rejection::MalformedCaveat));
    assert_eq!(alone(&[&short]), Err(Rejection::MissingPreimage));
    assert_eq!(alone(&[]), Err(Rejection::MissingPreimage));
}

/// Two tokens of one payment, each with a key of its own.
struct Pair {
    keys: [RootKey; 2],
    bare: [Macaroon; 2],
}

fn pair() -> Pair {
    let ids = [3, 4].map(|entropy| identifier_of(&common::preimage(), [entropy; 32]));
    let keys = ids.map(|id| master().root_key(&id.token_id));
    let bare = [0, 1].map(|n| Macaroon::new(&keys[n], &ids[n].to_bytes(), b"lsat").unwrap());
    Pair { keys, bare }
}

fn verify_pair(caveats: [&[&str]; 2], keys: &[RootKey]) -> Result<Grant, Rejection> {
    let [one, other] = pair().bare;
    let text = [attenuate(one, caveats[0]).to_base64(), attenuate(other, caveats[1]).to_base64()].join(",");
    verify_text(&text, Some(&preimage_hex()), keys, &request(), UnknownCaveats::Skip)
}

#[test]
fn two_tokens_of_one_payment_allow_what_both_allow() {
    let keys = pair().keys;
    let cheap = ["amount=5", "uses=9", "expires_at=1900000900"];
    let short = ["amount=7", "uses=2", "expires_at=1900000100"];
    for caveats in [[&cheap[..], &short], [&short, &cheap]] {
        let grant = verify_pair(caveats, &keys).unwrap();
        assert_eq!(grant.amount, Some(Msat::from_msat(5)));
        assert_eq!(grant.uses, Uses::Limited(2.try_into().unwrap()));
        assert_eq!(grant.expires_at, UnixTime::from_secs(1_900_000_100));
    }
    // A token that says nothing does not lift what the other one says.
    for caveats in [[&short[..], &[]], [&[], &short]] {
        let grant = verify_pair(caveats, &keys).unwrap();
        assert_eq!(grant.amount, Some(Msat::from_msat(7)));
        assert_eq!(grant.uses, Uses::Limited(2.try_into().unwrap()));
    }
    for caveats in [[&["path=/other"][..], &[]], [&[], &["path=/other"]]] {
        assert_eq!(verify_pair(caveats, &keys), Err(Rejection::OtherPath));
    }
}

#[test]
fn every_token_of_a_list_needs_its_own_key_in_order() {
    let [one, other] = pair().keys;
    let verdict = |keys: &[&RootKey]| {
        let keys: Vec<RootKey> = keys.iter().map(|key| (*key).clone()).collect();
        verify_pair([&[], &[]], &keys).map(|_| ())
    };
    assert_eq!(verdict(&[&one, &other]), Ok(()));
    assert_eq!(verdict(&[&other, &one]), Err(Rejection::BadSignature));
    assert_eq!(verdict(&[&one, &one]), Err(Rejection::BadSignature));
    assert_eq!(verdict(&[&other, &other]), Err(Rejection::BadSignature));
    assert_eq!(verdict(&[&one]), Err(Rejection::UnknownRootKey));
    assert_eq!(verdict(&[]), Err(Rejection::UnknownRootKey));
}

/// The preimage of somebody else's payment does not help, and neither does somebody else's token.
#[test]
fn tokens_and_preimages_cannot_be_mixed() {
    let stranger = Preimage::from_bytes([0xcd; 32]);
    let id = identifier_of(&stranger, [5; 32]);
    let theirs = Macaroon::new(&master().root_key(&id.token_id), &id.to_bytes(), b"lsat").unwrap();
    let verdict = |macaroon: &Macaroon, preimage: &str, key| {
        let text = macaroon.to_base64();
        verify_text(&text, Some(preimage), &[key], &request(), UnknownCaveats::Skip).map(|_| ())
    };
    assert_eq!(verdict(&theirs, &"cd".repeat(32), master().root_key(&id.token_id)), Ok(()));
    assert_eq!(verdict(&theirs, &preimage_hex(), key()), Err(Rejection::WrongPreimage));
    assert_eq!(verdict(&token(), &"cd".repeat(32), key()), Err(Rejection::WrongPreimage));
}

const REJECTIONS: [Rejection; 15] = [
    Rejection::UnknownRootKey,
    Rejection::BadSignature,
    Rejection::WrongPreimage,
    Rejection::MissingPreimage,
    Rejection::BadDischarge,
    Rejection::DischargeReused,
    Rejection::DischargeUnused,
    Rejection::Expired,
    Rejection::OtherPath,
    Rejection::OtherMethod,
    Rejection::MalformedCaveat,
    Rejection::WidenedCaveat,
    Rejection::UnknownCaveat,
    Rejection::Undischarged,
    Rejection::UsedUp,
];

#[test]
fn every_rejection_has_a_word_of_its_own() {
    let codes: HashSet<_> = REJECTIONS.iter().map(Rejection::code).collect();
    assert_eq!(codes.len(), REJECTIONS.len());
    let texts: HashSet<_> = REJECTIONS.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), REJECTIONS.len());
    assert!(codes.iter().all(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
}

#[test]
fn only_a_token_that_is_ours_and_paid_is_offered_a_new_one() {
    let authentic: Vec<_> = REJECTIONS.iter().filter(|rejection| rejection.is_authentic()).collect();
    assert_eq!(authentic, REJECTIONS[7..].iter().collect::<Vec<_>>());
}

/// A holder can show a narrowed token first and the token as minted later, so uses must outlive the narrowed one.
#[test]
fn a_grant_says_how_long_the_token_was_minted_for() {
    let minted = EXPIRES_AT;
    let narrowed = UnixTime::from_secs(NOW.as_secs() + 1);
    let grant =
        verify(&token_with([format!("expires_at={minted}"), format!("expires_at={narrowed}")])).unwrap();
    assert_eq!((grant.expires_at, grant.issued_until), (narrowed, minted));
    let forever = verify(&token_with(["uses=1"])).unwrap();
    assert_eq!((forever.expires_at, forever.issued_until), (UnixTime::MAX, UnixTime::MAX));
}
