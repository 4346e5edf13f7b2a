"""Buy from a paywall with l402kit and Blink.

    buy_with_l402kit.py URL BLINK_URL API_KEY WALLET_ID
"""
import sys

import l402kit.wallets.blink
from l402kit import L402Client
from l402kit.wallets import BlinkWallet

url, blink, key, wallet_id = sys.argv[1:]
l402kit.wallets.blink._GQL = blink  # it has no setting for this
answer = L402Client(wallet=BlinkWallet(key, wallet_id), budget_sats=100).get(url)
print(answer.status_code, answer.text.strip())
