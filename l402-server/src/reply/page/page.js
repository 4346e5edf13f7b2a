(() => {
  "use strict";
  const at = (id) => document.getElementById(id);
  // As the page came, not as a browser that remembers the fields of forms would have it.
  const invoice = at("invoice").textContent;
  const macaroon = at("macaroon").textContent;
  const { seconds: lifetime, poll: mayPoll } = at("offer").dataset;
  const start = performance.now();
  // Counted from now: the visitor's clock may be wrong.
  const left = () => Math.ceil(lifetime - (performance.now() - start) / 1000);
  const say = (text) => { at("status").textContent = text; };
  let done = false;
  let queue = Promise.resolve();

  // One request at a time: two would race for one use of the token.
  const ask = (credential) => (queue = queue.then(() => (done ? {} : send(credential))));

  const send = async (Authorization) => {
    try {
      // The answer is wanted as a page, refusals of the gate as something to read codes from.
      const Accept = "text/html, application/problem+json, */*;q=0.8";
      const answer = await fetch(location.href, { cache: "no-store", headers: { Accept, Authorization } });
      if (!answer.ok) {
        const problem = await answer.json().catch(() => ({}));
        return { status: answer.status, code: problem.code, text: problem.detail };
      }
      const type = answer.headers.get("Content-Type") || "application/octet-stream";
      const body = /^text\/html\b/i.test(type) ? await answer.text() : await answer.arrayBuffer();
      done = true;
      show(body, type);
      return {};
    } catch {
      return { text: "The server cannot be reached. Try again; a payment is not lost." };
    }
  };

  const show = (body, type) => {
    if (typeof body === "string") {
      document.open();
      document.write(body);
      document.close();
      return;
    }
    const url = URL.createObjectURL(new Blob([body], { type }));
    at("open").href = at("save").href = url;
    at("save").download = location.pathname.split("/").pop() || "download";
    for (const id of ["proof", "webln", "copy", "clock", "again"]) at(id).hidden = true;
    at("result").hidden = false;
    say("Paid. Thank you.");
  };

  const redeem = async (text) => {
    const preimage = text.trim();
    if (!/^[0-9a-f]{64}$/i.test(preimage)) {
      return say("A preimage has 64 hex digits. Look for it in the details of the payment in your wallet.");
    }
    say("Fetching what you paid for…");
    const answer = await ask("L402 " + macaroon + ":" + preimage);
    if (!done) say(answer.text || "The server answered " + answer.status + ".");
  };

  const pay = async () => {
    at("webln").disabled = true;
    try {
      await window.webln.enable();
      const paid = await window.webln.sendPayment(invoice);
      // Kept in the field, so that it can be sent again.
      at("preimage").value = paid.preimage || "";
      await redeem(at("preimage").value);
    } catch (error) {
      say("The wallet did not pay: " + ((error && error.message) || error));
    }
    if (!done) at("webln").disabled = false;
  };

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(invoice);
    } catch {
      at("invoice").select();
      document.execCommand("copy");
    }
    say("Copied.");
  };

  const poll = async (wait) => {
    const answer = await ask("L402 " + macaroon);
    if (done) return;
    const status = answer.status || 503;
    if (answer.code !== "payment_pending" && status !== 409 && status !== 429 && status < 500) {
      return say(answer.text || "The server answered " + status + ".");
    }
    if (left() > -60) setTimeout(poll, wait, Math.min(wait * 1.3, 15000));
  };

  const tick = () => {
    if (done) return;
    const seconds = left();
    if (seconds <= 0) {
      at("clock").textContent = "The invoice has expired.";
      at("again").hidden = false;
      return;
    }
    const rest = String(seconds % 60).padStart(2, "0");
    at("clock").textContent = "The invoice can be paid for " + Math.floor(seconds / 60) + ":" + rest + ".";
    setTimeout(tick, 1000);
  };

  const findWallet = () => { if (window.webln && !done) at("webln").hidden = false; };
  at("copy").hidden = at("proof").hidden = false;
  at("again").hidden = true;
  at("copy").addEventListener("click", copy);
  at("webln").addEventListener("click", pay);
  at("redeem").addEventListener("click", () => redeem(at("preimage").value));
  at("preimage").addEventListener("keydown", (event) => { if (event.key === "Enter") redeem(at("preimage").value); });
  addEventListener("webln:ready", findWallet);
  findWallet();
  tick();
  if (mayPoll === "true") setTimeout(poll, 3000, 4000);
})();
