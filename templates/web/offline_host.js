// Whose text is it? The rules of certsvc/qr/payload.py and lookalike.py, for a browser without us.

/** Latin letter -> what is drawn like it; the same table as in certsvc/qr/lookalike.py, and a test keeps it so. */
export const LOOKS_LIKE = {
  a: "аαɑ", b: "вьβƅ", c: "сϲᴄ", d: "ԁđɗ", e: "еєεҽə", g: "ɡց", h: "һнħհ", j: "јʝ", k: "кκӄ",
  l: "1i|!іιıɩӏłɭⲓ", m: "м", n: "пηոɴ", o: "0оοσøօ", p: "рρϼþ", q: "ԛգ", r: "гɼᴦ", s: "5$ѕꜱʂ", t: "тτŧ",
  u: "υսʋц", v: "νѵᴠ", w: "ԝшωա", x: "хχ", y: "уүγყ", z: "зζʐ",
};
const PLAIN = new Map(
  Object.entries(LOOKS_LIKE).flatMap(([letter, looks]) => [...looks].map(drawn => [drawn, letter])),
);
const DOTS = /[\u3002\uff0e\uff61\u2024\u00b7\u30fb\u0589\u06d4]/gu;
const SLASHES = /[\u2044\u2215\u29f8\u2571\u3033\u30ce\u4e3f]/u;
const LONGEST_HOST = 253;
const LONGEST_TEXT = 4296;
const LINK = /^(https?):\/\/([a-z0-9.-]+)(?::([1-9][0-9]{0,4}))?(\/[^]*)$/;
const PUBLIC_URL = /^https?:\/\/(?!.*\.\.)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::([1-9][0-9]{0,4}))?\/?$/;
const CODE = /^\/c\/([a-z0-9]{1,64})#([^]*)$/i;
const DIGITS = /^[1-9][0-9]{0,3999}$/;
const PAGE = /^\/[vc]\/([a-z0-9]{1,64})(?:\?[a-z0-9._~%&=+-]{0,200})?$/i;
const ADDED_TO = /^\/[vc]\/[a-z0-9]{1,64}(?:\?[^#]*)?(?:#[^0-9][^]*)?$/i;
const SCHEME = /^[a-z][a-z0-9+.-]*:(?=\S)/u;
const BARE_HOST = /^[^\s/\\:]+\.[^\s/\\:]{2,}(?::\d+)?[/\\?#]/u;
const DEFAULT_PORT = { http: 80, https: 443 };
const ALPHABET = /^[0-9A-HJKMNP-TV-Z]{26}$/;

/** Lower A to Z and nothing else: a Kelvin sign must not become a k. */
const lowered = text => text.replace(/[A-Z]/g, letter => letter.toLowerCase());
/** Lower everything as Python's casefold does: a letter at a time, through the capital, but for the dotless i. */
const casefolded = text =>
  [...text].map(drawn => (drawn === "ı" ? drawn : drawn.toLowerCase().toUpperCase().toLowerCase())).join("");

/** Whether a public address is scheme, host and port alone. */
export function isPublicUrl(text) {
  const found = typeof text === "string" ? PUBLIC_URL.exec(lowered(text)) : null;
  return found !== null && Number(found[1] ?? 0) <= 65535;
}

/**
 * Read the text of a QR symbol against our public address.
 * Returns {token, link, digits} for an offline code, the link as it is signed; {token} for our other symbol; or {fault}.
 */
export function readText(text, publicUrl) {
  const ours = LINK.exec(`${lowered(publicUrl).replace(/\/$/, "")}/`);
  text = text.replace(/^[ \r\n]+|[ \r\n]+$/g, "");
  const link = [...text].length <= LONGEST_TEXT ? LINK.exec(lowered(text)) : null;
  if (link !== null && origin(link) === origin(ours)) {
    const path = text.slice(text.length - link[4].length);
    const code = CODE.exec(path);
    const page = PAGE.exec(path);
    if (code === null && page === null) return { fault: ADDED_TO.test(path) ? "MALFORMED_QR" : "FOREIGN_DOMAIN" };
    const token = code === null || DIGITS.test(code[2]) ? tokenOf((code ?? page)[1]) : null;
    if (token === null) return { fault: "MALFORMED_QR" };
    return code === null ? { token } : { token, link: `${origin(ours)}/c/${token}#`, digits: code[2] };
  }
  const host = shownHost([...text].slice(0, LONGEST_TEXT).join(""));
  if (host === null) return { fault: "MALFORMED_QR" };
  const disguised = trimDots(host) === ours[2] && !lowered(text).includes(ours[2]);
  return { fault: disguised || looksLike(host, ours[2]) ? "HOMOGLYPH_DOMAIN" : "FOREIGN_DOMAIN" };
}

function origin([, scheme, host, port]) {
  return `${scheme}://${host}` + (Number(port ?? DEFAULT_PORT[scheme]) === DEFAULT_PORT[scheme] ? "" : `:${port}`);
}

function tokenOf(text) {
  const token = text.replace(/[a-z]/g, letter => letter.toUpperCase()).replace(/O/g, "0").replace(/[IL]/g, "1");
  return ALPHABET.test(token) ? token : null;
}

/** The host a browser or a person would make of a text, read generously; null for no link. */
function shownHost(text) {
  const bare = text.replace(/[\p{Cc}\p{Cf}]/gu, "").trim();
  const folded = casefolded(bare.normalize("NFKC"));
  const scheme = SCHEME.exec(folded)?.[0];
  let rest;
  if (scheme !== undefined && (/[/\\]/.test(folded[scheme.length]) || /^https?:$/.test(scheme))) {
    rest = folded.slice(scheme.length);
  } else if (/^(\/\/|\\\\|www\.)/.test(folded) || BARE_HOST.test(folded)) {
    rest = folded;
  } else {
    return scheme === undefined ? null : "";
  }
  const authority = rest.replace(/^[/\\]+/, "").split(/[/\\?#]/, 1)[0];
  return authority.slice(authority.lastIndexOf("@") + 1).replace(/:[0-9]*$/, "");
}

function trimDots(host) {
  return host.replace(/^\.+|\.+$/g, "");
}

/** What a host looks like; two hosts with one skeleton can be taken for each other. */
function skeleton(host) {
  const labels = casefolded(host.replace(DOTS, ".")).split(".").map(fromPunycode);
  const folded = casefolded(labels.join(".").normalize("NFKD"));
  const visible = folded.replace(/[\p{Mn}\p{Me}\p{Cf}\p{Cc}]/gu, "").replace(DOTS, ".");
  const plain = [...visible].map(drawn => PLAIN.get(drawn) ?? drawn).join("");
  return trimDots(plain.replaceAll("rn", "m").replaceAll("vv", "w").replaceAll("cl", "d"));
}

/** Whether a host could be taken for ours without being it. */
export function looksLike(host, ours) {
  if (trimDots(host) === ours || [...host].length > LONGEST_HOST) return false;
  const [theirs, own] = [skeleton(host.split(SLASHES, 1)[0]), skeleton(ours)];
  const machine = /^\d+$/.test(ours.replaceAll(".", ""));
  const slips = ours.length < 8 || machine ? 0 : ours.length < 16 ? 1 : 2;
  return distance([...theirs], [...own], slips) <= slips;
}

/** The characters a browser may show for an xn-- label (RFC 3492). */
function fromPunycode(label) {
  if (!/^xn--[\x00-\x7f]*$/.test(label)) return label;
  const [base, most] = [36, 0x10ffff];
  const coded = label.slice(4);
  const dash = coded.lastIndexOf("-");
  const shown = dash > 0 ? [...coded.slice(0, dash)] : [];
  let [code, at, bias] = [128, 0, 72];
  for (let place = dash + 1; place < coded.length; ) {
    const before = at;
    for (let weight = 1, step = base; ; step += base) {
      const digit = "abcdefghijklmnopqrstuvwxyz0123456789".indexOf(coded[place++] ?? "?");
      if (digit < 0 || at > most * (shown.length + 1)) return label;
      at += digit * weight;
      const threshold = step <= bias ? 1 : Math.min(step - bias, 26);
      if (digit < threshold) break;
      weight *= base - threshold;
    }
    const length = shown.length + 1;
    let delta = Math.floor((at - before) / (before === 0 ? 700 : 2));
    delta += Math.floor(delta / length);
    for (bias = 0; delta > 455; bias += base) delta = Math.floor(delta / 35);
    bias += Math.floor((36 * delta) / (delta + 38));
    code += Math.floor(at / length);
    if (code > most) return label;
    shown.splice(at % length, 0, String.fromCodePoint(code));
    at = (at % length) + 1;
  }
  return shown.join("");
}

/** Single-letter slips between two words, swaps of neighbours counted once; over the limit: limit + 1. */
function distance(one, other, limit) {
  if (Math.abs(one.length - other.length) > limit) return limit + 1;
  let above = [];
  let row = Array.from({ length: other.length + 1 }, (_, place) => place);
  for (let i = 1; i <= one.length; i++) {
    const before = above;
    above = row;
    row = [i];
    for (let j = 1; j <= other.length; j++) {
      const differs = one[i - 1] === other[j - 1] ? 0 : 1;
      let cost = Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + differs);
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) {
        cost = Math.min(cost, before[j - 2] + 1);
      }
      row.push(cost);
    }
    if (Math.min(...row) > limit) return limit + 1;
  }
  return row[other.length];
}
