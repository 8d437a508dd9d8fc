"""Page -> PDF/A-2b, unsealed: the reference renderer.

reportlab cuts the fonts and writes the objects; what the page shows is written here, so that nothing enters a
file that PDF/A or the seal's strict check would refuse. Equal input gives equal bytes.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from io import BytesIO
from threading import Lock
from typing import Any, Final

from PIL import Image
from reportlab.pdfbase import pdfdoc

from certsvc.errors import DefectError
from certsvc.page.fonts import FontChain
from certsvc.page.model import DocumentFacts, Page, Path, Picture, Symbol, TextRun
from certsvc.rendering import xmp
from certsvc.rendering.content import PT_PER_MM, Content, number, opacity_name
from certsvc.rendering.fonts import EmbeddedFont
from certsvc.rendering.srgb import PROFILE

COMPRESSION: Final = 6
SRGB: Final = zlib.compress(PROFILE, 9)
KEPT_FORMS: Final = 32
"""Static pages kept compiled."""


class ReferenceRenderer:
    """Renders pages; safe to share between threads."""

    def __init__(self, fonts: FontChain) -> None:
        """Parse every font once, which takes most of a second."""
        self._fonts = {name: EmbeddedFont(font) for name, font in fonts.fonts.items()}
        # A reportlab font serves one document at a time.
        self._lock = Lock()
        self._forms: dict[int, tuple[object, pdfdoc.PDFDictionary, bytes]] = {}

    def render(self, page: Page, facts: DocumentFacts) -> bytes:
        """Return PDF bytes, PDF/A-2b, unsealed, ending with a newline after ``%%EOF``.

        The static paths are drawn first, then the rest in its order; the stamp is left to the sealing step.

        Raises:
            DefectError: a picture is not what it says it is.
        """
        with self._lock:
            document = _Document(facts)
            content = Content(page.height_mm)
            content.form(document.add_form("Static", *self._static_form(page)))
            for item in (*(part for part in page.static if not isinstance(part, Path)), *page.variable):
                self._draw(item, content, document)
            return document.finish(page, content)

    def _draw(self, item: TextRun | Path | Picture | Symbol, content: Content, document: _Document) -> None:
        if isinstance(item, TextRun):
            font = self._fonts[item.font]
            parts = font.splitString(item.text, document.pdf)
            content.text(
                [(font.getSubsetInternalName(subset, document.pdf), codes) for subset, codes in parts],
                at_mm=(item.x_mm, item.y_mm),
                size_pt=item.size_pt,
                colour=item.colour,
                tracking_mm=item.tracking_mm,
                rotate_deg=item.rotate_deg,
                opacity=item.opacity,
            )
        elif isinstance(item, Picture):
            content.image(document.add_picture(item), item)
        elif isinstance(item, Symbol):
            content.symbol(item)
        else:
            content.paths([item])

    def _static_form(self, page: Page) -> tuple[pdfdoc.PDFDictionary, bytes]:
        """Compile the static paths once for each static tuple compose() hands out."""
        kept = self._forms.get(id(page.static))
        if kept is None:
            content = Content(page.height_mm)
            content.paths(item for item in page.static if isinstance(item, Path))
            packed = zlib.compress(content.content(), 9)
            if len(self._forms) >= KEPT_FORMS:
                self._forms.clear()
            # The tuple is kept with its form: while it lives, nothing else can have its id.
            kept = page.static, _form_dictionary(page, content.opacities), packed
            self._forms[id(page.static)] = kept
        return kept[1], kept[2]


class _Document:
    """One PDF document under construction."""

    def __init__(self, facts: DocumentFacts) -> None:
        # Any: half of what is needed here is missing from the stubs of reportlab.
        self.pdf: Any = pdfdoc.PDFDocument(compression=1, invariant=1, pdfVersion=(1, 7), lang="zh-CN")
        self._facts = facts
        self._xobjects: dict[str, pdfdoc.PDFObjectReference] = {}

    def add_form(self, name: str, dictionary: pdfdoc.PDFDictionary, packed: bytes) -> str:
        self._xobjects[name] = self._stream(dictionary.dict, packed, "FlateDecode")
        return name

    def add_picture(self, picture: Picture) -> str:
        """Add an image: a JPEG as it is, a PNG's pixels packed anew, transparency as a soft mask."""
        name = f"Image{len(self._xobjects)}"
        try:
            with Image.open(
                BytesIO(picture.content), formats=["JPEG" if "jpeg" in picture.media else "PNG"]
            ) as image:
                if picture.media == "image/jpeg":
                    if image.mode not in {"RGB", "L"}:
                        raise DefectError(f"a {image.mode} JPEG has no place in an sRGB document")
                    entry = _image_dictionary(image.size, image.mode)
                    self._xobjects[name] = self._stream(entry, picture.content, "DCTDecode")
                else:
                    self._xobjects[name] = self._add_pixels(image.convert("RGBA"))
        except (OSError, ValueError, Image.DecompressionBombError) as fault:
            raise DefectError(f"the {picture.field} image cannot be read") from fault
        return name

    def _add_pixels(self, image: Image.Image) -> pdfdoc.PDFObjectReference:
        alpha = image.getchannel("A")
        entry = _image_dictionary(image.size, "RGB")
        if alpha.getextrema() != (255, 255):
            mask = zlib.compress(alpha.tobytes(), COMPRESSION)
            entry["SMask"] = self._stream(_image_dictionary(image.size, "L"), mask, "FlateDecode")
        return self._stream(entry, zlib.compress(image.convert("RGB").tobytes(), COMPRESSION), "FlateDecode")

    def finish(self, page: Page, content: Content) -> bytes:
        """Write the file."""
        pdf = self.pdf
        sheet = pdfdoc.PDFPage()
        sheet.Override_default_compilation = 1
        size = [number(page.width_mm * PT_PER_MM), number(page.height_mm * PT_PER_MM)]
        sheet.MediaBox = pdfdoc.PDFArray(["0", "0", *size])
        sheet.Parent = pdf.Pages
        sheet.Contents = self._stream({}, zlib.compress(content.content(), COMPRESSION), "FlateDecode")
        resources = {
            "Font": pdfdoc.PDFObjectReference(pdfdoc.BasicFonts),
            "XObject": _dictionary(self._xobjects),
        }
        if content.opacities:
            resources["ExtGState"] = _opacities(content.opacities)
        sheet.Resources = _dictionary(resources)
        pdf.addPage(sheet)
        for font in pdf.delayedFonts:
            font.addObjects(pdf)
        self._describe()
        # PDF/A wants an end of line before endstream; reportlab writes none.
        for name, item in pdf.idToObject.items():
            if type(item) is pdfdoc.PDFStream:
                pdf.idToObject[name] = _LineEnded(item)
        return bytes(pdf.format())

    def _describe(self) -> None:
        """Fill in catalog, Info and /ID; private names of reportlab 5.1.0, whose version is pinned."""
        pdf, facts = self.pdf, self._facts
        moment = pdfdoc.PDFString("D:" + facts.created_at.translate(str.maketrans("", "", "-:T")))
        pdf.info = _dictionary(
            {
                "Title": pdfdoc.PDFString(facts.title),
                "Creator": pdfdoc.PDFString(xmp.PRODUCER),
                "Producer": pdfdoc.PDFString(xmp.PRODUCER),
                "CreationDate": moment,
                "ModDate": moment,
            }
        )
        fingerprint = hashlib.sha256(facts.document_id.encode("utf-8")).hexdigest()[:32]
        pdf._ID = f"[<{fingerprint}> <{fingerprint}>]".encode("ascii")
        catalog = pdf.Catalog
        catalog.PageMode = catalog.Outlines = None
        catalog.__NoDefault__ = [*catalog.__NoDefault__, "OutputIntents"]
        catalog.Metadata = self._stream({"Type": "/Metadata", "Subtype": "/XML"}, xmp.packet(facts), None)
        condition = pdfdoc.PDFString("sRGB IEC61966-2.1")
        intent = {
            "Type": "/OutputIntent",
            "S": "/GTS_PDFA1",
            "OutputConditionIdentifier": condition,
            "Info": condition,
            "DestOutputProfile": self._stream({"N": 3}, SRGB, "FlateDecode"),
        }
        catalog.OutputIntents = pdfdoc.PDFArray([_dictionary(intent)])

    def _stream(
        self, entries: Mapping[str, object], content: bytes, packed_by: str | None
    ) -> pdfdoc.PDFObjectReference:
        dictionary = dict(entries)
        if packed_by is not None:
            dictionary["Filter"] = f"/{packed_by}"
        reference: pdfdoc.PDFObjectReference = self.pdf.Reference(
            pdfdoc.PDFStream(_dictionary(dictionary), content)
        )
        return reference


class _LineEnded(pdfdoc.PDFObject):
    """A stream with an end of line before ``endstream``."""

    __RefOnly__ = 1

    def __init__(self, stream: pdfdoc.PDFStream) -> None:
        self._stream = stream

    def format(self, document: pdfdoc.PDFDocument) -> bytes:
        """Write the stream."""
        return bytes(self._stream.format(document)).removesuffix(b"endstream\n") + b"\nendstream\n"


def _dictionary(entries: Mapping[str, object]) -> pdfdoc.PDFDictionary:
    return pdfdoc.PDFDictionary(dict(entries))


def _image_dictionary(size: tuple[int, int], mode: str) -> dict[str, object]:
    return {
        "Type": "/XObject",
        "Subtype": "/Image",
        "Width": size[0],
        "Height": size[1],
        "ColorSpace": {"RGB": "/DeviceRGB", "L": "/DeviceGray"}[mode],
        "BitsPerComponent": 8,
    }


def _form_dictionary(page: Page, opacities: Iterable[float]) -> pdfdoc.PDFDictionary:
    size = [number(page.width_mm * PT_PER_MM), number(page.height_mm * PT_PER_MM)]
    return _dictionary(
        {
            "Type": "/XObject",
            "Subtype": "/Form",
            "BBox": pdfdoc.PDFArray(["0", "0", *size]),
            "Resources": _dictionary({"ExtGState": _opacities(opacities)}),
        }
    )


def _opacities(opacities: Iterable[float]) -> pdfdoc.PDFDictionary:
    return _dictionary(
        {opacity_name(value): _dictionary({"ca": value, "CA": value}) for value in sorted(opacities)}
    )
