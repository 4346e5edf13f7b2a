// A paid route with the server helpers of @getalby/lightning-tools: `server.mjs PORT NODE`, where NODE is the URL of a development
// node's control. What the helpers leave to a server is as little as their manual shows.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { issueL402Macaroon, makeL402AuthenticateHeader, parseL402Authorization, verifyL402Macaroon } from '@getalby/lightning-tools';

const [port, node] = process.argv.slice(2);
const SECRET = 'a secret of this server, 32 bytes.';

async function isPaid(authorization, path) {
  const credential = authorization && parseL402Authorization(authorization);
  if (!credential) return false;
  const { paymentHash, url } = await verifyL402Macaroon(SECRET, credential.token);
  const hash = createHash('sha256').update(Buffer.from(credential.preimage, 'hex')).digest('hex');
  return hash === paymentHash && url === path;
}

async function challenge(path) {
  const order = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ amount_msat: 10_000 }) };
  const made = await (await fetch(`${node}/invoices`, order)).json();
  const token = await issueL402Macaroon(SECRET, made.payment_hash, { url: path });
  return makeL402AuthenticateHeader({ token, invoice: made.bolt11 });
}

createServer(async (request, response) => {
  const paid = await isPaid(request.headers.authorization, request.url).catch(() => false);
  if (paid) return response.end('the report');
  response.writeHead(402, { 'www-authenticate': await challenge(request.url) });
  return response.end('payment required');
}).listen(Number(port), '127.0.0.1');
