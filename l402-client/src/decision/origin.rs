//! Where credentials may travel, and how far redirects are followed.

use reqwest::redirect::Policy;
use url::{Host, Url};

/// Whether two URLs have the same scheme, host and port, which is as far as a credential reaches.
pub(crate) fn is_same(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

/// How an origin is named in errors and events: without path, query or user.
pub(crate) fn name(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The host, as budgets and allow-lists know it; empty where a URL has none.
pub(crate) fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// Whether what is sent to this URL can be read by nobody on the way: over `https`, or over `http` that does not
/// leave the machine or is encrypted by Tor.
///
/// A preimage that is read on the way is spent by whoever read it.
pub(crate) fn is_confidential(url: &Url) -> bool {
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(Host::Domain(name))) if name.ends_with(".onion") => true,
        ("http", _) => is_this_machine(url),
        _ => false,
    }
}

/// Whether the URL's host is the machine this runs on.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Follows redirects within the origin, up to reqwest's own limit. Any other redirect is the caller's answer.
pub(crate) fn redirect_policy() -> Policy {
    Policy::custom(|attempt| {
        let stays = attempt.previous().last().is_some_and(|from| is_same(from, attempt.url()));
        if stays { Policy::default().redirect(attempt) } else { attempt.stop() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn confidential_are_https_and_http_to_loopback_or_onion() {
        for text in [
            "https://api.example.com/report",
            "https://192.0.2.1:8443",
            "http://localhost:3000",
            "http://LOCALHOST",
            "http://127.0.0.1",
            "http://127.255.255.254:8080",
            "http://127.1",      // 127.0.0.1 in short
            "http://2130706433", // 127.0.0.1 as one number
            "http://[::1]:3000",
            "http://expyuzz4wqqyqhjn.onion/report",
        ] {
            assert!(is_confidential(&url(text)), "{text}");
        }
    }

    #[test]
    fn nothing_else_is_confidential() {
        for text in [
            "http://api.example.com/report",
            "http://192.168.1.10",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://128.0.0.1",
            "http://[::]",
            "http://[fe80::1]",
            "http://[::ffff:192.0.2.1]",
            "http://localhost.example.com",
            "http://notlocalhost",
            "http://127.0.0.1.example.com",
            "http://localhost@api.example.com",
            "http://api.example.com/localhost",
            "http://onion",
            "http://x.onion.example.com",
            "http://xonion",
            "ftp://localhost",
            "ws://localhost",
            "file:///etc/passwd",
            "data:text/plain,x",
        ] {
            assert!(!is_confidential(&url(text)), "{text}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let here = url("https://api.example.com/report?key=secret");
        for same in
            ["https://api.example.com", "https://API.example.com:443/other", "https://me@api.example.com"]
        {
            assert!(is_same(&here, &url(same)), "{same}");
        }
        for other in [
            "http://api.example.com/report",
            "https://api.example.com:8443/report",
            "https://example.com/report",
            "https://api.example.com.evil.example/report",
            "file:///report",
        ] {
            assert!(!is_same(&here, &url(other)), "{other}");
        }
    }

    #[test]
    fn the_name_of_an_origin_tells_no_secret() {
        let name = name(&url("https://user:password@api.example.com:8443/path/key?token=secret#fragment"));
        assert_eq!(name, "https://api.example.com:8443");
    }
}
