//! Writes `seeds/`, from which fuzzing starts: a handful of inputs for each target, most of them from the test
//! vectors. Run it in this directory after a change: `cargo run --example seeds`.

use std::{fs, io};

use base64_simd::STANDARD;
use l402_core::header::{Challenge, Scheme, credential_header_value};
use l402_core::{Limits, Macaroon, MacaroonRef};
use l402_core_fuzz::{bare_token, preimage, to_json, to_v1};
use serde_json::Value;

const INVOICES: &str = include_str!("../../tests/common/invoices.rs");
const VECTORS: &str = include_str!("../../tests/vectors/macaroon-v2.json");

fn main() -> io::Result<()> {
    let token = ["path=/report", "method=GET", "amount=10000", "uses=1", "expires_at=1900003600"]
        .iter()
        .fold(bare_token(), |token, caveat| token.attenuate(caveat.as_bytes()).unwrap());
    let vectors = vectors();
    macaroons(&token, &vectors)?;
    near_misses()?;
    headers(&token)?;
    caveats()?;
    for (index, invoice) in invoices().iter().enumerate() {
        write("invoice", index, invoice.as_bytes())?;
    }
    // Counts, then identifier, key and binding of each discharge, then the caveats of each macaroon.
    let plans: [&[u8]; 6] = [
        &[0, 0],
        &[1, 0, 0, 1, 1, 0, 0, 0, 20, 3],
        &[1, 1, 2, 1, 2, 11, 0xc0, 1, 0xc1, 1, 0, 9, 1],
        &[2, 0, 0, 1, 1, 1, 1, 2, 0, 6, 0, 0, 0, 0, 90, 2],
        &[3, 0, 0, 1, 1, 0, 1, 2, 0, 1, 1, 0, 1, 1, 1, 2, 0, 2, 1, 70, 5],
        &[2, 0, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0],
    ];
    for (index, plan) in plans.iter().enumerate() {
        write("discharge", index, plan)?;
    }
    Ok(())
}

/// The first of the shared vectors, those with third-party caveats and their discharges.
fn vectors() -> Vec<Macaroon> {
    let records: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    let (third_party, others): (Vec<_>, Vec<_>) =
        records.iter().partition(|record| record["third_party_caveats"].is_array());
    let chosen = third_party.into_iter().chain(others.into_iter().step_by(7)).take(5);
    chosen
        .map(|record| STANDARD.decode_to_vec(record["v2_base64std"].as_str().unwrap()).unwrap())
        .map(|bytes| MacaroonRef::decode(&bytes, &Limits::UNLIMITED).unwrap().to_owned())
        .collect()
}

fn macaroons(token: &Macaroon, vectors: &[Macaroon]) -> io::Result<()> {
    for (index, macaroon) in [token].into_iter().chain(vectors).enumerate() {
        let view = macaroon.as_macaroon_ref();
        write("macaroon_v2", index, view.as_bytes())?;
        write("macaroon_json", 2 * index, to_json(&view).as_bytes())?;
        let v1 = to_v1(&view)[index % 4].clone();
        write("macaroon_v1", index, &v1)?;
        let text = [macaroon.to_base64().into_bytes(), STANDARD.encode_to_string(&v1).into_bytes()];
        write("macaroon_json", 2 * index + 1, &text[index % 2])?;
    }
    let signature = b"signature 0123456789abcdef0123456789abcdef";
    let pieces =
        [&b"location x\xffidentifier id\xffcid a=b\xffcid c\xffvid v\xffcl l\xff"[..], signature].concat();
    write("macaroon_v1", 6, &pieces)?;
    let json = br#"{"v":2,"i64":"aWQ","x":[{"y":null},1e5,"\u0041"],"c":[{"i":"a=b"},{"i64":"Yw==","v":"v","l":"l"}],"s64":"PNcNoG1LEKeXYEiWwM9tgEuV78gJpgNC-R9l9tFpYdI"}"#;
    write("macaroon_json", 12, json)
}

/// What one rule refuses. Fuzzing seldom finds these by itself, and a rule that is gone shows at once.
fn near_misses() -> io::Result<()> {
    const SIGNATURE: [u8; 32] = [b's'; 32];
    let starts: [&[u8]; 6] = [
        b"\x02\x02\x01i\x00\x00\x06\x20",
        b"\x02\x02\x81\x00i\x00\x00\x06\x20",
        b"\x02\x01\x00\x02\x01i\x00\x00\x06\x20",
        b"\x02\x02\x01i\x00\x01\x01l\x02\x01c\x00\x00\x06\x20",
        b"\x02\x02\x01i\x00\x02\x01c\x04\x00\x00\x00\x06\x20",
        b"\x02\x02\x01i\x00\x01\x00\x02\x01c\x04\x01v\x00\x00\x06\x20",
    ];
    for (index, start) in starts.iter().enumerate() {
        write("macaroon_v2", 10 + index, &[start, &SIGNATURE[..]].concat())?;
    }
    let starts = [
        "0011identifier i\n",
        "0011identifier i\n000Bcid cc\n",
        "0011identifier i\n000bcid cc\n0009vid \n",
        "0011identifier i\n000bcid cc\n0009cl l\n",
        "0011identifier i\n000bcid cc\n0009cl l\n000avid v\n",
    ];
    for (index, start) in starts.iter().enumerate() {
        let packets = [start.as_bytes(), b"002fsignature ", &SIGNATURE, b"\n"].concat();
        write("macaroon_v1", 10 + index, &packets)?;
    }
    let fields = [
        r#""i":"i""#,
        r#""i":"i","i64":"aQ==""#,
        r#""i":"i","i":"i""#,
        r#""i":"i","c":[],"c":[]"#,
        r#""i":"i","c":[{"i":"c","l":"l"}]"#,
        r#""i":"i","c":[{"i":"c","v":""}]"#,
        r#""i":"i","v":1"#,
        r#""i":"i","x":01"#,
    ];
    for (index, fields) in fields.iter().enumerate() {
        let json = format!(r#"{{{fields},"s":"{}"}}"#, "s".repeat(32));
        write("macaroon_json", 20 + index, json.as_bytes())?;
    }
    Ok(())
}

fn headers(token: &Macaroon) -> io::Result<()> {
    let (text, preimage) = (token.to_base64(), preimage());
    let hex = preimage.expose_hex();
    let challenge = Challenge::new(token.clone(), "lnbc1".to_owned()).unwrap();
    let [lsat, l402] = challenge.to_aperture_header_values();
    let challenges = [
        challenge.to_header_value(),
        format!("{lsat}, {l402}"),
        format!(r#"Digest qop="a, \"b\"", LSAT token={text} invoice=lnbc1, Negotiate a=="#),
        "L402 version=0, token=AgEE, invoice=lnbc1".to_owned(),
    ];
    for (index, value) in challenges.iter().enumerate() {
        write("challenge", index, value.as_bytes())?;
    }
    let credentials = [
        credential_header_value(Scheme::L402, &text, &preimage),
        format!("LSAT {text}, {text}:{hex}, L402 {text}:{hex}, Bearer z"),
        format!(r#"L402 x="a\"b:c", macaroon="{text}", preimage="{hex}""#),
        format!(r#"L402 "{text}:{hex}""#),
        format!("L402 {}", bare_token().attenuate(format!("preimage={hex}").as_bytes()).unwrap().to_base64()),
    ];
    for (index, value) in credentials.iter().enumerate() {
        write("credential", index, value.as_bytes())?;
    }
    write("credential", 5, token.as_bytes())?;
    write("credential", 6, bare_token().as_bytes())
}

/// The first byte chooses how the rest is judged.
fn caveats() -> io::Result<()> {
    let preimage = format!("\x10preimage={}\npath=/report", preimage().expose_hex());
    let lists = [
        "\x00path=/report\nmethod=GET\namount=10000\nuses=3\nexpires_at=1900003600\nuses=2\namount=1",
        "\x01path=/{page}\nuses=1",
        "\x06services=shop:2,other:0\nshop_capabilities=read,write\nshop_valid_until=1900000001\nservices=shop:1\nshop_capabilities=read",
        "\x0evolume=2000\nvolume=1500\nservices=shop:0\n=5",
        &preimage,
    ];
    for (index, list) in lists.iter().enumerate() {
        write("caveats", index, list.as_bytes())?;
    }
    Ok(())
}

/// Those of the tests: every constant that starts like an invoice.
fn invoices() -> Vec<String> {
    let source = INVOICES.replace("\\\n    ", "");
    source
        .split("= \"")
        .skip(1)
        .filter(|text| text.starts_with("ln"))
        .map(|text| text.split('"').next().unwrap().to_owned())
        .collect()
}

fn write(target: &str, index: usize, bytes: &[u8]) -> io::Result<()> {
    let directory = format!("{}/seeds/{target}", env!("CARGO_MANIFEST_DIR"));
    fs::create_dir_all(&directory)?;
    fs::write(format!("{directory}/{index:02}"), bytes)
}
