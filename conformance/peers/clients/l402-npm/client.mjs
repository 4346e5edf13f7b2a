// client.mjs METHOD BODY_FILE MAX_SATS URL: fetches with the npm package l402, which has no limit to set.
import { readFileSync } from "node:fs";
import axios from "axios";
import l402 from "l402";
import { pay } from "../wallet.mjs";

const [method, bodyFile, , url] = process.argv.slice(2);
const wallet = {
  payInvoice: (invoice) =>
    pay(invoice).then(
      (preimage) => ({ preimage, success: true }),
      (error) => ({ preimage: "", success: false, error: error.message }),
    ),
};
const client = axios.create({ timeout: 8000, proxy: false, responseType: "text", transformResponse: (text) => text });
l402.setupL402Interceptor(client, wallet, new l402.MemoryTokenStore());
const data = readFileSync(bodyFile, "utf8") || undefined;
const headers = data ? { "Content-Type": "application/json" } : {};
try {
  const answer = await client.request({ method, url, data, headers });
  process.stdout.write(answer.data);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
