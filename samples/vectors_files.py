"""The files of the vectors: good ones, and ones with exactly one defect each."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import qrcode
import zxingcpp
from PIL import Image

from bench.photographs import photograph
from certsvc.cli import defects_ofd, defects_pdf
from certsvc.cli.defects import Good
from certsvc.gm.seal import Picture, make_seal, read_seal
from certsvc.ofd.names import OFD, PAGE
from certsvc.rendering.png import preview
from certsvc.sealing.cms import build_cms, read_cms, signed_attributes, smaller_s
from certsvc.sealing.dev_seals import _authorities
from certsvc.sealing.pki import read_plan
from samples.vectors_story import Story
from tests.sealing import ofd_attacks
from tests.sealing.ofd_key_attacks import resealed
from tests.sealing.samples import cms_of, covered_of, with_container
from tests.tools import ROOT
from tests.verification.pictures import beside, pdf_of

DPI: Final = 200
"""Of the drawing that is photographed."""
STRICTER: Final = {"stricter": True}
"""pyHanko takes what our own key signed; we refuse what this service never makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One file with what it must come to."""

    name: str
    says: str
    status: str
    code: str
    """A finding that must be in the answer; the others are written down as they come."""
    content: bytes
    changes: Mapping[str, Any] = field(default_factory=dict)
    """What else the vector says: clock, specialty, trust."""


def files(story: Story) -> Iterator[Made]:
    """Yield every file vector; one that is made from another comes after it."""
    good = Good(
        original_pdf=story.original_file("pdf"),
        original_ofd=story.original_file("ofd"),
        endorsed_pdf=story.file("main"),
        endorsed_ofd=story.file("main", "ofd"),
    )
    for name, content in (
        ("endorsed.pdf", good.endorsed_pdf), ("endorsed.ofd", good.endorsed_ofd),
        ("original.pdf", good.original_pdf), ("original.ofd", good.original_ofd),
    ):  # fmt: skip
        yield Made(name=f"good-{name}", says="as issued", status="VALID", code="FILE_KNOWN", content=content)
    for fmt in ("pdf", "ofd"):
        yield Made(
            name=f"good-endorsed-later.{fmt}", says="as issued, some days later, to another holder",
            status="VALID", code="FILE_KNOWN", content=story.file("late", fmt),
        )  # fmt: skip
    yield Made(
        name="good-endorsed-for-a-specialty.pdf",
        says="as issued, asked for a specialty",
        status="VALID",
        code="SPECIALTY_OK",
        content=good.endorsed_pdf,
        changes={"specialty": "机电工程"},
    )
    yield Made(
        name="endorsed-for-a-specialty-that-ended.pdf",
        says="as issued, asked for a specialty that has ended since",
        status="EXPIRED",
        code="SPECIALTY_EXPIRED",
        content=good.endorsed_pdf,
        changes={
            "specialty": "机电工程",
            "clock": story.at(days=120).isoformat(),
            "differs_from": "good-endorsed-for-a-specialty.pdf",
        },
    )
    yield Made(
        name="verification-report.pdf",
        says="a verification report of ours, handed in as a certificate",
        status="UNKNOWN",
        code="RECEIPT_NOT_CERTIFICATE",
        content=story.report_page(),
    )
    for fmt, defects in (("pdf", defects_pdf.DEFECTS), ("ofd", defects_ofd.DEFECTS)):
        for one in defects:
            yield Made(
                name=f"{one.name}.{fmt}",
                says=one.says,
                status=one.status,
                code=one.code,
                content=one.made(good),
            )
    yield from _misused_pdf(story, good.endorsed_pdf)
    yield from _more_ofd(story, good.endorsed_ofd)
    yield from _pictures(story, good)


def _misused_pdf(story: Story, sealed: bytes) -> Iterator[Made]:
    """Files our own key signed and the service never makes."""
    signer = story.services.keystore.signer("p256")

    def signed(old: bytes, new: bytes) -> bytes:
        """Exchange bytes of equal length, then seal the outcome by the same key."""
        assert len(old) == len(new) and sealed.count(old) == 1, old
        edited = sealed.replace(old, new)
        seal = read_cms(cms_of(edited))
        digest = hashlib.sha256(covered_of(edited)).digest()
        signature = smaller_s(signer.sign(signed_attributes(seal.certificates, digest)))
        return with_container(edited, build_cms(seal.certificates, digest, seal.family, signature))

    doc_mdp = b"/TransformMethod /DocMDP\n/TransformParams <<\n/Type /TransformParams\n/V /1.2\n/P %d"
    partial = signed(doc_mdp % 1, doc_mdp % 2)
    scripted = signed(b"/Lang (zh\\055CN)", b"/OpenAction 6   ")
    twice = signed(b"/Producer (certsvc)", b"/ByteRange (certsv)")
    unknown = signed(b"/Creator (certsvc)", b"/Creator (certsvd)")
    ours = "sealed by our own key"
    yield Made(
        name="changes-allowed.pdf", says=f"{ours}: form fields may be filled in afterwards", status="ALTERED",
        code="COVERAGE_PARTIAL", content=partial, changes=STRICTER,
    )  # fmt: skip
    yield Made(
        name="opens-with-an-action.pdf", says=f"{ours}: something happens when it is opened",
        status="ALTERED", code="FORBIDDEN_CONTENT", content=scripted, changes=STRICTER,
    )  # fmt: skip
    yield Made(
        name="two-byte-ranges.pdf", says=f"{ours}: a second range is named", status="ALTERED",
        code="MANY_SIGNATURES", content=twice, changes=STRICTER,
    )  # fmt: skip
    yield Made(
        name="not-in-the-register.pdf", says=f"{ours}: the register has never heard of it", status="UNKNOWN",
        code="NOT_IN_REGISTRY", content=unknown,
    )  # fmt: skip
    yield Made(
        name="not-in-the-register-by-a-leaked-key.pdf", says=f"{ours}, which has leaked; not in the register",
        status="NOT_OURS", code="KEY_COMPROMISED", content=unknown,
        changes={"trust": "bundle-keys-leaked.json", "differs_from": "not-in-the-register.pdf"},
    )  # fmt: skip
    for name, trust, status, code in (
        ("sealed-before-the-leak.pdf", "bundle-keys-leaked.json", "VALID", "FILE_KNOWN"),
        ("sealed-outside-validity.pdf", "bundle-keys-too-young.json", "NOT_OURS", "SIGNED_OUTSIDE_VALIDITY"),
    ):
        yield Made(
            name=name, says="as issued; the bundle tells another life of the key", status=status, code=code,
            content=sealed, changes={"trust": trust},
        )  # fmt: skip
    for fmt in ("pdf", "ofd"):
        yield Made(
            name=f"sealed-after-the-leak.{fmt}", says="as issued, when the key had leaked already",
            status="NOT_OURS", code="KEY_COMPROMISED", content=story.file("late", fmt),
            changes={"trust": "bundle-keys-leaked.json", "differs_from": f"good-endorsed-later.{fmt}"},
        )  # fmt: skip


@dataclass(frozen=True)
class _Keys:
    """Our seal's key as the attacks want it."""

    certificate: bytes
    seal: bytes
    sign: Callable[[bytes], bytes]


def _more_ofd(story: Story, sealed: bytes) -> Iterator[Made]:
    settings = story.world.settings
    signer = story.services.keystore.seal_signer(settings.issuer_name)
    keys: Any = _Keys(certificate=signer.certificate, seal=signer.seal, sign=signer.sign)
    ours = read_seal(signer.seal)
    plan = read_plan(ROOT / "keys" / "pki.toml")
    _, (maker, maker_key) = _authorities(settings.keys_dir, plan, story.began)

    def a_seal(**changes: object) -> bytes:
        stated = {
            "seal_id": ours.seal_id, "name": ours.name, "certificates": ours.certificates,
            "created_at": ours.created_at, "valid_from": ours.valid_from, "valid_to": ours.valid_to,
            "picture": Picture(content=ours.picture.content, width_mm=40, height_mm=40),
            "maker": maker.der, "key": maker_key,
        }  # fmt: skip
        return make_seal(**{**stated, **changes})

    short = a_seal(valid_to=ours.valid_from + timedelta(minutes=1))
    deep = b"<ofd:X>" * 70 + b"</ofd:X>" * 70
    for name, says, status, code, content in (
        ("seal-had-ended", "a seal of our maker that had ended before", "NOT_OURS", "SEAL_EXPIRED",
         resealed(keys, seal=short)(sealed)),
        ("seal-before-validity", "our key, years before its certificate began", "NOT_OURS",
         "SIGNED_OUTSIDE_VALIDITY", resealed(keys, at=ours.valid_from - timedelta(days=900))(sealed)),
        ("action-on-the-page", "our key: the page does something when it is touched", "ALTERED",
         "FORBIDDEN_CONTENT",
         resealed(keys, ofd_attacks.replacing(PAGE, "</ofd:Layer>", "<ofd:Actions/></ofd:Layer>"))(sealed)),
        ("listed-twice", "one part stands twice on the list of what is protected", "ALTERED",
         "REFERENCES_WRONG", ofd_attacks.SIGNED["listed_twice"](sealed)),
        ("signature-bit", "one bit of the signature", "ALTERED", "SIGNATURE_BROKEN",
         ofd_attacks.SIGNED["signature_bit"](sealed)),
        ("second-signature", "a second signature is listed", "ALTERED", "MANY_SIGNATURES",
         ofd_attacks.SIGNED["second_signature"](sealed)),
        ("nested-too-deep", "OFD.xml seventy levels deep", "ALTERED", "XML_TOO_COMPLEX",
         ofd_attacks.edited(ofd_attacks.replacing(OFD, "</ofd:OFD>", deep.decode() + "</ofd:OFD>"))(sealed)),
    ):  # fmt: skip
        yield Made(name=f"{name}.ofd", says=says, status=status, code=code, content=content)


def _pictures(story: Story, good: Good) -> Iterator[Made]:
    """Photographs and scans. A picture is never taken for the paper: its subject is the record."""
    page = Image.open(io.BytesIO(preview(good.endorsed_pdf, DPI))).convert("RGB")
    other = Image.open(io.BytesIO(preview(story.file("second"), DPI))).convert("RGB")
    url = str(story.endorsed["main"]["verify_url"])
    theirs = str(story.endorsed["second"]["verify_url"])
    host = url.split("/")[2]
    for name, says, status, code, content in (
        ("photo.jpg", "a photo of the endorsed copy", "VALID", "COMPARE_FACE", _jpeg(page)),
        ("photo-in-shadow.jpg", "the same in a shadow, slanted, with noise", "VALID", "COMPARE_FACE",
         _jpeg(Image.open(io.BytesIO(photograph(page, "combined", 1))), 1200, 30)),
        ("photo-of-a-pasted-symbol.jpg", "another's symbol pasted over the one of the face", "VALID",
         "COMPARE_FACE", _jpeg(_pasted(page, other))),
        ("photo-without-symbol.png", "a picture of nothing", "UNREADABLE", "NO_QR_FOUND",
         _png(Image.new("L", (900, 700), 255))),
        ("photo-of-two-certificates.png", "two symbols of ours", "UNREADABLE", "MANY_QR",
         _png(beside(_symbol(url), _symbol(theirs)))),
        ("photo-of-a-foreign-symbol.png", "a symbol that leads to another site", "NOT_OURS", "FOREIGN_DOMAIN",
         _png(_symbol(url.replace(host, "example.com")))),
        ("photo-of-a-lookalike-symbol.png", "a symbol whose host looks like ours", "NOT_OURS",
         "HOMOGLYPH_DOMAIN", _png(_symbol(url.replace(host, host.replace("certs", "cert5"))))),
        ("photo-cut.png", "a picture without its second half", "UNREADABLE", "UNREADABLE_FILE",
         _png(_symbol(url))[:200]),
        ("photo.gif", "a kind of picture that is not opened", "UNREADABLE", "KIND_NOT_READ",
         b"GIF89a" + bytes(50)),
        ("scan.pdf", "a scan of the endorsed copy, saved as a PDF", "NO_SIGNATURE", "COMPARE_FACE",
         pdf_of(_within(page))),
        ("not-a-file.bin", "text", "UNREADABLE", "UNREADABLE_FILE", b"not a certificate\n"),
    ):  # fmt: skip
        yield Made(name=name, says=says, status=status, code=code, content=content)
    code = str(story.code(story.claims("main")))
    yield Made(
        name="photo-of-the-offline-symbol.png", says="the second symbol of the endorsed copy", status="VALID",
        code="COMPARE_FACE", content=_png(_symbol(code)),
    )  # fmt: skip


def _pasted(face: Image.Image, other: Image.Image) -> Image.Image:
    """Paste the symbols of *other* over those of *face*, as a forger would; both of one layout."""
    forged = face.copy()
    for found in zxingcpp.read_barcodes(other):
        first, last = found.position.top_left, found.position.bottom_right
        box = (first.x - 4, first.y - 4, last.x + 4, last.y + 4)
        forged.paste(other.crop(box), box[:2])
    return forged


def _symbol(text: str) -> Image.Image:
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=4)
    code.add_data(text)
    out = io.BytesIO()
    code.make_image().save(out)
    return Image.open(out).convert("L")


def _within(page: Image.Image, wide: int = 1100) -> Image.Image:
    return page.convert("L").resize((wide, round(page.height * wide / page.width)), Image.Resampling.BICUBIC)


def _jpeg(page: Image.Image, wide: int = 1100, quality: int = 40) -> bytes:
    out = io.BytesIO()
    _within(page, wide).save(out, "JPEG", quality=quality)
    return out.getvalue()


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.convert("1").save(out, "PNG", optimize=True)
    return out.getvalue()
