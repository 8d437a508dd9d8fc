// The page /offline: asks, shows what offline.js judged, and never speaks to a server.
import { BundleError, dayText, readBundle, verifyOffline } from "./offline.js";
import { LONGEST, drawn, hasCamera, makeReader, watch } from "./symbol.js";

const find = id => document.getElementById(id);
const words = JSON.parse(find("words").textContent);
const t = words.page;
const locale = document.documentElement.lang === "en" ? "en-GB" : "zh-CN";
const embedded = JSON.parse(find("bundle").textContent);
let bundle = null;
let ownTrustKey = null;

// ---- small pieces of a page

function element(name, attributes, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value) made.setAttribute(key, value);
  made.append(...inside.filter(part => part !== ""));
  return made;
}

const copyOf = id => find(id).content.firstElementChild.cloneNode(true);
const row = (label, value, form = "", note = "") =>
  element("div", { class: form }, element("dt", {}, label), element("dd", {}, value, note && element("small", {}, note)));
const part = (heading, ...inside) => element("section", {}, element("h2", {}, heading), ...inside);

function day(text) {
  return new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }).format(new Date(`${text}T00:00Z`));
}

function instant(at) {
  const date = new Date(new Date(at).getTime() + 8 * 60 * 60 * 1000).toISOString();
  return `${day(date.slice(0, 10))} ${date.slice(11, 19)} ${t.beijing_time}`;
}

// ---- the trust bundle

async function trust(text, source) {
  try {
    const read = await readBundle(text);
    ownTrustKey ??= read.trustKey;
    bundle = read;
    find("trust-said").textContent = read.trustKey === ownTrustKey ? "" : t.offline_other_key;
  } catch (fault) {
    if (!(fault instanceof BundleError)) throw fault;
    find("trust-said").textContent = t.offline_bad_bundle;
    return;
  }
  const oldest = Math.min(...[...bundle.lists.values()].map(list => list.issuedAt));
  find("trust").replaceChildren(
    row(t.offline_list_date, Number.isFinite(oldest) ? instant(oldest) : t.offline_no_list),
    row(t.issued_by, bundle.issuer),
    row(t.official_site, bundle.publicUrl),
    row(t.offline_source, source),
    row(t.offline_fingerprint, bundle.trustKey.match(/.{4}/g).join(" "), "long"),
  );
}

find("file").addEventListener("change", async event => {
  const [file] = event.target.files;
  if (file !== undefined) await trust(await file.text(), file.name);
});

// ---- asking

let reader = null;
const readerOnce = () => (reader ??= makeReader(async () => globalThis.jsQR));
const say = what => (find("said").textContent = what);

async function ask(texts) {
  say("");
  if (bundle === null) return say(t.offline_no_bundle);
  show(await verifyOffline(texts, bundle));
}

find("ask").addEventListener("submit", event => {
  event.preventDefault();
  ask(find("text").value);
});

find("picture").addEventListener("change", async event => {
  const [file] = event.target.files;
  if (file === undefined) return;
  say(t.offline_reading);
  const read = await readerOnce();
  let texts = [];
  try {
    const picture = await createImageBitmap(file);
    texts = await read(drawn(picture, LONGEST));
  } catch {
    // What this browser cannot open holds no symbol for it.
  }
  if (texts.length === 0) return say(t.offline_no_symbol);
  find("text").value = texts[0];
  ask(texts);
});

let stop = () => {};
function close() {
  stop();
  stop = () => {};
  find("scan-video").hidden = find("scan-stop").hidden = true;
  find("scan-start").hidden = false;
}

find("scan-start").addEventListener("click", async () => {
  find("scan-start").hidden = true;
  say(t.scan_opening);
  try {
    const read = await readerOnce();
    find("scan-video").hidden = find("scan-stop").hidden = false;
    stop = await watch(find("scan-video"), read, async texts => {
      if (bundle === null) return say(t.offline_no_bundle);
      const report = await verifyOffline(texts, bundle);
      // The other symbol of the paper came first, or both at once: a moment later it is the right one.
      const passing = report.findings.find(one => ["NO_OFFLINE_CODE", "MANY_QR"].includes(one.code));
      if (passing !== undefined) return say(words.findings[passing.code]);
      close();
      say("");
      find("text").value = texts[0];
      show(report);
    });
    say(t.scan_looking);
  } catch (fault) {
    close();
    say(fault.name === "NotAllowedError" ? t.scan_refused : t.offline_no_camera);
  }
});
find("scan-stop").addEventListener("click", () => {
  close();
  say("");
});
addEventListener("pagehide", close);

// ---- showing

function show(report) {
  const { heading, advice, tone } = words.statuses[report.status];
  const verdict = element(
    "section",
    { class: `verdict ${tone}` },
    copyOf(`mark-${tone}`),
    element("div", {}, element("h1", {}, heading), element("p", {}, advice)),
  );
  const asOf = report.list_issued_at === null ? t.offline_no_list : instant(report.list_issued_at);
  const when = element(
    "section",
    { class: "when" },
    element("p", { class: "list" }, element("span", { class: "label" }, t.offline_list_date), asOf),
    element("p", {}, element("span", { class: "label" }, words.fields.checked_at), `${instant(report.checked_at)} ${t.offline_own_clock}`),
    element("p", { class: "warn" }, t.offline_as_of),
    // Said again beside the verdict: nobody reads to the end of a page that seems to say yes.
    bundle.trustKey === ownTrustKey ? "" : element("p", { class: "fault other-key" }, t.offline_other_key),
  );
  const parts = report.code === null ? [] : face(report.code);
  find("result").replaceChildren(verdict, when, ...parts, checks(report.findings));
  find("lead").hidden = true;
  find("result").hidden = false;
  find("result").focus({ preventScroll: true });
  find("result").scrollIntoView();
}

function face(code) {
  const told = name => (typeof code[name] === "string" ? code[name] : t.offline_left_out);
  const lines = code.specialties.map(one =>
    element(
      "li",
      {},
      element("span", { class: "what" }, one.name),
      element("span", { class: "end" }, `${t.valid_until} ${day(dayText(one.validTo))}`),
    ),
  );
  const fields = element(
    "dl",
    { class: "fields" },
    row(words.fields.name, told("name"), told("name").length <= 8 ? "short" : ""),
    row(words.fields.sex, words.sexes[code.sex - 1], "short"),
    row(words.fields.birth_date, day(dayText(code.birthDate))),
    row(words.fields.registration_number, code.registrationNumber),
    row(words.fields.employer, told("employer")),
    row(t.usage_window, `${day(dayText(code.useFrom))} ${t.until} ${day(dayText(code.useUntil))}`, "", t.both_included),
    row(words.fields.purpose, told("purpose")),
    row(words.fields.copy_number, String(code.copyNumber), "short"),
    row(words.fields.licence_id, code.licenceId, "long"),
  );
  const online = element("a", { href: `${bundle.publicUrl.replace(/\/$/, "")}/v/${code.token}`, rel: "noreferrer" }, t.offline_online);
  return [
    part(`${t.certificate} · ${code.profession}`, fields),
    part(words.fields.specialties, element("ul", { class: "specialties" }, ...lines)),
    element("section", {}, element("p", {}, online)),
  ];
}

function checks(findings) {
  const list = element("ul", { class: "checks" });
  const idle = findings.filter(one => one.code === "NOT_APPLICABLE");
  const item = (result, name, outcome, text) =>
    element(
      "li",
      {},
      copyOf(`check-${result}`),
      element("div", {}, element("span", { class: "what" }, name), " ", element("span", { class: "outcome" }, outcome), text && element("p", {}, text)),
    );
  for (const one of findings) {
    if (one.code === "NOT_APPLICABLE") continue;
    const detail = one.detail.split(", ").filter(Boolean).map(plain).join(t.comma);
    const sentence = (words.findings[one.code] ?? one.code) + (detail && t.offline_detail.replace("{}", detail));
    list.append(item(one.result, words.checks[one.check], words.results[one.result], sentence));
  }
  if (idle.length > 0) list.append(item("skip", t.idle, "", idle.map(one => words.checks[one.check]).join(t.comma)));
  return part(t.checks, list);
}

/** A day, an instant or the name of a field as people read it; anything else stays. */
function plain(detail) {
  if (/^\d{4}-\d\d-\d\d$/.test(detail)) return day(detail);
  if (/^\d{4}-\d\d-\d\dT/.test(detail)) return instant(detail);
  return words.fields[detail] ?? detail;
}

// ---- at the start; a copy saved with an answer in it forgets that answer

find("result").replaceChildren();
find("result").hidden = true;
find("lead").hidden = false;
find("unable").hidden = Boolean(globalThis.crypto?.subtle);
find("scan").hidden = !hasCamera();
if (location.protocol === "file:") for (const one of [find("keep"), document.querySelector(".tongue")]) one.hidden = true;
if (embedded !== null && globalThis.crypto?.subtle) await trust(JSON.stringify(embedded), t.offline_embedded);
else if (embedded === null) find("trust-said").textContent = t.offline_no_bundle;
