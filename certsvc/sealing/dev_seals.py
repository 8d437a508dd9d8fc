"""Seals of the test PKI: made with the SM2 keys that ``keys/pki.toml`` declares."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from certsvc.gm.seal import Picture, make_seal
from certsvc.sealing import files
from certsvc.sealing.gm_pairs import Pair, ensure_gm_pair, read_gm_certificate
from certsvc.sealing.key_choice import succeeded
from certsvc.sealing.pki import SM2, PKIPlan, read_plan
from certsvc.sealing.seals import SM2_ROOT, read_own_seals
from certsvc.sealing.trust import TrustedKey, read_trust, write_trust

_MAKER: Final = "sm2-maker"


def has_seal(folder: Path, name: str) -> bool:
    """Whether the trust list has a seal of an issuer, in use or not any more."""
    return any(one.seal.name == name for one in read_own_seals(folder, read_trust(folder)))


def ensure_dev_seal(
    folder: Path, plan: Path, *, name: str, picture: bytes, size_mm: int, now: datetime
) -> None:
    """Make a seal for an issuer, unless there is or was one; a retired one is followed by ``rotate`` only.

    ``init_dev_keys`` comes first. Like it, this is safe to run again, at once from several processes, and
    after a crash.

    Args:
        folder: a key folder.
        plan: ``keys/pki.toml``.
        name: the issuer's, as certificates print it.
        picture: PNG.
        size_mm: width and height of the picture.
        now: certificates and seal count from a day before.

    Raises:
        KeyMaterialError: the plan or something already in the folder is not usable.
    """
    pki = read_plan(plan)
    with files.locked_folder(folder):
        if has_seal(folder, name):
            return
        keys = read_trust(folder)
        write_trust(folder, _with_seal(folder, pki, keys, name, _square(picture, size_mm), now))


def rotate_dev_seal(
    folder: Path,
    plan: Path,
    *,
    name: str,
    picture: bytes,
    size_mm: int,
    now: datetime,
    at: datetime | None = None,
) -> TrustedKey:
    """Make the next SM2 signer and seal of an issuer; it follows that issuer's seals before it.

    The new key is trusted and the end of the old ones is set by one write of the trust list; *at* is when it
    takes over, None for now.

    Raises:
        KeyMaterialError: as for ``ensure_dev_seal``.
    """
    pki = read_plan(plan)
    with files.locked_folder(folder):
        keys = read_trust(folder)
        before = {one.key.key_id for one in read_own_seals(folder, keys) if one.seal.name == name}
        *others, made = _with_seal(folder, pki, keys, name, _square(picture, size_mm), now)
        changed = succeeded(others, before, made, now=now, at=at)
        write_trust(folder, changed)
    return changed[-1]


def add_seal_signer(folder: Path, pki: PKIPlan, keys: Sequence[TrustedKey], now: datetime) -> TrustedKey:
    """Make the next SM2 signer, and root and seal maker when they are missing; the caller holds the lock."""
    stem = f"{pki.sm2.signer.file}-{1 + sum(key.algorithm == SM2 for key in keys):03d}"
    root, _ = _authorities(folder, pki, now)
    certificate, _ = ensure_gm_pair(folder, pki.sm2.signer, stem, _since(pki, now), root)
    return TrustedKey(
        key_id=f"{SM2}-{hashlib.sha256(certificate.der).hexdigest()[:12]}",
        algorithm=SM2,
        certificate=f"{stem}.pem",
        valid_from=certificate.not_before,
        valid_to=certificate.not_after,
        development=True,
    )


def _with_seal(
    folder: Path, pki: PKIPlan, keys: Sequence[TrustedKey], name: str, picture: Picture, now: datetime
) -> list[TrustedKey]:
    """Return the trust list with one more seal: of the signer that waits for one, or of a new one."""
    waiting = [key for key in keys if key.algorithm == SM2 and key.seal is None and key.retired_at is None]
    key = waiting[0] if waiting else add_seal_signer(folder, pki, keys, now)
    _, (maker, maker_key) = _authorities(folder, pki, now)
    signer = read_gm_certificate(folder / key.certificate)
    since = max(_since(pki, now), signer.not_before)
    seal = make_seal(
        seal_id=f"TEST-ONLY-{key.key_id}",
        name=name,
        certificates=[signer.der],
        created_at=since,
        valid_from=since,
        valid_to=min(since + pki.sm2.validity, signer.not_after),
        picture=picture,
        maker=maker.der,
        key=maker_key,
    )
    sealed = replace(key, seal=f"seal-{Path(key.certificate).stem}.esl")
    # A seal that is there already was left by a crash, perhaps with another name; no list ever knew it.
    files.replace(folder / str(sealed.seal), seal)
    return [*(old for old in keys if old.key_id != key.key_id), sealed]


def _square(picture: bytes, size_mm: int) -> Picture:
    return Picture(content=picture, width_mm=size_mm, height_mm=size_mm)


def _authorities(folder: Path, pki: PKIPlan, now: datetime) -> tuple[Pair, Pair]:
    since = _since(pki, now)
    root = ensure_gm_pair(folder, pki.sm2.root, SM2_ROOT, since, None)
    return root, ensure_gm_pair(folder, pki.sm2.maker, _MAKER, since, root)


def _since(pki: PKIPlan, now: datetime) -> datetime:
    return now.astimezone(UTC).replace(microsecond=0) - pki.backdate
