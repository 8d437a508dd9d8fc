"""Small OFDs, seals and keys made by hand: ours, and those of strangers."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from io import BytesIO

from PIL import Image as PILImage

from certsvc.gm.certificate import issue_certificate, read_certificate
from certsvc.gm.keys import KeyProvider
from certsvc.gm.seal import Picture, make_seal
from certsvc.gm.sm2 import PrivateKey
from certsvc.ofd.content import image_object, page_xml, path_object, text_object
from certsvc.ofd.document import DocInfo, Font, Image, document_xml, resources_xml
from certsvc.ofd.draft import Draft
from certsvc.ofd.names import DOCUMENT, DOCUMENT_RES, PAGE, PUBLIC_RES, RES, TEMPLATE
from certsvc.ofd.parts import make_part
from certsvc.sealing.ofd import seal_ofd
from certsvc.sealing.port import PinnedSeal
from tests.sealing.samples import AT, a_stamp

FROM = datetime(2026, 1, 1, tzinfo=UTC)
TO = datetime(2028, 12, 31, tzinfo=UTC)
FONT = RES + "font_3.ttf"
PHOTO = RES + "image_4.png"
NAMES = {
    "root": "示例省测试根 TEST ONLY",
    "maker": "示例省制章人 TEST ONLY",
    "signer": "示例省住房和城乡建设厅（测试）TEST ONLY",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SealKeys:
    """A whole seal PKI; it is its own seal signer."""

    key_id: str
    root: bytes
    maker: bytes
    maker_key: KeyProvider
    certificate: bytes
    key: KeyProvider
    seal: bytes

    def sign(self, message: bytes) -> bytes:
        """Sign as the seal's signer."""
        return self.key.sign(message)

    def sign_unverified(self, message: bytes) -> bytes:
        """Do the same."""
        return self.key.sign(message)

    @property
    def pinned(self) -> tuple[PinnedSeal, ...]:
        """What a verifier that trusts this seal pins."""
        seal = PinnedSeal(
            key_id=self.key_id, certificate=self.certificate, seal=self.seal, valid_from=FROM, valid_to=TO
        )
        return (seal,)


def some_keys(
    key_id: str = "sm2-sample",
    *,
    names: Mapping[str, str] = NAMES,
    valid: tuple[datetime, datetime] = (FROM, TO),
) -> SealKeys:
    """Make a root, a seal maker, a signer and their seal."""
    keys = [PrivateKey.generate() for _ in range(3)]
    root = issue_certificate(
        subject={"country": "CN", "common_name": names["root"]},
        public=keys[0].public,
        issuer=None,
        issuer_key=keys[0],
        not_before=valid[0],
        not_after=valid[1],
        path_length=1,
    )
    maker, signer = (
        issue_certificate(
            subject={"country": "CN", "common_name": names[who]},
            public=key.public,
            issuer=read_certificate(root),
            issuer_key=keys[0],
            not_before=valid[0],
            not_after=valid[1],
            path_length=None,
        )
        for who, key in zip(("maker", "signer"), keys[1:], strict=True)
    )
    made = SealKeys(
        key_id=key_id, root=root, maker=maker, maker_key=keys[1], certificate=signer, key=keys[2], seal=b""
    )
    return replace(made, seal=a_seal(made, valid=valid))


def a_seal(
    keys: SealKeys,
    *,
    certificates: Sequence[bytes] = (),
    valid: tuple[datetime, datetime] = (FROM, TO),
    name: str = NAMES["signer"],
) -> bytes:
    """Make one more seal of these keys, by default for their own signer."""
    return make_seal(
        seal_id="33010000000001",
        name=name,
        certificates=list(certificates) or [keys.certificate],
        created_at=valid[0],
        valid_from=valid[0],
        valid_to=valid[1],
        picture=Picture(content=a_png(), width_mm=40, height_mm=40),
        maker=keys.maker,
        key=keys.maker_key,
    )


@cache
def our_keys() -> SealKeys:
    """The keys that the tests take for ours."""
    return some_keys()


@cache
def a_stranger_with_seal() -> SealKeys:
    """Somebody else with a seal of the same kind and other names."""
    return some_keys("stranger", names={who: f"某某{who}" for who in NAMES})


@cache
def a_png() -> bytes:
    """A red square, see-through around."""
    picture = PILImage.new("RGBA", (40, 40))
    picture.paste((200, 0, 0, 200), (8, 8, 32, 32))
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


@cache
def a_draft() -> Draft:
    """One page over a template, with a text, an outline, a picture and something for a font."""
    font = random.Random(3).randbytes(2000) + bytes(3000)
    pages = {
        TEMPLATE: page_xml(
            [
                path_object(
                    id=11, boundary=(10, 10, 190, 277), data="M 0 0 L 190 0 L 190 277 C", stroke="#aa0000"
                )
            ],
            layer_id=10,
        ),
        PAGE: page_xml(
            [
                text_object(
                    id=21,
                    boundary=(20, 20, 60, 8),
                    font=3,
                    size_mm=5.0,
                    x_mm=0,
                    y_mm=6,
                    text="张示例",
                    advances_mm=[5.0, 5.0],
                ),
                image_object(id=22, boundary=(150, 30, 25, 35), resource=4),
            ],
            layer_id=20,
            template_id=1,
        ),
    }
    contents = {
        DOCUMENT: document_xml(
            max_unit_id=30,
            width_mm=210,
            height_mm=297,
            template_id=1,
            page_id=2,
            use_from=date(2026, 11, 20),
            use_until=date(2027, 5, 18),
        ),
        PUBLIC_RES: resources_xml(fonts=[Font(id=3, name="宋体", family="宋体", file="font_3.ttf")]),
        DOCUMENT_RES: resources_xml(images=[Image(id=4, format="PNG", file="image_4.png")]),
        FONT: font,
        PHOTO: a_png(),
        **pages,
    }
    info = DocInfo(
        doc_id="0" * 31 + "1",
        title="一级建造师注册证书（样本）",
        author="示例省住房和城乡建设厅（测试）",
        created=date(2026, 11, 20),
        creator="certsvc",
        custom=(("ZZBS", "1.2.156.3005.2"),),
    )
    return Draft(info=info, parts=tuple(make_part(*part) for part in contents.items()), page_id=2)


def a_sealed_ofd(keys: SealKeys | None = None, draft: Draft | None = None, *, at: datetime = AT) -> bytes:
    """A sealed file, by default the small draft with our seal."""
    return seal_ofd(draft or a_draft(), signer=keys or our_keys(), stamp=a_stamp(), at=at)


DAY = timedelta(days=1)
