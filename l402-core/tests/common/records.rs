//! The records of `vectors/macaroon-v2.json`.

use l402_core::RootKey;
use serde::Deserialize;

use super::{base64, hex};

#[derive(Deserialize)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) root_key_hex: String,
    pub(crate) identifier_hex: String,
    pub(crate) location: String,
    pub(crate) caveats_hex: Vec<String>,
    #[serde(default)]
    pub(crate) third_party_caveats: Vec<ThirdPartyRecord>,
    #[serde(default)]
    pub(crate) bound_discharges_v2_base64url: Vec<String>,
    #[serde(default)]
    pub(crate) discharge_caveats_utf8: Vec<String>,
    pub(crate) v2_base64url: String,
    pub(crate) v2_base64std: String,
    pub(crate) signature_hex: String,
}

#[derive(Deserialize)]
pub(crate) struct ThirdPartyRecord {
    pub(crate) position: usize,
    pub(crate) location: String,
    pub(crate) caveat_root_key_hex: String,
    pub(crate) caveat_id_hex: String,
    pub(crate) nonce_hex: String,
    pub(crate) vid_hex: String,
}

impl Record {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        base64(&self.v2_base64url)
    }

    /// `None` for the one record whose root key has no bytes, which [`RootKey`] refuses to hold.
    pub(crate) fn key(&self) -> Option<RootKey> {
        let key = RootKey::new(&hex(&self.root_key_hex)).ok();
        assert_eq!(key.is_none(), self.name == "root_key_len_0", "{}", self.name);
        key
    }
}

pub(crate) fn records() -> Vec<Record> {
    let records: Vec<Record> = serde_json::from_str(include_str!("../vectors/macaroon-v2.json")).unwrap();
    assert_eq!(records.len(), 34, "no vector may go missing");
    records
}
