//! What a gate adds to a request: CPU time, next to the same handler without it in the same run.
//!
//! First in process, where the frameworks' services are called directly, then over sockets, where one core serves and
//! another one asks. Cases take turns, and every figure is compared with the bare handler's of the same round, since a
//! machine that others use is slower at one time than at another.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark may stop"
)]

mod apps;
mod cases;
mod client;
#[path = "../work/floor.rs"]
mod floor;
#[path = "../work/forged.rs"]
mod forged;
mod in_process;
mod provider;
#[path = "../work/record.rs"]
mod record;
mod sockets;
#[path = "../work/stats.rs"]
mod stats;

/// With one argument, `sockets` or `in-process`, that part only; with another, only cases with this in their names.
fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let (part, cases) = (arguments.next(), arguments.next().unwrap_or_default());
    if part.as_deref() != Some("sockets") {
        in_process::run(&cases, &mut record::Record::new("http_overhead-in-process"));
    }
    if part.as_deref() != Some("in-process") {
        sockets::run(&cases, &mut record::Record::new("http_overhead-sockets"));
    }
}
