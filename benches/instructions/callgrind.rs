//! Runs this program below `valgrind`.

use std::error::Error;
use std::process::Command;

/// All instructions that this program executes with these arguments.
pub(crate) fn instructions(arguments: &[&str]) -> Result<i64, Box<dyn Error>> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind.arg(std::env::current_exe()?).args(arguments);
    let output = valgrind
        .output()
        .map_err(|error| format!("valgrind: {error}; `.ci/setup instructions` installs it"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{arguments:?} ends with {}:\n{text}", output.status).into());
    }
    collected(&text).ok_or_else(|| format!("valgrind does not tell what it collected:\n{text}").into())
}

/// From the line `==4711== Collected : 123456`.
fn collected(text: &str) -> Option<i64> {
    let line = text.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}
