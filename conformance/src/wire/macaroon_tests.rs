use super::*;
use crate::wire::{base64, hex, unhex32};

/// Composed and confirmed with go-macaroon: root key of zeros, two caveats, location `lsat`.
const TOKEN: &str = "AgEEbHNhdAJCAABjDc0pZsQzZpESVEi7sltP9BKknHMtssirwbhYG9cQ3SAfHh0cGxoZGBcWFRQTEhEQDw4NDAsKCQ\
    gHBgUEAwIBAAIZc2VydmljZXM9bGlnaHRuaW5nX2xvb3A6MAACHGxpZ2h0bmluZ19sb29wX2NhcGFiaWxpdGllcz0AAAYgMiarmn0c\
    Ug3ajQApOZNdcY1GLsOYaL+0K4CXCWlS/ow=";

fn token() -> Vec<u8> {
    base64::decode_strict(TOKEN).unwrap()
}

#[test]
fn a_macaroon_of_go_macaroon_is_read_and_written_back() {
    let macaroon = Macaroon::parse(&token()).unwrap();
    assert_eq!(macaroon.location.as_deref(), Some(b"lsat".as_slice()));
    assert_eq!(macaroon.first_party_caveats[0], b"services=lightning_loop:0");
    let hash = "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd";
    assert_eq!(identifier_payment_hash(&macaroon.identifier), Ok(unhex32(hash).unwrap()));
    assert_eq!(macaroon.to_bytes(), token());
    assert_eq!(macaroon.clone().signed_with(&[0; 32]), macaroon);
}

/// From paygate's `go-macaroon-vectors.json`.
#[test]
fn a_signature_is_that_of_go_macaroon() {
    let macaroon = Macaroon {
        identifier: l402_identifier([0xaa; 32], [0xbb; 32]),
        first_party_caveats: Vec::new(),
        signature: [0; 32],
        location: None,
        location_at: 0..0,
    };
    let signed = macaroon.signed_with(&[1; 32]);
    assert_eq!(hex(&signed.signature), "1790bc6dc1964456355926bd4863e204d96b42629e94087abc906f85e91ccf93");
    assert_eq!(Macaroon::parse(&signed.to_bytes()), Ok(signed));
}

#[test]
fn third_party_caveats_are_passed_over() {
    let mut bytes = vec![VERSION];
    push(&mut bytes, IDENTIFIER, b"id");
    bytes.push(END);
    push(&mut bytes, LOCATION, b"elsewhere");
    push(&mut bytes, IDENTIFIER, b"third");
    push(&mut bytes, VERIFICATION_ID, &[7; 200]);
    bytes.push(END);
    push(&mut bytes, IDENTIFIER, b"first");
    bytes.extend([END, END]);
    push(&mut bytes, SIGNATURE, &[9; 32]);
    assert_eq!(Macaroon::parse(&bytes).unwrap().first_party_caveats, [b"first".to_vec()]);
}

#[test]
fn no_truncation_and_no_addition_is_read() {
    let token = token();
    for end in 0..token.len() {
        assert!(Macaroon::parse(&token[..end]).is_err(), "{end} bytes");
    }
    let reason = Macaroon::parse(&[token, vec![0]].concat()).unwrap_err();
    assert_eq!(reason, "1 bytes follow the signature");
}

#[test]
fn other_identifiers_are_not_of_l402() {
    assert!(identifier_payment_hash(&[0; 32]).unwrap_err().contains("32 bytes"));
    let mut identifier = l402_identifier([1; 32], [2; 32]);
    identifier[1] = 1;
    assert!(identifier_payment_hash(&identifier).unwrap_err().contains("version 1"));
}

#[test]
fn samples_reach_from_the_first_byte_to_the_last_and_leave_the_location_out() {
    let samples = sample_positions(&token(), 20).unwrap();
    assert_eq!(samples.len(), 20);
    assert_eq!((samples[0], samples[19]), (0, token().len() - 1));
    assert!(samples.windows(2).all(|pair| pair[0] < pair[1]));
    let all = sample_positions(&token(), usize::MAX).unwrap();
    assert_eq!(all.len(), token().len() - 4);
    assert!(!all.contains(&3) && !all.contains(&6) && all.contains(&7));
}

#[test]
fn a_caveat_is_added_as_go_macaroon_adds_it() {
    let unsigned = Macaroon { first_party_caveats: Vec::new(), ..Macaroon::parse(&token()).unwrap() };
    let mut bytes = unsigned.signed_with(&[0; 32]).to_bytes();
    for caveat in ["services=lightning_loop:0", "lightning_loop_capabilities="] {
        bytes = attenuate(&bytes, caveat.as_bytes()).unwrap();
    }
    assert_eq!(bytes, token());
    assert!(attenuate(&bytes[1..], b"x").is_err());
}

#[test]
fn the_older_formats_are_as_libmacaroons_writes_them() {
    let macaroon = Macaroon {
        identifier: b"keyid".to_vec(),
        location: Some(b"http://example.org/".to_vec()),
        first_party_caveats: vec![b"account = 3735928559".to_vec()],
        ..Macaroon::default()
    };
    let macaroon = macaroon.signed_with(b"this is the key");
    let v1 = macaroon.to_v1_bytes();
    assert!(v1.starts_with(
        b"0021location http://example.org/\n0015identifier keyid\n001dcid account = 3735928559\n"
    ));
    let signature = "f54807f6dc6edf88bf0f7306b3822562a362533dbf7339ba61765da4bd259d87";
    assert_eq!(hex(&macaroon.signature), signature);
    assert_eq!(&v1[v1.len() - 47..v1.len() - 33], b"002fsignature ");
    let json: serde_json::Value = serde_json::from_str(&macaroon.to_json()).unwrap();
    assert_eq!((&json["v"], &json["i64"]), (&2.into(), &"a2V5aWQ".into()));
}
