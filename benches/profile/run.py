#!/usr/bin/env python3
"""run.py TARGET [NAME...]: profiles the rows of rows.py with the benchmarks that cargo names on standard input.

Called by .ci/bench-profile. Writes benches/PROFILES.md and its pictures; with names, only those are sampled anew. What perf
recorded stays in TARGET/samples.
"""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from rows import ROWS, compiled

HERE = Path(__file__).resolve().parent
PICTURES = HERE.parent / "plots/profiles"
FREQUENCY = 9973  # a prime, so as not to beat with anything
WIDTH = 1200
INTERRUPT = re.compile("asm_sysvec_|asm_common_interrupt|irqentry_exit|irq_exit|common_interrupt")
NARROWEST = 0.5  # percent of the whole: what is less is left out of the picture

HEAD = f"""\
# Where the time goes

Written by `make profile`: a verification, and what misses its target in [the report](REPORT.md), sampled {FREQUENCY} times a second of CPU time by
`perf`, with frame pointers. What was inlined belongs to the function that it was inlined into. A sample belongs to the first piece that fits it
([`profile/rows.py`](profile/rows.py)), and the nanoseconds are shares of what the benchmark measured in the same run, which is
slower by what sampling costs. What would be needed to meet the targets stands in the
[README](README.md#what-is-missed-and-what-it-would-take).
"""


def main():
    target, names = Path(sys.argv[1]), sys.argv[2:]
    programs = executables(sys.stdin)
    PICTURES.mkdir(parents=True, exist_ok=True)
    recorded = {}
    for row in ROWS:
        if names and row.name not in names:
            continue
        run = (row.bench, *row.arguments, row.rounds)
        if run not in recorded:
            recorded[run] = record(target, programs[row.bench], row), figures_of(target, row)
        samples, figures = recorded[run]
        stacks = below_root(row, samples)
        draw(target, row, stacks)
        kept(target, row).write_text(section(row, stacks, nanoseconds(row, figures)))
    page = HEAD + "".join(kept(target, row).read_text() for row in ROWS if kept(target, row).exists())
    (HERE.parent / "PROFILES.md").write_text(page)
    print("wrote benches/PROFILES.md and benches/plots/profiles")


def kept(target, row):
    """Where the section of a row waits for a run that samples others."""
    return target / "samples" / f"{row.name}.md"


def executables(lines):
    found = {}
    for line in lines:
        message = json.loads(line)
        if message.get("executable") and "bench" in message["target"]["kind"]:
            found[message["target"]["name"]] = message["executable"]
    return found


def record(target, program, row):
    """Runs the benchmark below perf, and returns its stacks with how many samples each has."""
    print(f"profile: {row.name}", file=sys.stderr)
    data = target / "samples" / f"{row.name}.data"
    environment = os.environ | ({"L402_BENCH_ROUNDS": str(row.rounds)} if row.rounds else {})
    command = ["perf", "record", "--quiet", "--event", "cpu-clock", "--freq", str(FREQUENCY), "--call-graph", "fp"]
    log = target / "samples" / f"{row.name}.log"
    with log.open("w") as output:
        done = subprocess.run([*command, "--output", data, "--", program, *row.arguments], stdout=output, stderr=output, env=environment)
    if done.returncode:
        sys.exit(f"profile: {row.name} ends with {done.returncode}; see {log}")
    script = subprocess.Popen(["perf", "script", "--input", data], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    folded = subprocess.run(["inferno-collapse-perf", "--kernel"], stdin=script.stdout, stdout=subprocess.PIPE, check=True, text=True)
    script.wait()
    stacks = Counter()
    for line in folded.stdout.splitlines():
        stack, _, count = line.rpartition(" ")
        stacks[stack] += int(count)  # nanoseconds that the samples stand for
    return stacks


def below_root(row, stacks):
    """Of the samples that have the root, what is below it, without the interrupts that happened to come then."""
    root, kept = re.compile(row.root), Counter()
    for stack, count in stacks.items():
        thread, *frames = stack.split(";")
        if row.thread not in (None, thread):
            continue
        frames = frames[: next((place for place, frame in enumerate(frames) if INTERRUPT.match(frame)), None)]
        place = next((place for place, frame in enumerate(frames) if root.search(frame)), None)
        if place is not None:
            kept[";".join(frames[place:])] += count
    return kept


def draw(target, row, stacks):
    if not stacks:
        return
    lines = "".join(f"{stack} {count}\n" for stack, count in sorted(stacks.items()))
    (target / "samples" / f"{row.name}.folded").write_text(lines)
    options = ["--title", row.title, "--width", str(WIDTH), "--minwidth", str(NARROWEST), "--deterministic"]
    picture = subprocess.run(["inferno-flamegraph", "--countname", "ns", *options], input=lines, stdout=subprocess.PIPE, check=True, text=True)
    (PICTURES / f"{row.name}.svg").write_text(picture.stdout)


def figures_of(target, row):
    """What the benchmark measured while it was sampled. The next one may overwrite it."""
    return json.loads((target / "bench" / f"{row.figure[0]}.json").read_text()) if row.figure else []


def nanoseconds(row, figures):
    """The time that the samples share."""
    if not row.figure:
        return None
    _, group, name, figure, factor = row.figure
    value = next(known["figures"][figure] for known in figures if (known["group"], known["row"]) == (group, name))
    return 1e3 / value if factor == "per_million" else value * factor


def section(row, stacks, nanoseconds):
    total, shares = sum(stacks.values()), Counter()
    if not total:
        print(f"profile: {row.name}: no sample has {row.root!r}; was it renamed?", file=sys.stderr)
        return f"\n## {row.title}\n\nNot sampled.\n"
    for stack, count in stacks.items():
        frames = stack.split(";")
        pieces = (what for what, pattern in compiled(row) if any(pattern.search(frame) for frame in frames))
        shares[next(pieces, "everything else")] += count
    text = f"\n## {row.title}\n\n{total * FREQUENCY / 1e9:.0f} samples"
    text += f" of what took {nanoseconds:.0f} ns each time.\n\n| piece | share | ns |\n|---|---|---|\n" if nanoseconds else ".\n\n| piece | share | ns |\n|---|---|---|\n"
    for what, count in shares.most_common():
        ns = f"{nanoseconds * count / total:.0f}" if nanoseconds else "–"
        text += f"| {what} | {100 * count / total:.0f} % | {ns} |\n"
    return text + f"\n![{row.title}](plots/profiles/{row.name}.svg)\n"


if __name__ == "__main__":
    main()
