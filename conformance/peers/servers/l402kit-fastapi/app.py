"""A paid route with l402kit and FastAPI: `app.py PORT LNBITS KEY`."""

import sys

import uvicorn
from fastapi import FastAPI, Request
from l402kit import l402_required
from l402kit.providers import LNbitsProvider

port, lnbits, key = sys.argv[1:]
app = FastAPI()


@app.get("/report")
@l402_required(price_sats=10, lightning=LNbitsProvider(key, lnbits))
async def report(request: Request):
    return "the report"


@app.get("/other")
@l402_required(price_sats=10, lightning=LNbitsProvider(key, lnbits))
async def other(request: Request):
    return "the other"


uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")
