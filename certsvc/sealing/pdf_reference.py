"""Seals any PDF of ours in an incremental update: reports, and what the compiled path is held against.

pyHanko lays out the incremental update; what goes into it is decided here, because the sealed file has to
stay PDF/A-2b and to depend on nothing but its inputs: no clock, no random number but an ECDSA signature's.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from typing import Final

from asn1crypto import x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign import fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.pdf_cms import Signer as PyHankoSigner
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner, PdfSigningSession
from pyhanko.stamp import BaseStamp, BaseStampStyle

from certsvc.errors import DefectError
from certsvc.page.model import Stamp
from certsvc.pdf.values import outline_operators
from certsvc.sealing.pdf import sign_digest
from certsvc.sealing.port import Signer

FIELD_NAME: Final = "CertsvcSeal"
_POINTS_PER_MM: Final = 72 / 25.4
_HOLE: Final = 8192
"""Hex digits kept free for the CMS; RSA-3072 with one CA takes about 4,500."""

# pyHanko leaves these constructors untyped.
_dictionary: Final[Callable[[dict[generic.NameObject, object]], generic.DictionaryObject]] = (
    generic.DictionaryObject
)
_real: Final[Callable[[float], generic.FloatObject]] = generic.FloatObject


def seal_pdf(
    unsigned: bytes, *, signer: Signer, stamp: Stamp, at: datetime, reason: str, location: str
) -> bytes:
    """Return the sealed PDF: *unsigned*, untouched, and one incremental update.

    Args:
        unsigned: PDF/A-2b bytes of ours, without form or signature, ending with a newline.
        signer: the document signing key.
        stamp: drawn on the first page as the signature's appearance.
        at: signing time claimed in the file, aware; the machine's clock is not read.
        reason: why it was sealed, shown by viewers.
        location: where.

    Raises:
        DefectError: *unsigned* is not such a file; nothing was signed.
    """
    if not unsigned.startswith(b"%PDF-1.7") or not unsigned.endswith(b"%%EOF\n"):
        # Right after %%EOF the update would break PDF/A (ISO 19005-2, 6.1.9).
        raise DefectError("the unsigned file is not PDF 1.7 or does not end with %%EOF and a newline")
    if at.tzinfo is None:
        raise DefectError("the instant of sealing has no offset")
    try:
        writer = _Writer(BytesIO(unsigned))
        if "/AcroForm" in writer.root or "/Perms" in writer.root:
            raise DefectError("the unsigned file has a form or permissions already")
        rect = _rect(stamp, writer)
        metadata = PdfSignatureMetadata(
            field_name=FIELD_NAME,
            md_algorithm="sha256",
            reason=reason,
            location=location,
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
            subfilter=fields.SigSeedSubFilter.PADES,
        )
        field = fields.SigFieldSpec(
            FIELD_NAME,
            box=rect,  # type: ignore[arg-type]  # pyHanko asks for int and writes any number
            field_mdp_spec=fields.FieldMDPSpec(fields.FieldMDPAction.ALL),
            doc_mdp_update_value=fields.MDPPerm.NO_CHANGES,
        )
        sealing = _Sealing(
            metadata, _CMSSigner(signer), stamp_style=_StampStyle(stamp), new_field_spec=field, at=at
        )
        sealed: BytesIO = _finish(sealing.async_sign_pdf(writer, bytes_reserved=_HOLE))
    except (PdfError, SigningError, ValueError, KeyError, AttributeError, AssertionError) as fault:
        raise DefectError(f"the unsigned file cannot be sealed: {fault!r}") from fault
    return sealed.getvalue()


class _Writer(IncrementalPdfFileWriter):
    """Adds the signature and nothing else."""

    def _update_meta(self) -> None:
        """Leave Info and XMP as they were rendered: pyHanko would write the machine's time into both."""

    @classmethod
    def _handle_id(cls, prev: PdfFileReader) -> generic.ArrayObject:
        # The second part of /ID names this revision: taken from the bytes revised, it is always the same.
        first, _ = prev.trailer["/ID"]
        prev.stream.seek(0)
        revision = hashlib.sha256(prev.stream.read()).digest()[:16]
        return generic.ArrayObject([first, generic.ByteStringObject(revision)])


class _Sealing(PdfSigner):
    """A certification at a stated instant."""

    def __init__(
        self,
        metadata: PdfSignatureMetadata,
        signer: PyHankoSigner,
        *,
        stamp_style: BaseStampStyle,
        new_field_spec: fields.SigFieldSpec,
        at: datetime,
    ) -> None:
        super().__init__(metadata, signer, stamp_style=stamp_style, new_field_spec=new_field_spec)
        self._at = at

    def register_extensions(self, pdf_out: BasePdfFileWriter, *, md_algorithm: str) -> None:
        """Register none: for P-256 pyHanko would raise the catalog to PDF 2.0, which PDF/A-2 forbids."""

    def init_signing_session(
        self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False
    ) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._at
        return session


class _CMSSigner(PyHankoSigner):
    """Hands pyHanko our own CMS; the private key stays behind the Signer port, in a file or in hardware."""

    def __init__(self, signer: Signer) -> None:
        super().__init__(signing_cert=_parsed(signer.certificate), embed_roots=False)
        self._signer = signer

    async def async_sign(
        self,
        data_digest: bytes,
        digest_algorithm: str,
        dry_run: bool = False,
        use_pades: bool = False,
        *_settings: object,
        **_named_settings: object,
    ) -> bytes:
        if digest_algorithm != "sha256" or dry_run or not use_pades:
            raise SigningError("a seal is PAdES with SHA-256")
        return sign_digest(self._signer, data_digest)


class _StampStyle(BaseStampStyle):
    """Draws the stamp's paths; pyHanko asks it for the appearance of the signature."""

    def __init__(self, stamp: Stamp) -> None:
        super().__init__(border_width=0)
        object.__setattr__(self, "stamp", stamp)  # the base class is a frozen dataclass

    def create_stamp(
        self, writer: BasePdfFileWriter, box: BoxConstraints, text_params: dict[str, str]
    ) -> BaseStamp:
        return _Appearance(writer, self, box)


class _Appearance(BaseStamp):
    """The appearance stream: vector paths only, no font, no image."""

    def as_form_xobject(self) -> generic.StreamObject:
        stamp: Stamp = self.style.stamp
        packed, opacities = _drawing(stamp)
        # pyHanko's own box is cut to whole points, which would stretch the drawing.
        box = (0, 0, stamp.width_mm * _POINTS_PER_MM, stamp.height_mm * _POINTS_PER_MM)
        states: dict[generic.NameObject, object] = {
            pdf_name(f"/G{number}"): _dictionary(
                {
                    pdf_name("/CA"): _real(opacity),
                    pdf_name("/ca"): _real(opacity),
                }
            )
            for number, opacity in enumerate(opacities)
        }
        resources: dict[generic.NameObject, object] = (
            {pdf_name("/ExtGState"): _dictionary(states)} if states else {}
        )
        return generic.StreamObject(
            {
                pdf_name("/Type"): pdf_name("/XObject"),
                pdf_name("/Subtype"): pdf_name("/Form"),
                pdf_name("/BBox"): generic.ArrayObject(_real(round(side, 3)) for side in box),
                pdf_name("/Resources"): _dictionary(resources),
                pdf_name("/Filter"): pdf_name("/FlateDecode"),
            },
            encoded_data=packed,
        )


@lru_cache(maxsize=32)
def _drawing(stamp: Stamp) -> tuple[bytes, tuple[float, ...]]:
    """Return the deflated operators and the opacities they name /G0, /G1 ..."""
    opacities = tuple(sorted({path.opacity for path in stamp.paths if path.opacity != 1.0}))
    k = _POINTS_PER_MM
    lines = [f"{k:.5f} 0 0 {-k:.5f} 0 {stamp.height_mm * k:.3f} cm 1 j 1 J"]
    for path in stamp.paths:
        operators = outline_operators(path.segments, stroke=path.stroke, fill=path.fill, width=path.width_mm)
        if path.opacity != 1.0:
            operators = f"q /G{opacities.index(path.opacity)} gs {operators} Q"
        lines.append(operators)
    return zlib.compress("\n".join(lines).encode("ascii"), 9), opacities


def _rect(stamp: Stamp, writer: IncrementalPdfFileWriter) -> tuple[float, float, float, float]:
    page = writer.root["/Pages"]["/Kids"][0]
    _, _, _, height = (float(side) for side in page["/MediaBox"])
    k = _POINTS_PER_MM
    left, top = stamp.x_mm * k, height - stamp.y_mm * k
    right, bottom = left + stamp.width_mm * k, top - stamp.height_mm * k
    return round(left, 3), round(bottom, 3), round(right, 3), round(top, 3)


@lru_cache(maxsize=32)
def _parsed(certificate: bytes) -> x509.Certificate:
    return x509.Certificate.load(certificate)


def _finish(work: Coroutine[object, object, BytesIO]) -> BytesIO:
    """Run a coroutine that never waits: nothing in it does I/O, so no event loop is started per file."""
    try:
        work.send(None)
    except StopIteration as done:
        sealed: BytesIO = done.value
        return sealed
    work.close()
    raise DefectError("sealing waited for something")
