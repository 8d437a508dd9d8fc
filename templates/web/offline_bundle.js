// The trust bundle: our keys and the status lists, signed. The rules of certsvc/verification/trust_bundle.py.
import { isPublicUrl } from "./offline_host.js";

export const LIST_SIZE = 131072;
const FORMAT = 1;
const BITS = 2;
const LARGEST_BUNDLE = 64 * 1024 * 1024;
const LONGEST_STATEMENT = 4_000_000;
const TOGETHER_MS = 60 * 60 * 1000;
const USES = ["seal", "offline", "receipt", "trust", "log"];
const INSTANT = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.(\d{6}))?(?:Z|\+00:00)$/;
const EC = { name: "ECDSA", namedCurve: "P-256" };
const ES256 = { name: "ECDSA", hash: "SHA-256" };

/** A bundle that cannot be relied on; the message says why. */
export class BundleError extends Error {}

function demand(holds, why) {
  if (!holds) throw new BundleError(why);
}

/**
 * Read a bundle (text of the file) and check every signature in it.
 * Whoever reads one has chosen to trust where it came from; a fingerprint asks for one trust key.
 * Returns {issuer, publicUrl, issuedAt, trustKey, keys, lists}; times are milliseconds since 1970.
 */
export async function readBundle(text, fingerprint = null) {
  try {
    demand(text.length <= LARGEST_BUNDLE, "larger than any bundle");
    return await read(objectOf(text), fingerprint);
  } catch (fault) {
    throw fault instanceof BundleError ? fault : new BundleError(`the bundle is damaged: ${fault.message}`);
  }
}

async function read(file, fingerprint) {
  demand(members(file) === "format,status,trust" && file.format === FORMAT, "no trust bundle of this format");
  demand(Array.isArray(file.status), "status is a list");
  const keys = decodeObject(file.trust.payload).keys.map(keyOf);
  demand(new Set(keys.map(key => key.keyId)).size === keys.length, "a key stands twice");
  const trusted = keys.filter(key => key.use === "trust");
  const [said, signer] = await readJWS(file.trust, trusted, "certsvc-trust+jws");
  const trustKey = hexOf(await crypto.subtle.digest("SHA-256", signer.certificate));
  const wanted = fingerprint?.toLowerCase().replaceAll(":", "") ?? trustKey;
  demand(trustKey === wanted, `signed by another trust key: ${trustKey}`);
  demand(typeof said.issuer === "string" && isPublicUrl(said.public_url), "whose bundle is it?");
  const issuedAt = checkedTime(said, signer);
  // What only a use of it would show, once somebody asks about a code.
  for (const key of keys) if (key.use === "offline") await publicKey(key);
  const lists = new Map();
  for (const document of file.status) {
    const list = await readList(document, trusted);
    demand(!lists.has(list.number), "a status list stands twice");
    // Yesterday's keys with today's lists would hide that a key leaked in between.
    demand(list.issuedAt - issuedAt <= TOGETHER_MS, "its keys are older than its lists");
    lists.set(list.number, list);
  }
  return { issuer: said.issuer, publicUrl: said.public_url, issuedAt, trustKey, keys, lists };
}

async function readList(document, trusted) {
  const [said, signer] = await readJWS(document, trusted, "certsvc-status+jws");
  const issuedAt = checkedTime(said, signer);
  demand(said.bits === BITS && Number.isSafeInteger(said.list) && said.list >= 0, "no status list of this format");
  demand(Number.isInteger(said.count) && said.count >= 0 && said.count <= LIST_SIZE, "a count out of bounds");
  const packed = unzlib(fromBase64url(said.data), Math.ceil(said.count / 4));
  const issuedText = said.issued_at.replace("+00:00", "Z").replace(".000000", "");
  return { number: said.list, issuedAt, issuedText, count: said.count, packed };
}

/** What a list says of one place: 0 usable, 1 ended, 2 suspended, 3 superseded. */
export function valueAt(list, place) {
  return (list.packed[place >> 2] >> (2 * (place & 3))) & 3;
}

function checkedTime(said, signer) {
  demand(said.format === FORMAT, "a statement of another format");
  const at = instantOf(said.issued_at);
  demand(faultAt(signer, at) === null, `${signer.keyId} signed it when it might not`);
  return at;
}

/** What is wrong with what a key signed at an instant; null when nothing. */
export function faultAt(key, at) {
  if (key.compromisedSince !== null && at >= key.compromisedSince) return "KEY_COMPROMISED";
  return key.validFrom <= at && at <= key.validTo ? null : "SIGNED_OUTSIDE_VALIDITY";
}

function keyOf(line) {
  const texts = [line.key_id, line.algorithm, line.certificate, line.seal ?? ""];
  demand(texts.every(text => typeof text === "string") && line.seal !== undefined, "a key is no key");
  demand(USES.includes(line.use) && typeof line.development === "boolean", "a key for an unknown use");
  maybeInstantOf(line.retired_at);
  if (line.seal !== null) fromBase64(line.seal);
  return {
    keyId: line.key_id,
    use: line.use,
    certificate: fromBase64(line.certificate),
    validFrom: instantOf(line.valid_from),
    validTo: instantOf(line.valid_to),
    compromisedSince: maybeInstantOf(line.compromised_since),
    development: line.development,
  };
}

/** Milliseconds since 1970, to the microsecond; only as it is written here, and never a day that is none. */
function instantOf(text) {
  const [, day, , micros] = INSTANT.exec(text) ?? [];
  const at = day === undefined || typeof text !== "string" ? NaN : Date.parse(text);
  const sound = at >= 0 && new Date(at).toISOString().startsWith(day) && day < "9999";
  demand(sound, "an instant makes no sense");
  return at + Number((micros ?? "").slice(3)) / 1000;
}

const maybeInstantOf = value => (value === null ? null : instantOf(value));

// ---- JSON Web Signatures (RFC 7515), flattened, ES256 and nothing else

async function readJWS(document, keys, typ) {
  demand(members(document) === "payload,protected,signature", "no signed document");
  const parts = [document.protected, document.payload, document.signature];
  demand(parts.every(part => typeof part === "string"), "a part of the signed document is no text");
  demand(parts.join(".").length <= LONGEST_STATEMENT, "longer than anything this service signs");
  const header = decodeObject(document.protected);
  demand(members(header) === "alg,kid,typ" && header.alg === "ES256", "a header of another kind");
  demand(header.typ === typ, `it is no ${typ}`);
  const key = keys.find(one => one.keyId === header.kid);
  demand(key !== undefined, "signed by no key that is known for this use");
  const signed = new TextEncoder().encode(`${document.protected}.${document.payload}`);
  demand(await holds(key, fromBase64url(document.signature), signed), "a signature does not hold");
  return [decodeObject(document.payload), key];
}

/** Whether a raw P-256 signature (r and s) over some bytes is by the key of a certificate. */
export async function holds(key, signature, signed) {
  return crypto.subtle.verify(ES256, await publicKey(key), signature, signed);
}

const publicKey = key => crypto.subtle.importKey("spki", spkiOf(key.certificate), EC, false, ["verify"]);

/** The public key of an X.509 certificate: the seventh part of what is signed in it. */
function spkiOf(certificate) {
  const part = at => {
    let [length, start] = [certificate[at + 1], at + 2];
    if (length > 0x80) {
      const size = length - 0x80;
      demand(size <= 3, "a certificate is damaged");
      length = certificate.slice(start, start + size).reduce((sum, byte) => sum * 256 + byte, 0);
      start += size;
    }
    return { start, end: start + length };
  };
  let at = part(part(0).start).start;
  if (certificate[at] === 0xa0) at = part(at).end; // the version
  for (let skipped = 0; skipped < 5; skipped++) at = part(at).end; // serial, algorithm, issuer, days, subject
  return certificate.slice(at, part(at).end);
}

function members(value) {
  demand(value !== null && typeof value === "object" && !Array.isArray(value), "an object was expected");
  return Object.keys(value).sort().join();
}

function decodeObject(text) {
  return objectOf(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(fromBase64url(text)));
}

/** One JSON object; of a member that stands twice one reader takes the first and another the last. */
function objectOf(text) {
  const value = JSON.parse(text);
  members(value);
  const open = [];
  for (const [token, word, colon] of text.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/g)) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (colon !== undefined) {
      const names = open[open.length - 1];
      demand(!names.has(JSON.parse(word)), "a member stands twice");
      names.add(JSON.parse(word));
    }
  }
  return value;
}

function fromBase64url(text) {
  demand(typeof text === "string" && /^[A-Za-z0-9_-]*$/.test(text), "a part is not base64url");
  return fromBase64(text.replaceAll("-", "+").replaceAll("_", "/") + "=".repeat(-text.length & 3));
}

/** The bytes of a base64 text, of which there is one spelling. */
function fromBase64(text) {
  const content = atob(text);
  demand(btoa(content) === text, "a part is not base64 as it is written here");
  return Uint8Array.from(content, character => character.charCodeAt(0));
}

export function hexOf(buffer) {
  return Array.from(new Uint8Array(buffer), byte => byte.toString(16).padStart(2, "0")).join("");
}

// ---- zlib (RFC 1950, 1951): own, because phones of 2022 have no DecompressionStream

const LENGTHS = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const DISTANCES = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Unpack exactly so many bytes; whatever says more or less than that is refused. */
export function unzlib(data, size) {
  demand((data[0] & 15) === 8 && ((data[0] << 8) | data[1]) % 31 === 0 && !(data[1] & 32), "no zlib");
  const out = new Uint8Array(size);
  let [at, held, count, length] = [2, 0, 0, 0];
  const bits = wanted => {
    for (; count < wanted; count += 8) {
      demand(at < data.length, "a list is cut short");
      held |= data[at++] << count;
    }
    const value = held & ((1 << wanted) - 1);
    held >>>= wanted;
    count -= wanted;
    return value;
  };
  const symbol = tree => {
    for (let [code, first, index, long] = [0, 0, 0, 1]; long < 16; long++) {
      code |= bits(1);
      if (code - first < tree.counts[long]) return tree.symbols[index + code - first];
      index += tree.counts[long];
      first = (first + tree.counts[long]) << 1;
      code <<= 1;
    }
    throw new BundleError("a list does not unpack");
  };
  const put = byte => {
    demand(length < size, "a list is longer than it says");
    out[length++] = byte;
  };
  const block = (literals, distances) => {
    for (let next = symbol(literals); next !== 256; next = symbol(literals)) {
      if (next < 256) {
        put(next);
        continue;
      }
      const place = next - 257;
      demand(place < LENGTHS.length, "a list does not unpack");
      let run = LENGTHS[place] + bits(place < 8 || place === 28 ? 0 : (place - 4) >> 2);
      const far = symbol(distances);
      demand(far < DISTANCES.length, "a list does not unpack");
      const back = DISTANCES[far] + bits(far < 4 ? 0 : (far - 2) >> 1);
      demand(back <= length, "a list does not unpack");
      while (run-- > 0) put(out[length - back]);
    }
  };
  for (let last = 0; !last; ) {
    last = bits(1);
    const kind = bits(2);
    if (kind === 0) {
      [held, count] = [0, 0];
      const stored = data[at] | (data[at + 1] << 8);
      demand(at + 4 + stored <= data.length && (data[at + 2] | (data[at + 3] << 8)) === (stored ^ 0xffff), "cut short");
      data.subarray(at + 4, at + 4 + stored).forEach(put);
      at += 4 + stored;
    } else if (kind === 1) {
      const fixed = Array.from({ length: 288 }, (_, code) => (code < 144 ? 8 : code < 256 ? 9 : code < 280 ? 7 : 8));
      block(treeOf(fixed), treeOf(new Array(30).fill(5)));
    } else {
      demand(kind === 2, "a list does not unpack");
      const [literals, distances, codes] = [bits(5) + 257, bits(5) + 1, bits(4) + 4];
      const sizes = new Array(19).fill(0);
      for (const place of ORDER.slice(0, codes)) sizes[place] = bits(3);
      const tree = treeOf(sizes);
      const lengths = [];
      while (lengths.length < literals + distances) {
        const next = symbol(tree);
        if (next < 16) lengths.push(next);
        else if (next === 16) lengths.push(...new Array(3 + bits(2)).fill(lengths[lengths.length - 1]));
        else lengths.push(...new Array(next === 17 ? 3 + bits(3) : 11 + bits(7)).fill(0));
      }
      block(treeOf(lengths.slice(0, literals)), treeOf(lengths.slice(literals)));
    }
  }
  demand(length === size && at + 4 === data.length, "a list is not as long as it says");
  return out;
}

function treeOf(sizes) {
  const counts = new Array(16).fill(0);
  sizes.forEach(size => counts[size]++);
  counts[0] = 0;
  const symbols = [];
  for (let long = 1; long < 16; long++) sizes.forEach((size, code) => size === long && symbols.push(code));
  return { counts, symbols };
}
