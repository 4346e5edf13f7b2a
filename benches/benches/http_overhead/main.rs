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
mod in_process;
mod sockets;
mod stats;

fn main() {
    let wanted = std::env::args().nth(1).filter(|argument| !argument.starts_with('-'));
    if wanted.as_deref() != Some("sockets") {
        in_process::run();
    }
    if wanted.as_deref() != Some("in-process") {
        sockets::run();
    }
}
