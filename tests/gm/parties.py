"""Who takes part in the tests of SM2 and seals: an authority, a seal maker and a signer that nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from certsvc.gm.certificate import issue_certificate, read_certificate
from certsvc.gm.seal import Picture, make_seal
from certsvc.gm.seal_signature import make_seal_signature
from certsvc.gm.sm2 import PrivateKey, PublicKey

NOW: Final = datetime(2026, 11, 20, 4, 0, 0, tzinfo=UTC)
YEAR: Final = timedelta(days=365)

ROOT_KEY: Final = PrivateKey(0x1A2B3C4D5E6F708192A3B4C5D6E7F80917263544536271809FAEBDCCDBEAF901)
MAKER_KEY: Final = PrivateKey(0x2B3C4D5E6F708192A3B4C5D6E7F80917263544536271809FAEBDCCDBEAF9011A)
SIGNER_KEY: Final = PrivateKey(0x3C4D5E6F708192A3B4C5D6E7F80917263544536271809FAEBDCCDBEAF9011A2B)
STRANGER_KEY: Final = PrivateKey(0x4D5E6F708192A3B4C5D6E7F80917263544536271809FAEBDCCDBEAF9011A2B3C)

PICTURE: Final = Picture(content=b"\x89PNG\r\n\x1a\n and so on", width_mm=40, height_mm=42)
PLACE: Final = "/Doc_0/Signs/Sign_0/Signature.xml"
DIGEST: Final = bytes(range(32))


def a_certificate(
    public: PublicKey = SIGNER_KEY.public,
    *,
    common_name: str = "签章 TEST ONLY",
    issuer: bytes | None = None,
    issuer_key: PrivateKey = ROOT_KEY,
    not_before: datetime = NOW - YEAR,
    not_after: datetime = NOW + YEAR,
    path_length: int | None = None,
) -> bytes:
    """Issue a certificate under ROOT unless told otherwise."""
    return issue_certificate(
        subject={"country": "CN", "organization": "示例省（测试）", "common_name": common_name},
        public=public,
        issuer=read_certificate(issuer or ROOT),
        issuer_key=issuer_key,
        not_before=not_before,
        not_after=not_after,
        path_length=path_length,
    )


def a_root(key: PrivateKey, common_name: str = "根 TEST ONLY") -> bytes:
    """Issue a certificate that an authority gives itself."""
    return issue_certificate(
        subject={"country": "CN", "organization": "示例省（测试）", "common_name": common_name},
        public=key.public,
        issuer=None,
        issuer_key=key,
        not_before=NOW - 2 * YEAR,
        not_after=NOW + 30 * YEAR,
        path_length=0,
    )


ROOT: Final = a_root(ROOT_KEY)
MAKER: Final = a_certificate(MAKER_KEY.public, common_name="制章人 TEST ONLY")
SIGNER: Final = a_certificate()


def a_seal(
    *, name: str = "示例省住房和城乡建设厅（测试）", certificates: tuple[bytes, ...] = (SIGNER,)
) -> bytes:
    """Make a seal that SIGNER may use."""
    return make_seal(
        seal_id="33000000000001",
        name=name,
        certificates=certificates,
        created_at=NOW,
        valid_from=NOW,
        valid_to=NOW + YEAR,
        picture=PICTURE,
        maker=MAKER,
        key=MAKER_KEY,
    )


SEAL: Final = a_seal()


def a_seal_signature(*, at: datetime = NOW, digest: bytes = DIGEST, property_info: str = PLACE) -> bytes:
    """Sign with SEAL as SIGNER."""
    return make_seal_signature(
        seal=SEAL,
        certificate=SIGNER,
        at=at,
        digest=digest,
        property_info=property_info,
        sign=SIGNER_KEY.sign,
    )
