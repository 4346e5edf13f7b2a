//! What the README lists is all there is.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn crate_path(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The words in backquotes.
fn named_in_readme() -> BTreeSet<String> {
    let readme = fs::read_to_string(crate_path("README.md")).unwrap();
    readme.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_setting_is_in_the_readme() {
    let mut settings = BTreeSet::new();
    for file in fs::read_dir(crate_path("src/builder")).unwrap() {
        let source = fs::read_to_string(file.unwrap().path()).unwrap();
        let methods = source.lines().filter_map(|line| {
            let name =
                line.trim_start().strip_prefix("pub ")?.trim_start_matches("const ").strip_prefix("fn ")?;
            Some(name.split(['(', '<']).next()?.to_owned())
        });
        settings.extend(methods.filter(|name| name != "build"));
    }
    assert!(settings.len() > 30, "{settings:?}");
    let missing: Vec<_> = settings.difference(&named_in_readme()).cloned().collect();
    assert!(missing.is_empty(), "the README does not list {missing:?}");
}

#[test]
fn every_metric_and_span_is_in_the_readme() {
    let named = named_in_readme();
    let mut found = BTreeSet::new();
    for file in ["src/telemetry.rs", "src/patience.rs"] {
        let source = fs::read_to_string(crate_path(file)).unwrap();
        let texts = source.split('"').skip(1).step_by(2);
        let is_name = |text: &&str| text.starts_with("l402_") || text.starts_with("l402.");
        found.extend(texts.filter(is_name).map(str::to_owned));
    }
    assert!(found.len() >= 11, "{found:?}");
    let missing: Vec<_> = found.difference(&named).collect();
    assert!(missing.is_empty(), "the README does not list {missing:?}");
}
