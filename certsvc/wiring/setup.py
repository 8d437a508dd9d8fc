"""A fresh place to work: folders, schema and, for trying things out, keys of its own."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Final

from certsvc.config import Settings
from certsvc.domain.clock import Clock
from certsvc.errors import KeyMaterialError
from certsvc.page.stamp import draw_stamp
from certsvc.registry.sql import migrate
from certsvc.rendering.stamp import stamp_picture
from certsvc.sealing.dev_keys import init_dev_keys, rotate_dev_key
from certsvc.sealing.dev_seals import ensure_dev_seal, has_seal, rotate_dev_seal
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.pki import SM2
from certsvc.sealing.trust import TrustedKey
from certsvc.wiring.loading import SystemClock, load_fonts, load_kinds

_DRAWING: Final = Lock()


def initialise(settings: Settings, *, dev: bool, clock: Clock | None = None) -> None:
    """Make a fresh place to work: folders, schema, with *dev* the test PKI; safe to run again.

    Raises:
        KeyMaterialError: *dev* in production.
    """
    if dev:
        make_dev_keys(settings, clock)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    Path(settings.storage_url).mkdir(parents=True, exist_ok=True)
    migrate(settings.database_url)


def make_dev_keys(settings: Settings, clock: Clock | None = None) -> None:
    """Make the test PKI and a seal for the issuer; safe to run again, at once, and after a crash.

    Raises:
        KeyMaterialError: in production, or something in the key folder is not usable.
    """
    plan, now = _dev_plan(settings), (clock or SystemClock()).now()
    init_dev_keys(settings.keys_dir, plan, now)
    name = settings.issuer_name
    # Fonts are loaded and a picture is drawn only when there is no seal yet; pdfium draws one at a time.
    with _DRAWING:
        if not has_seal(settings.keys_dir, name):
            picture, size_mm = _draw_seal(settings)
            ensure_dev_seal(settings.keys_dir, plan, name=name, picture=picture, size_mm=size_mm, now=now)


def rotate_key(settings: Settings, name: str, clock: Clock | None = None) -> TrustedKey:
    """Make the next test key of an algorithm or use, for ``sm2`` with its seal, and retire those before it.

    Raises:
        KeyMaterialError: in production, or the plan has no such key, or the folder is not usable.
    """
    plan, now = _dev_plan(settings), (clock or SystemClock()).now()
    if not Keystore.open(settings.keys_dir).is_development:
        raise KeyMaterialError("these are real keys: bring the next one yourself, see keys/README.md")
    if name != SM2:
        return rotate_dev_key(settings.keys_dir, plan, name, now)
    with _DRAWING:
        picture, size_mm = _draw_seal(settings)
    return rotate_dev_seal(
        settings.keys_dir, plan, name=settings.issuer_name, picture=picture, size_mm=size_mm, now=now
    )


def _dev_plan(settings: Settings) -> Path:
    """Return where the test PKI is declared. KeyMaterialError in production, which may have none."""
    if settings.env == "production":
        raise KeyMaterialError("development keys cannot be made with CERTSVC_ENV=production")
    return settings.templates_dir.parent / "keys" / "pki.toml"


def _draw_seal(settings: Settings) -> tuple[bytes, int]:
    """Draw a specimen of the issuer's seal as the first certificate type has it: PNG, and its size in mm."""
    fonts = load_fonts(settings.templates_dir / "fonts", (settings.data_dir / "cache").resolve())
    kind = next(iter(load_kinds(settings.templates_dir).values()))
    stamp = draw_stamp(settings.issuer_name, kind.wording.seal_specimen, kind.layout.stamp, fonts)
    return stamp_picture(stamp), round(stamp.width_mm)
