//! What the figures were measured on.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

/// A list of facts, as far as the system tells them.
pub(crate) fn facts() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |name: &str| {
        let line = cpu.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let flags = field("flags").unwrap_or_default();
    let has = |flag: &str| if flags.split(' ').any(|known| known == flag) { "yes" } else { "no" };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let mut list = "## Machine\n\n".to_owned();
    for (name, value) in [
        ("processor", field("model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned())),
        ("family, model", format!("{}, {}", known(field("cpu family")), known(field("model")))),
        ("cores", cores.to_string()),
        ("SHA instructions", has("sha_ni").to_owned()),
        ("system", known(output("uname", &["-sr"]))),
        ("compiler", known(output("rustc", &["--version"]))),
        ("commit", known(output("git", &["describe", "--always", "--dirty"]))),
        ("day", known(output("date", &["-u", "+%F"]))),
        ("load when the report was written", load()),
    ] {
        let _ = writeln!(list, "- {name}: {value}");
    }
    list
}

fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn output(command: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(command).args(arguments).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn known(fact: Option<String>) -> String {
    fact.unwrap_or_else(|| "unknown".to_owned())
}
