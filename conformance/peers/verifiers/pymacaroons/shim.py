"""pymacaroons as a shim for `l402-conformance verifier`. It knows macaroons only, so that it judges nothing of L402."""

import base64
import json
import sys
from importlib.metadata import version

from pymacaroons import MACAROON_V1, MACAROON_V2, Macaroon, Verifier
from pymacaroons.exceptions import MacaroonException
from pymacaroons.serializers import BinarySerializer, JsonSerializer

VERSIONS = {"v2": MACAROON_V2, "v1": MACAROON_V1}


def text(digits):
    return bytes.fromhex(digits).decode()


def read(request):
    if request["format"] == "v2-json":
        return JsonSerializer().deserialize(text(request["macaroon"]))
    return BinarySerializer().deserialize_raw(bytes.fromhex(request["macaroon"]))


def write(macaroon):
    coded = macaroon.serialize(serializer=BinarySerializer())
    return {"macaroon": base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).hex()}


def coded(value):
    return (value if isinstance(value, bytes) else (value or "").encode()).hex()


def parse(request):
    macaroon = read(request)
    return {
        "location": coded(macaroon.location),
        "identifier": coded(macaroon.identifier_bytes),
        "caveats": [coded(caveat.caveat_id_bytes) for caveat in macaroon.caveats],
        "signature": macaroon.signature,
    }


def mint(request):
    macaroon = Macaroon(
        location=text(request["location"]),
        identifier=bytes.fromhex(request["identifier"]),
        key=bytes.fromhex(request["root_key"]),
        version=VERSIONS[request["format"]],
    )
    return append(macaroon, request)


def attenuate(request):
    return append(read(request), request)


def append(macaroon, request):
    for caveat in request["caveats"]:
        macaroon.add_first_party_caveat(text(caveat))
    return write(macaroon)


def verify(request):
    macaroon = read(request)
    verifier = Verifier()
    verifier.satisfy_general(lambda _: True)
    if not verifier.verify(macaroon, bytes.fromhex(request["root_key"])):
        raise MacaroonException("not verified")
    return {"signature": macaroon.signature}


OPERATIONS = {"parse": parse, "mint": mint, "attenuate": attenuate, "verify": verify}
HELLO = {
    "name": "pymacaroons",
    "version": version("pymacaroons"),
    "operations": list(OPERATIONS),
    "reads": ["v2", "v1", "v2-json"],
    "writes": ["v2", "v1"],
    "judges": [],
}


def answer(request):
    if request["op"] == "hello":
        return {"verdict": "ok", **HELLO}
    if request["op"] not in OPERATIONS:
        return {"verdict": "unsupported"}
    try:
        return {"verdict": "ok", **OPERATIONS[request["op"]](request)}
    except Exception as error:
        # It has no one exception for input that it cannot read; whatever comes out of it is a refusal.
        return {"verdict": "refused", "reason": repr(error)}


for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps({"id": request["id"], **answer(request)}), flush=True)
