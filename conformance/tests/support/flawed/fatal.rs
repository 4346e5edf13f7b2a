//! Requests after which nothing is served any more.

use axum::http::{HeaderMap, header};

use super::{Flaw, Shop};

pub(super) fn is_fatal(shop: &Shop, headers: &HeaderMap) -> bool {
    let values: Vec<&[u8]> =
        headers.get_all(header::AUTHORIZATION).iter().map(|value| value.as_bytes()).collect();
    let longest = values.iter().map(|value| value.len()).max().unwrap_or_default();
    let tokens = || values.iter().filter_map(|value| decode(value));
    match shop.flaw {
        Flaw::DiesOfLength => {
            longest > 60_000 && values.iter().any(|value| value.contains(&b' ') && all_same(value))
        }
        Flaw::DiesOfPackets => tokens().any(|token| count(&token, b"0007a \n") > 5000),
        Flaw::DiesOfCaveats => tokens().any(|token| count(&token, &[2, 0, 0]) > 5000),
        Flaw::DiesOfLengths => tokens().any(|token| count(&token, &[0xff, 0xff, 0xff, 0xff, 0x07]) == 1),
        Flaw::DiesOfManyFields => values.len() > 50,
        Flaw::DiesOfOddBytes => values.iter().any(|value| value.iter().any(|byte| *byte > 0xe0)),
        _ => false,
    }
}

/// Whether it is one letter again and again, in its middle.
fn all_same(value: &[u8]) -> bool {
    let middle = &value[value.len() / 4..value.len() / 2];
    middle.iter().all(|byte| byte == &middle[0])
}

fn decode(value: &[u8]) -> Option<Vec<u8>> {
    let text = str::from_utf8(value).ok()?.split([' ', ':']).nth(1)?.trim_end_matches('=');
    base64_simd::STANDARD_NO_PAD.decode_to_vec(text).ok()
}

fn count(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).filter(|window| *window == part).count()
}
