"""client.py METHOD BODY_FILE MAX_SATS URL: fetches with l402sdk, which pays with LND."""
import os
import sys

from l402 import Budget, L402Client

method, body_file, limit, url = sys.argv[1:]
budget = Budget(per_request_max=int(limit))
lnd, macaroon = os.environ["LND_REST_URL"], os.environ["LND_MACAROON_HEX"]
client = L402Client.with_lnd_rest(lnd, macaroon, budget=budget)
if method == "GET":
    answer = client.get(url)
else:
    with open(body_file) as body:
        answer = client.post(url, body.read())
sys.stdout.write(answer.text())
sys.exit(0 if 200 <= answer.status < 300 else 1)
