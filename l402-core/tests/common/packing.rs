//! The formats that are read and not written, written here by the rules of the libraries that write them.

use l402_core::{Macaroon, MacaroonRef};
use serde_json::{Map, Value};

/// What the writers of V1 do differently.
#[derive(Clone, Copy, Debug)]
pub(crate) struct V1Style {
    pub(crate) writes_empty_location: bool,
    pub(crate) writes_empty_caveat_location: bool,
}

/// As go-macaroon writes.
pub(crate) const GO: V1Style = V1Style { writes_empty_location: true, writes_empty_caveat_location: true };

pub(crate) fn packet(key: &str, value: &[u8]) -> Vec<u8> {
    let len = 4 + key.len() + 1 + value.len() + 1;
    assert!(len <= 0xffff, "a V1 packet has at most 64 KiB");
    [format!("{len:04x}{key} ").as_bytes(), value, b"\n"].concat()
}

pub(crate) fn to_v1(macaroon: &MacaroonRef<'_>, style: V1Style) -> Vec<u8> {
    let mut bytes = Vec::new();
    if style.writes_empty_location || !macaroon.location().is_empty() {
        bytes.extend(packet("location", macaroon.location()));
    }
    bytes.extend(packet("identifier", macaroon.identifier()));
    for caveat in macaroon.caveats() {
        bytes.extend(packet("cid", caveat.id()));
        let Some(third_party) = caveat.third_party() else { continue };
        bytes.extend(packet("vid", third_party.verification_id()));
        if style.writes_empty_caveat_location || !third_party.location().is_empty() {
            bytes.extend(packet("cl", third_party.location()));
        }
    }
    bytes.extend(packet("signature", macaroon.signature()));
    bytes
}

/// Text where it is UTF-8, else base64. go-macaroon leaves out `v` and an empty `c`, libmacaroons does not.
pub(crate) fn to_json(macaroon: &MacaroonRef<'_>) -> String {
    let caveats: Vec<Value> = macaroon
        .caveats()
        .map(|caveat| {
            let mut fields = Map::new();
            put(&mut fields, "i", caveat.id());
            if let Some(third_party) = caveat.third_party() {
                put(&mut fields, "v", third_party.verification_id());
                put_unless_empty(&mut fields, "l", third_party.location());
            }
            Value::Object(fields)
        })
        .collect();
    let mut fields = Map::new();
    fields.insert("v".into(), 2.into());
    fields.insert("c".into(), Value::Array(caveats));
    put_unless_empty(&mut fields, "l", macaroon.location());
    put(&mut fields, "i", macaroon.identifier());
    put(&mut fields, "s", macaroon.signature());
    Value::Object(fields).to_string()
}

fn put_unless_empty(fields: &mut Map<String, Value>, key: &str, value: &[u8]) {
    if !value.is_empty() {
        put(fields, key, value);
    }
}

fn put(fields: &mut Map<String, Value>, key: &str, value: &[u8]) {
    match std::str::from_utf8(value) {
        Ok(text) => fields.insert(key.into(), text.into()),
        Err(_) => {
            fields.insert(format!("{key}64"), base64_simd::URL_SAFE_NO_PAD.encode_to_string(value).into())
        }
    };
}

/// One macaroon in every format, by name.
pub(crate) fn all_formats(macaroon: &Macaroon) -> [(&'static str, Vec<u8>); 3] {
    let view = macaroon.as_macaroon_ref();
    [("V2", macaroon.as_bytes().to_vec()), ("V1", to_v1(&view, GO)), ("V2-JSON", to_json(&view).into_bytes())]
}
