"""Sell with l402kit on FastAPI, for 10 sat a call, with LNbits as the wallet that is paid.

    fastapi_server.py LNBITS_URL INVOICE_KEY

Prints its address. `/report` is a text, `/echo` answers what it is sent.
"""
import socket
import sys

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from l402kit import l402_required
from l402kit.providers import LNbitsProvider

url, key = sys.argv[1:]
lnbits = LNbitsProvider(key, base_url=url)
app = FastAPI()


@app.get("/report")
@l402_required(price_sats=10, lightning=lnbits)
async def report(request: Request):
    return PlainTextResponse("the report")


@app.post("/echo")
@l402_required(price_sats=10, lightning=lnbits)
async def echo(request: Request):
    return PlainTextResponse(await request.body())


listener = socket.create_server(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
