"""A fresh place to work: folders, schema and, for trying things out, keys of its own."""

from __future__ import annotations

from pathlib import Path

from certsvc.config import Settings
from certsvc.domain.clock import Clock
from certsvc.registry.sql import migrate
from certsvc.sealing.dev_keys import init_dev_keys
from certsvc.sealing.dev_seals import ensure_dev_seal, has_seal
from certsvc.wiring.keys import DRAWING, dev_plan, draw_seal
from certsvc.wiring.loading import SystemClock


def initialise(settings: Settings, *, dev: bool, clock: Clock | None = None) -> None:
    """Make a fresh place to work: folders, schema, with *dev* the test PKI; safe to run again.

    Raises:
        KeyMaterialError: *dev* in production.
    """
    if dev:
        make_dev_keys(settings, clock)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if settings.s3_bucket is None:
        Path(settings.storage_url).mkdir(parents=True, exist_ok=True)
    migrate(settings.database_url)


def make_dev_keys(settings: Settings, clock: Clock | None = None) -> None:
    """Make the test PKI and a seal for the issuer; safe to run again, at once, and after a crash.

    Raises:
        KeyMaterialError: in production, or something in the key folder is not usable.
    """
    plan, now = dev_plan(settings), (clock or SystemClock()).now()
    init_dev_keys(settings.keys_dir, plan, now)
    name = settings.issuer_name
    # Fonts are loaded and a picture is drawn only when there is no seal yet; pdfium draws one at a time.
    with DRAWING:
        if not has_seal(settings.keys_dir, name):
            picture, size_mm = draw_seal(settings)
            ensure_dev_seal(settings.keys_dir, plan, name=name, picture=picture, size_mm=size_mm, now=now)
