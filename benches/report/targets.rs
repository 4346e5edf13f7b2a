//! What was aimed at, and what came out.

use std::fmt::Write as _;

use crate::figures::Figures;

enum Bound {
    AtMost(f64),
    AtLeast(f64),
}
use Bound::{AtLeast, AtMost};

/// One row for each target, with the figure of this run.
pub(crate) fn table(figures: &Figures) -> String {
    let mut table = "## Targets\n\n| target | bound | measured | |\n|---|---|---|---|\n".to_owned();
    for (name, bound, unit, measured) in all(figures) {
        let (sign, limit, is_met) = match bound {
            AtMost(limit) => ("≤", limit, measured.map(|measured| measured <= limit)),
            AtLeast(limit) => ("≥", limit, measured.map(|measured| measured >= limit)),
        };
        let verdict = match is_met {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "not measured",
        };
        let measured = measured.map_or_else(|| "–".to_owned(), |measured| number(measured) + unit);
        let _ = writeln!(table, "| {name} | {sign} {}{unit} | {measured} | {verdict} |", number(limit));
    }
    table.push_str(
        "| allocations of a verification, valid or not | 0 | 0 | counted by `tests/allocations.rs`, in CI |\n",
    );
    table
}

/// Cases with tokens that the gate remembers.
const SAME: &str = "remembered, always the same";
const THOUSAND: &str = "remembered, 1000 in turn";

/// Cases of an offer: of a token for one call, which has five caveats, and of a pass, which has three.
const OFFER: &str = "402, new invoice";
const OFFER_OF_PASS: &str = "402 of a pass, new invoice";

type Target = (&'static str, Bound, &'static str, Option<f64>);

fn all(figures: &Figures) -> Vec<Target> {
    let floor = figures.ns("verify", "floor", "3");
    let of_floor = |ns: Option<f64>| Some(ns? / floor?);
    let valid = figures.ns("verify", "derived key", "3");
    let in_process =
        |framework: &str, case: &str| figures.figure(&format!("in process, {framework}"), case, "added_us");
    let socket = |framework: &str, case: &str, what: &str| {
        figures.figure(&format!("sockets, {framework}"), case, what)
    };
    let memory = |threads: u8, what: &str| {
        figures.figure(&format!("memory, {threads} threads"), "claim, new tokens", what)
    };
    let gate = |case: &str| in_process("gate, no framework", case);
    let hit = |case: &str| gate(case).zip(gate("free of charge")).map(|(hit, free)| (hit - free) * 1e3);
    let client = |row: &str| figures.figure("client", row, "us");
    let more_on_two = memory(2, "millions_per_s").zip(memory(1, "millions_per_s"));
    let sqlite = figures.figure("64 at once", "SQLite, claim and commit", "per_s");
    let redis = figures.figure("64 at once", "Redis, claim", "of_set_nx");
    vec![
        (
            "verify a token of 3 caveats, key given",
            AtMost(1.5),
            " × floor",
            of_floor(figures.ns("verify", "given key", "3")),
        ),
        ("wrong preimage", AtMost(0.15), " × floor", of_floor(figures.ns("reject", "wrong preimage", ""))),
        (
            "wrong signature",
            AtMost(1.0),
            " × a valid token",
            figures.ns("reject", "wrong signature", "").zip(valid).map(|(wrong, valid)| wrong / valid),
        ),
        (
            "a remembered token, always the same, over a free route of the same gate",
            AtMost(0.15),
            " × floor",
            of_floor(hit(SAME)),
        ),
        (
            "remembered tokens, 1000 in turn, over a free route of the same gate",
            AtMost(0.15),
            " × floor",
            of_floor(hit(THOUSAND)),
        ),
        ("crate `macaroon` 0.3", AtLeast(5.0), " × our time", figures.peer("macaroon")),
        ("Go `macaroon.v2`", AtLeast(3.5), " × our time", figures.peer("macaroon.v2")),
        ("libmacaroons", AtLeast(6.0), " × our time", figures.peer("libmacaroons")),
        ("pymacaroons", AtLeast(50.0), " × our time", figures.peer("pymacaroons")),
        ("`l402_middleware`", AtLeast(5.0), " × our time", figures.peer("l402_middleware")),
        ("axum layer, valid token, in process", AtMost(2.2), " µs", in_process("axum", "valid, 3 caveats")),
        ("axum layer, remembered token, in process", AtMost(0.9), " µs", in_process("axum", THOUSAND)),
        ("axum layer, 402 of five caveats, in process", AtMost(2.6), " µs", in_process("axum", OFFER)),
        (
            "axum layer, 402 of three caveats, in process",
            AtMost(2.6),
            " µs",
            in_process("axum", OFFER_OF_PASS),
        ),
        (
            "actix-web middleware, valid token, in process",
            AtMost(2.2),
            " µs",
            in_process("actix-web", "valid, 3 caveats"),
        ),
        (
            "actix-web middleware, remembered token, in process",
            AtMost(0.9),
            " µs",
            in_process("actix-web", THOUSAND),
        ),
        (
            "actix-web middleware, 402 of five caveats, in process",
            AtMost(2.6),
            " µs",
            in_process("actix-web", OFFER),
        ),
        (
            "actix-web middleware, 402 of three caveats, in process",
            AtMost(2.6),
            " µs",
            in_process("actix-web", OFFER_OF_PASS),
        ),
        (
            "axum over sockets, valid token",
            AtMost(2.2),
            " µs",
            socket("axum", "valid, 3 caveats", "added_us"),
        ),
        ("axum over sockets, remembered token", AtMost(0.9), " µs", socket("axum", THOUSAND, "added_us")),
        ("axum over sockets, 402 of five caveats", AtMost(2.6), " µs", socket("axum", OFFER, "added_us")),
        (
            "axum over sockets, 402 of three caveats",
            AtMost(2.6),
            " µs",
            socket("axum", OFFER_OF_PASS, "added_us"),
        ),
        (
            "axum, requests a CPU second, valid token",
            AtLeast(0.73),
            " × bare",
            socket("axum", "valid, 3 caveats", "cpu_rate"),
        ),
        (
            "axum, requests a CPU second, remembered token",
            AtLeast(0.87),
            " × bare",
            socket("axum", THOUSAND, "cpu_rate"),
        ),
        ("axum, p99, valid token", AtMost(1.5), " × bare", socket("axum", "valid, 3 caveats", "p99")),
        ("axum, p99, one-call tokens", AtMost(1.5), " × bare", socket("axum", "one call, new token", "p99")),
        ("memory store, new claims, one thread", AtLeast(2.1), " × a map", memory(1, "of_map")),
        ("memory store, two threads", AtLeast(1.0), " × one", more_on_two.map(|(two, one)| two / one)),
        (
            "memory store, worst 64 claims while growing to a million",
            AtMost(3.0),
            " ms",
            figures.figure("memory", "worst 64 claims", "growing_ms"),
        ),
        ("memory store, bytes a token", AtMost(80.0), "", figures.figure("memory", "bytes a token", "now")),
        ("SQLite, claims and commits a second, 64 at once", AtLeast(10_000.0), "", sqlite),
        ("Redis, claims, 64 at once", AtLeast(0.5), " × `SET NX EX`", redis),
        ("client, find a token", AtMost(0.2), " µs", client("find a token")),
        ("client, token at hand, over a tower service", AtMost(0.5), " µs", client("a tower service, added")),
        (
            "client, token at hand, over reqwest, no network",
            AtMost(0.5),
            " µs",
            client("reqwest, no network, added"),
        ),
        ("reading an invoice", AtMost(1.0), " µs", figures.ns("invoice", "terms", "").map(|ns| ns / 1e3)),
    ]
}

/// As many digits as are worth reading.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
