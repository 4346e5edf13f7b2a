//! [`Coverage`]: which requests a token is worth showing to.

use sha2::{Digest, Sha256};
use url::Url;

use super::TokenFacts;
use super::target::Target;
use crate::store::Purpose;

/// The requests of one origin that a token is for, as far as it says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Coverage {
    paths: Paths,
    /// The only method; `None` for any.
    method: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Paths {
    /// A pass: whatever the server does not refuse.
    All,
    One(String),
    /// A template, such as `/items/{id}`.
    Route(String),
    /// The very request that it was bought for, query included.
    Request([u8; 32]),
}

impl Coverage {
    pub(super) fn new(facts: &TokenFacts, purpose: &Purpose) -> Self {
        let bought = || purpose.path.clone();
        let paths = match facts {
            TokenFacts { is_bound: true, .. } => Paths::Request(purpose.request),
            TokenFacts { path: Some(path), .. } => Paths::One(path.clone()),
            TokenFacts { route: Some(route), .. } => Paths::Route(route.clone()),
            TokenFacts { services, .. } if !services.is_empty() => Paths::All,
            _ => Paths::One(bought()),
        };
        let says_nothing = facts.path.is_none() && facts.route.is_none() && facts.services.is_empty();
        // A token that says nothing is shown where it was bought, rather than wherever it might be good for.
        let method = facts.method.clone().or_else(|| says_nothing.then(|| purpose.method.clone()));
        Self { paths, method }
    }

    pub(super) fn includes(&self, target: &Target<'_>) -> bool {
        self.method.as_ref().is_none_or(|only| only == target.method)
            && match &self.paths {
                Paths::All => true,
                Paths::One(path) => path == target.path,
                Paths::Route(template) => matches(template, target.path),
                Paths::Request(digest) => {
                    target.url.is_some_and(|url| *digest == request_digest(target.method, url))
                }
            }
    }
}

/// Names a request: the SHA-256 of its method and URL, without the fragment, which is never sent.
pub(crate) fn request_digest(method: &str, url: &Url) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(method);
    hash.update(" ");
    hash.update(url.origin().ascii_serialization());
    hash.update(url.path());
    if let Some(query) = url.query() {
        hash.update("?");
        hash.update(query);
    }
    hash.finalize().into()
}

/// Whether a path fits a template: `{name}` stands for one segment, `{*name}` and `{name:.*}` at the end for all others.
fn matches(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(rest), Some(_)) if rest.starts_with("{*") || rest.ends_with(":.*}") => return true,
            (Some(wanted), Some(segment)) if wanted.contains('{') => {
                let (before, after) = (wanted.split('{').next(), wanted.rsplit('}').next());
                let fits = before.is_none_or(|before| segment.starts_with(before))
                    && after.is_none_or(|after| segment.ends_with(after));
                if !fits || segment.is_empty() {
                    return false;
                }
            }
            (Some(wanted), Some(segment)) if wanted == segment => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates() {
        for (template, path) in [
            ("/items/{id}", "/items/7"),
            ("/a/{x}/b", "/a/7/b"),
            ("/files/{*rest}", "/files/a/b"),
            ("/files/{rest:.*}", "/files/a/b"),
            ("/v{n}.json", "/v12.json"),
            ("/items/{id:[0-9]+}", "/items/7"),
        ] {
            assert!(matches(template, path), "{template} {path}");
        }
        for (template, path) in [
            ("/items/{id}", "/items"),
            ("/items/{id}", "/items/"),
            ("/items/{id}", "/items/7/8"),
            ("/items/{id}", "/other/7"),
            ("/v{n}.json", "/v12.xml"),
            ("/a", "/b"),
        ] {
            assert!(!matches(template, path), "{template} {path}");
        }
    }

    #[test]
    fn requests_differ_by_method_and_query_but_not_by_fragment() {
        let digest = |method, url: &str| request_digest(method, &url.parse().unwrap());
        let one = digest("GET", "https://a.example/x?q=1#top");
        assert_eq!(one, digest("GET", "https://a.example:443/x?q=1"));
        for (method, url) in [
            ("POST", "https://a.example/x?q=1"),
            ("GET", "https://a.example/x?q=2"),
            ("GET", "https://a.example/x"),
            ("GET", "http://a.example/x?q=1"),
        ] {
            assert_ne!(one, digest(method, url), "{method} {url}");
        }
    }
}
