"""client.py METHOD BODY_FILE MAX_SATS URL: fetches with l402kit, which pays with Blink."""
import os
import sys

import l402kit.wallets.blink
from l402kit import L402Client
from l402kit.wallets import BlinkWallet

method, body_file, limit, url = sys.argv[1:]
l402kit.wallets.blink._GQL = os.environ["BLINK_URL"]  # it has no setting for this
wallet = BlinkWallet(os.environ["BLINK_API_KEY"], os.environ["BLINK_WALLET_ID"])
client = L402Client(wallet=wallet, budget_sats=int(limit), timeout=8)
if method == "GET":
    answer = client.get(url)
else:
    with open(body_file, "rb") as body:
        answer = client.post(url, content=body.read(), headers={"Content-Type": "application/json"})
sys.stdout.buffer.write(answer.content)
sys.exit(0 if answer.is_success else 1)
