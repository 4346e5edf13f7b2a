"""Buy from a paywall with l402sdk and LND.

    buy_with_l402sdk.py URL LND_URL MACAROON_HEX
"""
import sys

from l402 import L402Client

url, lnd, macaroon = sys.argv[1:]
answer = L402Client.with_lnd_rest(lnd, macaroon).get(url)
print(answer.status, answer.text().strip())
