"""client.py METHOD BODY_FILE MAX_SATS URL: fetches with l402-requests, which pays over NWC."""
import os
import sys

from l402_requests import BudgetController, L402Client
from l402_requests.wallets.nwc import NwcWallet

method, body_file, limit, url = sys.argv[1:]
wallet = NwcWallet(os.environ["NWC_URI"])
client = L402Client(wallet=wallet, budget=BudgetController(max_sats_per_request=int(limit)), timeout=8)
with open(body_file, "rb") as body:
    content = body.read() or None
headers = {"Content-Type": "application/json"} if content else {}
answer = client.request(method, url, content=content, headers=headers)
sys.stdout.buffer.write(answer.content)
sys.exit(0 if answer.is_success else 1)
