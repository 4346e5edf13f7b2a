"""Buy from a paywall with Core Lightning.

    buy_with_core_lightning.py URL SOCKET

Needs pyln-client. The socket is lightningd's, or that of `l402-dev serve --cln-socket payer=SOCKET`.
"""
import hashlib
import re
import sys
import urllib.error
import urllib.request

from pyln.client import LightningRpc


def fetch(url, authorization=None):
    request = urllib.request.Request(url, headers={"Authorization": authorization} if authorization else {})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read().decode()


url, socket = sys.argv[1:]
status, headers, body = fetch(url)
if status == 402:
    challenge = dict(re.findall(r'(\w+)="([^"]*)"', headers["WWW-Authenticate"]))
    node = LightningRpc(socket)
    # Of this very invoice: the amount and the payment hash are in it, and nowhere else.
    price = node.decode(challenge["invoice"])["amount_msat"]
    if price > 100_000:
        sys.exit(f"{price} msat is too much")
    # Parameters by name, and a limit for the fee in millisatoshi.
    paid = node.call("xpay", {"invstring": challenge["invoice"], "maxfee": 1_000})
    preimage = paid["payment_preimage"]
    payment_hash = node.decode(challenge["invoice"])["payment_hash"]
    if hashlib.sha256(bytes.fromhex(preimage)).hexdigest() != payment_hash:
        sys.exit("the preimage proves nothing")
    status, headers, body = fetch(url, f"L402 {challenge['macaroon']}:{preimage}")
print(status, body.strip())
