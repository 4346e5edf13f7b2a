//! [`Target`]: what a request asks for, as far as tokens depend on it.

use std::hash::{Hash, Hasher};

use hashbrown::Equivalent;
use http::Method;
#[cfg(feature = "tower")]
use http::Uri;
use url::Url;

/// What a request asks for, in the words of a [`Url`]: the same thing is always written in the same way.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(super) method: &'a str,
    pub(super) origin: OriginRef<'a>,
    pub(super) path: &'a str,
    /// The whole of it, if it was read as a URL.
    pub(super) url: Option<&'a Url>,
}

impl<'a> Target<'a> {
    /// `None` for a URL that names no host.
    pub(crate) fn of(method: &'a Method, url: &'a Url) -> Option<Self> {
        let origin = OriginRef::of(url)?;
        Some(Self { method: method.as_str(), origin, path: url.path(), url: Some(url) })
    }

    /// Of a URI as it is: reading it as a URL takes longer than all that a request with a token at hand needs besides.
    /// `None` for one whose path a URL may write in another way.
    ///
    /// A host in other words than a URL's is that of no token. What is not found so has to be looked for again as a URL.
    #[cfg(feature = "tower")]
    pub(crate) fn of_plain(method: &'a Method, uri: &'a Uri) -> Option<Self> {
        let (scheme, host, path) = (uri.scheme_str()?, uri.host()?, uri.path());
        let port = match (uri.port_u16(), scheme) {
            (Some(port), _) => port,
            (None, "https") => 443,
            (None, "http") => 80,
            _ => return None,
        };
        let origin = OriginRef { scheme, host, port };
        is_plain(path).then_some(Self { method: method.as_str(), origin, path, url: None })
    }
}

/// Whether a URL leaves a path as it is: nothing to encode, and no segment that stands for another (`..`, `%2e`).
#[cfg(feature = "tower")]
fn is_plain(path: &str) -> bool {
    let mut before = 0;
    path.bytes().all(|byte| {
        let is_first = std::mem::replace(&mut before, byte) == b'/';
        match byte {
            b'.' | b'%' => !is_first,
            b'-' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' => true,
            b'+' | b',' | b';' | b'=' | b':' | b'@' | b'/' => true,
            _ => byte.is_ascii_alphanumeric(),
        }
    })
}

/// Scheme, host and port: as far as a credential reaches.
pub(super) struct Origin {
    scheme: Box<str>,
    host: Box<str>,
    port: u16,
}

/// An [`Origin`] without copies of its parts.
#[derive(Clone, Copy)]
pub(super) struct OriginRef<'a> {
    scheme: &'a str,
    host: &'a str,
    port: u16,
}

impl<'a> OriginRef<'a> {
    pub(super) fn of(url: &'a Url) -> Option<Self> {
        Some(Self { scheme: url.scheme(), host: url.host_str()?, port: url.port_or_known_default()? })
    }
}

impl Origin {
    fn as_ref(&self) -> OriginRef<'_> {
        OriginRef { scheme: &self.scheme, host: &self.host, port: self.port }
    }
}

impl Hash for OriginRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.scheme.hash(state);
        self.host.hash(state);
        self.port.hash(state);
    }
}

impl Hash for Origin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_ref().hash(state);
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        other.as_ref().equivalent(self)
    }
}

impl Eq for Origin {}

impl Equivalent<Origin> for OriginRef<'_> {
    fn equivalent(&self, key: &Origin) -> bool {
        (self.scheme, self.host, self.port) == (&*key.scheme, &*key.host, key.port)
    }
}

impl From<&OriginRef<'_>> for Origin {
    fn from(origin: &OriginRef<'_>) -> Self {
        Self { scheme: origin.scheme.into(), host: origin.host.into(), port: origin.port }
    }
}

#[cfg(all(test, feature = "tower"))]
mod tests {
    use super::*;

    /// A plain URI has the parts that it would have as a URL.
    fn check(text: &str) -> bool {
        let Ok(uri) = text.parse::<Uri>() else { return false };
        let Some(target) = Target::of_plain(&Method::GET, &uri) else { return false };
        let url: Url = text.parse().unwrap_or_else(|error| panic!("{text} is plain: {error}"));
        let as_url = Target::of(&Method::GET, &url).unwrap_or_else(|| panic!("{text} is plain"));
        assert_eq!((target.path, target.origin.port), (as_url.path, as_url.origin.port), "{text}");
        true
    }

    #[test]
    fn usual_requests_are_plain() {
        for text in [
            "https://api.example.com",
            "https://api.example.com/",
            "https://api.example.com/reports/2026?lang=en",
            "http://127.0.0.1:8080/a%20b/c.json?q=%2e%2e/../x",
            "http://[::1]:3000/a//b;c=1,2/@me/~you/x'y",
            "https://api.example.com:443/v1.2/",
        ] {
            assert!(check(text), "{text}");
        }
        for text in ["/report", "*", "api.example.com:443", "ftp://api.example.com/", "https://a.b/../c"] {
            assert!(!check(text), "{text}");
        }
    }

    /// Paths of any two characters, and of any four pieces of those that mean something.
    #[test]
    fn a_path_that_a_url_would_change_is_not_plain() {
        let characters: Vec<char> = (0x20..=0x7f).map(char::from).chain(['\u{e9}']).collect();
        for one in &characters {
            for two in &characters {
                check(&format!("https://a.b/{one}{two}"));
                check(&format!("https://a.b/{one}/{two}"));
            }
        }
        let pieces = ["a", ".", "%2e", "%2E", "/", "%", "%zz", "\\", "C:", "|", "^"];
        let all = |rest: &[String]| -> Vec<String> {
            rest.iter().flat_map(|rest| pieces.map(|piece| format!("{piece}{rest}"))).collect()
        };
        let paths = (0..4).fold(vec![String::new()], |paths, _| all(&paths));
        let plain = paths.iter().filter(|path| check(&format!("https://a.b/{path}"))).count();
        assert!(plain > 100, "{plain}");
    }
}
