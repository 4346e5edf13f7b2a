//! The script of the page, run under Node.js against a small stand-in for a browser.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::common::Shop;
use crate::open_page;

const BROWSER: &str = include_str!("page_script.mjs");

#[tokio::test]
async fn the_script_pays_asks_again_and_shows_the_answer() {
    let (_, page) = open_page(&Shop::open()).await;
    let input = serde_json::json!({ "page": page }).to_string();
    let node = Command::new("node")
        .args(["--input-type=module", "--eval", BROWSER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    // Not everybody who builds this has it; the other tests of the page do not need it.
    let Ok(mut node) = node else { return };
    node.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.trim(), "13 scenes");
}
