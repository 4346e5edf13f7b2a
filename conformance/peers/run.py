"""Tests servers, clients and macaroon libraries of others, and holds the table in ../README.md and RESULTS.md to what comes out.
`.ci/peers` installs them and runs this.

    run.py [--update] [FOLDER...] NAME=PATH...      suite, node, venv, npm and bin are the names

Known deviations are in the folder of each, in `expected.toml`. With --update they and the tables are written anew. With folders,
such as `clients/l402kit`, only these are tested, and the tables are left alone.
"""

import contextlib
import difflib
import json
import os
import pathlib
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
README, RESULTS = HERE.parent / "README.md", HERE / "RESULTS.md"
BEGIN, END = "<!-- results: .ci/peers --update writes this -->\n", "<!-- end of results -->\n"

update = "--update" in sys.argv
paths = dict(argument.split("=", 1) for argument in sys.argv[1:] if "=" in argument)
folders = [argument for argument in sys.argv[1:] if "=" not in argument and argument != "--update"]
venv, npm, binaries = (pathlib.Path(paths[name]) for name in ("venv", "npm", "bin"))
python = venv / "bin" / "python"
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"


def printed(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def of_python(package):
    return printed(python, "-c", f"from importlib.metadata import version; print(version({package!r}))")


def of_npm(package):
    return json.loads((npm / "node_modules" / package / "package.json").read_text())["version"]


def of_cargo(lock, package):
    return lock.read_text().split(f'name = "{package}"\nversion = "')[1].split('"')[0]


def of_debian(package):
    return printed("dpkg-query", "-W", "-f", "${Version}", package)


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextlib.contextmanager
def running(command, **options):
    process = subprocess.Popen([str(part) for part in command], **options)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def node():
    """A development node: its interfaces and keys."""
    command = [paths["node"], "serve", "--json", "--listen", "127.0.0.1:0"]
    with running(command, stdout=subprocess.PIPE, text=True) as process:
        ready = json.loads(process.stdout.readline())
        ready["key"] = next(one["receive_key"] for one in ready["accounts"] if one["name"] == "payee")
        yield ready


def wait_for(process, port):
    for _ in range(300):
        if process.poll() is not None:
            sys.exit(f"the server ended with {process.returncode}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/report", timeout=10)
            return
        except urllib.error.HTTPError:
            return  # it answers, and wants to be paid
        except OSError:
            time.sleep(0.1)
    sys.exit("the server does not answer")


def suite(*arguments):
    command = [paths["suite"], *arguments, "--seed", "1", "--format", "json"]
    return subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True)


def report(folder, test):
    """What the suite finds, held against the known deviations. `test` runs it with further arguments."""
    expected = HERE / folder / "expected.toml"
    done = test("--expected", expected)
    if update and done.returncode not in (0, 3):
        deviating = [case for case in json.loads(test().stdout)["cases"] if case["outcome"] in ("fail", "warn")]
        lines = [f"{json.dumps(case['id'])} = {json.dumps(case['requirement'], ensure_ascii=False)}\n" for case in deviating]
        expected.write_text("# What is known to deviate, and the sentence that it deviates from.\n" + "".join(lines))
        done = test("--expected", expected)
    found = json.loads(done.stdout)
    if done.returncode not in (0, 3):
        for case in found["cases"]:
            if case["outcome"] in ("fail", "warn", "error") and "known_deviation" not in case:
                print(f"  {case['outcome']} {case['id']}: {case.get('actual') or case.get('reason')}", file=sys.stderr)
                for evidence in case["evidence"]:
                    print(evidence.get("text", ""), file=sys.stderr)
        print("  " + "\n  ".join(found["stale"]), file=sys.stderr)
        sys.exit(f"{folder}: {found['verdict']}, other than expected.toml says; if that is right, .ci/peers --update")
    return found


def server(folder, start):
    """Each run has a server of its own: it may remember what it was sent."""

    def test(*more):
        with node() as ready:
            port = free_port()
            with running(start(port, ready), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                wait_for(process, port)
                url = f"http://127.0.0.1:{port}"
                payer = f"curl -sS --noproxy '*' --data-binary @- {ready['node']}/pay"
                return suite("server", "--url", f"{url}/report", "--other-url", f"{url}/other", "--payer", payer, *more)

    return report(folder, test)


def l402kit(folder):
    app = HERE / folder / "app.py"
    return server(folder, lambda port, ready: [python, app, port, ready["lnbits"], ready["key"]])


def client(folder, program, can, *options):
    """A client is run for every purchase, over https, and keeps no tokens."""
    command = shlex.join([*map(str, program), "{method}", "{body-file}", "{max-cost-sats}", "{url}"])
    return report(folder, lambda *more: suite("client", "--cmd", command, "--https", "--can", can, *options, *more))


def verifier(folder, version, *command):
    shim = shlex.join(["env", f"SHIM_VERSION={version}", *map(str, command)])
    return report(folder, lambda *more: suite("verifier", "--cmd", shim, "--timeout", "60", *more))


# What the suite tests is in the name of the folder.
RUST = HERE / "servers/l402kit-rust/Cargo.lock"
PEERS = [
    ("l402kit, Python, FastAPI", of_python("l402kit"), "servers/l402kit-fastapi", l402kit),
    ("l402kit, Python, Flask", of_python("l402kit"), "servers/l402kit-flask", l402kit),
    ("l402kit, Rust, axum", of_cargo(RUST, "l402kit"), "servers/l402kit-rust",
     lambda folder: server(folder, lambda port, ready: [binaries / "l402-conformance-l402kit", port, ready["node"]])),
    ("Alby lightning-tools, server helpers", of_npm("@getalby/lightning-tools"), "servers/alby-tools",
     lambda folder: server(folder, lambda port, ready: ["node", npm / folder / "server.mjs", port, ready["node"]])),
    ("l402kit, Python", of_python("l402kit"), "clients/l402kit",
     lambda folder: client(folder, [python, HERE / folder / "client.py"], "stdout,body,limit", "--skip", "client/put")),
    ("l402sdk, Python", of_python("l402sdk"), "clients/l402sdk",
     lambda folder: client(folder, [python, HERE / folder / "client.py"], "stdout,body,limit,redirects", "--skip", "client/put")),
    ("l402-requests", of_python("l402-requests"), "clients/l402-requests",
     lambda folder: client(folder, [python, HERE / folder / "client.py"], "stdout,body,limit")),
    ("l402, npm", of_npm("l402"), "clients/l402-npm",
     lambda folder: client(folder, ["node", npm / folder / "client.mjs"], "stdout,body,redirects")),
    ("Alby lightning-tools", of_npm("@getalby/lightning-tools"), "clients/lightning-tools",
     lambda folder: client(folder, ["node", npm / folder / "client.mjs"], "stdout,body,limit,redirects")),
    ("go-macaroon (gopkg.in/macaroon.v2)", of_debian("golang-gopkg-macaroon.v2-dev"), "verifiers/go-macaroon",
     lambda folder: verifier(folder, of_debian("golang-gopkg-macaroon.v2-dev"), binaries / "go-macaroon")),
    ("libmacaroons", of_debian("libmacaroons0"), "verifiers/libmacaroons",
     lambda folder: verifier(folder, of_debian("libmacaroons0"), "python3", HERE / folder / "shim.py")),
    ("pymacaroons", of_python("pymacaroons"), "verifiers/pymacaroons",
     lambda folder: verifier(folder, of_python("pymacaroons"), python, HERE / folder / "shim.py")),
]


def short(case):
    """Its id without the name of the suite."""
    return case["id"].removeprefix("client/").removeprefix("verifier/")


def summary(results):
    yield "| implementation | version | suite | passed | failed | warnings | not checked | failing cases |\n|---|---|---|---|---|---|---|---|\n"
    for name, version, folder, found in results:
        counts = found["counts"]
        failing = ", ".join(f"`{short(case)}`" for case in found["cases"] if case["outcome"] == "fail")
        unchecked = counts["skipped"] + counts["unsupported"]
        cells = [f"[{name}](peers/{folder})", version, found["suite"], counts["passed"], counts["failed"], counts["warned"], unchecked]
        yield "| " + " | ".join(map(str, cells)) + f" | {failing or '–'} |\n"


HEAD = """# Software of others, case by case

Written by `.ci/peers --update`. `l402-conformance explain ID` says what a case asks for. ✓ passed, **fail** breaks a MUST, warn
breaks a SHOULD or a MAY, – was skipped for want of something. Where nothing stands, it does not have what the case is about, or
already fails a case that this one depends on.
"""
WORDS = {"pass": "✓", "fail": "**fail**", "warn": "warn", "skip": "–", "unsupported": ""}


def matrix(results):
    """Every case of a suite, and what each implementation makes of it."""
    yield HEAD
    for suite in ("server", "client", "verifier"):
        columns = [result for result in results if result[3]["suite"] == suite]
        outcomes = [{case["id"]: WORDS[case["outcome"]] for case in found["cases"]} for *_, found in columns]
        levels = {case["id"]: case["level"].upper() for *_, found in columns for case in found["cases"]}
        names = " | ".join(f"{name} {version}" for name, version, *_ in columns)
        yield f"\n## {suite.capitalize()}s\n\n| case | level | {names} |\n|---|---|{'---|' * len(columns)}\n"
        for case, level in levels.items():
            yield f"| `{case}` | {level} |" + "".join(f" {one.get(case, '')} |" for one in outcomes) + "\n"


def hold(path, text):
    """Writes it, or says what differs from what is written."""
    before = path.read_text()
    if update:
        path.write_text(text)
    elif before != text:
        sys.stderr.writelines(difflib.unified_diff(before.splitlines(True), text.splitlines(True), str(path), "this run", n=0))
    return update or before == text


def main():
    results = []
    for name, version, folder, test in PEERS:
        if folders and folder not in folders:
            continue
        began = time.monotonic()
        found = test(folder)
        took = time.monotonic() - began
        print(f"peers: {folder} {version}: {found['verdict']}, {found['counts']['passed']} passed, {took:.0f} s", flush=True)
        results.append((name, version, folder, found))
    if folders:
        return
    before, _, rest = README.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    is_held = [hold(README, before + BEGIN + "".join(summary(results)) + END + after), hold(RESULTS, "".join(matrix(results)))]
    if not all(is_held):
        sys.exit("the tables are not what came out (above); .ci/peers --update writes them")


main()
