"""A complete verifier of L402 tokens, as a shim for `l402-conformance verifier`. The standard library is enough.

    l402-conformance verifier --cmd 'python3 l402_shim.py'

PROTOCOL.md in the folder above says what goes in and out.
"""

import base64
import hashlib
import hmac
import json
import re
import sys
from collections import namedtuple

Macaroon = namedtuple("Macaroon", "location identifier caveats signature")
Caveat = namedtuple("Caveat", "id vid location")  # vid and location are None unless a third party discharges it


class Refused(Exception):
    """The input is not what it must be, or the token is not valid."""


def require(condition, reason):
    if not condition:
        raise Refused(reason)


# The V2 binary format: 02 | [01 location] 02 identifier 00 | { [01 location] 02 caveat [04 vid] 00 }* | 00 | 06 signature

LOCATION, IDENTIFIER, VID, SIGNATURE = 1, 2, 4, 6


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        require(self.at + count <= len(self.data), "it ends inside a field")
        self.at += count
        return self.data[self.at - count : self.at]

    def varint(self):
        value, shift = 0, 0
        while True:
            (byte,) = self.take(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                require(byte or shift == 7, "a length is not in its shortest form")
                require(value <= 0x7FFFFFFF, "a length is too large")
                return value
            require(shift < 35, "a length is too large")

    def field(self, tag, optional=False):
        if optional and self.data[self.at : self.at + 1] != bytes([tag]):
            return None
        require(self.take(1) == bytes([tag]), f"a field other than {tag}")
        value = self.take(self.varint())
        require(value or not optional, "an optional field that is empty")
        return value

    def end_of_section(self):
        require(self.take(1) == b"\0", "a section does not end where it should")


def read_v2(data):
    reader = Reader(data)
    require(reader.take(1) == b"\2", "not version 2")
    location = reader.field(LOCATION, optional=True)
    identifier = reader.field(IDENTIFIER)
    reader.end_of_section()
    caveats = []
    while data[reader.at : reader.at + 1] != b"\0":
        where = reader.field(LOCATION, optional=True)
        caveat = Caveat(reader.field(IDENTIFIER), reader.field(VID, optional=True), where)
        caveats.append(checked(caveat))
        reader.end_of_section()
    reader.end_of_section()
    signature = reader.field(SIGNATURE)
    require(reader.at == len(data), "bytes after the signature")
    return whole(location, identifier, caveats, signature)


def checked(caveat):
    require(caveat.vid is not None or caveat.location is None, "a first-party caveat with a location")
    return caveat


def whole(location, identifier, caveats, signature):
    require(len(signature) == 32, "a signature that is not 32 bytes long")
    return Macaroon(location or b"", identifier, caveats, signature)


def write_v2(macaroon):
    def field(tag, value):
        length, rest = b"", len(value)
        while rest >= 0x80:
            length, rest = length + bytes([rest & 0x7F | 0x80]), rest >> 7
        return bytes([tag]) + length + bytes([rest]) + value

    data = b"\2" + (field(LOCATION, macaroon.location) if macaroon.location else b"")
    data += field(IDENTIFIER, macaroon.identifier) + b"\0"
    for caveat in macaroon.caveats:
        data += field(LOCATION, caveat.location) if caveat.location else b""
        data += field(IDENTIFIER, caveat.id) + (field(VID, caveat.vid) if caveat.vid else b"") + b"\0"
    return data + b"\0" + field(SIGNATURE, macaroon.signature)


# The V1 format: packets of four hex digits with the packet's length, a key, a space, a value and a newline.


def read_v1(data):
    packets = []
    while data:
        require(re.fullmatch(rb"[0-9a-f]{4}", data[:4]), "a length that is not four hex digits")
        length = int(data[:4], 16)
        packet, data = data[4:length], data[length:]
        require(4 < length == len(packet) + 4 and packet.endswith(b"\n"), "a packet that does not end with its line")
        key, space, value = packet[:-1].partition(b" ")
        require(space and len(key) <= 10, "a packet without a key")
        packets.append((key, value))

    def take(key, optional=False):
        if not packets or packets[0][0] != key:
            require(optional, f"a packet other than {key}")
            return None
        return packets.pop(0)[1]

    location, identifier, caveats = take(b"location", optional=True), take(b"identifier"), []
    while packets and packets[0][0] == b"cid":
        caveat = Caveat(take(b"cid"), take(b"vid", optional=True), take(b"cl", optional=True))
        require(caveat.vid != b"", "an optional field that is empty")
        caveats.append(checked(caveat))
    signature = take(b"signature")
    require(not packets, "packets after the signature")
    return whole(location, identifier, caveats, signature)


def write_v1(macaroon):
    def packet(key, value):
        require(len(value) < 0xFF00, "too long for V1")
        return b"%04x%s %s\n" % (len(key) + len(value) + 6, key, value)

    data = packet(b"location", macaroon.location) + packet(b"identifier", macaroon.identifier)
    for caveat in macaroon.caveats:
        data += packet(b"cid", caveat.id)
        data += packet(b"vid", caveat.vid) + packet(b"cl", caveat.location or b"") if caveat.vid else b""
    return data + packet(b"signature", macaroon.signature)


# V2-JSON: {"v":2,"l":location,"i":identifier,"c":[{"i":caveat,"v":vid,"l":location}],"s64":signature}; "i64" and so on are base64.


def read_v2_json(data):
    def unique(pairs):
        require(len(dict(pairs)) == len(pairs), "a key twice")
        return dict(pairs)

    def field(of, name):
        text, coded = of.get(name), of.get(name + "64")
        require(text is None or coded is None, "a field both as text and as base64")
        require(isinstance(text, str | None) and isinstance(coded, str | None), "a field that is no text")
        return text.encode() if text is not None else coded and unbase64(coded)

    try:
        outer = json.loads(data.decode(), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise Refused(f"not JSON: {error}") from error
    require(isinstance(outer, dict) and type(outer.get("v", 2)) is int and outer.get("v", 2) == 2, "not version 2")
    inner = outer.get("c", [])
    require(isinstance(inner, list) and all(isinstance(one, dict) for one in inner), "caveats that are no list")
    caveats = [checked(Caveat(field(one, "i"), field(one, "v") or None, field(one, "l") or None)) for one in inner]
    identifier, signature = field(outer, "i"), field(outer, "s")
    require(None not in (identifier, signature) and all(one.id is not None for one in caveats), "a field is missing")
    return whole(field(outer, "l"), identifier, caveats, signature)


def write_v2_json(macaroon):
    def field(name, value):
        try:
            return {name: value.decode()}
        except UnicodeDecodeError:
            return {name + "64": base64.urlsafe_b64encode(value).decode().rstrip("=")}

    caveats = [
        field("i", one.id) | (field("v", one.vid) if one.vid else {}) | (field("l", one.location) if one.location else {})
        for one in macaroon.caveats
    ]
    data = {"v": 2} | (field("l", macaroon.location) if macaroon.location else {}) | field("i", macaroon.identifier)
    data |= ({"c": caveats} if caveats else {}) | {"s64": base64.urlsafe_b64encode(macaroon.signature).decode().rstrip("=")}
    return json.dumps(data, separators=(",", ":")).encode()


READ = {"v2": read_v2, "v1": read_v1, "v2-json": read_v2_json}
WRITE = {"v2": write_v2, "v1": write_v1, "v2-json": write_v2_json}


def read(request):
    return READ[request["format"]](bytes.fromhex(request["macaroon"]))


# The chain of signatures.


def mac(key, message):
    return hmac.digest(key, message, "sha256")


def chain_key(root_key):
    require(root_key, "an empty root key")
    return mac(b"macaroons-key-generator", root_key)


def extend(signature, caveat):
    if caveat.vid:
        return mac(signature, mac(signature, caveat.vid) + mac(signature, caveat.id))
    return mac(signature, caveat.id)


def sign(root_key, macaroon):
    signature = mac(chain_key(root_key), macaroon.identifier)
    for caveat in macaroon.caveats:
        signature = extend(signature, caveat)
    return macaroon._replace(signature=signature)


def append(macaroon, caveats):
    for caveat in caveats:
        signature = extend(macaroon.signature, caveat)
        macaroon = macaroon._replace(caveats=[*macaroon.caveats, caveat], signature=signature)
    return macaroon


# What L402 adds: the identifier, the preimage and the caveats.


def verify(macaroon, root_key, preimage, now, context):
    require(is_signed(macaroon, root_key), "the signature is not ours")
    payment_hash = payment_hash_of(macaroon.identifier)
    require(all(caveat.vid is None for caveat in macaroon.caveats), "a third-party caveat without its discharge")
    conditions = [caveat.id.partition(b"=") for caveat in macaroon.caveats]
    conditions = [(name, value) for name, equals, value in conditions if equals]
    proofs = [value for name, value in conditions if name == b"preimage"]
    check_preimage(preimage, proofs, payment_hash)
    earlier = {}
    for name, value in conditions:
        check_condition(name, value, earlier.get(name), now, context)
        earlier[name] = value


def is_signed(macaroon, root_key):
    return hmac.compare_digest(sign(root_key, macaroon).signature, macaroon.signature)


def payment_hash_of(identifier):
    require(len(identifier) == 66, "an identifier that is not 66 bytes long")
    require(identifier[:2] == b"\0\0", "an identifier of another version")
    return identifier[2:34]


def check_preimage(preimage, proofs, payment_hash):
    given = [proof.decode("latin-1") for proof in proofs]
    if preimage is not None:
        given.append(preimage)
    require(given, "no preimage")
    for one in given:
        require(re.fullmatch("[0-9a-fA-F]{64}", one), "a preimage that is not 64 hex digits")
        require(hmac.compare_digest(hashlib.sha256(bytes.fromhex(one)).digest(), payment_hash), "another preimage")


def check_condition(name, value, earlier, now, context):
    service, capability = (context.get(key) and context[key].encode() for key in ("service", "capability"))
    if name == b"services":
        check_services(value, earlier, service)
    elif service and name == service + b"_capabilities":
        check_capabilities(value, earlier, capability)
    elif service and name == service + b"_valid_until":
        check_valid_until(value, earlier, now)


def check_services(value, earlier, service):
    names = service_names(value)
    require(service in names, "for another service")
    require(earlier is None or names <= service_names(earlier), "more services than before")


def service_names(value):
    items = [re.fullmatch(rb"([^:]+):(0|[1-9][0-9]*)", item) for item in value.split(b",")]
    require(all(items), "services that are not <name>:<tier>")
    return {item[1] for item in items}


def check_capabilities(value, earlier, capability):
    names = set(value.split(b","))
    require(capability is None or capability in names, "without this capability")
    require(earlier is None or value == b"" or names <= set(earlier.split(b",")), "more capabilities than before")


def check_valid_until(value, earlier, now):
    require(re.fullmatch(rb"0|[1-9][0-9]{0,18}", value), "a time that is no number")
    require(now < int(value), "expired")
    require(earlier is None or int(value) <= int(earlier), "valid for longer than before")


# The header fields.


def unbase64(text):
    """Either alphabet, padded or not, and nothing else."""
    text = text.replace("-", "+").replace("_", "/")
    bare = text.rstrip("=")
    require(len(text) - len(bare) in (0, -len(bare) % 4), "base64 with other padding")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except ValueError as error:
        raise Refused(f"not base64: {error}") from error


def read_credential(value):
    match = re.fullmatch(r"[ \t]*(?:L402|LSAT)[ \t]+(.*?)[ \t]*", value, re.IGNORECASE)
    require(match, "not an L402 credential")
    parameters = dict(re.findall(r"(\w+)[ \t]*=[ \t]*\"?([^\",\s]+)\"?", match[1])) if "=\"" in match[1] else {}
    texts = parameters.get("macaroon") or parameters.get("token")
    preimage = parameters.get("preimage")
    if not texts:
        texts, colon, preimage = match[1].partition(":")
        preimage = preimage if colon else None
    require(preimage is None or re.fullmatch("[0-9a-fA-F]{64}", preimage), "a preimage that is not 64 hex digits")
    return [read_v2(unbase64(text.strip(" \t"))) for text in texts.split(",")], preimage


TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
PARAMETER = re.compile(rf'({TOKEN})[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^\s,"]+)(?=[\s,]|$)')


def read_challenge(value):
    """The first L402 challenge in a list of challenges."""
    at, ours, found = 0, False, {}
    while at < len(value):
        parameter, scheme = PARAMETER.match(value, at), re.compile(rf"({TOKEN})(?=[\s,]|$)").match(value, at)
        if parameter:
            name, text = parameter[1].lower(), parameter[2].strip('"')
            if ours:
                require(found.setdefault(name, text) == text, "a parameter twice")
            at = parameter.end()
        elif scheme and ours:
            break  # the next challenge
        elif scheme:
            ours, at = scheme[1].upper() in ("L402", "LSAT"), scheme.end()
            token68 = re.compile(r"[ \t]+[A-Za-z0-9._~+/-]+=*(?=[ \t]*(,|$))").match(value, at)
            at = token68.end() if token68 else at
        else:
            require(value[at] in ", \t", "not a list of challenges")
            at += 1
    require(found.get("macaroon", found.get("token")) == found.get("token", found.get("macaroon")), "two macaroons")
    macaroon, invoice = found.get("macaroon") or found.get("token"), found.get("invoice")
    require(macaroon and invoice, "no macaroon or no invoice")
    require(re.fullmatch(r"[\x20-\x7e]+", macaroon + invoice), "a character that no token has")
    return macaroon, invoice


# The protocol.


def answer(request):
    operation = OPERATIONS.get(request["op"])
    if operation is None:
        return {"verdict": "unsupported"}
    try:
        return {"verdict": "ok", **operation(request)}
    except Refused as error:
        return {"verdict": "refused", "reason": str(error)}


def hello(_):
    operations = [name for name in OPERATIONS if name != "hello"]
    judges = ["identifier", "preimage", "services", "capabilities", "valid_until"]
    formats = {"reads": list(READ), "writes": list(WRITE)}
    return {"name": "l402_shim.py", "version": "1", "operations": operations, **formats, "judges": judges}


def parse(request):
    macaroon = read(request)
    caveats = [caveat.id.hex() for caveat in macaroon.caveats]
    texts = {name: getattr(macaroon, name).hex() for name in ("location", "identifier", "signature")}
    return {**texts, "caveats": caveats}


def first_party(request):
    return [Caveat(bytes.fromhex(caveat), None, None) for caveat in request["caveats"]]


def mint(request):
    location, identifier, root_key = (bytes.fromhex(request[key]) for key in ("location", "identifier", "root_key"))
    macaroon = sign(root_key, Macaroon(location, identifier, first_party(request), b""))
    return {"macaroon": WRITE[request["format"]](macaroon).hex()}


def attenuate(request):
    return {"macaroon": WRITE[request["format"]](append(read(request), first_party(request))).hex()}


def verify_request(request):
    macaroon = read(request)
    verify(macaroon, bytes.fromhex(request["root_key"]), request["preimage"], request["now"], request["context"])
    return {"signature": macaroon.signature.hex()}


def authorize(request):
    macaroons, preimage = read_credential(request["value"])
    for macaroon in macaroons:
        verify(macaroon, bytes.fromhex(request["root_key"]), preimage, request["now"], request["context"])
    require(len({payment_hash_of(macaroon.identifier) for macaroon in macaroons}) == 1, "of different payments")
    return {}


def identifier(request):
    data = bytes.fromhex(request["identifier"])
    return {"payment_hash": payment_hash_of(data).hex(), "token_id": data[34:].hex()}


def challenge(request):
    macaroon, invoice = read_challenge(request["value"])
    return {"macaroon": macaroon, "invoice": invoice}


OPERATIONS = {
    "hello": hello,
    "parse": parse,
    "mint": mint,
    "attenuate": attenuate,
    "verify": verify_request,
    "authorize": authorize,
    "identifier": identifier,
    "challenge": challenge,
}


def main():
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps({"id": request["id"], **answer(request)}), flush=True)


if __name__ == "__main__":
    main()
