"""What is profiled, and into which pieces its time is taken apart.

A piece has a pattern. A sample belongs to the first piece whose pattern fits one of its frames, from `root` on.
"""

import re
from dataclasses import dataclass


@dataclass
class Row:
    name: str  # of the flame graph
    title: str
    bench: str
    arguments: list
    root: str  # frames before this one are left out, and samples that do not have it
    pieces: list  # of pairs: what it is, and a pattern
    figure: tuple = None  # file, group, row, figure and what makes nanoseconds of it; criterion keeps none of a profiled run
    thread: str = None  # only samples of threads of this name
    rounds: int = None


# What the gate does, in the order in which a sample is asked.
GATE = [
    ("SHA-256", r"sha2?::|sha256|compress"),
    ("memory: taken and given back", r"malloc|cfree|_int_free|realloc|__rust_alloc|__rdl_|calloc|RawVec|^_int_|unlink_chunk"),
    ("bytes moved", r"memmove|memcpy|memset"),
    ("the clock", r"clock_gettime|SystemTime|Instant::now|vdso"),
    ("reading the provider's invoice", r"bolt11"),
    ("the table of unpaid invoices", r"outstanding|unpaid::invoices"),
    ("remembered tokens looked up, parts compared", r"token_cache|memcmp|foldhash|hash_one"),
    ("the throttle of offers", r"throttle|governor"),
    ("header, base64, hex, V2", r"header::credential|base64|hex_simd|vsimd|macaroon::v2"),
    ("caveats judged", r"caveat"),
    ("revocation, keys", r"revocation|keys::|root_key|key_ring"),
    ("the offer: caveats, token, challenge, body", r"unpaid::|mint|challenge|reply::"),
    ("the gate itself: what is inlined into one function", r"l402_server|l402_core|ask_gate"),
]
AXUM = [("the framework's own, and the handler", r"axum|hyper|http::|tower|matchit|apps::")]
ACTIX = [("the framework's own, and the handler", r"actix|http::|apps::")]

IN_PROCESS = "http_overhead-in-process"
GATE_ALONE = "in process, gate, no framework"


def in_process(name, title, case, framework, rounds):
    group = f"in process, {framework}"
    # In a framework the bare handler takes turns with the case, so that only what is below the layer is the case's own.
    ask = {"gate, no framework": "ask_gate", "axum": "l402_axum", "actix-web": "l402_actix"}[framework]
    # What the framework's own is comes last, since its frames are around all others.
    layer = {"axum": [("the layer", r"l402_axum")], "actix-web": [("the middleware", r"l402_actix")]}.get(framework, [])
    own = {"axum": AXUM, "actix-web": ACTIX}.get(framework, [])
    return Row(
        name,
        title,
        "http_overhead",
        ["in-process", case],
        root=ask,
        pieces=GATE + layer + own,
        figure=(IN_PROCESS, group, case, "all_us", 1000) if framework == "gate, no framework" else None,
        rounds=rounds,
    )


def over_sockets(name, title, case):
    return Row(
        name,
        title,
        "http_overhead",
        ["sockets", case],
        root=r"^",
        thread=case.replace(",", "-").replace(" ", "-")[:15],
        pieces=[
            ("the kernel: reading, writing and waiting", r"\[k\]|entry_SYSCALL|do_syscall|sys_"),
            *GATE,
            ("the layer", r"l402_axum"),
            ("reading and writing HTTP, waiting", r"hyper|tokio|mio|httparse"),
            *AXUM,
        ],
        figure=("http_overhead-sockets", "sockets, axum", case, "all_us", 1000),
    )


ROWS = [
    Row(
        "verify",
        "Verifying a token of three caveats, key given",
        "tokens",
        ["--bench", "--profile-time", "4", "^verify/given key/3$"],
        root=r"work::verify|l402_core|sha2",
        pieces=[
            ("compression function", r"compress256|sha256_x86|digest_blocks|x86_sha"),
            ("blocks filled, chain walked, signature compared", r"sha256|chain|ct_eq"),
            ("caveats judged", r"caveat|permit"),
            ("header, base64, hex, V2, identifier", r"header::|base64|hex_|vsimd|macaroon::v2|decode|identifier"),
            ("moved from step to step", r"verify"),
        ],
    ),
    in_process("remembered", "A remembered token, 1000 in turn, the gate alone", "remembered, 1000 in turn", "gate, no framework", 1500),
    in_process("remembered-same", "A remembered token, always the same, the gate alone", "remembered, always the same", "gate, no framework", 1500),
    in_process("axum-remembered", "A remembered token, axum, from the layer on", "remembered, 1000 in turn", "axum", 1500),
    in_process("axum-402", "402, axum, from the layer on", "402, new invoice", "axum", 300),
    in_process("actix-402", "402, actix-web, from the layer on", "402, new invoice", "actix-web", 300),
    over_sockets("sockets-valid", "A valid token, axum over sockets", "valid, 3 caveats"),
    over_sockets("sockets-remembered", "A remembered token, axum over sockets", "remembered, 1000 in turn"),
    over_sockets("sockets-402", "402, axum over sockets", "402, new invoice"),
    Row(
        "memory-store",
        "A claim of a new token in memory, a million in all",
        "stores",
        ["memory", "claim, new tokens"],
        root=r"MemoryReplayStore|stores::memory::claim",
        pieces=[
            ("locking and unlocking", r"mutex|Mutex|futex|lock"),
            ("finding a place in the index", r"find|index"),
            ("growing, memory", r"grow|rehash|malloc|realloc|memmove|memcpy|page_fault|clear_page"),
        ],
        figure=("stores-memory", "memory, 1 threads", "claim, new tokens", "millions_per_s", "per_million"),
    ),
]


def compiled(row):
    return [(what, re.compile(pattern)) for what, pattern in row.pieces]
