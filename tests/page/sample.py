"""Sample subjects and pages of nobody, for every test that needs something drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from certsvc.domain.certificate import Face
from certsvc.domain.endorsement import CopyKind
from certsvc.domain.events import Employer, Sex
from certsvc.domain.registration import Specialty
from certsvc.page.certificate_type import CertificateType, load_certificate_type
from certsvc.page.compose import Subject, compose
from certsvc.page.fonts import FontChain
from certsvc.page.model import DocumentFacts, Page
from certsvc.qr.encode import encode
from tests.factories import a_copy, a_version, an_issuer
from tests.images import a_photo, a_signature

ROOT: Final = Path(__file__).resolve().parents[2]
TYPE_FOLDER: Final = ROOT / "templates" / "constructor-1"
FONT_FOLDER: Final = ROOT / "templates" / "fonts"
QR_TEXT: Final = "HTTPS://CERTS.EXAMPLE.ORG/V/0123456789ABCDEFGHJKMNPQRS"
PERIOD: Final = (date(2025, 6, 2), date(2028, 6, 1))
TEN: Final = (
    "建筑工程",
    "公路工程",
    "铁路工程",
    "民航机场工程",
    "港口与航道工程",
    "水利水电工程",
    "矿业工程",
    "市政公用工程",
    "通信与广电工程",
    "机电工程",
)
SIX: Final = ("建筑工程", "公路工程", "水利水电工程", "矿业工程", "市政公用工程", "机电工程")
"""Of second-class constructors."""
FACTS: Final = DocumentFacts(
    title="一级建造师电子注册证书",
    document_id="C1",
    created_at="2026-11-20T02:00:00Z",
    metadata=(("ZZMC", "一级建造师电子注册证书"), ("CZZT", "王<𬭎>&"), ("KZ_specSub", "建筑工程;公路工程")),
)


@cache
def sample_fonts() -> FontChain:
    """Unpack the fonts once per run."""
    return FontChain.load(FONT_FOLDER, None)


@cache
def sample_type() -> CertificateType:
    """Read the first certificate type once per run."""
    return load_certificate_type(TYPE_FOLDER)


def a_subject(
    kind: CopyKind = CopyKind.ENDORSEMENT,
    *,
    name: str = "张示例",
    employer: str = "示例建设工程有限公司",
    specialties: Sequence[str] = ("建筑工程", "市政公用工程"),
    purpose: str | None = None,
    specimen: bool = True,
    issuer: str | None = None,
    host: str = "certs.example.org",
) -> Subject:
    """Return what one page shows; by default an endorsed copy with a photo and a signature."""
    granted = tuple(Specialty(name=each, valid_from=PERIOD[0], valid_to=PERIOD[1]) for each in specialties)
    face = Face(
        certificate_type="constructor-1",
        registration_number="京1112020202200001",
        name=name,
        sex=Sex.FEMALE,
        birth_date=date(1985, 3, 12),
        employer=Employer(name=employer, uscc="91990000MA0000015Q"),
        specialties=granted,
        qualification_number=None,
        photo_sha256=None,
        signature_sha256=None,
    )
    return Subject(
        version=a_version(face=face),
        specialties=granted,
        copy=a_copy(kind, purpose=purpose),
        issuer=an_issuer() if issuer is None else replace(an_issuer(), name=issuer),
        photo=a_photo(),
        signature=a_signature(),
        modules=encode(QR_TEXT),
        host=host,
        code="7K3M-9QXT-2V5D",
        specimen=specimen,
    )


def a_page(subject: Subject | None = None) -> Page:
    """Compose a subject with the first certificate type."""
    return compose(sample_type(), subject or a_subject(), sample_fonts())
