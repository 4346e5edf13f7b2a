"""Sell with l402kit on Flask, for 10 sat a call, with LNbits as the wallet that is paid.

    flask_server.py LNBITS_URL INVOICE_KEY

Prints its address. `/report` is a text, `/echo` answers what it is sent.
"""
import logging
import sys

from flask import Flask, request
from l402kit import l402_required
from l402kit.providers import LNbitsProvider
from werkzeug.serving import make_server

url, key = sys.argv[1:]
lnbits = LNbitsProvider(key, base_url=url)
app = Flask(__name__)


@app.get("/report")
@l402_required(price_sats=10, lightning=lnbits)
def report():
    return "the report"


@app.post("/echo")
@l402_required(price_sats=10, lightning=lnbits)
def echo():
    return request.get_data()


logging.getLogger("werkzeug").setLevel(logging.WARNING)
server = make_server("127.0.0.1", 0, app)
print(f"http://127.0.0.1:{server.port}", flush=True)
server.serve_forever()
