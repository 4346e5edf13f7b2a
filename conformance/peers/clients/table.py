"""table.py DIRECTORY: a Markdown table of all reports there, with a row for every case."""
import json
import pathlib
import sys

WORDS = {"pass": "✓", "fail": "**fail**", "warn": "warn", "skip": "–", "unsupported": "", "error": "error"}

directory = pathlib.Path(sys.argv[1])
reports = {path.stem: json.loads(path.read_text()) for path in sorted(directory.glob("*.json"))}
versions = {name: (directory / f"{name}.version").read_text().strip() for name in reports}
levels, outcomes = {}, {}
for name, report in reports.items():
    for case in report["cases"]:
        levels.setdefault(case["id"], case["level"])
        outcomes[case["id"], name] = WORDS[case["outcome"]]

print("# Clients of others\n")
print("Written by `conformance/peers/clients/run`, with `l402-conformance client`. `l402-conformance explain ID` says what a")
print("case asks for. ✓ passed, **fail** breaks a MUST, warn breaks a SHOULD or a MAY, – was skipped because a case that it")
print("depends on failed, empty: the client does not have what the case is about. The wrappers keep no tokens between runs.\n")
print("| case | level |" + "".join(f" {name} {versions[name]} |" for name in reports))
print("|---|---|" + "---|" * len(reports))
for case, level in levels.items():
    cells = "".join(f" {outcomes.get((case, name), '')} |" for name in reports)
    print(f"| `{case}` | {level.upper()} |{cells}")
print("| **sum** | |" + "".join(f" {report['verdict']}: {report['counts']['passed']} ✓, {report['counts']['failed']} fail, "
                              f"{report['counts']['warned']} warn |" for report in reports.values()))
