"""A service whose endorsed copies carry the second symbol, and codes of nobody."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from certsvc.domain.events import Sex
from certsvc.domain.offline_claims import Claims
from certsvc.domain.registration import Specialty
from tests.conftest import ROOT
from tests.factories import FixedClock
from tests.world import World, settings_in

PUBLIC_URL: Final = "https://certs.example.org"
SENTENCE: Final = b"certsvc offline code TEST ONLY"
"""The private key of the example in docs/offline-code.md is the SHA-256 of this, modulo 2^255."""
_KEY: Final = ec.derive_private_key(
    int.from_bytes(hashlib.sha256(SENTENCE).digest(), "big") % 2**255, ec.SECP256R1()
)


@dataclass(frozen=True)
class SampleSigner:
    """A key everybody knows, which makes the same signature twice."""

    key_id: str = "offline-0123456789ab"
    private_key: ec.EllipticCurvePrivateKey = _KEY

    def sign(self, message: bytes) -> bytes:
        """Sign with SHA-256: DER ECDSA."""
        return self.private_key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))


CLAIMS: Final = Claims(
    token="7K3M9QXT2V5D8HJ4N6PRSWYZ01",
    status_index=131,
    copy_number=3,
    issued_at=datetime(2026, 11, 20, 1, 30, tzinfo=UTC),
    licence_id="1.2.156.3005.2.11990000000000019A001.11990000000000019A.20260000000001.001.K",
    profession="一级建造师",
    registration_number="京1112020202100001",
    name="张示例",
    sex=Sex.FEMALE,
    birth_date=date(1985, 3, 12),
    employer="示例建设工程有限公司",
    purpose="用于示例市第一人民医院门诊楼工程施工招标的投标",
    use_from=date(2026, 11, 20),
    use_until=date(2027, 5, 19),
    specialties=(
        Specialty(name="建筑工程", valid_from=date(2025, 6, 10), valid_to=date(2028, 6, 9)),
        Specialty(name="市政公用工程", valid_from=date(2025, 6, 10), valid_to=date(2028, 6, 9)),
    ),
)


def templates_with_codes(folder: Path) -> Path:
    """Make a copy of the templates under *folder* whose policy asks for the second symbol."""
    templates = folder / "templates"
    kind = templates / "constructor-1"
    kind.mkdir(parents=True)
    (folder / "keys").symlink_to(ROOT / "keys")
    for name in ("fonts", "web"):
        (templates / name).symlink_to(ROOT / "templates" / name)
    for file in (ROOT / "templates" / "constructor-1").iterdir():
        text = file.read_text("utf-8")
        (kind / file.name).write_text(text.replace("offline_qr = false", "offline_qr = true"), "utf-8")
    return templates


def a_world_with_codes(folder: Path, keys: Path, font_cache: Path) -> World:
    """Make a fresh instance whose endorsed copies carry offline codes."""
    data = folder / "var"
    data.mkdir(parents=True)
    (data / "cache").symlink_to(font_cache)
    settings = settings_in(data, keys, templates_dir=str(templates_with_codes(folder)), public_url=PUBLIC_URL)
    return World(settings, FixedClock())


def claims(**changes: object) -> Claims:
    """Return the sample claims, with changes."""
    return replace(CLAIMS, **changes)  # type: ignore[arg-type]  # names and values are the test's own
