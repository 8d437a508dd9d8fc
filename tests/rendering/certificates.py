"""Certificates drawn by lot: the rare and the long more often than in life."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Final

from certsvc.domain.endorsement import CopyKind
from certsvc.errors import InvalidFieldError
from certsvc.page.compose import Subject
from certsvc.page.model import DocumentFacts, Page
from tests import vectors
from tests.page.sample import TEN, a_page, a_subject, sample_fonts

COMMON: Final = "示例建设工程有限公司施工总承包大桥水利市政路桥安装装饰集团第一二三分北京上海广东"
TWINS: Final = "\u2e87\U00020628\u2011-\u00a0"
"""Characters that share a glyph with another one in the same font."""
MARKS: Final = "·（）《》，-A&<z>9"


def a_certificate(seed: int) -> tuple[Page, DocumentFacts]:
    """Return the certificate of this number, always the same; one that does not fit is drawn again."""
    chance = random.Random(seed)
    while True:
        try:
            subject = _a_subject(chance)
            return a_page(subject), _facts(subject, seed)
        except InvalidFieldError:
            continue


def _a_subject(chance: random.Random) -> Subject:
    kind = chance.choice((CopyKind.ENDORSEMENT, CopyKind.ENDORSEMENT, CopyKind.ORIGINAL))
    count = chance.choice((1, 1, 2, 3, 5, 10))
    subject = a_subject(
        kind,
        name=_text(chance, chance.choice((2, 3, 4, 8, 20))),
        employer=_text(chance, chance.choice((4, 10, 20, 45, 100))),
        specialties=chance.sample(TEN, count),
        purpose=_text(chance, chance.choice((4, 12, 40, 120, 200))) if kind is CopyKind.ENDORSEMENT else None,
        specimen=chance.random() < 0.5,
        issuer=chance.choice((None, "示例市建设局（测试）")),
        host=chance.choice(("certs.example.org", "verify.jzs.example.gov.cn:8443")),
    )
    if kind is CopyKind.ENDORSEMENT and chance.random() < 0.3:
        side = 65
        dark = tuple(tuple(chance.random() < 0.5 for _ in range(side)) for _ in range(side))
        subject = replace(subject, offline=dark)
    return replace(
        subject,
        photo=None if chance.random() < 0.1 else subject.photo,
        signature=None if chance.random() < 0.1 else subject.signature,
        # Any pattern does: every module is drawn where it belongs.
        modules=tuple(tuple(chance.random() < 0.5 for _ in row) for row in subject.modules),
    )


def _text(chance: random.Random, length: int) -> str:
    fonts = sample_fonts().fonts
    anything = [fonts[name].codes for name in ("serif", "rare")]
    characters: list[str] = []
    while len(characters) < length:
        kind = chance.random()
        if kind < 0.75:
            characters.append(chance.choice(COMMON))
        elif kind < 0.85:
            characters.append(chance.choice(vectors.text("rare_chars")))
        elif kind < 0.90:
            characters.append(chance.choice(TWINS + MARKS))
        else:
            start = chance.choice((0x3400, 0x4E00, 0x20000, 0x2A700, 0x2C000))
            point = start + chance.randrange(4000)
            characters += [chr(point)] if any(point in codes for codes in anything) else []
    return "".join(characters)


def _facts(subject: Subject, seed: int) -> DocumentFacts:
    return DocumentFacts(
        title=f"一级建造师电子注册证书 {subject.version.face.registration_number} 𬭎",
        document_id=f"C{seed}",
        created_at="2026-11-20T02:00:00Z",
        metadata=(("CZZT", subject.version.face.name), ("KZ_ent", subject.version.face.employer.name)),
    )
