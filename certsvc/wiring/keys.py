"""The life of keys: opened for use, followed by others, withdrawn."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Final

import structlog

from certsvc.config import Settings
from certsvc.domain.clock import Clock
from certsvc.domain.key_events import KeyEvent
from certsvc.errors import KeyMaterialError
from certsvc.page.stamp import draw_stamp
from certsvc.rendering.stamp import stamp_picture
from certsvc.sealing.dev_keys import rotate_dev_key
from certsvc.sealing.dev_seals import rotate_dev_seal
from certsvc.sealing.hsm import PKCS11, HSMPlace
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.pki import SM2
from certsvc.sealing.port import HSM
from certsvc.sealing.real_keys import Successor, rotate_real_key
from certsvc.sealing.trust import TrustedKey, mark_compromised, read_trust, retire_key
from certsvc.wiring.loading import SystemClock, font_folders, load_fonts, load_kinds

DRAWING: Final = Lock()
"""pdfium draws one seal at a time."""
_OTHER_NAMES: Final = {"ofd": SM2, "qr": "offline", "receipts": "receipt"}

_log = structlog.get_logger("certsvc.keys")


@cache
def _open_hsm(place: HSMPlace) -> HSM:
    """Keep one session per process: modules are initialised for all of it."""
    return PKCS11(place)


def hsm_of(settings: Settings) -> HSM | None:
    """Return the token that the settings name; None when all keys lie in the folder."""
    if settings.pkcs11_module is None:
        return None
    return _open_hsm(
        HSMPlace(
            module=settings.pkcs11_module,
            token=settings.pkcs11_token,
            pin=settings.pkcs11_pin.get_secret_value(),
            pin_file=settings.pkcs11_pin_file,
        )
    )


def open_keystore(settings: Settings) -> Keystore:
    """Open the keys for use.

    Raises:
        KeyMaterialError: they are missing, or in production one of them is a test key.
    """
    return Keystore.open(settings.keys_dir, hsm=hsm_of(settings), production=settings.env == "production")


def key_name(settings: Settings, name: str) -> str:
    """Return what the trust list calls the keys that people call ``pdf``, ``ofd``, ``qr`` or ``receipts``."""
    return settings.signature if name == "pdf" else _OTHER_NAMES.get(name, name)


def rotate_key(
    settings: Settings,
    name: str,
    clock: Clock | None = None,
    *,
    at: datetime | None = None,
    successor: Successor | None = None,
    hsm_label: str | None = None,
) -> TrustedKey:
    """Let the next key of an algorithm or use follow those before it, for ``sm2`` with its seal.

    Args:
        settings: where.
        name: as ``key_name`` takes and gives it.
        clock: None for the machine's.
        at: when it takes over; None for now.
        successor: a real key; None makes a test key.
        hsm_label: of a test key: take this one in the token, and certify it.

    Raises:
        KeyMaterialError: test keys in production, or the plan has no such key, or something is not usable.
        HSMUnavailableError: the token does not answer.
    """
    name, now = key_name(settings, name), (clock or SystemClock()).now()
    before = read_trust(settings.keys_dir)
    if successor is not None:
        if name == SM2:
            raise KeyMaterialError("a real seal is brought in by hand, as keys/README.md says")
        new = rotate_real_key(settings.keys_dir, name, successor, now=now, at=at, hsm=hsm_of(settings))
    else:
        new = _rotate_test_key(settings, name, now, at, hsm_label)
    _tell(KeyEvent(action="rotate", key_id=new.key_id, at=now, since=new.active_from or now))
    known = {key.key_id: key for key in before}
    for key in read_trust(settings.keys_dir):
        old = known.get(key.key_id)
        if old is not None and key.retired_at is not None and key.retired_at != old.retired_at:
            _tell(KeyEvent(action="retire", key_id=key.key_id, at=now, since=key.retired_at))
    return new


def retire(
    settings: Settings, key_id: str, clock: Clock | None = None, *, at: datetime | None = None
) -> TrustedKey:
    """Let a key sign nothing more from *at* (None: now) on; what it signed stays good."""
    now = (clock or SystemClock()).now()
    key = retire_key(settings.keys_dir, key_id, at or now)
    _tell(KeyEvent(action="retire", key_id=key.key_id, at=now, since=key.retired_at or now))
    return key


def compromise(settings: Settings, key_id: str, since: datetime, clock: Clock | None = None) -> TrustedKey:
    """Let a key sign nothing more, and distrust what it signed from *since* on.

    Raises:
        KeyMaterialError: there is no such key, or *since* has not come.
    """
    now = (clock or SystemClock()).now()
    if since > now:
        raise KeyMaterialError(f"{since.isoformat()} has not come; what is signed until then would be good")
    key = mark_compromised(settings.keys_dir, key_id, since)
    _tell(KeyEvent(action="compromise", key_id=key_id, at=now, since=key.compromised_since or since))
    return key


def _rotate_test_key(
    settings: Settings, name: str, now: datetime, at: datetime | None, hsm_label: str | None
) -> TrustedKey:
    plan = dev_plan(settings)
    if not Keystore.open(settings.keys_dir).is_development:
        raise KeyMaterialError(
            "these are real keys: name the next one with --certificate and --key or --hsm, see keys/README.md"
        )
    if name != SM2:
        return rotate_dev_key(
            settings.keys_dir, plan, name, now, at=at, hsm_label=hsm_label, hsm=hsm_of(settings)
        )
    if hsm_label is not None:
        raise KeyMaterialError("an SM2 key cannot be in a PKCS#11 token in this version; see docs/keys.md")
    with DRAWING:
        picture, size_mm = draw_seal(settings)
    return rotate_dev_seal(
        settings.keys_dir, plan, name=settings.issuer_name, picture=picture, size_mm=size_mm, now=now, at=at
    )


def _tell(event: KeyEvent) -> None:
    """Tell what happened to a key; the transparency log reads it from the trust list (KeyChronicle)."""
    # No fault, but nothing that may be missing from any log.
    _log.warning("key changed", action=event.action, key_id=event.key_id, since=event.since.isoformat())


def dev_plan(settings: Settings) -> Path:
    """Return where the test PKI is declared. KeyMaterialError in production, which may have none."""
    if settings.env == "production":
        raise KeyMaterialError("development keys cannot be made with CERTSVC_ENV=production")
    return settings.templates_dir.parent / "keys" / "pki.toml"


def draw_seal(settings: Settings) -> tuple[bytes, int]:
    """Draw a specimen of the issuer's seal as the first certificate type has it: PNG, and its size in mm."""
    fonts = load_fonts(*font_folders(settings))
    kind = next(iter(load_kinds(settings).values()))
    stamp = draw_stamp(settings.issuer_name, kind.wording.seal_specimen, kind.layout.stamp, fonts)
    return stamp_picture(stamp), round(stamp.width_mm)
