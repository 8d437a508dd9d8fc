// Runs in the page that holds ofd.js: draws one OFD and tells what stands where, in millimetres.
async ({ file, fonts, pixelsPerMM, references, digestsUpTo }) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  // ofd.js leaves fonts to the machine; these are the file's own, under the names ofd.js asks for.
  for (const { family, content } of fonts) {
    const face = new FontFace(family, bytes(content));
    await face.load();
    document.fonts.add(face);
  }

  ofd.setPageScale(pixelsPerMM);
  const [parsed] = await new Promise((success, fail) =>
    ofd.parseOfdDocument({ ofd: bytes(file).buffer, success, fail }));
  const pages = ofd.renderOfdByScale(parsed);
  document.body.style.margin = 0;
  document.body.style.textRendering = "geometricPrecision";
  document.body.replaceChildren(...pages);
  await document.fonts.ready;
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));

  const paper = pages[0].getBoundingClientRect();
  const box = (element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    return [left - paper.left, top - paper.top, right - paper.left, bottom - paper.top].map((n) => n / pixelsPerMM);
  };
  const isShown = async (image) => {
    try {
      await image.decode();
      return true;
    } catch {
      return false;
    }
  };
  const letter = (text) => {
    const at = new DOMPoint(text.x.baseVal[0].value, text.y.baseVal[0].value);
    const start = at.matrixTransform(text.getScreenCTM());
    return {
      unit: text.textContent,
      x: (start.x - paper.left) / pixelsPerMM,
      y: (start.y - paper.top) / pixelsPerMM,
      // Not the box's: that reaches as far as the ink, whole pixels up.
      advance: text.getComputedTextLength() / pixelsPerMM,
      box: box(text),
      size: parseFloat(getComputedStyle(text).fontSize) / pixelsPerMM,
      hidden: Number(getComputedStyle(text).fillOpacity) === 0,
    };
  };

  const objects = [...pages[0].querySelectorAll("svg")];
  const runs = objects.map((object) => [...object.querySelectorAll("text")]).filter((texts) => texts.length);
  const paths = objects.flatMap((object) => [...object.querySelectorAll("path")]);
  const images = objects.flatMap((object) => [...object.querySelectorAll("image")]);
  const isSeal = (image) => image.parentNode.getAttribute("name") === "seal_img_div";
  return {
    pages: pages.length,
    paper: box(pages[0]),
    runs: runs.map((texts) => texts.map(letter)),
    outlines: paths.filter((path) => path.getAttribute("fill") !== "none").map(box),
    images: await Promise.all(images.filter((image) => !isSeal(image)).map(async (image) =>
      ({ box: box(image), shown: await isShown(image) }))),
    seals: await Promise.all(images.filter(isSeal).map(async (image) => {
      const { dataset } = image.parentNode;
      const said = JSON.parse(dataset.signedInfo);
      const all = window.toBeChecked.get(said.signatureID);
      // ofd.js unpacks what it is to check behind our back.
      for (let frame = 0; frame < 600 && all.length < references; frame++) {
        await new Promise(requestAnimationFrame);
      }
      const list = all.filter(({ fileData }) => fileData.length <= digestsUpTo);
      return {
        box: box(image),
        shown: await isShown(image),
        signature: said.VerifyRet,
        digests: ofd.digestCheck(list) ? list.length : 0,
        name: JSON.parse(dataset.sesSignature).toSign.eseal.esealInfo.property.name,
      };
    })),
  };
}
