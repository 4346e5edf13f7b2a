"""Measures the Python implementations: `peers.py FIXTURE`.

Checks that each judges every token of the fixture rightly, and prints a line of JSON for each with the CPU time of one
verification, or a line that says why an implementation is left out.
"""

import base64
import hashlib
import hmac
import json
import platform
import statistics
import sys
import time
from importlib.metadata import version

SLOT_NS = 10_000_000
PYTHON = "Python " + platform.python_version()


def main(path):
    with open(path, encoding="utf-8") as file:
        fixture = json.load(file)
    key, now = bytes.fromhex(fixture["root_key"]), fixture["now"]
    for name, prepare in (
        ("pymacaroons", prepare_pymacaroons),
        ("Python standard library", prepare_standard_library),
        ("l402kit (Python)", prepare_l402kit),
    ):
        try:
            facts, tokens, verify = prepare(fixture, key, now)
            check(tokens, verify)
        except Exception as error:  # the others can be measured all the same
            print_line(implementation=name, skipped=f"{type(error).__name__}: {error}")
            continue
        for token in tokens:
            header = token["header"]
            print_line(
                implementation=name,
                language="Python",
                **facts,
                case=token["case"],
                caveats=token.get("caveats", 0),
                ns=nanoseconds(lambda: verify(header)),
            )


def check(tokens, verify):
    for token in tokens:
        if verify(token["header"]) != token["is_valid"]:
            raise ValueError(f"misjudges {token['case']}")


def print_line(**fields):
    print(json.dumps(fields), flush=True)


def nanoseconds(call):
    """CPU time of a call: the median of nine slots of at least ten milliseconds."""

    def slot(calls):
        start = time.process_time_ns()
        for _ in range(calls):
            call()
        return time.process_time_ns() - start

    calls = 1
    while slot(calls) < SLOT_NS:
        calls *= 2
    return round(statistics.median(slot(calls) / calls for _ in range(9)), 1)


def split(header):
    """The text of the macaroon, and the preimage."""
    scheme, _, credential = header.partition(" ")
    macaroon, _, preimage = credential.partition(":")
    if scheme != "L402":
        raise ValueError("not an L402 credential")
    return macaroon, bytes.fromhex(preimage)


def has_paid(identifier, preimage):
    return hmac.compare_digest(identifier[2:34], hashlib.sha256(preimage).digest())


def prepare_pymacaroons(fixture, key, now):
    from pymacaroons import Macaroon, Verifier
    from pymacaroons.exceptions import MacaroonException

    def is_in_time(caveat):
        return caveat.startswith("api_valid_until=") and now < int(caveat[16:])

    def verify(header):
        text, preimage = split(header)
        macaroon = Macaroon.deserialize(text)
        if not has_paid(macaroon.identifier_bytes, preimage):
            return False
        verifier = Verifier()
        verifier.satisfy_exact("services=api:0")
        verifier.satisfy_exact("api_capabilities=read")
        verifier.satisfy_general(is_in_time)
        try:
            return verifier.verify(macaroon, key)
        except MacaroonException:
            return False

    facts = {
        "version": f"{version('pymacaroons')}, {PYTHON}",
        "verifies": ["preimage (by us)", "HMAC chain", "caveats"],
    }
    return facts, fixture["tokens"], verify


def prepare_standard_library(fixture, key, now):
    """What one writes without a library for macaroons: a V2 macaroon is read field by field."""
    end, location, identifier_field, signature_field = 0, 1, 2, 6

    def fields(data):
        at = 1
        while at < len(data):
            kind = data[at]
            at += 1
            if kind == end:
                yield end, b""
                continue
            length, shift = 0, 0
            while True:
                byte = data[at]
                at += 1
                length |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80:
                    break
            if at + length > len(data):
                raise ValueError("too short")
            yield kind, data[at : at + length]
            at += length

    def is_satisfied(caveat):
        if caveat in (b"services=api:0", b"api_capabilities=read"):
            return True
        return caveat.startswith(b"api_valid_until=") and now < int(caveat[16:])

    def verify(header):
        text, preimage = split(header)
        data = base64.b64decode(text)
        if data[0] != 2:
            return False
        rest = fields(data)
        kind, identifier = next(rest)
        if kind == location:
            kind, identifier = next(rest)
        if kind != identifier_field or next(rest)[0] != end or not has_paid(identifier, preimage):
            return False
        signature = hmac.digest(hmac.digest(b"macaroons-key-generator", key, "sha256"), identifier, "sha256")
        for kind, caveat in rest:
            if kind == end:
                break
            if kind != identifier_field or next(rest)[0] != end or not is_satisfied(caveat):
                return False
            signature = hmac.digest(signature, caveat, "sha256")
        kind, expected = next(rest)
        return kind == signature_field and hmac.compare_digest(signature, expected) and next(rest, None) is None

    facts = {"version": PYTHON, "verifies": ["preimage", "HMAC chain", "caveats"]}
    return facts, fixture["tokens"], verify


def prepare_l402kit(fixture, _key, _now):
    """Its tokens are not signed at all: anybody can write one for a preimage of one's own."""
    from l402kit.verify import verify_token

    def verify(header):
        return verify_token(header.removeprefix("L402 "))

    facts = {
        "version": f"{version('l402kit')}, {PYTHON}",
        "verifies": ["preimage", "expiry by the clock", "no HMAC", "no caveats"],
    }
    return facts, fixture["l402kit"], verify


if __name__ == "__main__":
    main(sys.argv[1])
