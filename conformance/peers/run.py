"""Tests servers and macaroon libraries of others, and holds the table in ../README.md to what comes out. `.ci/peers` installs them and
runs this.

    run.py [--update] NAME=PATH...      suite, node, venv, npm and bin are the names

Known deviations are in the folder of each, in `expected.toml`. With --update they and the table are written anew.
"""

import contextlib
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
README = HERE.parent / "README.md"
BEGIN, END = "<!-- results: .ci/peers --update writes this -->\n", "<!-- end of results -->\n"

update = "--update" in sys.argv
paths = dict(argument.split("=", 1) for argument in sys.argv[1:] if "=" in argument)
venv, npm, binaries = (pathlib.Path(paths[name]) for name in ("venv", "npm", "bin"))
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"


def printed(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def of_python(package):
    return printed(venv / "bin" / "python", "-c", f"from importlib.metadata import version; print(version({package!r}))")


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
    if update:
        deviating = [case for case in json.loads(test().stdout)["cases"] if case["outcome"] in ("fail", "warn")]
        lines = [f"{json.dumps(case['id'])} = {json.dumps(case['requirement'], ensure_ascii=False)}\n" for case in deviating]
        expected.write_text("# What is known to deviate, and the sentence that it deviates from.\n" + "".join(lines))
    done = test("--expected", expected)
    found = json.loads(done.stdout)
    if done.returncode not in (0, 3):
        for case in found["cases"]:
            if case["outcome"] in ("fail", "warn", "error") and "known_deviation" not in case:
                print(f"  {case['outcome']} {case['id']}: {case.get('actual') or case.get('reason')}", file=sys.stderr)
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


def verifier(folder, *command):
    shim = shlex.join(str(part) for part in command)
    return report(folder, lambda *more: suite("verifier", "--cmd", shim, "--timeout", "60", *more))


def l402kit(folder):
    app = HERE / folder / "app.py"
    return server(folder, lambda port, ready: [venv / "bin" / "python", app, port, ready["lnbits"], ready["key"]])


def results():
    python = "servers/l402kit-fastapi"
    yield "l402kit, Python, FastAPI", "server", of_python("l402kit"), python, l402kit(python)
    python = "servers/l402kit-flask"
    yield "l402kit, Python, Flask", "server", of_python("l402kit"), python, l402kit(python)
    rust = "servers/l402kit-rust"
    lines = (HERE / rust / "Cargo.lock").read_text().split('name = "l402kit"\nversion = "')[1]
    found = server(rust, lambda port, ready: [binaries / "l402-conformance-l402kit", port, ready["node"]])
    yield "l402kit, Rust, axum", "server", lines.split('"')[0], rust, found
    tools = "servers/alby-tools"
    version = json.loads((npm / "node_modules/@getalby/lightning-tools/package.json").read_text())["version"]
    found = server(tools, lambda port, ready: ["node", npm / "server.mjs", port, ready["node"]])
    yield "Alby lightning-tools, server helpers", "server", version, tools, found

    folder, version = "verifiers/go-macaroon", of_debian("golang-gopkg-macaroon.v2-dev")
    os.environ["SHIM_VERSION"] = version
    yield "go-macaroon (gopkg.in/macaroon.v2)", "verifier", version, folder, verifier(folder, binaries / "go-macaroon")
    folder, version = "verifiers/libmacaroons", of_debian("libmacaroons0")
    os.environ["SHIM_VERSION"] = version
    yield "libmacaroons", "verifier", version, folder, verifier(folder, "python3", HERE / folder / "shim.py")
    folder = "verifiers/pymacaroons"
    python = venv / "bin" / "python"
    yield "pymacaroons", "verifier", of_python("pymacaroons"), folder, verifier(folder, python, HERE / folder / "shim.py")


def row(name, suite, version, folder, found):
    counts = found["counts"]
    failing = ", ".join(f"`{case['id'].removeprefix('verifier/')}`" for case in found["cases"] if case["outcome"] == "fail")
    unchecked = counts["skipped"] + counts["unsupported"]
    cells = [f"[{name}](peers/{folder})", version, suite, counts["passed"], counts["failed"], counts["warned"], unchecked, failing or "–"]
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"


def main():
    table = "| implementation | version | suite | passed | failed | warnings | not checked | failing cases |\n|---|---|---|---|---|---|---|---|\n"
    for result in results():
        print(f"peers: {result[0]} {result[2]}: {result[4]['verdict']}, {result[4]['counts']['passed']} passed", flush=True)
        table += row(*result)
    text = README.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if text == before + BEGIN + table + END + after:
        return
    if not update:
        sys.stderr.write(table)
        sys.exit("the table in conformance/README.md is not what came out (above); .ci/peers --update writes it")
    README.write_text(before + BEGIN + table + END + after)


main()
