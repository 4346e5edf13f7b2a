// Runs the page's own script, as it was served, on a document that is made from the page's own elements: an element
// that the script looks for and the page does not have is an error here as well.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import vm from "node:vm";

const { page } = JSON.parse(readFileSync(0, "utf8"));
const script = page.match(/<script>([^]*?)<\/script>/)[1];
const textOf = (id) => page.match(new RegExp(`<textarea id="${id}"[^>]*>([^]*?)</textarea>`))[1];
const data = { invoice: textOf("invoice"), macaroon: textOf("macaroon") };
const preimage = "ab".repeat(32);

function open({ poll = false, answers = [], webln, clipboard = true }) {
  const elements = {};
  for (const [, attributes, id] of page.matchAll(/<[a-z]+ ([^>]*?id="([a-z]+)"[^>]*)>/g)) {
    const hidden = /\shidden$/.test(attributes);
    elements[id] = {
      attributes, hidden, textContent: "", value: "", listeners: {},
      addEventListener(name, listener) { this.listeners[name] = listener; },
      select() { this.selected = true; },
    };
  }
  elements.invoice.textContent = data.invoice;
  elements.macaroon.textContent = data.macaroon;
  const [, seconds] = elements.offer.attributes.match(/data-seconds="(\d+)"/);
  elements.offer.dataset = { seconds, poll: String(poll) };
  const world = { elements, requests: [], timers: [], now: 0, written: "", copied: [], blobs: [] };
  const windowListeners = {};
  const context = {
    document: {
      getElementById: (id) => elements[id] ?? assert.fail(`the page has no ${id}`),
      open() {}, close() {},
      write(text) { world.written += text; },
      execCommand(command) { world.copied.push(command); },
    },
    performance: { now: () => world.now },
    location: { href: "https://shop.example/files/report.pdf?x=1", pathname: "/files/report.pdf" },
    navigator: { clipboard: clipboard ? { writeText: async (text) => { world.copied.push(text); } } : undefined },
    URL: { createObjectURL(blob) { world.blobs.push(blob); return "blob:1"; } },
    Blob, Promise, JSON, Math, String,
    setTimeout(action, delay, ...rest) { world.timers.push({ action, at: world.now + delay, rest }); },
    addEventListener(name, listener) { windowListeners[name] = listener; },
    async fetch(url, options) {
      world.requests.push({ url, options });
      const next = await answers.shift();
      if (!next) throw new TypeError("offline");
      const [status, type, body] = next;
      return new Response(status === 204 ? null : body, { status, headers: { "Content-Type": type } });
    },
  };
  context.window = context;
  if (webln) context.webln = webln;
  vm.runInNewContext(script, context);
  world.click = (id) => elements[id].listeners.click();
  world.window = context;
  world.raise = (name) => windowListeners[name]();
  // Lets time pass, and everything happen that was to happen meanwhile.
  world.wait = async (milliseconds) => {
    const until = world.now + milliseconds;
    for (;;) {
      world.timers.sort((a, b) => a.at - b.at);
      if (!world.timers.length || world.timers[0].at > until) break;
      const { action, at, rest } = world.timers.shift();
      world.now = at;
      action(...rest);
      await new Promise(setImmediate);
    }
    world.now = until;
  };
  world.header = (at, name) => world.requests[at].options.headers[name];
  return world;
}

const problem = (status, code) => [status, "application/problem+json", JSON.stringify({ code, detail: `it is ${code}` })];
const html = [200, "text/html; charset=utf-8", "<h1>bought</h1>"];
const pdf = [200, "application/pdf", "%PDF"];

const scenes = {
  async "a wallet in the browser pays, and the answer takes the place of the page"() {
    const calls = [];
    const webln = {
      enable: async () => calls.push("enable"),
      sendPayment: async (invoice) => { calls.push(invoice); return { preimage }; },
    };
    const world = open({ webln, answers: [html] });
    assert.equal(world.elements.webln.hidden, false);
    await world.click("webln");
    assert.deepEqual(calls, ["enable", data.invoice]);
    assert.equal(world.requests[0].url, "https://shop.example/files/report.pdf?x=1");
    assert.equal(world.requests[0].options.method, undefined);
    assert.equal(world.header(0, "Authorization"), `L402 ${data.macaroon}:${preimage}`);
    assert.equal(world.written, "<h1>bought</h1>");
  },
  async "a wallet that comes late is found, without one there is no button"() {
    const world = open({});
    assert.equal(world.elements.webln.hidden, true);
    world.window.webln = {};
    world.raise("webln:ready");
    assert.equal(world.elements.webln.hidden, false);
  },
  async "a wallet that does not pay says so, and can be asked again"() {
    const webln = { enable: async () => {}, sendPayment: async () => { throw new Error("no route"); } };
    const world = open({ webln });
    await world.click("webln");
    assert.equal(world.elements.status.textContent, "The wallet did not pay: no route");
    assert.equal(world.elements.webln.disabled, false);
    assert.equal(world.requests.length, 0);
  },
  async "a wallet that keeps the preimage to itself"() {
    const world = open({ webln: { enable: async () => {}, sendPayment: async () => ({}) } });
    await world.click("webln");
    assert.match(world.elements.status.textContent, /64 hex digits/);
    assert.equal(world.requests.length, 0);
  },
  async "a pasted preimage gets a file with its type and name"() {
    const world = open({ answers: [pdf] });
    world.elements.preimage.value = ` ${preimage}\n`;
    await world.click("redeem");
    await world.wait(0);
    assert.equal(world.written, "");
    assert.equal(world.blobs[0].type, "application/pdf");
    assert.equal(await world.blobs[0].text(), "%PDF");
    const { open: link, save, result } = world.elements;
    assert.deepEqual([link.href, save.href, save.download, result.hidden], ["blob:1", "blob:1", "report.pdf", false]);
    await world.wait(3600_000);
    assert.equal(world.requests.length, 1);
  },
  async "what is no preimage is not sent"() {
    const world = open({ answers: [html] });
    for (const text of ["", "x", preimage.slice(1), preimage + "a", "zz".repeat(32)]) {
      world.elements.preimage.value = text;
      await world.click("redeem");
    }
    assert.equal(world.requests.length, 0);
    assert.match(world.elements.status.textContent, /64 hex digits/);
  },
  async "a refusal is told, a payment is not lost, and Enter tries again"() {
    const world = open({ answers: [problem(401, "wrong_preimage"), [502, "text/plain", "oops"]] });
    world.elements.preimage.value = preimage;
    await world.click("redeem");
    assert.equal(world.elements.status.textContent, "it is wrong_preimage");
    const enter = () => world.elements.preimage.listeners.keydown({ key: "Enter" });
    enter();
    await world.wait(0);
    await new Promise(setImmediate);
    assert.equal(world.elements.status.textContent, "The server answered 502.");
    enter();
    await new Promise(setImmediate);
    assert.match(world.elements.status.textContent, /cannot be reached/);
    assert.equal(world.elements.preimage.value, preimage);
  },
  async "without leave nothing is asked while time passes"() {
    const world = open({ answers: [html] });
    await world.wait(700_000);
    assert.equal(world.requests.length, 0);
    assert.equal(world.elements.clock.textContent, "The invoice has expired.");
    assert.equal(world.elements.again.hidden, false);
  },
  async "the clock counts down"() {
    const world = open({});
    assert.equal(world.elements.clock.textContent, "The invoice can be paid for 10:00.");
    assert.equal(world.elements.again.hidden, true);
    await world.wait(541_000);
    assert.equal(world.elements.clock.textContent, "The invoice can be paid for 0:59.");
  },
  async "with leave the page asks ever more slowly until it is paid"() {
    const pending = Array.from({ length: 9 }, () => problem(402, "payment_pending"));
    const world = open({ poll: true, answers: [...pending, [503, "text/plain", ""], html] });
    const times = [];
    for (let second = 0; second < 300; second += 1) {
      const before = world.requests.length;
      await world.wait(1000);
      if (world.requests.length > before) times.push(world.now);
    }
    assert.equal(world.written, "<h1>bought</h1>");
    assert.equal(world.requests.length, 11, "and then no more");
    assert.equal(times[0], 3000);
    const gaps = times.slice(1).map((time, index) => time - times[index]);
    assert.ok(gaps.every((gap, index) => index === 0 || gap >= gaps[index - 1] - 1000), String(gaps));
    assert.ok(Math.max(...gaps) <= 16_000);
    assert.equal(world.header(0, "Authorization"), "L402 " + data.macaroon);
  },
  async "one request at a time, since two would race for one use"() {
    let deliver;
    const slow = new Promise((resolve) => { deliver = resolve; });
    const world = open({ poll: true, answers: [slow, pdf] });
    await world.wait(3000);
    world.elements.preimage.value = preimage;
    const redeemed = world.click("redeem");
    await new Promise(setImmediate);
    assert.equal(world.requests.length, 1);
    deliver(html);
    await redeemed;
    assert.deepEqual([world.requests.length, world.written], [1, "<h1>bought</h1>"]);
  },
  async "a server that makes new offers instead is not asked again"() {
    const world = open({ poll: true, answers: [problem(402, "payment_required"), html] });
    await world.wait(700_000);
    assert.equal(world.requests.length, 1);
  },
  async "the invoice can be copied, in an old browser as well"() {
    const world = open({});
    await world.click("copy");
    assert.deepEqual(world.copied, [data.invoice]);
    const old = open({ clipboard: false });
    await old.click("copy");
    assert.deepEqual([old.copied, old.elements.invoice.selected], [["copy"], true]);
  },
};

for (const [name, scene] of Object.entries(scenes)) {
  try {
    await scene();
  } catch (error) {
    console.error(`${name}\n${error.stack}`);
    process.exitCode = 1;
  }
}
console.log(`${Object.keys(scenes).length} scenes`);
