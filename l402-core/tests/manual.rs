//! The manual names tests as evidence. They must exist.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

#[test]
fn every_test_that_the_manual_names_exists() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = core.parent().unwrap();
    if !workspace.join("l402-server").is_dir() {
        return; // the crate by itself, without the tests of the others
    }
    let mut names_there = BTreeSet::new();
    for entry in fs::read_dir(workspace).unwrap() {
        let folder = entry.unwrap().path();
        for part in ["src", "tests"] {
            collect_names(&folder.join(part), &mut names_there);
        }
    }
    for page in ["requirements.rs", "threats.rs"] {
        let text = fs::read_to_string(core.join("src/manual").join(page)).unwrap();
        let wanted = text.split('`').skip(1).step_by(2).filter(|name| is_test_name(name));
        let missing: Vec<_> = wanted.filter(|name| !names_there.contains(*name)).collect();
        assert!(missing.is_empty(), "{page} names tests that are not there: {missing:#?}");
    }
}

/// The words that tests and their files are called by, and no other code.
fn is_test_name(name: &str) -> bool {
    name.contains('_')
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'0'..=b'9'))
}

fn collect_names(folder: &Path, names_there: &mut BTreeSet<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.ends_with("src/manual") {
            continue;
        }
        names_there.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        if path.is_dir() {
            collect_names(&path, names_there);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            names_there.extend(words.filter(|word| is_test_name(word)).map(str::to_owned));
        }
    }
}
