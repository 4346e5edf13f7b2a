//! The published vectors: they have the form of their schema, and their ids stay what they are.
#![cfg(feature = "verifier")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use boon::{Compiler, SchemaIndex, Schemas};
use l402_conformance::vectors::{self, Expectation};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn json_of(file: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder().join(file)).unwrap()).unwrap()
}

fn schema() -> (Schemas, SchemaIndex) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("vectors.schema.json", json_of("schema/vectors.schema.json")).unwrap();
    let index = compiler.compile("vectors.schema.json", &mut schemas).unwrap();
    (schemas, index)
}

#[test]
fn every_file_has_the_form_of_the_schema() {
    let (schemas, index) = schema();
    for file in vectors::files() {
        let value = json_of(&format!("vectors/{}.json", file.suite));
        if let Err(error) = schemas.validate(&value, index) {
            panic!("{}: {error:#}", file.suite);
        }
        assert_eq!(serde_json::to_value(&file.vectors).unwrap(), value["vectors"], "{}", file.suite);
    }
}

type Spoil = fn(&mut Value);

#[test]
fn the_schema_refuses_what_is_not_a_vector() {
    let (schemas, index) = schema();
    let good = json_of("vectors/identifier.json");
    let wrong: [(&str, Spoil); 8] = [
        ("an id with spaces", |file| file["vectors"][0]["id"] = json!("identifier/a b")),
        ("another result", |file| file["vectors"][0]["result"] = json!("perhaps")),
        ("no hex", |file| file["vectors"][0]["input"]["identifier"] = json!("0")),
        ("an unknown field", |file| file["vectors"][0]["input"]["more"] = json!(1)),
        ("an unknown operation", |file| file["vectors"][0]["op"] = json!("guess")),
        ("an output of what is refused", |file| file["vectors"][0]["result"] = json!("invalid")),
        ("no notes", |file| drop(file.as_object_mut().unwrap().remove("notes"))),
        ("another kind of bug", |file| file["notes"]["Canonical"]["kind"] = json!("TYPO")),
    ];
    assert!(schemas.validate(&good, index).is_ok());
    for (what, spoil) in wrong {
        let mut file = good.clone();
        spoil(&mut file);
        assert!(schemas.validate(&file, index).is_err(), "{what}");
    }
}

#[test]
fn ids_are_unique_and_every_flag_has_a_note() {
    let mut ids = BTreeSet::new();
    for file in vectors::files() {
        let mut flags = BTreeSet::new();
        for vector in &file.vectors {
            assert!(ids.insert(&vector.id), "{} twice", vector.id);
            assert!(vector.id.starts_with(&format!("{}/", file.suite)), "{}", vector.id);
            flags.extend(&vector.flags);
            let has_output = vector.output.is_some();
            assert!(!has_output || vector.result != Expectation::Invalid, "{}", vector.id);
        }
        assert_eq!(flags, file.notes.keys().collect(), "{}", file.suite);
    }
    assert!(ids.len() > 500);
}

/// What an id stands for is written down next to the vectors; the generator refuses to change it, and this sees that
/// nobody else did.
#[test]
fn no_published_id_is_missing_and_nothing_differs_from_what_the_generator_writes() {
    let published = std::fs::read_to_string(folder().join("vectors/published-ids.txt")).unwrap();
    let published: BTreeMap<&str, &str> = published
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once(' ').unwrap())
        .collect();
    let ids: BTreeSet<&str> =
        vectors::files().iter().flat_map(|file| &file.vectors).map(|vector| vector.id.as_str()).collect();
    assert_eq!(published.keys().copied().collect::<BTreeSet<_>>(), ids);

    let script = folder().join("vectors/generate.py");
    let output = Command::new("python3").arg(script).arg("--check").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn they_can_be_copied() {
    let directory = tempfile::tempdir().unwrap();
    let written = vectors::copy(directory.path()).unwrap();
    assert_eq!(written.len(), vectors::files().len() + 2);
    for name in ["vectors/verify.json", "schema/vectors.schema.json"] {
        let copied = std::fs::read(directory.path().join(name)).unwrap();
        assert_eq!(copied, std::fs::read(folder().join(name)).unwrap(), "{name}");
    }
    let page = std::fs::read_to_string(directory.path().join("PROTOCOL.md")).unwrap();
    assert!(page.starts_with("# The shim protocol"));
    // Again, over what is there; and not where nothing can be written.
    assert_eq!(vectors::copy(directory.path()).unwrap(), written);
    assert!(vectors::copy(&directory.path().join("PROTOCOL.md")).is_err());
}
