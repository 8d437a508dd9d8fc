"""What somebody without a connection has in hand, and how it is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from io import BytesIO

import zxingcpp
from PIL import Image, ImageOps

from certsvc.domain.offline_claims import Claims
from certsvc.domain.report import Check, Report
from certsvc.domain.status_list import StatusValue
from certsvc.qr.encode import encode_link
from certsvc.qr.offline import encode_claims
from certsvc.rendering.png import preview
from certsvc.verification.offline import OfflineReport, OfflineVerifier
from certsvc.verification.trust_bundle import Bundle, read_bundle
from tests.offline import PUBLIC_URL
from tests.world import JSON, World

HOUR = timedelta(hours=1)
OTHER = "京1112020202200002"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What somebody without a connection has: a bundle, and what the holder handed over."""

    world: World
    body: JSON
    text: str
    claims: Claims
    pdf: bytes
    ofd: bytes
    bundle: Bundle


def fresh_bundle(world: World) -> Bundle:
    """Read what the service publishes now."""
    return read_bundle(world.services.trust_material.bundle().body)


def code_on(pdf: bytes) -> str:
    """Read the offline code on a page."""
    found = zxingcpp.read_barcodes(Image.open(BytesIO(preview(pdf, 200))))
    return next(one.text for one in found if "#" in one.text)


def ask(handed: Handed, text: str, bundle: Bundle | None = None, **changes: object) -> OfflineReport:
    """Verify a text, an hour after the copy was made unless told."""
    now = handed.world.clock.now() + changes.pop("later", timedelta())  # type: ignore[operator]
    verifier = OfflineVerifier(bundle or handed.bundle, None)  # type: ignore[arg-type]  # no file, no reader
    return verifier.verify_text(text, now=now, **changes)  # type: ignore[arg-type]


def of(report: Report, check: Check) -> tuple[str, str]:
    """Return result and code of the first finding of one check."""
    found = next(finding for finding in report.findings if finding.check is check)
    return str(found.result), found.code


def signed_by(handed: Handed, **changes: object) -> str:
    """Sign claims with our own offline key."""
    signer = handed.world.services.keystore.service_signer("offline")
    return encode_claims(replace(handed.claims, **changes), signer, public_url=PUBLIC_URL)  # type: ignore[arg-type]


def listing(bundle: Bundle, value: StatusValue, index: int = 0) -> Bundle:
    """Return a bundle whose list says *value* of one copy."""
    count = bundle.lists[0].count
    packed = bytearray(-(-count // 4))
    packed[index // 4] |= value << 2 * (index % 4)
    return replace(bundle, lists=(replace(bundle.lists[0], packed=bytes(packed)),))


def with_key(bundle: Bundle, use: str, **changes: object) -> Bundle:
    """Return a bundle that says something else of the keys for one use."""
    keys = tuple(replace(key, **changes) if key.use == use else key for key in bundle.keys)  # type: ignore[arg-type]
    return replace(bundle, keys=keys)


def drawn(link: str, digits: str, scale: int) -> Image.Image:
    """Draw a symbol with its quiet zone."""
    modules = encode_link(link, digits)
    side = len(modules)
    dots = bytes(0 if dark else 255 for row in modules for dark in row)
    symbol = Image.frombytes("L", (side, side), dots).resize((side * scale,) * 2, Image.Resampling.NEAREST)
    return ImageOps.expand(symbol, 4 * scale, fill=255)


def png(image: Image.Image) -> bytes:
    """Write a picture down."""
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
