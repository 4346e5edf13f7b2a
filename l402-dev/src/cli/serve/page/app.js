(() => {
  "use strict";
  const at = (id) => document.getElementById(id);
  const NEWEST = 100;

  // Everything from the node is text: nothing of it can become markup.
  const make = (name, content, className) => {
    const element = document.createElement(name);
    element.append(...[content].flat().filter((part) => part !== undefined));
    if (className) element.className = className;
    return element;
  };
  const row = (...cells) => make("tr", cells);
  const cell = (content, className) => make("td", content, className);
  const button = (text, label, action) => {
    const element = make("button", text);
    element.type = "button";
    element.setAttribute("aria-label", label);
    element.addEventListener("click", action);
    return element;
  };
  const time = (seconds) => new Date(seconds * 1000).toLocaleTimeString();
  const hash = (text) => {
    const element = make("code", text.slice(0, 12) + "…");
    element.title = text;
    return element;
  };

  const request = async (path, options) => {
    const answer = await fetch(path, { cache: "no-store", ...options });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text.trim() || "status " + answer.status);
    return text;
  };
  const send = (path, body) =>
    request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

  const tell = (element, promise) => {
    element.classList.remove("error");
    promise.then(
      (text) => { element.textContent = text; },
      (error) => { element.textContent = error.message; element.classList.add("error"); },
    );
  };

  const pay = (invoice, account) =>
    request("node/pay?account=" + encodeURIComponent(account), { method: "POST", body: invoice })
      .then((preimage) => "Paid. Proof (preimage): " + preimage.trim());

  let keys = new Map();

  const showSetup = (setup) => {
    keys = new Map(setup.accounts.map((account) => [account.name, account]));
    const places = [["Paid API", setup.premium], ["LND REST", setup.lnd], ["LNbits", setup.lnbits],
      ["phoenixd", setup.phoenixd], ["Core Lightning (clnrest)", setup.clnrest], ["Blink", setup.blink],
      ["Control", setup.node]];
    if (setup.lnd_tls) places.push(["LND REST over TLS", setup.lnd_tls.url]);
    at("setup").replaceChildren(...places.flatMap(([name, url]) => [make("dt", name), make("dd", make("code", url))]));
  };

  const showKeys = (name) => {
    const account = keys.get(name);
    if (!account) return undefined;
    const list = make("dl", [make("dt", "to pay and receive"), make("dd", make("code", account.spend_key)),
      make("dt", "to receive only"), make("dd", make("code", account.receive_key)),
      make("dt", "Lightning Address"), make("dd", make("code", account.lightning_address)),
      make("dt", "Nostr Wallet Connect"), make("dd", make("code", account.nwc))]);
    return make("details", [make("summary", "Show"), list]);
  };

  // The names change rarely, and a choice made in a list should stay.
  const fillChoices = (names) => {
    for (const [id, first] of [["pay-from", "payer"], ["invoice-for", "payee"]]) {
      const select = at(id);
      if (select.dataset.names === names.join()) continue;
      select.dataset.names = names.join();
      select.replaceChildren(...names.map((name) => new Option(name, name, name === first, name === first)));
    }
  };

  let accountsShown = "";
  const showAccounts = (accounts) => {
    fillChoices(accounts.map((account) => account.name));
    // Only when they change: open details should stay open.
    const now = JSON.stringify([accounts, keys.size]);
    if (now === accountsShown) return;
    accountsShown = now;
    const open = new Set([...at("accounts").querySelectorAll("tr")]
      .filter((line) => line.querySelector("details[open]")).map((line) => line.dataset.name));
    at("accounts").replaceChildren(...accounts.map((account) => {
      const line = row(cell(account.name), cell((account.balance_msat / 1000).toLocaleString(), "number"),
        cell(showKeys(account.name)));
      line.dataset.name = account.name;
      if (open.has(account.name)) line.querySelector("details").open = true;
      return line;
    }));
  };

  const showInvoice = (invoice) => {
    const amount = invoice.amount_msat.toLocaleString();
    const action = invoice.status === "open"
      ? button("Pay", `Pay ${amount} msat to ${invoice.payee}`, () => {
          at("pay-text").value = invoice.bolt11;
          tell(at("pay-result"), pay(invoice.bolt11, at("pay-from").value));
        })
      : undefined;
    const use = button("Decode", `Decode the invoice over ${amount} msat`, () => {
      at("decode-text").value = invoice.bolt11;
      decode();
      at("decoded").scrollIntoView({ block: "nearest" });
    });
    return row(cell(time(invoice.created_at)), cell(invoice.description || "–"), cell(amount, "number"),
      cell(invoice.payee), cell(invoice.status.replace("_", " "), invoice.status), cell(hash(invoice.payment_hash)),
      cell([action, " ", use]));
  };

  const showPayment = (payment) =>
    row(cell(time(payment.paid_at)), cell(payment.payer), cell(payment.amount_msat.toLocaleString(), "number"),
      cell(payment.fee_msat.toLocaleString(), "number"), cell(hash(payment.payment_hash)));

  // Lines that have not changed stay the elements they are: the focus stays where it is, and a click that has begun counts.
  const showLines = (list, items, show) => {
    const wanted = items.map((item) => JSON.stringify(item));
    const focused = [...list.children].findIndex((line) => line.contains(document.activeElement));
    for (const line of [...list.children]) if (!wanted.includes(line.dataset.of)) line.remove();
    wanted.forEach((of, index) => {
      const there = list.children[index];
      if (there && there.dataset.of === of) return;
      const line = show(items[index]);
      line.dataset.of = of;
      list.insertBefore(line, there || null);
    });
    while (list.children.length > wanted.length) list.lastElementChild.remove();
    // The line with the focus has changed, as that of an invoice that was just paid: the one in its place has it now.
    if (focused >= 0 && !list.contains(document.activeElement)) list.children[focused]?.querySelector("button")?.focus();
  };

  const newest = (count) => (count > NEWEST ? `the newest ${NEWEST} of ${count}` : String(count));

  const show = (state) => {
    showAccounts(state.accounts);
    at("invoice-count").textContent = newest(state.invoice_count);
    at("payment-count").textContent = newest(state.payment_count);
    showLines(at("invoices"), state.invoices, showInvoice);
    showLines(at("payments"), state.payments, showPayment);
    const none = make("li", "None: everything works.");
    at("faults").replaceChildren(...(state.faults.length ? state.faults.map((text) => make("li", make("code", text))) : [none]));
  };

  // One request at a time; changes meanwhile make one more.
  let busy = false, again = false;
  const refresh = async () => {
    if (busy) { again = true; return; }
    busy = true;
    try {
      do {
        again = false;
        show(JSON.parse(await request("node/state?newest=" + NEWEST)));
        at("live").textContent = "Live.";
      } while (again);
    } catch (error) {
      at("live").textContent = "The node does not answer.";
    } finally {
      busy = false;
    }
  };

  const decode = () => {
    const target = at("decoded");
    tell(target, request("decode", { method: "POST", body: at("decode-text").value })
      .then((text) => JSON.stringify(JSON.parse(text), null, 2)));
  };

  const onSubmit = (id, action) => at(id).addEventListener("submit", (event) => { event.preventDefault(); action(); });

  onSubmit("pay-form", () => tell(at("pay-result"), pay(at("pay-text").value.trim(), at("pay-from").value)));
  onSubmit("invoice-form", () => tell(at("invoice-result"),
    send("node/invoices", { amount_msat: at("invoice-sats").valueAsNumber * 1000, description: "from the page", account: at("invoice-for").value })
      .then((text) => JSON.parse(text).bolt11)));
  onSubmit("fault-form", () => {
    const [operation, fault] = at("fault-kind").value.split(" ");
    const when = at("fault-when").value === "next" ? { times: 1 } : {};
    send("node/faults", { operation, fault, ...when }).catch((error) => { at("live").textContent = error.message; });
  });
  at("fault-clear").addEventListener("click", () => request("node/faults", { method: "DELETE" }));
  onSubmit("decode-form", decode);

  const events = new EventSource("node/events");
  events.addEventListener("change", refresh);
  events.addEventListener("error", () => { at("live").textContent = "The connection is lost; trying again."; });
  // Payments in flight end by the clock, which is no event.
  setInterval(refresh, 5000);
  request("setup").then((text) => { showSetup(JSON.parse(text)); accountsShown = ""; refresh(); });
})();
