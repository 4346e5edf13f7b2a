"""Writes the test vectors of this folder: `generate.py`, or `generate.py --check` to only say whether they are as it would write them.

Each vector is a request of the shim protocol (../shims/PROTOCOL.md) and what must become of it. The few lines of macaroon below are
independent of everything that is tested with them; what others have published stands here as they published it.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent

# Macaroons, piece by piece, so that wrong ones can be written as well.


def mac(key, message):
    return hmac.digest(key, message, "sha256")


def derive(root_key):
    return mac(b"macaroons-key-generator", root_key)


def chain(key, *parts):
    for part in parts:
        key = mac(key, mac(key, part[1]) + mac(key, part[0])) if isinstance(part, tuple) else mac(key, part)
    return key


def varint(value):
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def field(tag, value):
    return bytes([tag]) + varint(len(value)) + value


def packed(identifier, caveats, signature, location=b"", format="v2"):
    if format == "v1":
        packets = [(b"location", location), (b"identifier", identifier), *((b"cid", caveat) for caveat in caveats)]
        packets.append((b"signature", signature))
        return b"".join(b"%04x%s %s\n" % (len(key) + len(value) + 6, key, value) for key, value in packets)
    if format == "v2-json":
        one = lambda name, value: {name + "64": b64url(value)}
        data = {"v": 2, **({"l": location.decode()} if location else {}), **one("i", identifier)}
        return json.dumps({**data, "c": [one("i", caveat) for caveat in caveats], **one("s", signature)}).encode()
    data = b"\2" + (field(1, location) if location else b"") + field(2, identifier) + b"\0"
    for caveat in caveats:
        if isinstance(caveat, tuple):
            name, vid, where = caveat
            data += (field(1, where) if where else b"") + field(2, name) + field(4, vid) + b"\0"
        else:
            data += field(2, caveat) + b"\0"
    return data + b"\0" + field(6, signature)


def minted(root_key, identifier, caveats=(), location=b"lsat", format="v2"):
    return packed(identifier, caveats, chain(derive(root_key), identifier, *caveats), location, format)


def b64(data):
    return base64.b64encode(data).decode()


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text):
    text = text.replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4))


unhex = bytes.fromhex

# The token that most vectors are made of: vector 5 of the protocol notes.

PREIMAGE = bytes(range(32))
HASH = hashlib.sha256(PREIMAGE).digest()
TOKEN_ID = bytes(range(32, 0, -1))
ID = b"\0\0" + HASH + TOKEN_ID
ROOT = unhex("9d1c5f0e7a3b48f29d1c5f0e7a3b48f29d1c5f0e7a3b48f29d1c5f0e7a3b48f2")
OTHER_ROOT = unhex("77" * 32)
NOW = 1_900_000_000
CAVEATS = [b"services=api:0", b"api_capabilities=read", b"api_valid_until=1999999999"]
TOKEN = minted(ROOT, ID, CAVEATS)
SIGNATURE = TOKEN[-32:]
CONTEXT = {"service": "api", "capability": "read"}
THIRD_PARTY = (b"ask the bank", bytes(range(72)), b"http://bank.example/")

# Files, notes and vectors.

NOTES, FILES = {}, {}


def note(name, kind, description, source):
    NOTES[name] = {"kind": kind, "description": description, "source": source}


class File:
    def __init__(self, suite, title):
        self.suite, self.title, self.vectors = suite, title, []
        FILES[suite] = self

    def add(self, name, op, result, flag, comment, input, output=None, judges=()):
        judges = {"judges": list(judges)} if judges else {}
        vector = {"id": f"{self.suite}/{name}", "comment": comment, "flags": [flag], "result": result, **judges}
        self.vectors.append({**vector, "op": op, "input": input, **({"output": output} if output is not None else {})})

    def parse(self, name, result, flag, comment, macaroon, parts=None, format="v2"):
        if parts is not None:
            identifier, caveats, signature, location = parts
            ids = [(caveat[0] if isinstance(caveat, tuple) else caveat).hex() for caveat in caveats]
            parts = {"location": location.hex(), "identifier": identifier.hex(), "caveats": ids, "signature": signature.hex()}
        self.add(name, "parse", result, flag, comment, {"format": format, "macaroon": macaroon.hex()}, parts)

    def verify(self, name, result, flag, comment, macaroon, root=ROOT, preimage=PREIMAGE, now=NOW, context=CONTEXT, judges=(), format="v2"):
        preimage = preimage.hex() if isinstance(preimage, bytes) else preimage
        input = {"format": format, "macaroon": macaroon.hex(), "root_key": root.hex(), "preimage": preimage, "now": now}
        self.add(name, "verify", result, flag, comment, {**input, "context": context}, judges=judges)


SPEC, MSPEC = "L402 protocol-specification", "L402 macaroon-spec"
GO = "go-macaroon, which every deployed L402 server follows"
PRACTICE = "l402-conformance, recommended practice"

note("Canonical", "INTEROP", "Exactly as go-macaroon writes it; everybody must read it.", MSPEC + ", Serialization")
note("Large", "LIMIT", "Well formed, and larger than a verifier with sensible limits may want to read.", PRACTICE)
note("EmptyLocation", "INTEROP", "An empty location is written as a field by pymacaroons and left out by everybody else.", PRACTICE)
note("ThirdParty", "AUTH_BYPASS", "A caveat that a third party must discharge: it is signed in another way, and without its discharge the token is not valid.", GO)
note("Truncated", "ROBUSTNESS", "The bytes end too early.", MSPEC + ", Serialization")
note("Structure", "ROBUSTNESS", "A field is missing, is too much, has the wrong size or stands in the wrong place.", MSPEC + ", Serialization")
note("PublishedLayout", "SPEC_ERROR", "Laid out as the tables of macaroon-spec have it: location tag 6, caveat location 5, caveat id 1, verification id 2 (empty in a first-party caveat), an end of section after the signature and none after the caveats. No implementation reads that, and none must.", MSPEC + ", Serialization, contradicted by go-macaroon")
note("PublishedChain", "SPEC_ERROR", "Signed as the text of macaroon-spec has it, with the root key itself: it leaves out that the chain starts from HMAC(\"macaroons-key-generator\", root key).", MSPEC + ", Signature, contradicted by go-macaroon")
note("FirstPartyLocation", "MALLEABILITY", "A first-party caveat with a location, which no signature covers.", GO)
note("EmptyField", "MALLEABILITY", "An optional field that is there and empty: a second spelling of the same macaroon.", PRACTICE)
note("TrailingBytes", "MALLEABILITY", "Something follows the end: the same token has many spellings, so that whoever remembers spellings can be cheated.", PRACTICE)
note("NonMinimalVarint", "MALLEABILITY", "A length that is not in its shortest form: a second spelling of the same macaroon.", PRACTICE)
note("LengthOverflow", "DENIAL_OF_SERVICE", "A length that is larger than what follows, or than any length may be.", MSPEC + ", Serialization")
note("DeepNesting", "DENIAL_OF_SERVICE", "Many packets or brackets, for parsers that call themselves for each.", PRACTICE)
note("Json", "ROBUSTNESS", "Not V2-JSON: no JSON, keys twice, fields missing or of another kind.", GO)
note("Minted", "INTEROP", "A macaroon that must come out byte for byte.", GO)
note("RootKeyLength", "INTEROP", "Root keys of every length are hashed to a key of 32 bytes first.", GO)
note("EmptyRootKey", "AUTH_BYPASS", "Everybody knows the empty root key.", PRACTICE)
note("Attenuated", "INTEROP", "Anybody can append caveats, which needs no key.", MSPEC + ", Attenuation")
note("Valid", "INTEROP", "A token that is valid and paid for.", SPEC + ", §6.1")
note("KeyDerivation", "AUTH_BYPASS", "Signed from another first key.", GO)
note("WrongRootKey", "AUTH_BYPASS", "Signed with a root key that is not the token's: a forgery.", SPEC + ", §6.1")
note("WrongSignature", "AUTH_BYPASS", "The signature was changed.", SPEC + ", §6.1")
note("ChangedIdentifier", "AUTH_BYPASS", "The identifier was changed, perhaps to one for which the sender knows a preimage.", SPEC + ", §6.1")
note("ChangedCaveats", "AUTH_BYPASS", "A caveat was changed, removed, moved or added without signing it.", SPEC + ", §6.1")
note("LocationUnsigned", "INTEROP", "No signature covers the location; a verifier must not depend on it.", GO)
note("WrongPreimage", "AUTH_BYPASS", "The preimage is not that of the payment hash.", SPEC + ", §6.1.3")
note("MissingPreimage", "AUTH_BYPASS", "There is no preimage.", SPEC + ", §6.1.3")
note("PreimageCaveat", "INTEROP", "The preimage comes as the caveat preimage=<hex>, as clients of the reference send it.", MSPEC + ", Caveats")
note("IdentifierVersion", "SPEC", "Another version than 0 says nothing about what follows.", MSPEC + ", Macaroon Identifier")
note("IdentifierLength", "SPEC", "An identifier of version 0 has 66 bytes.", MSPEC + ", Macaroon Identifier")
note("UnknownCaveat", "SPEC", "Caveats that are not known are skipped.", MSPEC + ", Caveats")
note("Services", "AUTH_BYPASS", "services=<name>:<tier>[,…]: for these services only.", MSPEC + ", Target Services")
note("ServicesRepeated", "AUTH_BYPASS", "A later services caveat must be a subset of the one before.", MSPEC + ", Target Services")
note("Capabilities", "AUTH_BYPASS", "<service>_capabilities=<name>[,…]: of the service, these only; each a subset of the one before.", MSPEC + ", Service Capabilities")
note("ValidUntil", "AUTH_BYPASS", "<service>_valid_until=<Unix seconds>: only before this moment.", MSPEC + ", Service Constraints")
note("ValidUntilRepeated", "AUTH_BYPASS", "A later moment must not be after the one before.", MSPEC + ", Service Constraints")
note("Spelling", "INTEROP", "Servers differ in how they read this; a token should not be written like it.", PRACTICE)
note("V1", "INTEROP", "The same in the V1 packet format, for verifiers that have it.", "libmacaroons")
note("V2Json", "INTEROP", "The same as V2-JSON, for verifiers that have it.", GO)
note("Standard", "INTEROP", "The form of the specification.", SPEC + ", §5")
note("LegacyScheme", "INTEROP", "LSAT, the name until 2023.", SPEC + ", §10")
note("SchemeCase", "INTEROP", "The name of a scheme has no case.", SPEC + ", §5")
note("Spaces", "INTEROP", "One or more spaces after the scheme.", SPEC + ", §5.3")
note("HexCase", "INTEROP", "Hex digits of either case.", SPEC + ", §5.3")
note("Base64Dialect", "INTEROP", "The URL alphabet, or no padding, as several servers and clients write.", PRACTICE)
note("List", "INTEROP", "Several macaroons with commas between them.", SPEC + ", §5.2")
note("ListMember", "AUTH_BYPASS", "A list of macaroons of which one is not valid.", SPEC + ", §5.2")
note("MalformedCredential", "ROBUSTNESS", "Not a credential.", SPEC + ", §5.3")
note("ParameterOrder", "INTEROP", "Parameters in any order, as RFC 9110 has it.", "RFC 9110, §11.4")
note("UnknownParameter", "INTEROP", "Parameters that are not known are ignored.", SPEC + " (March 2026), §5")
note("TokenParameter", "INTEROP", "token= instead of macaroon=.", SPEC + " (March 2026), §5")
note("BareValue", "INTEROP", "A value without quotes, as some servers write.", "RFC 9110, §11.4")
note("SeveralChallenges", "INTEROP", "Challenges of other schemes stand in the same field.", "RFC 9110, §11.6.1")
note("MalformedChallenge", "ROBUSTNESS", "Not an L402 challenge, or not a whole one.", SPEC + ", §5.3")
note("AmbiguousChallenge", "CHEATING", "The same parameter with different values: to pay for one might buy the other.", PRACTICE)


# --- parse: V2


def published():
    """Every vector of the protocol notes that has bytes: name, macaroon, root key if known, comment."""
    two = b"\0\0"
    paygate = "go-macaroon-vectors.json of paygate"
    yield "paygate-1", minted(b"\1" * 32, two + b"\xaa" * 32 + b"\xbb" * 32, location=b""), b"\1" * 32, paygate
    yield "paygate-2", minted(b"\2" * 32, two + b"\xcc" * 32 + b"\xdd" * 32, location=b"https://example.com"), b"\2" * 32, paygate
    yield "paygate-3", minted(b"\3" * 32, two + b"\xee" * 32 + b"\xff" * 32, [b"services=my_api:0"], b""), b"\3" * 32, paygate
    identifier = two + bytes(range(0x10, 0x30)) + bytes(range(0x50, 0x70))
    caveats = [b"services=my_api:0", b"my_api_valid_until=1735689600"]
    yield "paygate-4", minted(b"\4" * 32, identifier, caveats, b"https://api.example.com"), b"\4" * 32, paygate
    key = b"aabbccddeeff00112233445566778899"
    text = "0201086170657274757265020441413d3d000249707265696d6167653d3439333439646665613461626564336364313466366433353661666138336465393738376236303966303838633864663039626163633762346264323162333900000620a329f0d7149ad54162e7448d868825e9a508d4de95fb86d5d0060002493ca6b5"
    yield "aperture-authenticator", unhex(text), key, "auth/authenticator_test.go of Aperture"
    yield "aperture-client", unb64("AgEETFNBVAIEQUE9PQAABiAfL8hqIrDf8WeoUcLWE86rHVT9mbb3sa23ZWSqE8JwGw=="), key, "l402/client_interceptor_test.go of Aperture"
    text = "AgEEbHNhdAJCAABjDc0pZsQzZpESVEi7sltP9BKknHMtssirwbhYG9cQ3SAfHh0cGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIBAAIZc2VydmljZXM9bGlnaHRuaW5nX2xvb3A6MAACHGxpZ2h0bmluZ19sb29wX2NhcGFiaWxpdGllcz0AAAYgMiarmn0cUg3ajQApOZNdcY1GLsOYaL+0K4CXCWlS/ow="
    yield "aperture-composed", unb64(text), b"\0" * 32, "composed of Aperture's parts; go-macaroon writes the same"
    text = "AgEEbHNhdAJCAAAwpHpumws6ufQoDwiTLNcge0QPUIWA0+tVY+tKPYAJ/zSfmEGlIpNm3VzxuzCqLhEp5KGiyPLUM9L+kcB7uzS+AAIPc2VydmljZXM9bWVtZTowAAISbWVtZV9jYXBhYmlsaXRpZXM9AAAGILA1VCEIExukt4nG+XR9tX8WJ2BVMiHG3UNt1uYJ+NRD"
    yield "aperture-live", unb64(text), None, "sent by a running Aperture; tests/data.ts of lsat-js"
    text = "AgENdGVzdF9sb2NhdGlvbgJCAAE4yq2-D2ES2bY46a4kM49-m9kwozhxANp3ZkTlaWXJwXZyiJia75BF20Jgzr50S8IDiA_VZxeAu-aZ2bjvAUgXAAAGIAV6MZ639CiOsOnQBNLRoonQIQkYd4KMPJDYlYFWmp-L"
    yield "l402-python", unb64(text), None, "tests/server/test_authenticator.py of L402-python; the identifier says version 1, which is for the verifier to refuse"
    identifier = unhex("0000163102a9c88fa4ec9ac9937b6f070bc3e27249a81ad7a05f398ac5d7d16f7beafed74b3ef24820f440601eff5bfb42bef4d615c4948cec8aca3cb15bd23f1013")
    loop = [b"services=lightning_loop:0", b"lightning_loop_capabilities=loop_out,loop_in", b"loop_out_monthly_volume_sats=200000000"]
    yield "spec-loop", minted(b"\0" * 32, identifier, loop), b"\0" * 32, "the Loop example of macaroon-spec, with the key derived as everybody does"
    more = [*loop, b"lightning_loop_capabilities=loop_in", b"loop_in_monthly_volume_sats=100000000"]
    yield "spec-loop-attenuated", minted(b"\0" * 32, identifier, more), b"\0" * 32, "the attenuated Loop example of macaroon-spec"
    vid = unb64("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA027FAuBYhtHwJ58FX6UlVNFtFsGxQHS7uD_w_dedwv4Jjw7UorCREw5rXbRqIKhr")
    key = b"this is a different super-secret key; never use the same secret twice"
    third = (b"this was how we remind auth of key/pred", vid, b"http://auth.mybank/")
    identifier, caveats = b"we used our other secret key", [b"account = 3735928559", third]
    signature = unhex("d27db2fd1f22760e4c3dae8137e2d8fc1df6c0741c18aed4b97256bf78d1f55c")
    yield "go-macaroon-third-party", packed(identifier, caveats, signature, b"http://mybank/"), key, "marshal_test.go of go-macaroon"
    hex_identifier = ("0000" + "7cef93f2c51aa65208bec1447fc38fc58d9bce1375a532edb0dcd290a2c330ae" + "5a" * 32).encode()
    yield "boltwall", minted(b"key", hex_identifier, [b"expiration=1577228778197"], b"boltwall"), b"key", "as boltwall writes it: the identifier is hex text, which is for the verifier to refuse"


# What the notes give as the signatures of those that are composed above.
SIGNATURES = {
    "paygate-1": "1790bc6dc1964456355926bd4863e204d96b42629e94087abc906f85e91ccf93",
    "paygate-2": "bf72e98fc5e23788a53dc0f03b6e5032689149d512847c463153d205c66642ac",
    "paygate-3": "c794ae0e80b2b4af8ac81285f50e8d7af72722b79d06ea5ddb35beb1dd24b385",
    "paygate-4": "ac9a2b0d1d1feb3611a3cb4d2f4fffe7d0667d1824103751b188a0c59a5ca809",
    "spec-loop": "22a5bd6ce419c5b238cb650b936a30db383cbb89a150107ba0989c066282fcd1",
    "spec-loop-attenuated": "f55cc6ff0d8613d7ec2a142430642dabc07558869bb167e5df10110e9428eb63",
}


def taken_apart(data):
    """A V2 macaroon of the above, all of which are well formed."""

    def one(at, tag):
        if data[at] != tag:
            return None, at
        length, shift, at = 0, 0, at + 1
        while True:
            length, shift, at = length | (data[at] & 127) << shift, shift + 7, at + 1
            if data[at - 1] < 128:
                return data[at : at + length], at + length

    location, at = one(1, 1)
    identifier, at = one(at, 2)
    at, caveats = at + 1, []
    while data[at]:
        where, at = one(at, 1)
        name, at = one(at, 2)
        vid, at = one(at, 4)
        caveats.append((name, vid, where or b"") if vid else name)
        at += 1
    signature, at = one(at + 1, 6)
    assert at == len(data) and packed(identifier, caveats, signature, location or b"") == data
    return identifier, caveats, signature, location or b""


def cross_implementation():
    """What go-macaroon wrote: the vectors of l402-core, where libmacaroons and pymacaroons were asked about them, too."""
    records = HERE / ".." / ".." / "l402-core" / "tests" / "vectors" / "macaroon-v2.json"
    for record in json.loads(records.read_text()):
        yield record["name"].replace("_", "-"), unb64(record["v2_base64url"]), unhex(record["root_key_hex"])


def is_large(identifier, caveats, _, location):
    sizes = [len(caveat[0] if isinstance(caveat, tuple) else caveat) for caveat in caveats]
    return len(identifier) > 256 or len(location) > 256 or len(caveats) > 64 or max(sizes, default=0) > 1024


def flag_of(parts):
    if is_large(*parts):
        return "Large", "acceptable"
    return "ThirdParty" if any(isinstance(caveat, tuple) for caveat in parts[1]) else "Canonical", "valid"


v2 = File("macaroon-v2", "Reading macaroons in the V2 binary format")
for name, data, root, comment in published():
    parts = taken_apart(data)
    assert name not in SIGNATURES or parts[2].hex() == SIGNATURES[name], name
    v2.parse(name, "valid", flag_of(parts)[0], comment, data, parts)
for name, data, root in cross_implementation():
    parts = taken_apart(data)
    flag, result = flag_of(parts)
    v2.parse(name, result, flag, "written by go-macaroon 2.1.0", data, parts)

parts = (ID, CAVEATS, SIGNATURE, b"")
without = packed(ID, CAVEATS, SIGNATURE)
v2.parse("empty-location-field", "acceptable", "EmptyLocation", "as pymacaroons writes an empty location", b"\2\1\0" + without[1:], parts)
v2.parse("empty-verification-id", "invalid", "EmptyField", "a first-party caveat with an empty verification id", b"\2" + field(2, ID) + b"\0" + field(2, b"a=b") + b"\4\0\0\0" + field(6, SIGNATURE))

for length, where in [(0, "nothing at all"), (1, "after the version"), (2, "inside the location"), (7, "after the location"), (8, "after the tag of the identifier"),
                      (9, "before the identifier"), (40, "inside the identifier"), (75, "after the identifier"), (76, "after its section"), (77, "after the tag of a caveat"),
                      (85, "inside a caveat"), (len(TOKEN) - 35, "before the end of the caveats"), (len(TOKEN) - 34, "before the signature"), (len(TOKEN) - 33, "before its length"),
                      (len(TOKEN) - 32, "after its length"), (len(TOKEN) - 1, "one byte before the end")]:
    v2.parse(f"truncated-{length}", "invalid", "Truncated", "cut " + where, TOKEN[:length])

# The published layout: tags and sections as the table has them.
as_published = b"\2" + field(6, b"lsat") + field(2, ID) + b"\0" + b"".join(field(1, one) + b"\2\0\0" for one in CAVEATS) + field(6, SIGNATURE) + b"\0"
v2.parse("published-layout", "invalid", "PublishedLayout", "all of it", as_published)
v2.parse("published-layout-without-caveats", "invalid", "PublishedLayout", "no caveat", b"\2" + field(6, b"lsat") + field(2, ID) + b"\0" + field(6, SIGNATURE) + b"\0")
v2.parse("published-caveat-tags", "invalid", "PublishedLayout", "only the tags of caveats", b"\2" + field(1, b"lsat") + field(2, ID) + b"\0" + field(1, CAVEATS[0]) + b"\2\0\0\0" + field(6, SIGNATURE))
v2.parse("published-end-of-caveats", "invalid", "PublishedLayout", "only the missing end of the caveats", b"\2" + field(2, ID) + b"\0" + field(2, CAVEATS[0]) + b"\0" + field(6, SIGNATURE))
v2.parse("published-example-base64", "invalid", "PublishedLayout", "what the example of the specification decodes to, leniently", base64.b64decode("AGIAJEemVQUTEyNCR0exk7ek90Cg" + "===="[: -28 % 4]))

end, sig = b"\0", field(6, SIGNATURE)
i, c = field(2, ID), field(2, b"a=b")
for name, data, comment in [
    ("version-0", b"\0" + TOKEN[1:], "version 0"), ("version-1", b"\1" + TOKEN[1:], "version 1"), ("version-3", b"\3" + TOKEN[1:], "version 3"),
    ("no-identifier", b"\2" + field(1, b"lsat") + end + end + sig, "no identifier"),
    ("identifier-twice", b"\2" + i + i + end + end + sig, "two identifiers"),
    ("location-after-identifier", b"\2" + i + field(1, b"lsat") + end + end + sig, "location and identifier in the wrong order"),
    ("location-twice", b"\2" + field(1, b"a") + field(1, b"b") + i + end + end + sig, "two locations"),
    ("unknown-field", b"\2" + field(3, b"x") + i + end + end + sig, "a field of tag 3"),
    ("unknown-field-in-caveat", b"\2" + i + end + c + field(5, b"x") + end + end + sig, "a caveat with a field of tag 5"),
    ("caveat-without-id", b"\2" + i + end + field(4, b"v" * 48) + end + end + sig, "a caveat that is a verification id alone"),
    ("verification-id-first", b"\2" + i + end + field(4, b"v" * 48) + c + end + end + sig, "the verification id before the caveat id"),
    ("caveat-id-twice", b"\2" + i + end + c + c + end + end + sig, "a caveat with two ids"),
    ("no-end-of-header", b"\2" + i + c + end + end + sig, "no end of the first section"),
    ("end-of-caveats-twice", b"\2" + i + end + c + end + end + end + sig, "the caveats end twice"),
    ("no-signature", b"\2" + i + end + c + end + end, "no signature"),
    ("signature-tag-5", b"\2" + i + end + end + field(5, SIGNATURE), "a signature of tag 5"),
    ("signature-0", b"\2" + i + end + end + field(6, b""), "a signature of no bytes"),
    ("signature-16", b"\2" + i + end + end + field(6, SIGNATURE[:16]), "a signature of 16 bytes"),
    ("signature-31", b"\2" + i + end + end + field(6, SIGNATURE[:31]), "a signature of 31 bytes"),
    ("signature-33", b"\2" + i + end + end + field(6, SIGNATURE + b"\0"), "a signature of 33 bytes"),
]:
    v2.parse(name, "invalid", "Structure", comment, data)
v2.parse("first-party-location", "invalid", "FirstPartyLocation", "a first-party caveat with a location", b"\2" + i + end + field(1, b"http://a/") + c + end + end + sig)
v2.parse("first-party-location-later", "invalid", "FirstPartyLocation", "the second caveat has it", b"\2" + i + end + c + end + field(1, b"x") + field(2, b"c=d") + end + end + sig)
for name, tail in [("zero", b"\0"), ("newline", b"\n"), ("space", b" "), ("macaroon", TOKEN), ("signature", sig), ("64-bytes", b"\xff" * 64)]:
    v2.parse("trailing-" + name, "invalid", "TrailingBytes", f"followed by {tail[:12]!r}{'…' if len(tail) > 12 else ''}", TOKEN + tail)
long_id = b"\2" + bytes([len(ID) | 128, 0]) + ID
v2.parse("varint-identifier", "invalid", "NonMinimalVarint", "the identifier's length in two bytes", b"\2" + long_id + end + end + sig)
v2.parse("varint-identifier-5", "invalid", "NonMinimalVarint", "the identifier's length in five bytes", b"\2\2" + bytes([len(ID) | 128, 128, 128, 128, 0]) + ID + end + end + sig)
v2.parse("varint-location", "invalid", "NonMinimalVarint", "the location's length in two bytes", b"\2\1\x84\0lsat" + i + end + end + sig)
v2.parse("varint-caveat", "invalid", "NonMinimalVarint", "a caveat's length in two bytes", b"\2" + i + end + b"\2\x83\0a=b" + end + end + sig)
v2.parse("varint-signature", "invalid", "NonMinimalVarint", "the signature's length in two bytes", b"\2" + i + end + end + b"\6\xa0\0" + SIGNATURE)
v2.parse("varint-tag", "invalid", "NonMinimalVarint", "the identifier's tag in two bytes", b"\2\x82\0" + i[1:] + end + end + sig)
for name, length in [("one-more", varint(len(ID) + 200)), ("31-bit", varint(0x7FFFFFFF)), ("32-bit", varint(0xFFFFFFFF)), ("35-bit", b"\xff\xff\xff\xff\x7f"),
                     ("63-bit", b"\xff" * 8 + b"\x7f"), ("64-bit", b"\xff" * 9 + b"\1"), ("70-bit", b"\xff" * 9 + b"\x7f"), ("endless", b"\xff" * 300),
                     ("wrapping-32-bit", varint((1 << 32) + len(ID))), ("wrapping-64-bit", varint((1 << 64) + len(ID)))]:
    v2.parse("length-" + name, "invalid", "LengthOverflow", "the identifier's length", b"\2\2" + length + ID + end + end + sig)
v2.parse("length-signature-64-bit", "invalid", "LengthOverflow", "the signature's length", b"\2" + i + end + end + b"\6" + b"\xff" * 9 + b"\1" + SIGNATURE)
v2.parse("length-caveat-64-bit", "invalid", "LengthOverflow", "a caveat's length", b"\2" + i + end + b"\2" + b"\xff" * 9 + b"\1" + b"a=b" + end + end + sig)

# --- parse: V1

v1 = File("macaroon-v1", "Reading macaroons in the V1 packet format")


def packet(key, value):
    return b"%04x%s %s\n" % (len(key) + len(value) + 6, key, value)


KEYID = chain(derive(b"this is the key"), b"keyid")
assert KEYID.hex() == "7cdee792511c5bc6f528485805dfe9b24e785e28e2a99301f9d711c609e38ef7"
ACCOUNT = chain(KEYID, b"account = 3735928559")
assert ACCOUNT.hex() == "f54807f6dc6edf88bf0f7306b3822562a362533dbf7339ba61765da4bd259d87"
for name, comment, parts in [
    ("rust-macaroon", "src/serialization/v1.rs of the crate macaroon", (b"keyid", [], KEYID, b"http://example.org/")),
    ("rust-macaroon-caveat", "the same with a caveat", (b"keyid", [b"account = 3735928559"], ACCOUNT, b"http://example.org/")),
    ("empty-location", "an empty location packet, as libmacaroons writes it", (b"keyid", [], KEYID, b"")),
    ("l402", "an L402 token", (ID, CAVEATS, SIGNATURE, b"lsat")),
    ("newlines", "newlines and packets inside a value", (ID, [b"x_a=\n0015identifier keyid\n"], SIGNATURE, b"lsat")),
]:
    identifier, caveats, signature, location = parts
    v1.parse(name, "valid", "Canonical", comment, packed(identifier, caveats, signature, location, "v1"), parts, "v1")
middleware = "MDAxMmxvY2F0aW9uIEw0MDIKMDAzMGlkZW50aWZpZXIg3HbNijIhV4G38bFe-aUqGmTUL21IerNiGaVgzPLKCY8KMDAyMWNpZCBSZXF1ZXN0UGF0aCA9IC9wcm90ZWN0ZWQKMDAxY2NpZCBSZXF1ZXN0TWV0aG9kID0gR0VUCjAwMmZzaWduYXR1cmUgJd9jvHJmyvgdnNzm_IAFOPVZIwADTnVW-XFcF4RssiQK"
data = unb64(middleware)
at = data.index(b"identifier ") + 11
parts = (data[at : at + 32], [b"RequestPath = /protected", b"RequestMethod = GET"], data[-33:-1], b"L402")
v1.parse("l402-middleware", "valid", "Canonical", "sent by l402_middleware 2.3.5; the identifier is the bare payment hash, which is for the verifier to refuse", data, parts, "v1")
no_location = packed(ID, CAVEATS, SIGNATURE, b"", "v1").split(b"\n", 1)[1]
v1.parse("no-location", "acceptable", "EmptyLocation", "no location packet at all", no_location, (ID, CAVEATS, SIGNATURE, b""), "v1")
third = packet(b"location", b"") + packet(b"identifier", b"id") + packet(b"cid", THIRD_PARTY[0]) + packet(b"vid", THIRD_PARTY[1]) + packet(b"cl", THIRD_PARTY[2])
v1.parse("third-party", "valid", "ThirdParty", "a third-party caveat", third + packet(b"signature", SIGNATURE), (b"id", [THIRD_PARTY], SIGNATURE, b""), "v1")
base = packed(ID, CAVEATS, SIGNATURE, b"lsat", "v1")
for length in (0, 3, 4, 10, 30, 90, len(base) - 33, len(base) - 1):
    v1.parse(f"truncated-{length}", "invalid", "Truncated", f"cut after {length} bytes", base[:length], format="v1")
head, tail = packet(b"location", b"l") + packet(b"identifier", ID), packet(b"signature", SIGNATURE)
for name, data, comment in [
    ("no-identifier", packet(b"location", b"l") + tail, "no identifier"), ("no-signature", head, "no signature"),
    ("identifier-twice", head + packet(b"identifier", ID) + tail, "two identifiers"), ("unknown-packet", head + packet(b"x", b"y") + tail, "a packet called x"),
    ("vid-first", head + packet(b"vid", b"v" * 48) + packet(b"cid", b"a=b") + tail, "vid before cid"),
    ("signature-31", head + packet(b"signature", SIGNATURE[:31]), "a signature of 31 bytes"), ("signature-33", head + packet(b"signature", SIGNATURE + b"x"), "a signature of 33 bytes"),
    ("no-newline", head + tail[:-1] + b"x", "no newline at the end of a packet"), ("no-space", b"0015identifier-keyid\n" + tail, "a packet without a space"),
]:
    v1.parse(name, "invalid", "Structure", comment, data, format="v1")
for name, digits in [("zero", b"0000"), ("too-short", b"0003"), ("longer-than-rest", b"ffff"), ("not-hex", b"00zz"), ("sign", b"+02f"), ("space", b"  2f")]:
    v1.parse("length-" + name, "invalid", "LengthOverflow", f"the last packet says its length is {digits.decode()!r}", head + digits + tail[4:], format="v1")
for name, extra in [("newline", b"\n"), ("packet", packet(b"cid", b"a=b")), ("macaroon", base)]:
    v1.parse("trailing-" + name, "invalid", "TrailingBytes", "something follows the signature", base + extra, format="v1")
v1.parse("deep", "invalid", "DeepNesting", "1000 packets of 7 bytes", b"0007a \n" * 1000, format="v1")
v1.parse("deep-caveats", "acceptable", "DeepNesting", "1000 caveats of one byte", head + packet(b"cid", b"c") * 1000 + tail, (ID, [b"c"] * 1000, SIGNATURE, b"l"), "v1")

# --- parse: V2-JSON

v2j = File("macaroon-v2-json", "Reading macaroons as V2-JSON")


def j(name, result, flag, comment, text, parts=None):
    v2j.parse(name, result, flag, comment, text if isinstance(text, bytes) else text.encode(), parts, "v2-json")


s64 = b64url(KEYID)
keyid = (b"keyid", [], KEYID, b"")
j("keyid", "valid", "Canonical", "the least there is", f'{{"v":2,"i":"keyid","s64":"{s64}"}}', keyid)
j("without-version", "valid", "Canonical", "go-macaroon writes no version", f'{{"i":"keyid","s64":"{s64}"}}', keyid)
j("everything", "valid", "Canonical", "location and caveats", f'{{"v":2,"l":"http://example.org/","i":"keyid","c":[{{"i":"account = 3735928559"}}],"s64":"{b64url(ACCOUNT)}"}}', (b"keyid", [b"account = 3735928559"], ACCOUNT, b"http://example.org/"))
j("base64-fields", "valid", "Canonical", "identifier, caveat and signature in base64", f'{{"v":2,"l":"lsat","i64":"{b64url(ID)}","c":[{{"i64":"{b64url(b"a=b")}"}}],"s64":"{b64url(SIGNATURE)}"}}', (ID, [b"a=b"], SIGNATURE, b"lsat"))
j("third-party", "valid", "ThirdParty", "a third-party caveat", f'{{"v":2,"i":"id","c":[{{"i":"ask the bank","v64":"{b64url(THIRD_PARTY[1])}","l":"http://bank.example/"}}],"s64":"{s64}"}}', (b"id", [THIRD_PARTY], KEYID, b""))
j("escapes", "valid", "Canonical", "escapes and letters beyond ASCII", f'{{"v":2,"i":"k\\u0065y\\n\\ud83d\\ude00é","s64":"{s64}"}}', ("key\n😀é".encode(), [], KEYID, b""))
j("base64-location", "acceptable", "Spelling", "a location in base64, as libmacaroons has it", f'{{"v":2,"l64":"{b64url(b"lsat")}","i":"keyid","s64":"{s64}"}}')
j("unknown-keys", "acceptable", "Spelling", "keys that are not of the format", f'{{"v":2,"i":"keyid","x":[1,{{"y":null}}],"s64":"{s64}"}}', keyid)
j("null-fields", "acceptable", "Spelling", "null where nothing is", f'{{"v":2,"l":null,"i":"keyid","c":null,"s64":"{s64}"}}', keyid)
j("padded", "acceptable", "Spelling", "base64 with padding", f'{{"v":2,"i":"keyid","s64":"{s64}="}}', keyid)
for name, comment, text in [
    ("not-json", "no JSON", "keyid"), ("empty", "nothing at all", ""), ("array", "an array", f'[{{"v":2,"i":"keyid","s64":"{s64}"}}]'),
    ("cut", "cut", f'{{"v":2,"i":"keyid","s64":"{s64}"'), ("no-identifier", "no identifier", f'{{"v":2,"s64":"{s64}"}}'), ("no-signature", "no signature", '{"v":2,"i":"keyid"}'),
    ("version-1", "version 1", f'{{"v":1,"i":"keyid","s64":"{s64}"}}'),
    ("both-forms", "an identifier as text and as base64", f'{{"v":2,"i":"keyid","i64":"a2V5aWQ","s64":"{s64}"}}'),
    ("signature-short", "a signature of 3 bytes", '{"v":2,"i":"keyid","s64":"AAAA"}'), ("not-base64", "a signature that is no base64", '{"v":2,"i":"keyid","s64":"!!!!"}'),
    ("number", "an identifier that is a number", f'{{"v":2,"i":7,"s64":"{s64}"}}'), ("caveats-no-list", "caveats that are no list", f'{{"v":2,"i":"keyid","c":{{}},"s64":"{s64}"}}'),
    ("caveat-without-id", "a caveat without id", f'{{"v":2,"i":"keyid","c":[{{}}],"s64":"{s64}"}}'),
]:
    j(name, "invalid", "Json", comment, text)
j("first-party-location", "invalid", "FirstPartyLocation", "a first-party caveat with a location", f'{{"v":2,"i":"keyid","c":[{{"i":"a=b","l":"x"}}],"s64":"{s64}"}}')
j("identifier-twice", "invalid", "EmptyField", "two identifiers: readers differ in which one counts", f'{{"v":2,"i":"keyid","i":"other","s64":"{s64}"}}')
j("not-utf8", "invalid", "Json", "bytes that are no UTF-8", b'{"v":2,"i":"key\xff","s64":"' + s64.encode() + b'"}')
j("trailing", "invalid", "TrailingBytes", "a second object follows", f'{{"v":2,"i":"keyid","s64":"{s64}"}}{{}}')
j("deep", "invalid", "DeepNesting", "2000 brackets", '{"v":2,"i":"keyid","c":' + "[" * 2000 + "]" * 2000 + f',"s64":"{s64}"}}')

# --- identifier

ids = File("identifier", "Reading identifiers")


def identifier(name, result, flag, comment, data, output=None):
    ids.add(name, "identifier", result, flag, comment, {"identifier": data.hex()}, output)


hash_, token = bytes(range(1, 33)), bytes(range(32, 0, -1))
identifier("aperture", "valid", "Canonical", "l402/identifier_test.go of Aperture", b"\0\0" + hash_ + token, {"payment_hash": hash_.hex(), "token_id": token.hex()})
identifier("token", "valid", "Canonical", "of the token of these vectors", ID, {"payment_hash": HASH.hex(), "token_id": TOKEN_ID.hex()})
for version in (1, 2, 256, 65535):
    identifier(f"version-{version}", "invalid", "IdentifierVersion", f"version {version}", version.to_bytes(2, "big") + ID[2:])
for length in (0, 1, 2, 32, 34, 64, 65):
    identifier(f"length-{length}", "invalid", "IdentifierLength", f"{length} bytes", ID[:length])
identifier("length-67", "invalid", "IdentifierLength", "67 bytes", ID + b"\0")
identifier("hex-text", "invalid", "IdentifierLength", "hex digits instead of bytes, as boltwall writes", ID.hex().encode())
identifier("bare-hash", "invalid", "IdentifierLength", "the payment hash alone, as l402_middleware writes", HASH)

# --- mint

mint = File("mint", "Minting")


def mints(name, flag, comment, root, identifier, caveats, location, format="v2", result="valid"):
    input = {"format": format, "root_key": root.hex(), "identifier": identifier.hex(), "location": location.hex(), "caveats": [one.hex() for one in caveats]}
    output = {"macaroon": minted(root, identifier, caveats, location, format).hex()} if result != "invalid" else None
    mint.add(name, "mint", result, flag, comment, input, output)


for name, data, root, comment in published():
    identifier_, caveats, signature, location = taken_apart(data)
    if root and not any(isinstance(caveat, tuple) for caveat in caveats):
        assert minted(root, identifier_, caveats, location) == data
        mints(name, "Minted", comment, root, identifier_, caveats, location)
for name, data, root in cross_implementation():
    identifier_, caveats, signature, location = taken_apart(data)
    flag, result = flag_of((identifier_, caveats, signature, location))
    if root and flag != "ThirdParty":
        flag = "RootKeyLength" if name.startswith("root-key") else "Minted" if flag == "Canonical" else flag
        mints(name, flag, "written by go-macaroon 2.1.0", root, identifier_, caveats, location, result=result)
for length in (1, 31, 32, 33, 63, 64, 65, 100, 200):
    mints(f"l402-root-key-{length}", "RootKeyLength", f"a root key of {length} bytes", bytes(range(1, length + 1)), ID, CAVEATS, b"lsat")
mints("empty-root-key", "EmptyRootKey", "no root key", b"", ID, CAVEATS, b"lsat", result="invalid")
mints("v1-l402", "V1", "an L402 token, whose identifier is no text: go-macaroon refuses that in V1", ROOT, ID, CAVEATS, b"lsat", "v1", result="acceptable")
mints("v1-no-caveats", "V1", "src/serialization/v1.rs of the crate macaroon", b"this is the key", b"keyid", [], b"http://example.org/", "v1")
mints("v1-rust-macaroon", "V1", "src/serialization/v1.rs of the crate macaroon", b"this is the key", b"keyid", [b"account = 3735928559"], b"http://example.org/", "v1")

# --- attenuate

att = File("attenuate", "Appending caveats")


def attenuates(name, flag, comment, before, added, after, format="v2"):
    att.add(name, "attenuate", "valid", flag, comment, {"format": format, "macaroon": before.hex(), "caveats": [one.hex() for one in added]}, {"macaroon": after.hex()})


by_name = {name: (data, root) for name, data, root, _ in published()}
composed, _ = by_name["aperture-composed"]
parts = taken_apart(composed)
proof = b"preimage=" + PREIMAGE.hex().encode()
after = packed(parts[0], [*parts[1], proof], chain(parts[2], proof), parts[3])
assert after[-32:].hex() == "57e954e3a2172b750a75fefa45426282a9604ca69af52f8403fd566e5aa8d3c9"
attenuates("aperture-preimage", "Attenuated", "the preimage, as Aperture's client appends it", composed, [proof], after)
for name in ("paygate-1", "paygate-4", "spec-loop", "aperture-live", "go-macaroon-third-party"):
    data, _ = by_name[name]
    parts = taken_apart(data)
    added = [b"x_note=1", b"x_note=" + b"2" * 130]
    attenuates(name, "Attenuated", "two caveats, one longer than 127 bytes", data, added, packed(parts[0], [*parts[1], *added], chain(parts[2], *added), parts[3]))
loop, attenuated = taken_apart(by_name["spec-loop"][0]), taken_apart(by_name["spec-loop-attenuated"][0])
attenuates("spec-loop-example", "Attenuated", "the attenuated Loop example of macaroon-spec", by_name["spec-loop"][0], attenuated[1][3:], by_name["spec-loop-attenuated"][0])
attenuates("nothing", "Attenuated", "no caveat", TOKEN, [], TOKEN)
added = [b"account = 3735928559"]
attenuates("v1", "V1", "one caveat", packed(b"keyid", [], KEYID, b"http://example.org/", "v1"), added, packed(b"keyid", added, ACCOUNT, b"http://example.org/", "v1"), "v1")

# --- verify: signatures, preimages, identifiers

ver = File("verify", "Verifying signature, payment and identifier")
ver.verify("token", "valid", "Valid", "the token of these vectors", TOKEN)
ver.verify("no-caveats", "valid", "Valid", "no caveats", minted(ROOT, ID))
ver.verify("no-location", "valid", "Valid", "no location", minted(ROOT, ID, CAVEATS, b""))
ver.verify("aperture-composed", "valid", "Valid", "of Aperture's parts", composed, b"\0" * 32, context={"service": "lightning_loop", "capability": None})
many = [b"x_%d=%d" % (number, number) for number in range(30)]
ver.verify("thirty-caveats", "valid", "Valid", "30 caveats", minted(ROOT, ID, CAVEATS + many))
ver.verify("long-caveat", "valid", "Valid", "a caveat of 300 bytes", minted(ROOT, ID, [b"x_long=" + b"a" * 293]))
for length in (1, 31, 33, 64, 65, 100):
    root = bytes(range(1, length + 1))
    ver.verify(f"root-key-{length}", "valid", "RootKeyLength", f"a root key of {length} bytes", minted(root, ID, CAVEATS), root)
for format, flag in (("v1", "V1"), ("v2-json", "V2Json")):
    ver.verify(f"{format}-token", "valid", flag, "the token of these vectors", minted(ROOT, ID, CAVEATS, b"lsat", format), format=format)
    ver.verify(f"{format}-wrong-root-key", "invalid", flag, "signed with another key", minted(OTHER_ROOT, ID, CAVEATS, b"lsat", format), format=format)
    ver.verify(f"{format}-wrong-signature", "invalid", flag, "the signature's last byte", packed(ID, CAVEATS, SIGNATURE[:-1] + bytes([SIGNATURE[-1] ^ 1]), b"lsat", format), format=format)
    ver.verify(f"{format}-removed-caveat", "invalid", flag, "the last caveat is gone", packed(ID, CAVEATS[:2], SIGNATURE, b"lsat", format), format=format)

ver.verify("published-chain", "invalid", "PublishedChain", "the chain starts with the root key itself", packed(ID, CAVEATS, chain(ROOT, ID, *CAVEATS), b"lsat"))
ver.verify("published-chain-no-caveats", "invalid", "PublishedChain", "the same without caveats", packed(ID, [], chain(ROOT, ID), b"lsat"))
ver.verify("derived-twice", "invalid", "KeyDerivation", "the key is derived twice", packed(ID, CAVEATS, chain(derive(derive(ROOT)), ID, *CAVEATS), b"lsat"))
ver.verify("derived-backwards", "invalid", "KeyDerivation", "key and message of the derivation are exchanged", packed(ID, CAVEATS, chain(mac(ROOT, b"macaroons-key-generator"), ID, *CAVEATS), b"lsat"))
ver.verify("derived-by-hash", "invalid", "KeyDerivation", "the root key's SHA-256", packed(ID, CAVEATS, chain(hashlib.sha256(ROOT).digest(), ID, *CAVEATS), b"lsat"))
ver.verify("root-key-cut", "invalid", "KeyDerivation", "a root key of 64 bytes, of which only 32 were used", minted((ROOT + OTHER_ROOT)[:32], ID, CAVEATS), ROOT + OTHER_ROOT)
for name, root, comment in [("other", OTHER_ROOT, "another key"), ("zeros", b"\0" * 32, "a key of zeros"), ("empty", b"", "an empty key"), ("preimage", PREIMAGE, "the preimage as the key"),
                            ("hash", HASH, "the payment hash as the key"), ("token-id", TOKEN_ID, "the token id as the key"), ("hex", ROOT.hex().encode(), "the key's hex digits as the key"), ("bit", bytes([ROOT[0] ^ 1]) + ROOT[1:], "a key that differs in one bit")]:
    ver.verify("forged-" + name, "invalid", "WrongRootKey", "signed with " + comment, minted(root, ID, CAVEATS))
ver.verify("empty-root-key", "invalid", "EmptyRootKey", "signed with the empty key, which is the verifier's", minted(b"", ID, CAVEATS), b"")
for name, signature, comment in [
    ("zeros", b"\0" * 32, "all zeros"), ("first-byte", bytes([SIGNATURE[0] ^ 1]) + SIGNATURE[1:], "the first bit"), ("last-byte", SIGNATURE[:-1] + bytes([SIGNATURE[-1] ^ 1]), "the last bit"),
    ("last-byte-zero", SIGNATURE[:-1] + b"\0", "the last byte zeroed, as Aperture's test has it"), ("middle", SIGNATURE[:16] + bytes([SIGNATURE[16] ^ 0x80]) + SIGNATURE[17:], "a bit in the middle"),
    ("second-half", SIGNATURE[:16] + b"\0" * 16, "the second half"), ("first-half", b"\0" * 16 + SIGNATURE[16:], "the first half"), ("reversed", SIGNATURE[::-1], "backwards"),
    ("of-identifier", chain(derive(ROOT), ID), "that of the token without its caveats"), ("of-first-caveat", chain(derive(ROOT), ID, CAVEATS[0]), "that of the token with one caveat"),
    ("of-next", chain(SIGNATURE, b"x=1"), "that of the token with one more caveat"), ("unkeyed", hashlib.sha256(ID + b"".join(CAVEATS)).digest(), "a hash without a key"),
]:
    assert signature != SIGNATURE
    ver.verify("signature-" + name, "invalid", "WrongSignature", comment, packed(ID, CAVEATS, signature, b"lsat"))
other_hash = hashlib.sha256(b"\7" * 32).digest()
ver.verify("identifier-other-hash", "invalid", "ChangedIdentifier", "another payment hash, with its preimage", packed(b"\0\0" + other_hash + TOKEN_ID, CAVEATS, SIGNATURE, b"lsat"), preimage=b"\7" * 32)
ver.verify("identifier-other-token-id", "invalid", "ChangedIdentifier", "another token id", packed(b"\0\0" + HASH + TOKEN_ID[::-1], CAVEATS, SIGNATURE, b"lsat"))
for name, caveats, comment in [
    ("removed-last", CAVEATS[:2], "the last one is gone"), ("removed-first", CAVEATS[1:], "the first one is gone"), ("removed-all", [], "all are gone"),
    ("changed-last", [*CAVEATS[:2], b"api_valid_until=2999999999"], "the last one allows more"), ("changed-first", [b"services=api:0,admin:0", *CAVEATS[1:]], "the first one allows more"),
    ("swapped", [CAVEATS[1], CAVEATS[0], CAVEATS[2]], "two in the other order"), ("added", [*CAVEATS, b"x_more=1"], "one more, not signed"), ("added-first", [b"x_more=1", *CAVEATS], "one more in front"),
    ("doubled", [*CAVEATS, CAVEATS[-1]], "the last one twice"), ("joined", [CAVEATS[0] + CAVEATS[1], CAVEATS[2]], "two joined into one"), ("emptied", [*CAVEATS[:2], b""], "the last one empty"),
]:
    ver.verify("caveats-" + name, "invalid", "ChangedCaveats", comment, packed(ID, caveats, SIGNATURE, b"lsat"))
moved = ID + CAVEATS[0]
ver.verify("caveats-into-identifier", "invalid", "ChangedCaveats", "the first one has become part of the identifier", packed(moved, CAVEATS[1:], SIGNATURE, b"lsat"))
ver.verify("location-changed", "valid", "LocationUnsigned", "another location", packed(ID, CAVEATS, SIGNATURE, b"https://elsewhere.example"))
ver.verify("location-removed", "valid", "LocationUnsigned", "no location any more", packed(ID, CAVEATS, SIGNATURE, b""))
ver.verify("third-party", "invalid", "ThirdParty", "a third-party caveat without its discharge, rightly signed", packed(ID, [THIRD_PARTY], chain(derive(ROOT), ID, THIRD_PARTY)))
ver.verify("third-party-as-first", "invalid", "ThirdParty", "signed as if the verification id were not there", packed(ID, [THIRD_PARTY], chain(derive(ROOT), ID, THIRD_PARTY[0])))
ver.verify("third-party-last", "invalid", "ThirdParty", "after caveats that hold", packed(ID, [*CAVEATS, THIRD_PARTY], chain(derive(ROOT), ID, *CAVEATS, THIRD_PARTY)))
known_name = (b"api_valid_until=1999999999", bytes(range(72)), b"")
ver.verify("third-party-known-name", "invalid", "ThirdParty", "whose id reads like a caveat that holds", packed(ID, [known_name], chain(derive(ROOT), ID, known_name)))
for name, tail in [("zero", b"\0"), ("newline", b"\n"), ("macaroon", TOKEN)]:
    ver.verify("trailing-" + name, "invalid", "TrailingBytes", "a valid token, and more", TOKEN + tail)
ver.verify("varint-identifier", "invalid", "NonMinimalVarint", "a valid token in a longer spelling", b"\2" + field(1, b"lsat") + long_id + TOKEN[7 + 2 + len(ID) :])
signed = chain(derive(ROOT), ID, b"a=b")
ver.verify("first-party-location", "invalid", "FirstPartyLocation", "rightly signed otherwise", b"\2" + i + end + field(1, b"http://a/") + c + end + end + field(6, signed))
ver.verify("published-layout", "invalid", "PublishedLayout", "rightly signed otherwise", as_published)

# The same in V1, for verifiers that have nothing else.
SAME_IN_V1 = {"Valid", "RootKeyLength", "LocationUnsigned", "KeyDerivation", "PublishedChain", "WrongRootKey", "WrongSignature", "ChangedIdentifier", "ChangedCaveats"}
known = {vector["id"] for vector in ver.vectors}
for vector in list(ver.vectors):
    name = "v1-" + vector["id"].split("/")[1]
    if SAME_IN_V1 & set(vector["flags"]) and f"verify/{name}" not in known:
        identifier_, caveats, signature, location = taken_apart(unhex(vector["input"]["macaroon"]))
        macaroon = packed(identifier_, caveats, signature, location, "v1")
        ver.add(name, "verify", vector["result"], "V1", vector["comment"], {**vector["input"], "format": "v1", "macaroon": macaroon.hex()})

paid = ("preimage",)
for name, preimage, comment in [("other", b"\7" * 32, "another preimage"), ("zeros", b"\0" * 32, "zeros"), ("hash", HASH, "the payment hash itself"), ("bit", bytes([PREIMAGE[0] ^ 1]) + PREIMAGE[1:], "one bit is wrong"),
                                ("last-bit", PREIMAGE[:-1] + bytes([PREIMAGE[-1] ^ 1]), "the last bit is wrong"), ("short", PREIMAGE[:31], "31 bytes"), ("long", PREIMAGE + b"\0", "33 bytes"), ("empty", b"", "no bytes"),
                                ("root", ROOT, "the root key"), ("reversed", PREIMAGE[::-1], "backwards")]:
    ver.verify("preimage-" + name, "invalid", "WrongPreimage", comment, TOKEN, preimage=preimage, judges=paid)
ver.verify("preimage-missing", "invalid", "MissingPreimage", "none", TOKEN, preimage=None, judges=paid)
bare = minted(ROOT, ID)
ver.verify("preimage-missing-no-caveats", "invalid", "MissingPreimage", "none, and no caveats", bare, preimage=None, judges=paid)
with_proof = lambda *proofs: minted(ROOT, ID, [*CAVEATS, *proofs])
wrong_proof = b"preimage=" + (b"\7" * 32).hex().encode()
ver.verify("preimage-caveat", "valid", "PreimageCaveat", "in a caveat only", with_proof(proof), preimage=None)
ver.verify("preimage-caveat-and-given", "valid", "PreimageCaveat", "in a caveat, too", with_proof(proof))
ver.verify("preimage-caveat-twice", "valid", "PreimageCaveat", "in two caveats", with_proof(proof, proof), preimage=None)
ver.verify("preimage-caveat-wrong", "invalid", "WrongPreimage", "a wrong one in a caveat", with_proof(wrong_proof), preimage=None, judges=paid)
ver.verify("preimage-caveat-short", "invalid", "WrongPreimage", "62 digits in a caveat", with_proof(proof[:-2]), preimage=None, judges=paid)
ver.verify("preimage-caveat-empty", "invalid", "WrongPreimage", "nothing in a caveat", with_proof(b"preimage="), preimage=None, judges=paid)
ver.verify("preimage-caveat-last-wrong", "invalid", "WrongPreimage", "the right one, then a wrong one", with_proof(proof, wrong_proof), preimage=None, judges=paid)
ver.verify("preimage-caveat-first-wrong", "acceptable", "Spelling", "a wrong one, then the right one: the reference takes the last, others want all to fit", with_proof(wrong_proof, proof), preimage=None)
ver.verify("preimage-caveat-wrong-given-right", "acceptable", "Spelling", "a wrong one in a caveat, the right one given", with_proof(wrong_proof))
ver.verify("preimage-caveat-unsigned", "invalid", "ChangedCaveats", "in a caveat that is not signed", packed(ID, [*CAVEATS, proof], SIGNATURE, b"lsat"), preimage=None)
third_proof = (proof, bytes(range(72)), b"")
ver.verify("preimage-third-party", "invalid", "MissingPreimage", "only as the id of a third-party caveat", packed(ID, [third_proof], chain(derive(ROOT), ID, third_proof)), preimage=None, judges=paid)

judged = ("identifier",)
for version in (1, 256):
    identifier_ = version.to_bytes(2, "big") + ID[2:]
    ver.verify(f"identifier-version-{version}", "invalid", "IdentifierVersion", f"version {version}, rightly signed", minted(ROOT, identifier_, CAVEATS), judges=judged)
for name, identifier_ in [("65", ID[:65]), ("67", ID + b"\0"), ("34", ID[:34]), ("hex-text", ID.hex().encode()), ("bare-hash", HASH), ("empty", b"")]:
    ver.verify(f"identifier-length-{name}", "invalid", "IdentifierLength", "rightly signed", minted(ROOT, identifier_, CAVEATS), judges=judged)
data, root = by_name["aperture-authenticator"]
ver.verify("aperture-authenticator", "invalid", "IdentifierLength", "auth/authenticator_test.go of Aperture: its identifier is four letters", data, root, None, judges=judged)

# --- verify: caveats

cav = File("caveats", "Verifying caveats")


def caveat(name, result, flag, comment, *caveats, judges=(), **more):
    caveats = [one.encode() if isinstance(one, str) else one for one in caveats]
    cav.verify(name, result, flag, comment, minted(ROOT, ID, caveats), judges=judges if result == "invalid" else (), **more)


for name, one in [("plain", "x_note=hello"), ("twice", "x_note=1"), ("empty-value", "x_note="), ("two-equals", "x_expiration=1337="), ("no-equals", "x_expiration:1337"), ("empty", ""), ("equals", "="), ("equals-first", "=x"),
                  ("binary", b"x_\xff\xfe=\x80\0"), ("newline", "x_a=\r\nSet-Cookie: b"), ("long", "x_a=" + "b" * 500), ("spaced", "services = other:0"), ("spaced-time", "api_valid_until = 1"), ("other-case", "Services=other:0"),
                  ("longer-name", "services2=other:0"), ("other-service-time", "other_valid_until=1"), ("other-service-capability", "other_capabilities=write"), ("suffix-only", "_valid_until=1"), ("prefixed", "xapi_valid_until=1")]:
    repeated = [one, "x_note=2"] if name == "twice" else [one]
    caveat("unknown-" + name, "valid", "UnknownCaveat", "skipped", *repeated)
caveat("unknown-among-known", "valid", "UnknownCaveat", "between those that hold", "x_a=1", CAVEATS[0], "x_b", CAVEATS[1], "=", CAVEATS[2], "x_c=")
caveat("unknown-then-broken", "invalid", "UnknownCaveat", "what comes after is not skipped", "x_a=1", "api_valid_until=1", judges=("valid_until",))

services = ("services",)
for name, value in [("one", "api:0"), ("first", "api:0,b:0"), ("last", "a:0,b:1,api:0"), ("tier", "api:3")]:
    caveat("services-" + name, "valid", "Services", "has the service", "services=" + value)
for name, value in [("other", "other:0"), ("prefix", "ap:0"), ("longer", "api2:0"), ("as-tier", "other:0,x:0"), ("case", "API:0"), ("empty", ""), ("no-tier", "api"), ("no-number", "api:b"), ("no-name", ":0"), ("commas", ",,"), ("empty-tier", "api:"),
                    ("malformed-after", "api:0,b"), ("malformed-before", "b,api:0")]:
    caveat("services-" + name, "invalid", "Services", "does not have the service, or is malformed", "services=" + value, judges=services)
caveat("services-none", "valid", "Services", "none at all: good for every service")
caveat("services-first-fails", "invalid", "Services", "before a caveat that holds", "services=other:0", "api_valid_until=1999999999", judges=services)
caveat("services-space", "acceptable", "Spelling", "a space after the comma", "services=b:0, api:0")
caveat("services-leading-zero", "acceptable", "Spelling", "a tier with a leading zero", "services=api:00")
for name, first, second in [("same", "api:0", "api:0"), ("narrower", "a:0,api:0", "api:0"), ("reordered", "a:0,api:0", "api:0,a:0")]:
    caveat("services-again-" + name, "valid", "ServicesRepeated", "a subset", "services=" + first, "services=" + second)
for name, first, second in [("wider", "api:0", "api:0,b:0"), ("other", "other:0", "api:0"), ("no-longer", "api:0,b:0", "b:0"), ("wider-later", "a:0", "a:0,api:0")]:
    caveat("services-again-" + name, "invalid", "ServicesRepeated", "not a subset, or without the service", "services=" + first, "services=" + second, judges=services)
caveat("services-again-wider-than-last", "invalid", "ServicesRepeated", "as wide as the first, wider than the last", "services=a:0,api:0", "services=api:0", "services=a:0,api:0", judges=services)
caveat("services-again-tier", "acceptable", "Spelling", "a higher tier than before; the reference ignores tiers", "services=api:0", "services=api:1")

capabilities = ("capabilities",)
for name, value in [("one", "read"), ("several", "read,write"), ("last", "write,read")]:
    caveat("capabilities-" + name, "valid", "Capabilities", "has the capability", "api_capabilities=" + value)
for name, value in [("other", "write"), ("prefix", "rea"), ("longer", "reads"), ("case", "Read"), ("inside", "a_read,write")]:
    caveat("capabilities-" + name, "invalid", "Capabilities", "does not have the capability", "api_capabilities=" + value, judges=capabilities)
caveat("capabilities-none-asked", "valid", "Capabilities", "no capability is asked for", "api_capabilities=write", context={"service": "api", "capability": None})
caveat("capabilities-empty-none-asked", "valid", "Capabilities", "an empty list, as the reference always mints; none is asked for", "api_capabilities=", context={"service": "api", "capability": None})
caveat("capabilities-empty", "acceptable", "Spelling", "an empty list: nothing, or everything?", "api_capabilities=")
caveat("capabilities-again-narrower", "valid", "Capabilities", "a subset", "api_capabilities=read,write", "api_capabilities=read")
for name, first, second in [("wider", "read", "read,write"), ("other", "write", "read"), ("no-longer", "read,write", "write")]:
    caveat("capabilities-again-" + name, "invalid", "Capabilities", "not a subset, or without the capability", "api_capabilities=" + first, "api_capabilities=" + second, judges=capabilities)

time = ("valid_until",)
for name, value in [("next-second", NOW + 1), ("later", NOW + 1000), ("far", 9_999_999_999)]:
    caveat("valid-until-" + name, "valid", "ValidUntil", "still valid", f"api_valid_until={value}")
for name, value in [("now", NOW), ("second-ago", NOW - 1), ("past", NOW - 1000), ("zero", 0), ("empty", ""), ("word", "never"), ("negative", -1), ("fraction", f"{NOW + 10}.5"), ("hex", "0x7fffffff"), ("exponent", "1e12"), ("comma", f"{NOW + 10},0"), ("trailing", f"{NOW + 10}s")]:
    caveat("valid-until-" + name, "invalid", "ValidUntil", "over, or no number", f"api_valid_until={value}", judges=time)
for name, value in [("plus", f"+{NOW + 10}"), ("leading-zero", f"0{NOW + 10}"), ("space", f" {NOW + 10}"), ("huge", "99999999999999999999")]:
    caveat("valid-until-" + name, "acceptable", "Spelling", "an unusual number", f"api_valid_until={value}")
caveat("valid-until-before-others", "invalid", "ValidUntil", "over, before caveats that hold", f"api_valid_until={NOW - 1}", *CAVEATS[:2], judges=time)
caveat("valid-until-after-others", "invalid", "ValidUntil", "over, after caveats that hold", *CAVEATS[:2], f"api_valid_until={NOW - 1}", judges=time)
for name, first, second in [("same", NOW + 9, NOW + 9), ("earlier", NOW + 1000, NOW + 500)]:
    caveat("valid-until-again-" + name, "valid", "ValidUntilRepeated", "not later than before", f"api_valid_until={first}", f"api_valid_until={second}")
for name, first, second in [("later", NOW + 500, NOW + 1000), ("over", NOW + 500, NOW - 1), ("revived", NOW - 1, NOW + 500)]:
    caveat("valid-until-again-" + name, "invalid", "ValidUntilRepeated", "later than before, or over", f"api_valid_until={first}", f"api_valid_until={second}", judges=time)
caveat("valid-until-again-later-than-last", "invalid", "ValidUntilRepeated", "as late as the first, later than the last", f"api_valid_until={NOW + 900}", f"api_valid_until={NOW + 100}", f"api_valid_until={NOW + 900}", judges=time)

# --- credential

cred = File("credential", "Verifying Authorization values")


def credential(name, result, flag, comment, value):
    cred.add(name, "authorize", result, flag, comment, {"value": value, "root_key": ROOT.hex(), "now": NOW, "context": CONTEXT})


M, P = b64(TOKEN), PREIMAGE.hex()
credential("l402", "valid", "Standard", "the form of the specification", f"L402 {M}:{P}")
bare_text = b64(minted(ROOT, ID))
credential("no-caveats", "valid", "Standard", "a token without caveats", f"L402 {bare_text}:{P}")
slashes = next(text for number in range(200) if "+" in (text := b64(minted(ROOT, ID, [*CAVEATS, b"x_n=%d" % number]))) and "/" in text and text.endswith("="))
credential("plus-and-slash", "valid", "Standard", "with + and / and =", f"L402 {slashes}:{P}")
credential("lsat", "valid", "LegacyScheme", "LSAT", f"LSAT {M}:{P}")
for name, scheme in [("lower", "l402"), ("lsat-lower", "lsat"), ("lsat-mixed", "LsAt")]:
    credential("scheme-" + name, "valid", "SchemeCase", "the scheme in another case", f"{scheme} {M}:{P}")
credential("two-spaces", "valid", "Spaces", "two spaces", f"L402  {M}:{P}")
credential("many-spaces", "valid", "Spaces", "ten spaces", f"L402          {M}:{P}")
upper = "ab" * 32
credential("upper-case-hex", "valid", "HexCase", "upper-case digits", f"L402 {M}:{P.upper()}")
credential("mixed-case-hex", "valid", "HexCase", "digits of both cases", f"L402 {M}:{P[:32].upper()}{P[32:]}")
credential("url-alphabet", "valid", "Base64Dialect", "the URL alphabet, padded", f"L402 {base64.urlsafe_b64encode(unb64(slashes)).decode()}:{P}")
credential("url-alphabet-unpadded", "valid", "Base64Dialect", "the URL alphabet, without padding", f"L402 {b64url(unb64(slashes))}:{P}")
credential("unpadded", "valid", "Base64Dialect", "without padding", f"L402 {slashes.rstrip('=')}:{P}")
second = b64(minted(ROOT, b"\0\0" + HASH + b"\5" * 32, CAVEATS))
expired = b64(minted(ROOT, b"\0\0" + HASH + b"\6" * 32, [b"api_valid_until=1"]))
forged = b64(minted(OTHER_ROOT, b"\0\0" + HASH + b"\5" * 32, CAVEATS))
other_payment = b64(minted(ROOT, b"\0\0" + other_hash + b"\5" * 32, CAVEATS))
credential("list", "valid", "List", "two macaroons", f"L402 {M},{second}:{P}")
for name, comment, value in [("second-forged", "the second one is forged", f"{M},{forged}"), ("first-forged", "the first one is forged", f"{forged},{M}"), ("second-expired", "the second one is over", f"{M},{expired}"),
                             ("other-payment", "the second one is of another payment", f"{M},{other_payment}"), ("empty-item", "nothing after the comma", f"{M},")]:
    credential("list-" + name, "invalid", "ListMember", comment, f"L402 {value}:{P}")
for name, comment, value in [
    ("empty", "nothing", ""), ("scheme-only", "the scheme alone", "L402"), ("scheme-space", "the scheme and a space", "L402 "), ("bearer", "another scheme", f"Bearer {M}:{P}"), ("basic", "another scheme", "Basic dXNlcjpwYXNz"),
    ("no-scheme", "no scheme", f"{M}:{P}"), ("no-space", "no space", f"L402{M}:{P}"), ("scheme-longer", "a scheme that starts alike", f"L402X {M}:{P}"), ("no-macaroon", "no macaroon", f"L402 :{P}"),
    ("no-preimage", "nothing after the colon", f"L402 {M}:"), ("no-colon", "no colon", f"L402 {M}{P}"), ("preimage-63", "63 digits", f"L402 {M}:{P[:63]}"), ("preimage-65", "65 digits", f"L402 {M}:{P}0"), ("preimage-66", "66 digits", f"L402 {M}:{P}00"),
    ("preimage-not-hex", "a digit that is none", f"L402 {M}:{P[:63]}g"), ("preimage-base64", "the preimage in base64", f"L402 {M}:{b64(PREIMAGE)}"), ("preimage-prefix", "0x", f"L402 {M}:0x{P}"), ("preimage-tail", "something after the digits", f"L402 {M}:{P}xyz"),
    ("preimage-space", "a space inside the digits", f"L402 {M}:{P[:32]} {P[32:]}"), ("two-colons", "two colons", f"L402 {M}::{P}"), ("colon-inside", "a colon inside the macaroon", f"L402 {M[:8]}:{M[8:]}:{P}"),
    ("base64-star", "a character that base64 does not have", f"L402 *{M[1:]}:{P}"), ("base64-padding-inside", "padding inside", f"L402 {M[:4]}={M[4:]}:{P}"), ("base64-cut", "one character less", f"L402 {M.rstrip('=')[:-1]}:{P}"),
    ("base64-nul", "a NUL inside", f"L402 {M[:8]}\0{M[8:]}:{P}"), ("base64-newline", "a newline inside", f"L402 {M[:8]}\n{M[8:]}:{P}"), ("hex-macaroon", "the macaroon in hex", f"L402 {TOKEN.hex()}:{P}"), ("json", "JSON that is signed by nobody", f"L402 {b64(json.dumps({'hash': HASH.hex(), 'exp': NOW * 1000 + 3_600_000}).encode())}:{P}"),
]:
    credential("malformed-" + name, "invalid", "MalformedCredential", comment, value)
credential("wrong-preimage", "invalid", "WrongPreimage", "another preimage", f"L402 {M}:{'07' * 32}")
credential("forged", "invalid", "WrongRootKey", "signed with another key", f"L402 {forged}:{P}")
credential("tab", "acceptable", "Spelling", "a tab instead of the space", f"L402\t{M}:{P}")
credential("quoted", "acceptable", "Spelling", "in quotes", f'L402 "{M}:{P}"')
credential("parameters", "acceptable", "Spelling", "as parameters", f'L402 macaroon="{M}", preimage="{P}"')
credential("preimage-caveat", "acceptable", "Spelling", "no preimage but in a caveat", f"L402 {b64(with_proof(proof))}")
credential("trailing-space", "acceptable", "Spelling", "a space at the end", f"L402 {M}:{P} ")
credential("trailing-bits", "acceptable", "Spelling", "unused bits that are not zero", f"L402 {slashes.rstrip('=')[:-1] + chr(ord(slashes.rstrip('=')[-1]) + 1)}:{P}")
credential("with-lsat-twin", "acceptable", "Spelling", "joined with its LSAT twin", f"LSAT {M}:{P}, L402 {M}:{P}")

# --- challenge

chal = File("challenge", "Reading WWW-Authenticate values")
INVOICE = "lntb5u1p0pskpmpp5jzw9xvdast2g5lm5tswq6n64t2epe3f4xav43dyd239qr8h3yllqdqqcqzpgsp5m8sfjqgugthk66q3tr4gsqr5rh740jrq9x4l0kvj5e77nmwqvpnq9qy9qsq72afzu7sfuppzqg3q2pn49hlh66rv7w60h2ruahx857g94s066yzxcjn4yccqc79779sd232v9ewluvu0tmusvht6r99rld8xsk287cpyac79r"


def challenge(name, result, flag, comment, form, macaroon=None, invoice=INVOICE):
    macaroon = macaroon or b64(by_name["aperture-client"][0])
    output = {"macaroon": macaroon, "invoice": invoice} if result != "invalid" else None
    chal.add(name, "challenge", result, flag, comment, {"value": form.replace("$M", macaroon).replace("$I", invoice)}, output)


Q = 'macaroon="$M", invoice="$I"'
challenge("l402", "valid", "Standard", "the form of the specification", "L402 " + Q)
challenge("l402-extended", "valid", "Standard", "what this workspace writes: the form that every known client reads", f'L402 {Q}, version="0", token="$M"')
live, live_invoice = b64(by_name["aperture-live"][0]), "lnbcrt100n1p3qqkygpp5xzj85m5mpvatnapgpuyfxtxhypa5gr6sskqd8664v04550vqp8lsdq8f3f5z4qcqzpgsp5tpzvsq5pckqgln3ltpy3e9cf6tf2aj82ffa2tted77ltweuaweks9qyyssq0w5da3k40wtdukac7hp5s58hsxf8k8f52c5qneezu4xg3xh87xrnkl5jwtw098d2gjywx20nmkxl2y4vq9fr89kg5kzcwupv9xpdaggp4fc4ms"
challenge("aperture-live", "valid", "LegacyScheme", "sent by a running Aperture", "LSAT " + Q, live, live_invoice)
challenge("boltwall", "valid", "LegacyScheme", "as boltwall writes it: URL-safe, without padding", "LSAT " + Q, b64url(by_name["boltwall"][0]))
for name, scheme in [("lower", "l402"), ("lsat-lower", "lsat")]:
    challenge("scheme-" + name, "valid", "SchemeCase", "the scheme in another case", f"{scheme} {Q}")
challenge("parameter-case", "valid", "SchemeCase", "parameter names in another case", 'L402 Macaroon="$M", INVOICE="$I"')
challenge("two-spaces", "valid", "Spaces", "two spaces after the scheme", "L402  " + Q)
challenge("no-space-after-comma", "valid", "Spaces", "no space after the comma", 'L402 macaroon="$M",invoice="$I"')
challenge("spaces-around-equals", "valid", "Spaces", "spaces around the equals sign, as RFC 9110 has it", 'L402 macaroon = "$M" , invoice = "$I"')
challenge("swapped", "valid", "ParameterOrder", "invoice first", 'L402 invoice="$I", macaroon="$M"')
challenge("version-first", "valid", "UnknownParameter", "a version in front", f'L402 version="0", {Q}')
challenge("realm-first", "valid", "UnknownParameter", "a realm in front", f'L402 realm="x", {Q}')
challenge("unknown-last", "valid", "UnknownParameter", "one more behind", f'L402 {Q}, price="10"')
challenge("unknown-quotes", "valid", "UnknownParameter", "one whose value reads like a challenge", 'L402 note="a, \\"b\\", L402 macaroon=x", ' + Q)
challenge("token", "valid", "TokenParameter", "token= instead of macaroon=", 'L402 version="0", token="$M", invoice="$I"')
challenge("token-and-macaroon", "valid", "TokenParameter", "both, with the same value", 'L402 version="0", token="$M", macaroon="$M", invoice="$I"')
challenge("bare", "valid", "BareValue", "no quotes", "L402 macaroon=$M, invoice=$I")
challenge("one-bare", "valid", "BareValue", "one without quotes", 'L402 macaroon="$M", invoice=$I')
challenge("no-comma", "acceptable", "Spelling", "a space instead of the comma, as lsat-js reads", 'LSAT macaroon="$M" invoice="$I"')
for name, value in [("payment-first", 'Payment id="x", realm="y", method="lightning", L402 ' + Q), ("payment-last", f'L402 {Q}, Payment id="x", realm="y"'), ("bearer-first", 'Bearer realm="api", error="invalid_token", L402 ' + Q),
                    ("negotiate-first", "Negotiate YIIB6wYGKwYBBQUCoIIB3zCCAdug==, L402 " + Q), ("basic-first", "Basic realm=x, L402 " + Q), ("lsat-twin", f"LSAT {Q}, L402 {Q}"), ("other-macaroon", 'X-Old macaroon="other", invoice="other", L402 ' + Q)]:
    challenge("several-" + name, "valid", "SeveralChallenges", "challenges of other schemes around it", value)
for name, comment, value in [("no-macaroon", "no macaroon", 'L402 invoice="$I"'), ("no-invoice", "no invoice", 'L402 macaroon="$M"'), ("empty-macaroon", "an empty macaroon", 'L402 macaroon="", invoice="$I"'), ("empty-invoice", "an empty invoice", 'L402 macaroon="$M", invoice=""'),
                             ("bearer", "another scheme", "Bearer " + Q), ("empty", "nothing", ""), ("garbage", "garbage", "garbage"), ("scheme-only", "the scheme alone", "L402"), ("token68", "a token instead of parameters", "L402 $M"), ("punctuation", "punctuation", "=,;:"),
                             ("longer-scheme", "a scheme that starts alike", "L402x " + Q), ("other-scheme-parts", "the invoice is another scheme's", 'L402 macaroon="$M", Payment invoice="$I"'), ("open-quote", "a quote that is not closed", 'L402 macaroon="$M, invoice=$I')]:
    challenge("malformed-" + name, "invalid", "MalformedChallenge", comment, value)
for name, value in [("macaroons", f'L402 {Q}, macaroon="AgEE"'), ("invoices", f'L402 {Q}, invoice="lnbc1"'), ("token", f'L402 {Q}, token="AgEE"')]:
    challenge("ambiguous-" + name, "invalid", "AmbiguousChallenge", "two values", value)

# --- files


def rendered(file):
    used = {flag for vector in file.vectors for flag in vector["flags"]}
    notes = {name: NOTES[name] for name in NOTES if name in used}
    head = {"$schema": "../schema/vectors.schema.json", "suite": file.suite, "title": file.title, "notes": notes}
    lines = [json.dumps(vector, ensure_ascii=False) for vector in file.vectors]
    return json.dumps(head, indent=2, ensure_ascii=False)[:-2] + ',\n  "vectors": [\n    ' + ",\n    ".join(lines) + "\n  ]\n}\n"


def digest(vector):
    """What a published id stands for: if it changes, the id must."""
    return hashlib.sha256(json.dumps([vector["op"], vector["input"]], sort_keys=True).encode()).hexdigest()[:16]


def main():
    wanted = {f"{suite}.json": rendered(file) for suite, file in FILES.items()}
    vectors = {vector["id"]: vector for file in FILES.values() for vector in file.vectors}
    assert len(vectors) == sum(len(file.vectors) for file in FILES.values()), "an id twice"
    known = dict(line.split() for line in (HERE / "published-ids.txt").read_text().splitlines() if not line.startswith("#"))
    changed = [name for name, was in known.items() if name not in vectors or digest(vectors[name]) != was]
    assert not changed, f"published ids that are gone, or mean something else now: {changed}"
    unused = set(NOTES) - {flag for vector in vectors.values() for flag in vector["flags"]}
    assert not unused, f"notes without vectors: {unused}"
    lines = ["# Every id that was ever published, and what it stands for. Lines are only added: generate.py does.", *(f"{name} {digest(vector)}" for name, vector in vectors.items())]
    wanted["published-ids.txt"] = "\n".join(lines) + "\n"
    stale = [name for name, text in wanted.items() if not (HERE / name).exists() or (HERE / name).read_text() != text]
    if sys.argv[1:] == ["--check"]:
        sys.exit(f"run generate.py: {', '.join(stale)} is not what it writes" if stale else 0)
    for name in stale:
        (HERE / name).write_text(wanted[name])
    print(f"{len(vectors)} vectors, written: {', '.join(stale) or 'nothing'}")


main()
