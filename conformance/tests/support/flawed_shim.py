"""The shim in Python with one defect, whose name is the argument. Without one, it lists them."""

import functools
import hashlib
import json
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "shims" / "python"))
import l402_shim as shim

DEFECTS = {}


def defect(function):
    DEFECTS[function.__name__.replace("_", "-")] = function
    return function


def around(name):
    """Replaces a function of the shim by one that gets the original first."""

    def replace(function):
        setattr(shim, name, functools.partial(function, getattr(shim, name)))

    return replace


def nothing(*_):
    return None


# How it speaks.


@defect
def hello_without_judges():
    hello = shim.OPERATIONS["hello"]
    shim.OPERATIONS["hello"] = lambda request: {key: value for key, value in hello(request).items() if key != "judges"}


@defect
def ends_with_long_lines():
    @around("answer")
    def answer(original, request):
        assert len(json.dumps(request)) < 65536, "a line that is too long for me"
        return original(request)


@defect
def hangs_with_third_party_caveats():
    @around("parse")
    def parse(original, request):
        if any(caveat.vid for caveat in shim.read(request).caveats):
            time.sleep(1000)
        return original(request)

    shim.OPERATIONS["parse"] = shim.parse


@defect
def answers_without_number():
    @around("answer")
    def answer(original, request):
        return {**original(request), **({"id": 0} if request["op"] == "mint" else {})}


@defect
def prints_what_it_does():
    @around("verify_request")
    def verify(original, request):
        print("verifying", flush=True)
        return original(request)

    shim.OPERATIONS["verify"] = shim.verify_request


@defect
def has_no_mint_after_all():
    shim.OPERATIONS["mint"] = None


# How it reads.


@defect
def location_required():
    @around("read_v2")
    def read(original, data):
        shim.require(data[1:2] != b"\2", "no location")
        return original(data)

    shim.READ["v2"] = shim.read_v2


@defect
def what_is_cut_is_filled_up():
    @around("read_v2")
    def read(original, data):
        for zeros in range(34):
            try:
                return original(data + b"\0" * zeros)
            except shim.Refused as error:
                if "ends inside" not in str(error):
                    raise
        raise shim.Refused("it ends")

    shim.READ["v2"] = shim.read_v2


@defect
def lengths_wrap():
    def varint(self):
        value, shift = 0, 0
        while True:
            (byte,) = self.take(1)
            value, shift = value | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                shim.require(byte or shift == 7, "a length is not in its shortest form")
                return value & 0xFFFFFFFF

    shim.Reader.varint = varint


@defect
def signatures_of_any_length():
    shim.whole = lambda location, identifier, caveats, signature: shim.Macaroon(location or b"", identifier, caveats, signature)


@defect
def published_layout_is_read():
    @around("read_v2")
    def read(original, data):
        try:
            return original(data)
        except shim.Refused:
            reader = shim.Reader(data[1:])
            location = reader.field(6, optional=True)
            identifier = reader.field(2)
            reader.end_of_section()
            caveats = []
            while data[reader.at + 1 : reader.at + 2] == b"\1":
                caveats.append(shim.Caveat(reader.field(1), None, None))
                shim.require(reader.take(3) == b"\2\0\0", "no empty verification id")
            signature = reader.field(6)
            reader.end_of_section()
            return shim.whole(location, identifier, caveats, signature)

    shim.READ["v2"] = shim.read_v2


@defect
def trailing_bytes_are_read():
    @around("read_v2")
    def read(original, data):
        for end in range(len(data), 0, -1):
            try:
                return original(data[:end])
            except shim.Refused as error:
                if "bytes after" not in str(error) and end == len(data):
                    raise
        raise shim.Refused("nothing")

    shim.READ["v2"] = shim.read_v2


@defect
def long_lengths_are_read():
    def varint(self):
        value, shift = 0, 0
        while True:
            (byte,) = self.take(1)
            value, shift = value | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                shim.require(value <= 0x7FFFFFFF, "a length is too large")
                return value
            shim.require(shift < 70, "a length is too large")

    shim.Reader.varint = varint


@defect
def empty_fields_are_read():
    def field(self, tag, optional=False):
        if optional and self.data[self.at : self.at + 1] != bytes([tag]):
            return None
        shim.require(self.take(1) == bytes([tag]), "another field")
        return self.take(self.varint()) or (None if optional else b"")

    shim.Reader.field = field


@defect
def first_party_locations_are_read():
    shim.checked = lambda caveat: caveat


@defect
def third_party_caveats_are_not_read():
    @around("checked")
    def checked(original, caveat):
        shim.require(caveat.vid is None, "a third-party caveat")
        return original(caveat)


@defect
def packets_end_at_newlines():
    @around("read_v1")
    def read(original, data):
        macaroon = original(data)
        return macaroon._replace(caveats=[caveat._replace(id=caveat.id.split(b"\n")[0]) for caveat in macaroon.caveats])

    shim.READ["v1"] = shim.read_v1


@defect
def packet_lengths_are_any_number():
    original = re.fullmatch
    shim.re = type("re", (), {**vars(re), "fullmatch": staticmethod(lambda pattern, *rest: True if pattern == rb"[0-9a-f]{4}" else original(pattern, *rest))})


@defect
def packets_may_follow():
    @around("read_v1")
    def read(original, data):
        end = data.find(b"signature ")
        return original(data[: end + 43] if end > 0 else data)

    shim.READ["v1"] = shim.read_v1


@defect
def recursion():
    def depth(data):
        return depth(data[7:]) if data[:4] == b"0007" else data

    @around("read_v1")
    def read(original, data):
        return original(depth(data))

    @around("read_v2")
    def read_v2(original, data):
        depth(data)
        return original(data)

    shim.READ.update(v1=shim.read_v1, v2=shim.read_v2)


@defect
def json_without_base64():
    @around("read_v2_json")
    def read(original, data):
        shim.require(b'"i64"' not in data, "base64")
        return original(data)

    shim.READ["v2-json"] = shim.read_v2_json


@defect
def json_of_any_version():
    @around("read_v2_json")
    def read(original, data):
        return original(re.sub(rb'"v":\d,', b"", data))

    shim.READ["v2-json"] = shim.read_v2_json


@defect
def json_with_keys_twice():
    original = json.loads
    shim.json = type("json", (), {**vars(json), "loads": staticmethod(lambda text, **_: original(text))})


@defect
def json_that_is_too_deep():
    @around("read_v2_json")
    def read(original, data):
        if data.count(b"[") > 100_000:
            raise RecursionError
        return original(data)

    shim.READ["v2-json"] = shim.read_v2_json


# How it signs.


@defect
def no_key_derivation():
    shim.chain_key = lambda root_key: root_key


@defect
def either_key_derivation():
    original = shim.is_signed

    def is_signed(macaroon, root_key):
        derive, shim.chain_key = shim.chain_key, lambda key: key
        try:
            return original(macaroon, root_key)
        finally:
            shim.chain_key = derive

    shim.is_signed = lambda macaroon, root_key: original(macaroon, root_key) or is_signed(macaroon, root_key)


@defect
def root_keys_are_cut():
    @around("chain_key")
    def chain_key(original, root_key):
        return original(root_key[:32])


@defect
def root_keys_may_be_empty():
    shim.chain_key = lambda root_key: shim.mac(b"macaroons-key-generator", root_key)


@defect
def caveats_are_minted_backwards():
    @around("first_party")
    def first_party(original, request):
        return original(request)[::-1]


@defect
def appended_caveats_are_not_signed():
    shim.append = lambda macaroon, caveats: macaroon._replace(caveats=[*macaroon.caveats, *caveats])


@defect
def packets_in_upper_case():
    @around("write_v1")
    def write(original, macaroon):
        return re.sub(rb"(?m)^00[0-9a-f]{2}", lambda found: found[0].upper(), original(macaroon))

    shim.WRITE["v1"] = shim.write_v1


@defect
def packets_lose_their_location():
    @around("append")
    def append(original, macaroon, caveats):
        return original(macaroon, caveats)._replace(location=b"")


# How it verifies.


@defect
def signature_is_not_checked():
    shim.is_signed = lambda *_: True


@defect
def half_of_the_signature_is_checked():
    shim.is_signed = lambda macaroon, root_key: shim.sign(root_key, macaroon).signature[:16] == macaroon.signature[:16]


@defect
def signature_of_a_part_is_enough():
    def is_signed(macaroon, root_key):
        parts = (macaroon._replace(caveats=macaroon.caveats[:count]) for count in range(len(macaroon.caveats) + 1))
        return any(shim.sign(root_key, part).signature == macaroon.signature for part in parts)

    shim.is_signed = is_signed


@defect
def own_signature_is_checked_with_any_key_of_zeros():
    original = shim.is_signed
    shim.is_signed = lambda macaroon, root_key: original(macaroon, root_key) or original(macaroon, b"\0" * 32)


@defect
def identifiers_are_not_signed():
    def is_signed(macaroon, root_key):
        same = macaroon._replace(identifier=b"\0\0" + shim.hashlib.sha256(bytes(range(32))).digest() + bytes(range(32, 0, -1)))
        return any(shim.sign(root_key, one).signature == macaroon.signature for one in (macaroon, same))

    shim.is_signed = is_signed


@defect
def packets_and_json_are_believed():
    @around("verify_request")
    def verify(original, request):
        if request["format"] == "v2":
            return original(request)
        return {"signature": shim.read(request).signature.hex()}

    shim.OPERATIONS["verify"] = shim.verify_request


@defect
def location_must_be_lsat_or_nothing():
    @around("verify")
    def verify(original, macaroon, *rest):
        shim.require(macaroon.location in (b"lsat", b""), "another location")
        return original(macaroon, *rest)


@defect
def ten_caveats_at_most():
    @around("verify")
    def verify(original, macaroon, *rest):
        shim.require(len(macaroon.caveats) <= 10, "too many caveats")
        return original(macaroon, *rest)


@defect
def third_party_caveats_are_skipped():
    @around("verify")
    def verify(original, macaroon, root_key, *rest):
        shim.require(shim.is_signed(macaroon, root_key), "the signature is not ours")
        first_party = macaroon._replace(caveats=[caveat for caveat in macaroon.caveats if not caveat.vid])
        return original(shim.sign(root_key, first_party), root_key, *rest)


@defect
def preimage_is_not_checked():
    shim.check_preimage = nothing


@defect
def preimage_may_be_missing():
    @around("check_preimage")
    def check(original, preimage, proofs, payment_hash):
        if preimage is not None or proofs:
            original(preimage, proofs, payment_hash)


@defect
def any_preimage_of_the_right_size():
    def check(preimage, proofs, _):
        shim.require(all(len(one) == 64 for one in [preimage or "0" * 64, *proofs]), "another size")
        shim.require(preimage or proofs, "no preimage")

    shim.check_preimage = check


@defect
def preimage_caveats_are_unknown():
    @around("check_preimage")
    def check(original, preimage, _, payment_hash):
        original(preimage, [], payment_hash)


@defect
def identifiers_of_any_version():
    @around("payment_hash_of")
    def payment_hash_of(original, identifier):
        return original(b"\0\0" + identifier[2:])


@defect
def identifiers_of_any_length():
    def payment_hash_of(identifier):
        shim.require(identifier[:2] in (b"\0\0", b"") or len(identifier) != 66, "another version")
        return hashlib.sha256(bytes(range(32))).digest() if len(identifier) < 34 else identifier[2:34]

    shim.payment_hash_of = payment_hash_of


@defect
def identifiers_read_backwards():
    original = shim.OPERATIONS["identifier"]

    def identifier(request):
        found = original(request)
        return {"payment_hash": found["token_id"], "token_id": found["payment_hash"]}

    shim.OPERATIONS["identifier"] = identifier


@defect
def unknown_caveats_are_refused():
    @around("check_condition")
    def check(original, name, *rest):
        known = name in (b"services", b"preimage") or name.endswith((b"_capabilities", b"_valid_until"))
        shim.require(known, "an unknown caveat")
        original(name, *rest)


@defect
def only_the_first_caveat_is_judged():
    @around("verify")
    def verify(original, macaroon, root_key, *rest):
        shim.require(shim.is_signed(macaroon, root_key), "the signature is not ours")
        shim.require(all(caveat.vid is None for caveat in macaroon.caveats), "a third-party caveat")
        proofs = [caveat for caveat in macaroon.caveats[1:] if caveat.id.startswith(b"preimage=")]
        return original(shim.sign(root_key, macaroon._replace(caveats=macaroon.caveats[:1] + proofs)), root_key, *rest)


@defect
def only_the_last_of_a_kind_is_judged():
    @around("check_condition")
    def check(original, name, value, _, *rest):
        original(name, value, None, *rest)


@defect
def services_are_searched_as_text():
    def check(value, earlier, service):
        shim.require(service and service in value, "for another service")

    shim.check_services = check


@defect
def capabilities_are_not_checked():
    shim.check_capabilities = nothing


@defect
def valid_at_the_last_second():
    @around("check_valid_until")
    def check(original, value, earlier, now):
        original(value, earlier, now - 1)


@defect
def never_expires():
    shim.check_valid_until = nothing


# How it reads header fields.


@defect
def url_alphabet_only():
    @around("unbase64")
    def unbase64(original, text):
        shim.require("+" not in text and "/" not in text, "the standard alphabet")
        return original(text)


@defect
def standard_base64_only():
    @around("unbase64")
    def unbase64(original, text):
        shim.require("-" not in text and "_" not in text and len(text) % 4 == 0, "another dialect")
        return original(text)


def credential_like(pattern):
    @around("read_credential")
    def read(original, value):
        shim.require(re.match(pattern, value), "another form")
        return original(value)


@defect
def no_lsat():
    credential_like("(?i)L402")

    @around("read_challenge")
    def read(original, value):
        shim.require("LSAT" not in value or "L402" in value, "LSAT")
        return original(value)


@defect
def schemes_have_a_case():
    credential_like("L402|LSAT")

    @around("read_challenge")
    def read(original, value):
        shim.require(re.search(r"\b(L402|LSAT)\b", value) and "Macaroon=" not in value, "another case")
        return original(value)


@defect
def one_space_only():
    credential_like(r"\S* \S")

    @around("read_challenge")
    def read(original, value):
        shim.require(not re.search(r"L402  |[^ ]=[ ]| =|\",[^ ]", value), "other spaces")
        return original(value)


@defect
def lower_case_hex_only():
    credential_like("[^:]*:[0-9a-f]{64}|[^:]*$")


@defect
def one_macaroon_only():
    credential_like("[^,]*$")


@defect
def the_first_of_a_list_is_enough():
    @around("read_credential")
    def read(original, value):
        macaroons, preimage = original(value)
        return macaroons[:1], preimage


@defect
def credentials_are_searched_in_the_value():
    def read(value):
        found = re.search(r"(?i)(?:(?:L402|LSAT) +)?([A-Za-z0-9+/=_,-]+):+(?:0x)?([0-9a-fA-F]{64})", value)
        shim.require(found, "no credential")
        return [shim.read_v2(shim.unbase64(text)) for text in found[1].split(",")], found[2]

    shim.read_credential = read


@defect
def credentials_are_only_read():
    def authorize(request):
        shim.read_credential(request["value"])
        return {}

    shim.OPERATIONS["authorize"] = authorize


def challenge_like(test):
    @around("read_challenge")
    def read(original, value):
        shim.require(test(value), "another form")
        return original(value)


@defect
def challenges_start_with_macaroon():
    challenge_like(lambda value: re.search(r'(?i)(?:L402|LSAT)\s+macaroon\s*=\s*"[^"]+"\s*,\s*invoice\s*=\s*"', value))


@defect
def challenges_have_two_parameters():
    challenge_like(lambda value: value.count("=\"") + value.count("= \"") <= 2)


@defect
def challenges_have_no_token():
    challenge_like(lambda value: not re.search("token=", value) or "macaroon=" in value)


@defect
def challenges_have_quotes():
    challenge_like(lambda value: not re.search(r"(macaroon|invoice)=[^\" ]", value))


@defect
def challenges_come_first():
    challenge_like(lambda value: re.match(r"(?i)\s*(L402|LSAT)\b", value))


@defect
def challenges_without_invoice():
    @around("read_challenge")
    def read(original, value):
        try:
            return original(value)
        except shim.Refused:
            found = re.search(r'macaroon="([^"]+)"', value)
            shim.require(found, "no macaroon")
            return found[1], ""


@defect
def challenges_with_two_values():
    @around("read_challenge")
    def read(original, value):
        try:
            return original(value)
        except shim.Refused as error:
            shim.require("twice" in str(error) or "two" in str(error), str(error))
            return re.search(r'macaroon="([^"]+)"', value)[1], re.search(r'invoice="([^"]+)"', value)[1]


if len(sys.argv) == 1:
    print("\n".join(DEFECTS))
else:
    DEFECTS[sys.argv[1]]()
    shim.main()
