//! The suite shares no code with what it tests: at run time it links nothing of the servers and clients of its workspace.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::process::Command;

#[test]
fn no_server_and_no_client_of_ours_is_linked() {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["tree", "--offline", "--locked", "--package", "l402-conformance"])
        .args(["--edges", "normal,build", "--all-features", "--prefix", "none", "--format", "{p}"])
        .output()
        .unwrap();
    let tree = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(tree.contains("l402-conformance ") && tree.contains("tokio "), "{tree}");
    for ours in ["l402-server", "l402-axum", "l402-actix", "l402-client"] {
        assert!(!tree.lines().any(|line| line.starts_with(&format!("{ours} "))), "{ours} is in:\n{tree}");
    }
}
