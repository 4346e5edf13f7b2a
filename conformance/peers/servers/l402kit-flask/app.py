"""A paid route with l402kit and Flask: `app.py PORT LNBITS KEY`."""

import sys

from flask import Flask
from l402kit import l402_required
from l402kit.providers import LNbitsProvider
from werkzeug.serving import WSGIRequestHandler

port, lnbits, key = sys.argv[1:]
app = Flask(__name__)


@app.route("/report")
@l402_required(price_sats=10, lightning=LNbitsProvider(key, lnbits))
def report():
    return "the report"


@app.route("/other")
@l402_required(price_sats=10, lightning=LNbitsProvider(key, lnbits))
def other():
    return "the other"


WSGIRequestHandler.protocol_version = "HTTP/1.1"
app.run(host="127.0.0.1", port=int(port), threaded=True)
