// client.mjs METHOD BODY_FILE MAX_SATS URL: fetches with @getalby/lightning-tools.
import { readFileSync } from "node:fs";
import { fetch402 } from "@getalby/lightning-tools";
import { pay } from "../wallet.mjs";

const [method, bodyFile, limit, url] = process.argv.slice(2);
const wallet = { payInvoice: async ({ invoice }) => ({ preimage: await pay(invoice) }) };
const body = readFileSync(bodyFile, "utf8") || undefined;
const headers = body ? { "Content-Type": "application/json" } : {};
const signal = AbortSignal.timeout(8000);
try {
  const answer = await fetch402(url, { method, body, headers, signal }, { wallet, maxAmount: Number(limit) });
  process.stdout.write(await answer.text());
  process.exitCode = answer.ok ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
