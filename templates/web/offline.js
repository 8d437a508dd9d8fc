// Checks an offline code without any server: docs/offline-code.md, step by step. Runs in a page and under node.
import { LIST_SIZE, faultAt, holds, valueAt } from "./offline_bundle.js";
import { readText } from "./offline_host.js";
export { BundleError, readBundle } from "./offline_bundle.js";

const CODE_FORMAT = 1;
const SIGNATURE_BYTES = 64;
const DIGEST_BYTES = 16;
const LICENCE_ROOT = "1.2.156.3005.2.";
const SLACK_MS = 5 * 60 * 1000;
const FRESH_MS = 24 * 60 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;
const BEIJING_MS = 8 * 60 * 60 * 1000;
const SEVERITY = [
  ...["ALTERED", "NOT_OURS", "UNKNOWN", "CANCELLED", "SUSPENDED", "EXPIRED", "USE_EXPIRED"],
  ...["SUPERSEDED", "NOT_YET", "UNAVAILABLE", "VALID"],
];
const CANNOT_TELL = ["UNAVAILABLE", "UNREADABLE"];
const AS_OF_LIST = "valid on the list";
const RESULTS = { VALID: "pass", UNAVAILABLE: "unknown", [AS_OF_LIST]: "unknown" };
const [ENDED, SUSPENDED, SUPERSEDED] = [1, 2, 3];
const CHECKS = [
  ...["file_is_ours", "signature", "coverage", "signer_pinned", "seal_pinned", "timestamp", "qr_matches"],
  ...["text_matches", "registry", "usage_window", "specialty", "superseded", "log"],
];

/**
 * Judge the text of an offline code, or all texts of one picture, against a bundle, by the machine's clock.
 * Returns a report like the API's, with the claims of the code as `code`; never throws for a text.
 */
export async function verifyOffline(texts, bundle, { now = Date.now(), specialty = null } = {}) {
  const said = [finding("file_is_ours", "skip", "COMPARE_FACE")];
  const report = (status, code, list) => reportOf(status, code, list, said, now);
  const lists = [...bundle.lists.values()];
  const oldest = lists.reduce((one, other) => (one?.issuedAt <= other.issuedAt ? one : other), null);
  // 1 to 3  Whose text is it, by which key, and is it unchanged?
  const { code, fault } = await believed([texts].flat(), bundle);
  if (fault !== undefined) {
    const [status, check, result, reason, detail] = fault;
    said.push(finding(check, result, reason, detail));
    // Nobody is told anything without the date of a list, be it only of the one that was not asked.
    return report(status, null, oldest);
  }
  said.push(finding("signature", "pass", "OK"), finding("signer_pinned", "pass", "SIGNER_PINNED"));
  said.push(finding("qr_matches", "pass", "OK"));
  if (code.leftOut.length > 0) said.push(finding("text_matches", "skip", "NOT_IN_CODE", code.leftOut.join(", ")));
  // 4 to 8  What do clock, paper and list say?
  const found = bundle.lists.get(Math.floor(code.statusIndex / LIST_SIZE));
  const list = found !== undefined && code.statusIndex % LIST_SIZE < found.count ? found : null;
  const uncertain = now < Math.max(code.issuedAt, list?.issuedAt ?? 0) - SLACK_MS;
  const statuses = ["VALID"];
  const tell = (check, status, reason, detail = "") => {
    said.push(finding(check, RESULTS[status] ?? "fail", reason, detail));
    statuses.push(status);
  };
  if (uncertain) {
    for (const check of ["usage_window", "specialty"]) tell(check, "UNAVAILABLE", "TIME_UNCERTAIN");
  } else {
    judgeDays(code, Math.floor((now + BEIJING_MS) / DAY_MS), specialty, tell);
  }
  judgeList(code, list, now, uncertain, tell);
  return report(SEVERITY.find(status => statuses.includes(status)), code, list);
}

/** The code among some texts whose signature held, or the fault that decides. */
async function believed(texts, bundle) {
  const read = texts.map(text => readText(text, bundle.publicUrl));
  const refused = (status, check, reason) => ({ fault: [status, check, "fail", reason] });
  const unknown = (status, check, reason, detail) => ({ fault: [status, check, "unknown", reason, detail] });
  // Nobody comes by this one by chance, whatever else is in the picture.
  if (read.some(one => one.fault === "HOMOGLYPH_DOMAIN")) return refused("NOT_OURS", "qr_matches", "HOMOGLYPH_DOMAIN");
  const tokens = new Set(read.filter(one => one.token !== undefined).map(one => one.token));
  const links = read.filter(one => one.digits !== undefined);
  if (tokens.size > 1 || links.length > 1 || (tokens.size === 0 && read.length > 1)) {
    return unknown("UNREADABLE", "qr_matches", "MANY_QR", `${read.length} QR`);
  }
  if (tokens.size === 0) {
    return refused(read[0].fault === "MALFORMED_QR" ? "UNKNOWN" : "NOT_OURS", "qr_matches", read[0].fault);
  }
  if (links.length === 0) return unknown("UNAVAILABLE", "qr_matches", "NO_OFFLINE_CODE");
  const code = decode(links[0]);
  if (code === null) return refused("UNKNOWN", "qr_matches", "MALFORMED_QR");
  const key = bundle.keys.find(one => one.use === "offline" && one.keyId === code.keyId);
  if (key === undefined) {
    // Whoever wrote it may claim any instant: believed only as far as to ask for newer keys.
    if (code.issuedAt > bundle.issuedAt) return unknown("UNAVAILABLE", "signer_pinned", "KEYS_OLDER");
    return refused("NOT_OURS", "signer_pinned", "SIGNER_NOT_OURS");
  }
  // Who has a stolen key writes any instant, so none that is claimed counts.
  const fault = key.compromisedSince !== null ? "KEY_COMPROMISED" : faultAt(key, code.issuedAt);
  if (fault !== null) return refused("NOT_OURS", "signer_pinned", fault);
  const held = await holds(key, code.signature, code.signed);
  return held ? { code } : refused("ALTERED", "signature", "SIGNATURE_BROKEN");
}

function judgeDays(code, today, wanted, tell) {
  const [from, until] = [dayText(code.useFrom), dayText(code.useUntil)];
  if (today < code.useFrom) tell("usage_window", "NOT_YET", "USE_NOT_YET", from);
  else if (today > code.useUntil) tell("usage_window", "USE_EXPIRED", "USE_EXPIRED", until);
  else tell("usage_window", "VALID", "IN_USAGE_WINDOW", until);
  const asked = code.specialties.filter(one => wanted === null || one.name === wanted);
  const usable = asked.some(one => one.validFrom <= today && today <= one.validTo);
  if (usable) tell("specialty", "VALID", "SPECIALTY_OK", wanted ?? "");
  else if (wanted === null) tell("specialty", "EXPIRED", "EXPIRED");
  else if (asked.length === 0) tell("specialty", "EXPIRED", "SPECIALTY_NOT_HELD");
  else tell("specialty", "EXPIRED", "SPECIALTY_EXPIRED", wanted);
}

/** What cannot be undone counts however old the list is. */
function judgeList(code, list, now, uncertain, tell) {
  if (list === null) {
    return tell("registry", "UNAVAILABLE", uncertain ? "TIME_UNCERTAIN" : "STATUS_LIST_MISSING");
  }
  const value = valueAt(list, code.statusIndex % LIST_SIZE);
  const at = list.issuedText;
  const old = now - list.issuedAt > FRESH_MS;
  if (value === ENDED) return tell("registry", "CANCELLED", "ENDED_ON_LIST", at);
  if (value === SUSPENDED && !old && !uncertain) return tell("registry", "SUSPENDED", "SUSPENDED", at);
  if (value === SUPERSEDED) tell("superseded", "SUPERSEDED", "SUPERSEDED");
  if (uncertain) return tell("registry", "UNAVAILABLE", "TIME_UNCERTAIN", at);
  if (old) return tell("registry", "UNAVAILABLE", "STATUS_LIST_OLD", at);
  // Good as far as anybody knows here, which is no pass.
  return tell("registry", AS_OF_LIST, "STATUS_AS_OF_LIST", at);
}

function finding(check, result, code, detail = "") {
  return { check, result, code, detail };
}

function reportOf(status, code, list, said, now) {
  const findings = CHECKS.flatMap(check => {
    const ofCheck = said.filter(one => one.check === check);
    return ofCheck.length > 0 ? ofCheck : [finding(check, "skip", "NOT_APPLICABLE")];
  });
  const verdict = status === "VALID" ? "VALID" : CANNOT_TELL.includes(status) ? "INDETERMINATE" : "INVALID";
  const at = instantText(now);
  const listAt = list === null ? null : list.issuedText;
  return { verdict, status, subject: "record", kind: "qr", as_of: at, checked_at: at, list_issued_at: listAt, findings, code };
}

/** A day, counted from 1970-01-01, as YYYY-MM-DD. */
export const dayText = day => new Date(day * DAY_MS).toISOString().slice(0, 10);
const instantText = at => new Date(at).toISOString().replace(".000Z", "Z");

// ---- the content: one CBOR array (RFC 8949) that has one spelling only

/** Read the digits behind a link; null when they are no code. Nothing in it counts before its signature held. */
export function decode({ link, token, digits }) {
  const hex = BigInt(digits).toString(16);
  const body = Uint8Array.from(`${hex.length % 2 ? "0" : ""}${hex}`.match(/../g), pair => parseInt(pair, 16));
  const content = body.slice(0, Math.max(0, body.length - SIGNATURE_BYTES));
  if (content[0] !== CODE_FORMAT) return null;
  try {
    const fields = cborOf(content.slice(1));
    const signed = new Uint8Array([...new TextEncoder().encode(link), ...content]);
    return claimsOf(fields, { token, signed, signature: body.slice(-SIGNATURE_BYTES) });
  } catch (fault) {
    if (fault instanceof Damaged) return null;
    throw fault;
  }
}

class Damaged extends Error {}

function must(value, holds) {
  if (!holds) throw new Damaged("an offline code is damaged");
  return value;
}

const LEAST = { 0: 0, 1: 24, 2: 256, 4: 65536, 8: 2 ** 32 };

function cborOf(data) {
  let at = 0;
  const take = size => must(data.slice(at, (at += size)), at <= data.length);
  const item = depth => {
    const head = take(1)[0];
    const [major, small] = [head >> 5, head & 31];
    const size = small < 24 ? 0 : must(1 << (small - 24), small < 28);
    const length = size === 0 ? small : take(size).reduce((sum, byte) => sum * 256 + byte, 0);
    // The shortest form, and nothing JavaScript cannot count.
    must(length, length >= LEAST[size] && Number.isSafeInteger(length));
    if (major === 0) return length;
    if (major === 1) return -1 - length;
    if (major === 2) return take(length);
    if (major === 3) return utf8(take(length));
    must(major, major === 4 && depth > 0 && length <= data.length);
    return Array.from({ length }, () => item(depth - 1));
  };
  const value = item(4);
  return must(value, at === data.length);
}

function utf8(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Damaged("no UTF-8");
  }
}

function claimsOf(fields, rest) {
  must(fields, Array.isArray(fields) && fields.length === 15);
  const text = value => must(value, typeof value === "string" && value !== "");
  const whole = (value, least, most) => must(value, Number.isInteger(value) && value >= least && value <= most);
  const told = value => (value instanceof Uint8Array ? must(value, value.length === DIGEST_BYTES) : text(value));
  const day = value => whole(value, -719162, 2932896); // the years 1 to 9999
  const specialty = value => {
    must(value, Array.isArray(value) && value.length === 3);
    return { name: text(value[0]), validFrom: day(value[1]), validTo: day(value[2]) };
  };
  const long = { name: told(fields[7]), employer: told(fields[10]), purpose: told(fields[11]) };
  return {
    ...rest,
    keyId: text(fields[0]),
    statusIndex: whole(fields[1], 0, 2 ** 40),
    copyNumber: whole(fields[2], 1, 2 ** 40),
    issuedAt: whole(fields[3], 0, 253402300799) * 1000,
    licenceId: LICENCE_ROOT + text(fields[4]),
    profession: text(fields[5]),
    registrationNumber: text(fields[6]),
    ...long,
    sex: whole(fields[8], 1, 2),
    birthDate: day(fields[9]),
    useFrom: day(fields[12]),
    useUntil: day(fields[13]),
    specialties: must(fields[14], Array.isArray(fields[14])).map(specialty),
    leftOut: Object.keys(long).filter(name => typeof long[name] !== "string"),
  };
}

/** Whether a text is the one of which the code holds only a digest. */
export async function sameText(told, text) {
  if (typeof told === "string") return told === text;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return told.every((byte, place) => byte === digest[place]);
}
