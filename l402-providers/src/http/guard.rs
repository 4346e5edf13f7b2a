//! URLs that strangers chose: they must not lead into the network that this program runs in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::ClientBuilder;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::endpoint::is_this_machine;

/// Whether a request may go to `url`. With `private`, this machine and one's own network are fine, too.
///
/// Host names are looked at again when they are resolved: see [`apply`].
pub(crate) fn is_allowed(url: &Url, private: bool) -> bool {
    let encrypted = url.scheme() == "https" || (private && url.scheme() == "http" && is_this_machine(url));
    let anonymous = url.username().is_empty() && url.password().is_none();
    let elsewhere = match url.host() {
        Some(Host::Ipv4(ip)) => is_public(ip.into()),
        Some(Host::Ipv6(ip)) => is_public(ip.into()),
        Some(Host::Domain(_)) => !is_this_machine(url),
        None => false,
    };
    encrypted && anonymous && (private || elsewhere)
}

/// Lets the client connect to public addresses alone, whatever a host name resolves to at that moment. Proxies would
/// resolve names themselves, so there are none.
pub(super) fn apply(builder: ClientBuilder) -> ClientBuilder {
    builder.no_proxy().dns_resolver(Arc::new(PublicOnly))
}

struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("the host has no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// By the registry of special-purpose addresses (RFC 6890).
fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || a == 0
        || a >= 224
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

/// Global unicast, without the ranges that stand for other addresses: those are as public as what they stand for.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    let octets = ip.octets();
    let embedded = |at: usize| Ipv4Addr::new(octets[at], octets[at + 1], octets[at + 2], octets[at + 3]);
    match (a, b) {
        // Mapped, as IPv6 sockets write IPv4.
        (0, 0) => ip.to_ipv4_mapped().is_some_and(is_public_v4),
        // NAT64.
        (0x64, 0xff9b) => octets[4..12].iter().all(|&byte| byte == 0) && is_public_v4(embedded(12)),
        // 6to4.
        (0x2002, _) => is_public_v4(embedded(2)),
        // Teredo, benchmarking, ORCHID and documentation.
        (0x2001, 0..0x200 | 0xdb8) | (0x3fff, 0..0x1000) => false,
        _ => a & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(url: &str, private: bool) -> bool {
        is_allowed(&Url::parse(url).unwrap(), private)
    }

    #[test]
    fn strangers_reach_public_hosts_over_https_alone() {
        for good in ["https://example.com/a?b=c", "https://1.1.1.1", "https://[2606:4700::1111]:8443/x"] {
            assert!(allowed(good, false), "{good}");
        }
        for bad in [
            "http://example.com",
            "https://user@example.com",
            "https://localhost",
            "https://a.localhost",
            "https://127.0.0.1",
            "https://2130706433", // 127.0.0.1 as a number
            "https://0x7f.1",
            "https://0.0.0.0",
            "https://10.1.2.3",
            "https://172.16.0.1",
            "https://192.168.0.1",
            "https://100.64.0.1",
            "https://169.254.169.254", // metadata of clouds
            "https://192.0.0.1",
            "https://198.18.0.1",
            "https://224.0.0.1",
            "https://255.255.255.255",
            "https://[::1]",
            "https://[::]",
            "https://[::ffff:127.0.0.1]",
            "https://[::ffff:10.0.0.1]",
            "https://[::127.0.0.1]",
            "https://[64:ff9b::7f00:1]",
            "https://[64:ff9b:1::1]",
            "https://[2002:7f00:1::]",
            "https://[2001::1]",
            "https://[2001:db8::1]",
            "https://[fc00::1]",
            "https://[fe80::1]",
            "https://[ff02::1]",
            "ftp://example.com",
            "file:///etc/passwd",
        ] {
            assert!(!allowed(bad, false), "{bad}");
        }
        assert!(allowed("https://[::ffff:1.1.1.1]", false) && allowed("https://[2002:101:101::]", false));
    }

    #[test]
    fn ones_own_network_is_for_those_who_ask_for_it() {
        for good in ["http://127.0.0.1:5000", "http://localhost", "https://10.0.0.1", "https://example.com"] {
            assert!(allowed(good, true), "{good}");
        }
        for bad in ["http://10.0.0.1", "http://example.com"] {
            assert!(!allowed(bad, true), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_this_machine_is_refused() {
        let Err(error) = PublicOnly.resolve("localhost".parse().unwrap()).await else { panic!("resolved") };
        assert_eq!(error.to_string(), "the host has no public address");
    }
}
