"""libmacaroons as a shim for `l402-conformance verifier`, called from Python. It knows macaroons only, so that it judges nothing of L402.

The version in Debian has the V1 format only.
"""

import base64
import ctypes
import ctypes.util
import json
import os
import sys

lib = ctypes.CDLL(ctypes.util.find_library("macaroons") or "libmacaroons.so.0")
Bytes = ctypes.c_char_p
Size = ctypes.c_size_t
Pointer = ctypes.c_void_p
Part = ctypes.POINTER(ctypes.c_ubyte)
Code = ctypes.c_int


def function(name, result, *arguments):
    found = getattr(lib, "macaroon_" + name)
    found.restype, found.argtypes = result, arguments
    return found


create = function("create", Pointer, Bytes, Size, Bytes, Size, Bytes, Size, ctypes.POINTER(Code))
destroy = function("destroy", None, Pointer)
add_caveat = function("add_first_party_caveat", Pointer, Pointer, Bytes, Size, ctypes.POINTER(Code))
deserialize = function("deserialize", Pointer, Bytes, ctypes.POINTER(Code))
serialize = function("serialize", ctypes.c_int, Pointer, Bytes, Size, ctypes.POINTER(Code))
size_hint = function("serialize_size_hint", Size, Pointer)
location = function("location", None, Pointer, ctypes.POINTER(Part), ctypes.POINTER(Size))
identifier = function("identifier", None, Pointer, ctypes.POINTER(Part), ctypes.POINTER(Size))
signature = function("signature", None, Pointer, ctypes.POINTER(Part), ctypes.POINTER(Size))
verifier_create = function("verifier_create", Pointer)
verifier_destroy = function("verifier_destroy", None, Pointer)
General = ctypes.CFUNCTYPE(ctypes.c_int, Pointer, Part, Size)
satisfy_general = function("verifier_satisfy_general", ctypes.c_int, Pointer, General, Pointer, ctypes.POINTER(Code))
verify_all = function("verify", ctypes.c_int, Pointer, Pointer, Bytes, Size, ctypes.POINTER(Pointer), Size, ctypes.POINTER(Code))


class Refused(Exception):
    pass


def asked(call, *arguments):
    code = Code()
    result = call(*arguments, ctypes.byref(code))
    return result, code.value


def pointer(call, *arguments):
    result, code = asked(call, *arguments)
    if not result:
        raise Refused(f"{call.__name__}: code {code}")
    return result


def unhex(digits):
    data = bytes.fromhex(digits)
    return data, len(data)


def read(request):
    return pointer(deserialize, base64.urlsafe_b64encode(bytes.fromhex(request["macaroon"])).rstrip(b"="))


def write(macaroon):
    room = ctypes.create_string_buffer(size_hint(macaroon))
    result, code = asked(serialize, macaroon, room, len(room))
    if result < 0:
        raise Refused(f"serialize: code {code}")
    coded = room.value
    return {"macaroon": base64.urlsafe_b64decode(coded + b"=" * (-len(coded) % 4)).hex()}


def part(of, macaroon):
    start, size = Part(), Size()
    of(macaroon, ctypes.byref(start), ctypes.byref(size))
    return bytes(start[: size.value])


def append(macaroon, request):
    for caveat in request["caveats"]:
        longer = pointer(add_caveat, macaroon, *unhex(caveat))
        destroy(macaroon)
        macaroon = longer
    return macaroon


def mint(request):
    parts = (unhex(request[name]) for name in ("location", "root_key", "identifier"))
    return write(append(pointer(create, *(one for part in parts for one in part)), request))


def attenuate(request):
    return write(append(read(request), request))


EVERYTHING = General(lambda *_: 0)


def verify(request):
    macaroon, verifier = read(request), verifier_create()
    satisfy_general(verifier, EVERYTHING, None, ctypes.byref(Code()))
    result, code = asked(verify_all, verifier, macaroon, *unhex(request["root_key"]), None, 0)
    found = part(signature, macaroon).hex()
    verifier_destroy(verifier)
    destroy(macaroon)
    if result != 0:
        raise Refused(f"verify: code {code}")
    return {"signature": found}


OPERATIONS = {"mint": mint, "attenuate": attenuate, "verify": verify}
HELLO = {
    "name": "libmacaroons",
    "version": os.environ.get("SHIM_VERSION", "?"),
    "operations": list(OPERATIONS),
    "reads": ["v1"],
    "writes": ["v1"],
    "judges": [],
}


def answer(request):
    if request["op"] == "hello":
        return {"verdict": "ok", **HELLO}
    if request["op"] not in OPERATIONS or request.get("format") != "v1":
        return {"verdict": "unsupported"}
    try:
        return {"verdict": "ok", **OPERATIONS[request["op"]](request)}
    except Refused as error:
        return {"verdict": "refused", "reason": str(error)}


for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps({"id": request["id"], **answer(request)}), flush=True)
