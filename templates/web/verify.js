// Makes the page /verify quicker where scripts run: the camera, a file dropped on the page, smaller photos.
// Without it every form works as it stands.
import { LONGEST, drawn, hasCamera, makeReader, watch } from "./symbol.js";

const QUALITY = 0.9;
const script = document.querySelector("script[data-reader]");
const find = id => document.getElementById(id);

// ---- photos: no more pixels than the server can use; files of other kinds go up byte for byte

async function smaller(file) {
  if (!file.type.startsWith("image/")) return file;
  try {
    // The browser sets a photo upright by what its camera noted; the canvas keeps it so.
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    if (Math.max(picture.width, picture.height) <= LONGEST && /\/(png|jpeg)$/.test(file.type)) return file;
    const canvas = drawn(picture, LONGEST);
    const content = await new Promise(done => canvas.toBlob(done, "image/jpeg", QUALITY));
    return content === null ? file : new File([content], "photo.jpg", { type: "image/jpeg" });
  } catch {
    return file; // The server says what is wrong with it, or can read what this browser cannot.
  }
}

async function send(form) {
  const input = form.querySelector("input[type=file]");
  const button = form.querySelector("button");
  button.disabled = true;
  button.textContent = button.dataset.busy;
  const file = await smaller(input.files[0]);
  if (file !== input.files[0]) {
    try {
      const chosen = new DataTransfer();
      chosen.items.add(file);
      input.files = chosen.files;
    } catch {
      // An old browser does not let a script choose a file: the photo goes up as it is.
    }
  }
  form.submit();
}

for (const form of document.querySelectorAll("form[enctype]")) {
  form.addEventListener("submit", event => {
    event.preventDefault();
    send(form);
  });
}

// Whoever comes back finds the buttons as they were.
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button[data-busy]")) {
    button.dataset.ready ??= button.textContent;
    button.textContent = button.dataset.ready;
    button.disabled = false;
  }
});

// ---- a file dropped anywhere on the page

const files = find("by-file");
const holdsFile = event => event.dataTransfer?.types.includes("Files");
addEventListener("dragover", event => {
  if (!holdsFile(event)) return;
  event.preventDefault();
  files.classList.add("dropping");
});
addEventListener("dragleave", event => {
  if (event.relatedTarget === null) files.classList.remove("dropping");
});
addEventListener("drop", event => {
  if (!holdsFile(event)) return;
  event.preventDefault();
  files.classList.remove("dropping");
  const input = find("file");
  input.files = event.dataTransfer.files;
  if (input.files.length === 1) input.form.requestSubmit();
});
find("drop-note").hidden = false;

// ---- the camera

const said = find("scan-said");
const video = find("scan-video");
const start = find("scan-start");
const stopButton = find("scan-stop");
let stop = () => {};

function say(what) {
  said.textContent = what === "" ? "" : said.dataset[what];
}

function close() {
  stop();
  stop = () => {};
  video.hidden = stopButton.hidden = true;
  start.hidden = false;
}

function loadKept() {
  return new Promise((done, failed) => {
    const kept = document.createElement("script");
    kept.nonce = script.nonce;
    kept.src = script.dataset.reader;
    kept.onload = () => done(globalThis.jsQR);
    kept.onerror = failed;
    document.head.append(kept);
  });
}

/** The token in a link that is exactly ours, apart from case; null for everything else. */
function tokenOf(text) {
  const site = script.dataset.site.toLowerCase();
  // One by one: "toLowerCase" on the whole text would also turn a Kelvin sign into a k.
  const start = text.slice(0, site.length).replace(/[A-Z]/g, letter => letter.toLowerCase());
  const rest = /^\/[vc]\/([0-9a-z]{26})(#[0-9]*)?$/i.exec(text.slice(site.length));
  return start === site && rest !== null ? rest[1] : null;
}

function follow(texts, halt) {
  const tokens = new Set(texts.map(tokenOf));
  if (tokens.size > 1 || (tokens.has(null) && texts.length > 1)) return say("many");
  halt();
  const [token] = tokens;
  say("found");
  if (token !== null) return location.assign(`/v/${token}${location.search}`);
  // Whose link it is, the server says; it is never opened.
  find("qr").value = texts[0];
  find("qr").form.submit();
}

start.addEventListener("click", async () => {
  start.hidden = true;
  say("opening");
  try {
    const read = await makeReader(loadKept);
    video.hidden = stopButton.hidden = false;
    stop = await watch(video, read, follow);
    say("looking");
    stopButton.focus();
  } catch (fault) {
    close();
    say(fault.name === "NotAllowedError" ? "refused" : "failed");
  }
});
stopButton.addEventListener("click", () => {
  close();
  say("");
  start.focus();
});
addEventListener("pagehide", close);
document.addEventListener("visibilitychange", () => {
  if (document.hidden && !video.hidden) {
    close();
    say("");
  }
});
if (hasCamera()) find("scan").hidden = false;
