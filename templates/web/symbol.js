// Reading QR symbols in the browser: what the browser itself can do, else the kept reader beside this file.

/** A picture larger than this, in pixels along its longer side, is read and sent smaller. */
export const LONGEST = 3000;
const PAUSE_MS = 120;
const FRAME = 1280;

/**
 * Make a reader: a function from a picture (canvas, bitmap or video) to the texts of its QR symbols.
 * loadKept brings the kept reader's function and is asked only when the browser has none of its own.
 */
export async function makeReader(loadKept) {
  const detector = await ownDetector();
  if (detector !== null) {
    return async picture => (await detector.detect(picture)).map(found => found.rawValue);
  }
  const read = await loadKept();
  return async picture => {
    const canvas = drawn(picture, FRAME);
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const found = read(pixels.data, pixels.width, pixels.height, { inversionAttempts: "dontInvert" });
    return found === null ? [] : [found.data];
  };
}

async function ownDetector() {
  try {
    const formats = await BarcodeDetector.getSupportedFormats();
    return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
  } catch {
    return null;
  }
}

/** Draw a picture on a white canvas, no side longer than the limit. */
export function drawn(picture, limit) {
  const width = picture.videoWidth || picture.width;
  const height = picture.videoHeight || picture.height;
  const scale = Math.min(1, limit / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.imageSmoothingQuality = "high";
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** Whether this browser lets a page use a camera at all; on a plain http address none does. */
export function hasCamera() {
  return Boolean(globalThis.navigator?.mediaDevices?.getUserMedia);
}

/** Look through the camera until a picture holds symbols that say one thing; returns how to stop. */
export async function watch(video, read, found) {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false,
    video: { facingMode: "environment", width: { ideal: FRAME }, height: { ideal: 720 } },
  });
  let over = false;
  const stop = () => {
    over = true;
    stream.getTracks().forEach(track => track.stop());
    video.srcObject = null;
  };
  const look = async () => {
    if (over) return;
    const texts = video.readyState >= 2 ? [...new Set(await read(video).catch(() => []))] : [];
    if (!over && texts.length > 0) found(texts, stop);
    if (!over) setTimeout(look, PAUSE_MS);
  };
  video.srcObject = stream;
  await video.play();
  look();
  return stop;
}
