// A complete verifier of L402 tokens, as a shim for `l402-conformance verifier`. Node.js alone is enough.
//
//     l402-conformance verifier --cmd 'node l402-shim.mjs'
//
// PROTOCOL.md in the folder above says what goes in and out.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createInterface } from 'node:readline';

/** The input is not what it must be, or the token is not valid. */
class Refused extends Error {}

function require(condition, reason) {
  if (!condition) throw new Refused(reason);
}

const EMPTY = Buffer.alloc(0);
const hex = (bytes) => bytes.toString('hex');
const unhex = (text) => Buffer.from(text, 'hex');

// The V2 binary format: 02 | [01 location] 02 identifier 00 | { [01 location] 02 caveat [04 vid] 00 }* | 00 | 06 signature

const [LOCATION, IDENTIFIER, VID, SIGNATURE] = [1, 2, 4, 6];

function readV2(data) {
  let at = 0;
  const take = (count) => {
    require(at + count <= data.length, 'it ends inside a field');
    at += count;
    return data.subarray(at - count, at);
  };
  const length = () => {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const [byte] = take(1);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        require(byte !== 0 || scale === 1, 'a length is not in its shortest form');
        require(value <= 0x7fffffff, 'a length is too large');
        return value;
      }
      require(scale < 2 ** 28, 'a length is too large');
    }
  };
  const field = (tag) => {
    require(take(1)[0] === tag, `a field other than ${tag}`);
    return take(length());
  };
  const optional = (tag) => {
    if (data[at] !== tag) return undefined;
    const value = field(tag);
    require(value.length > 0, 'an optional field that is empty');
    return value;
  };
  const endOfSection = () => require(take(1)[0] === 0, 'a section does not end where it should');

  require(take(1)[0] === 2, 'not version 2');
  const location = optional(LOCATION);
  const identifier = field(IDENTIFIER);
  endOfSection();
  const caveats = [];
  while (at < data.length && data[at] !== 0) {
    const where = optional(LOCATION);
    caveats.push(checked({ id: field(IDENTIFIER), vid: optional(VID), location: where }));
    endOfSection();
  }
  endOfSection();
  const signature = field(SIGNATURE);
  require(at === data.length, 'bytes after the signature');
  return whole(location, identifier, caveats, signature);
}

function checked(caveat) {
  require(caveat.vid || !caveat.location, 'a first-party caveat with a location');
  return caveat;
}

function whole(location, identifier, caveats, signature) {
  require(signature.length === 32, 'a signature that is not 32 bytes long');
  return { location: location ?? EMPTY, identifier, caveats, signature };
}

function writeV2({ location, identifier, caveats, signature }) {
  const length = (value) => (value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...length(value >> 7)]);
  const field = (tag, value) => Buffer.concat([Buffer.from([tag, ...length(value.length)]), value]);
  const optional = (tag, value) => (value?.length ? field(tag, value) : EMPTY);
  const end = Buffer.from([0]);
  return Buffer.concat([
    Buffer.from([2]),
    optional(LOCATION, location),
    field(IDENTIFIER, identifier),
    end,
    ...caveats.flatMap((one) => [optional(LOCATION, one.location), field(IDENTIFIER, one.id), optional(VID, one.vid), end]),
    end,
    field(SIGNATURE, signature),
  ]);
}

// The V1 format: packets of four hex digits with the packet's length, a key, a space, a value and a newline.

function readV1(data) {
  let at = 0;
  const peek = () => {
    const digits = data.toString('latin1', at, at + 4);
    require(/^[0-9a-f]{4}$/.test(digits), 'a length that is not four hex digits');
    const packet = data.subarray(at + 4, at + parseInt(digits, 16));
    require(packet.length === parseInt(digits, 16) - 4 && packet.at(-1) === 10, 'a packet that does not end with its line');
    const space = packet.indexOf(' ');
    require(space >= 0 && space <= 10, 'a packet without a key');
    return { key: packet.toString('latin1', 0, space), value: packet.subarray(space + 1, -1), next: at + 4 + packet.length };
  };
  const optional = (key) => {
    const packet = peek();
    if (packet.key !== key) return undefined;
    at = packet.next;
    return packet.value;
  };
  const take = (key) => {
    const value = optional(key);
    require(value, `a packet other than ${key}`);
    return value;
  };

  const location = optional('location');
  const identifier = take('identifier');
  const caveats = [];
  while (peek().key === 'cid') {
    const caveat = { id: take('cid'), vid: optional('vid'), location: optional('cl') };
    require(caveat.vid?.length !== 0, 'an optional field that is empty');
    caveats.push(checked(caveat));
  }
  const signature = take('signature');
  require(at === data.length, 'bytes after the signature');
  return whole(location, identifier, caveats, signature);
}

// V2-JSON: {"v":2,"l":location,"i":identifier,"c":[{"i":caveat,"v":vid,"l":location}],"s64":signature}; "i64" and so on are base64.

function readV2Json(data) {
  const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  const field = (of, name) => {
    const [text, coded] = [of[name] ?? undefined, of[`${name}64`] ?? undefined];
    require(text === undefined || coded === undefined, 'a field both as text and as base64');
    require(['undefined', 'string'].includes(typeof (text ?? coded)), 'a field that is no text');
    if (coded !== undefined) return unbase64(coded);
    return text === undefined ? undefined : Buffer.from(text, 'utf8');
  };
  let outer;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
    outer = JSON.parse(text);
    require(!hasKeyTwice(text), 'a key twice');
  } catch (error) {
    throw new Refused(`not JSON: ${error.message}`);
  }
  require(isObject(outer) && (outer.v ?? 2) === 2, 'not version 2');
  const inner = outer.c ?? [];
  require(Array.isArray(inner) && inner.every(isObject), 'caveats that are no list');
  const optional = (of, name) => (field(of, name)?.length ? field(of, name) : undefined);
  const caveats = inner.map((one) => checked({ id: field(one, 'i'), vid: optional(one, 'v'), location: optional(one, 'l') }));
  const [identifier, signature] = [field(outer, 'i'), field(outer, 's')];
  require(identifier && signature && caveats.every((one) => one.id), 'a field is missing');
  return whole(field(outer, 'l'), identifier, caveats, signature);
}

/** JSON.parse lets the last one win. In an object of this format only whole objects and one list are nested. */
function hasKeyTwice(text) {
  const open = [];
  for (const [token, , colon] of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (colon) {
      const key = JSON.parse(token.slice(0, -colon.length));
      if (open.at(-1).has(key)) return true;
      open.at(-1).add(key);
    }
  }
  return false;
}

const READ = { v2: readV2, v1: readV1, 'v2-json': readV2Json };
const WRITE = { v2: writeV2 };

const read = ({ format, macaroon }) => READ[format](unhex(macaroon));

// The chain of signatures.

const mac = (key, ...message) => createHmac('sha256', key).update(Buffer.concat(message)).digest();

function extend(signature, { id, vid }) {
  return vid ? mac(signature, mac(signature, vid), mac(signature, id)) : mac(signature, id);
}

function sign(rootKey, identifier, caveats) {
  require(rootKey.length > 0, 'an empty root key');
  return caveats.reduce(extend, mac(mac('macaroons-key-generator', rootKey), identifier));
}

// What L402 adds: the identifier, the preimage and the caveats.

function verify(macaroon, rootKey, preimage, now, context) {
  const { identifier, caveats, signature } = macaroon;
  require(timingSafeEqual(sign(rootKey, identifier, caveats), signature), 'the signature is not ours');
  const paymentHash = paymentHashOf(identifier);
  require(caveats.every((caveat) => !caveat.vid), 'a third-party caveat without its discharge');
  const conditions = caveats
    .map((caveat) => caveat.id.toString('latin1'))
    .filter((text) => text.includes('='))
    .map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]);
  const proofs = conditions.filter(([name]) => name === 'preimage').map(([, value]) => value);
  checkPreimage(preimage === null ? proofs : [...proofs, preimage], paymentHash);
  const latin1 = (text) => (text === null || text === undefined ? null : Buffer.from(text, 'utf8').toString('latin1'));
  const [service, capability] = [latin1(context.service), latin1(context.capability)];
  const earlier = new Map();
  for (const [name, value] of conditions) {
    const before = earlier.get(name);
    if (name === 'services') checkServices(value, before, service);
    else if (service !== null && name === `${service}_capabilities`) checkCapabilities(value, before, capability);
    else if (service !== null && name === `${service}_valid_until`) checkValidUntil(value, before, now);
    earlier.set(name, value);
  }
}

function paymentHashOf(identifier) {
  require(identifier.length === 66 && identifier.readUInt16BE() === 0, 'not an identifier of version 0');
  return identifier.subarray(2, 34);
}

function checkPreimage(preimages, paymentHash) {
  require(preimages.length > 0, 'no preimage');
  for (const preimage of preimages) {
    require(/^[0-9a-fA-F]{64}$/.test(preimage), 'a preimage that is not 64 hex digits');
    require(timingSafeEqual(createHash('sha256').update(unhex(preimage)).digest(), paymentHash), 'another preimage');
  }
}

const isWithin = (names, before) => names.every((name) => before.includes(name));

function checkServices(value, before, service) {
  require(serviceNames(value).includes(service), 'for another service');
  require(before === undefined || isWithin(serviceNames(value), serviceNames(before)), 'more services than before');
}

function serviceNames(value) {
  return value.split(',').map((item) => {
    const match = /^([^:]+):(?:0|[1-9][0-9]*)$/s.exec(item);
    require(match, 'services that are not <name>:<tier>');
    return match[1];
  });
}

function checkCapabilities(value, before, capability) {
  const names = value.split(',');
  require(capability === null || names.includes(capability), 'without this capability');
  require(before === undefined || value === '' || isWithin(names, before.split(',')), 'more capabilities than before');
}

function checkValidUntil(value, before, now) {
  require(/^(?:0|[1-9][0-9]{0,18})$/.test(value), 'a time that is no number');
  require(BigInt(now) < BigInt(value), 'expired');
  require(before === undefined || BigInt(value) <= BigInt(before), 'valid for longer than before');
}

// The header fields.

/** Either alphabet, padded or not, and nothing else. */
function unbase64(text) {
  const bare = text.replace(/=+$/, '');
  const padding = text.length - bare.length;
  require(padding === 0 || padding === (4 - (bare.length % 4)) % 4, 'base64 with other padding');
  require(/^[A-Za-z0-9+/_-]*$/.test(bare) && bare.length % 4 !== 1, 'not base64');
  return Buffer.from(bare.replaceAll('-', '+').replaceAll('_', '/'), 'base64');
}

function readCredential(value) {
  const match = /^[ \t]*(?:L402|LSAT)[ \t]+(.*?)[ \t]*$/is.exec(value);
  require(match, 'not an L402 credential');
  const parameters = match[1].includes('="')
    ? Object.fromEntries([...match[1].matchAll(/(\w+)[ \t]*=[ \t]*"?([^",\s]+)"?/g)].map(([, name, text]) => [name, text]))
    : {};
  let [texts, preimage] = [parameters.macaroon ?? parameters.token, parameters.preimage];
  if (texts === undefined) [texts, preimage] = match[1].split(/:(.*)/s);
  require(preimage === undefined || /^[0-9a-fA-F]{64}$/.test(preimage), 'a preimage that is not 64 hex digits');
  const macaroons = texts.split(',').map((text) => readV2(unbase64(text.replace(/^[ \t]+|[ \t]+$/g, ''))));
  return { macaroons, preimage: preimage ?? null };
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

/** The first L402 challenge in a list of challenges. */
function readChallenge(value) {
  const found = new Map();
  let [at, ours] = [0, false];
  const match = (pattern) => {
    const sticky = new RegExp(pattern, 'ys');
    sticky.lastIndex = at;
    return sticky.exec(value);
  };
  while (at < value.length) {
    const parameter = match(`(${TOKEN})[ \\t]*=[ \\t]*("(?:[^"\\\\]|\\\\.)*"|[^\\s,"]+)(?=[\\s,]|$)`);
    const scheme = match(`(${TOKEN})(?=[\\s,]|$)`);
    if (parameter) {
      const [name, text] = [parameter[1].toLowerCase(), parameter[2].replace(/^"|"$/g, '')];
      require(!ours || (found.get(name) ?? text) === text, 'a parameter twice');
      if (ours) found.set(name, text);
      at += parameter[0].length;
    } else if (scheme) {
      if (ours) break; // the next challenge
      ours = ['L402', 'LSAT'].includes(scheme[1].toUpperCase());
      at += scheme[0].length;
      at += match('[ \\t]+[A-Za-z0-9._~+/-]+=*(?=[ \\t]*(?:,|$))')?.[0].length ?? 0;
    } else {
      require(', \t'.includes(value[at]), 'not a list of challenges');
      at += 1;
    }
  }
  const macaroon = found.get('macaroon') ?? found.get('token');
  const invoice = found.get('invoice');
  require(macaroon === (found.get('token') ?? macaroon), 'two macaroons');
  require(macaroon && invoice, 'no macaroon or no invoice');
  require(/^[\x20-\x7e]+$/.test(macaroon + invoice), 'a character that no token has');
  return { macaroon, invoice };
}

// The protocol.

const firstParty = ({ caveats }) => caveats.map((caveat) => ({ id: unhex(caveat) }));

function write(format, macaroon) {
  return { macaroon: hex(WRITE[format](macaroon)) };
}

const OPERATIONS = {
  parse(request) {
    const { location, identifier, caveats, signature } = read(request);
    const ids = caveats.map((caveat) => hex(caveat.id));
    return { location: hex(location), identifier: hex(identifier), caveats: ids, signature: hex(signature) };
  },
  mint(request) {
    const [location, identifier] = [unhex(request.location), unhex(request.identifier)];
    const caveats = firstParty(request);
    const signature = sign(unhex(request.root_key), identifier, caveats);
    return write(request.format, { location, identifier, caveats, signature });
  },
  attenuate(request) {
    const macaroon = read(request);
    const added = firstParty(request);
    const signature = added.reduce(extend, macaroon.signature);
    return write(request.format, { ...macaroon, caveats: [...macaroon.caveats, ...added], signature });
  },
  verify(request) {
    const macaroon = read(request);
    verify(macaroon, unhex(request.root_key), request.preimage, request.now, request.context);
    return { signature: hex(macaroon.signature) };
  },
  authorize(request) {
    const { macaroons, preimage } = readCredential(request.value);
    for (const one of macaroons) verify(one, unhex(request.root_key), preimage, request.now, request.context);
    const hashes = macaroons.map((one) => hex(paymentHashOf(one.identifier)));
    require(new Set(hashes).size === 1, 'of different payments');
    return {};
  },
  identifier(request) {
    const data = unhex(request.identifier);
    return { payment_hash: hex(paymentHashOf(data)), token_id: hex(data.subarray(34)) };
  },
  challenge: ({ value }) => readChallenge(value),
};

const HELLO = {
  name: 'l402-shim.mjs',
  version: '1',
  operations: Object.keys(OPERATIONS),
  reads: Object.keys(READ),
  writes: Object.keys(WRITE),
  judges: ['identifier', 'preimage', 'services', 'capabilities', 'valid_until'],
};

function answer(request) {
  if (request.op === 'hello') return { verdict: 'ok', ...HELLO };
  const formats = ['mint', 'attenuate'].includes(request.op) ? HELLO.writes : HELLO.reads;
  const known = Object.hasOwn(OPERATIONS, request.op) && formats.includes(request.format ?? 'v2');
  if (!known) return { verdict: 'unsupported' };
  try {
    return { verdict: 'ok', ...OPERATIONS[request.op](request) };
  } catch (error) {
    if (error instanceof Refused) return { verdict: 'refused', reason: error.message };
    throw error;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  process.stdout.write(`${JSON.stringify({ id: request.id, ...answer(request) })}\n`);
}
