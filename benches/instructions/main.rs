//! Counts the instructions of parsing, and compares them with those of `instructions.json`: see `make instructions`.
//!
//! With `--update` the file is written anew. With the name of an operation and a number, that is done so often and nothing
//! else: this is what is counted, by the simulator `callgrind` of Valgrind, in a process of its own. An own harness of a page,
//! because what exists (gungraun) keeps its bounds in source code or in a directory that is not committed.
#![allow(clippy::print_stdout, reason = "a command says what it counted")]

mod callgrind;
mod operations;
mod table;

use std::error::Error;
use std::process::ExitCode;

use table::{Count, Table};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &*arguments.iter().map(|argument| &**argument).collect::<Vec<_>>() {
        [] => check(),
        ["--update"] => update(),
        [name, times] => {
            operations::run(name, times.parse()?)?;
            Ok(ExitCode::SUCCESS)
        }
        _ => Err("instructions [--update], or the name of an operation and how often to do it".into()),
    }
}

/// What one operation takes: the difference of two runs, so that neither starting nor preparing counts.
fn count() -> Result<Vec<Count>, Box<dyn Error>> {
    /// As many digits in both, for the sake of what reads them.
    const TIMES: [u32; 2] = [1000, 3000];
    let each = |name: &str| -> Result<i64, Box<dyn Error>> {
        let [few, many] = TIMES.map(|times| callgrind::instructions(&[name, &times.to_string()]));
        Ok((many? - few?) / i64::from(TIMES[1] - TIMES[0]))
    };
    let hash = each(operations::HASH)?;
    let of =
        |(name, hashes): (&str, i64)| Ok(Count { name: name.to_owned(), is: each(name)? - hashes * hash });
    operations::names().map(of).collect()
}

fn update() -> Result<ExitCode, Box<dyn Error>> {
    let table = Table::of(count()?)?;
    table.write()?;
    println!("wrote benches/instructions.json");
    Ok(ExitCode::SUCCESS)
}

fn check() -> Result<ExitCode, Box<dyn Error>> {
    let expected = Table::read()?;
    let found = Table::of(count()?)?;
    let verdict = expected.compare(&found);
    println!("{}", verdict.text);
    Ok(if verdict.is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
