//! What strangers make a gate remember, in bytes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod common;

use std::net::{IpAddr, Ipv6Addr};
use std::ops::Range;
use std::time::Duration;

use common::Shop;
use l402_server::{FreeTier, OfferLimits, Rate, RequestParts};

/// More than there are counts of their own for.
const STRANGERS: Range<u32> = 0..60_000;
const MORE_STRANGERS: Range<u32> = 60_000..80_000;

/// Each comes with a network of its own, which whoever has some thousand of them gets for nothing.
async fn flood(shop: &Shop, strangers: Range<u32>) {
    let nothing: &[(&str, &[u8])] = &[];
    for stranger in strangers {
        let network = u128::from(0x2001_0db8_0000_0000_u64 + u64::from(stranger)) << 64;
        let peer = IpAddr::from(Ipv6Addr::from_bits(network | 1));
        for _ in 0..2 {
            let parts = RequestParts::new("GET", "/report", &nothing).with_peer(Some(peer));
            drop(shop.gate.decide(&parts).await);
        }
    }
}

#[test]
fn a_flood_fills_what_there_is_and_no_more() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let limits = OfferLimits::default().overall(Rate::per_hour(1).burst(100));
    let tier = FreeTier::new(1, Duration::from_secs(86_400)).max_clients(20_000);
    let shop = Shop::open_with(|gate| gate.offer_limits(limits).free_tier(tier));
    let bytes = |strangers| {
        let held = allocation_counter::measure(|| runtime.block_on(flood(&shop, strangers)));
        held.bytes_current
    };
    let (first, then) = (bytes(STRANGERS), bytes(MORE_STRANGERS));
    assert!((1 << 20..16 << 20).contains(&first), "{first} bytes for {} strangers", STRANGERS.len());
    assert!(then < 64 << 10, "{then} bytes more for {} more", MORE_STRANGERS.len());
    assert_eq!(shop.invoices(), 100);
}
