"""The trust list: which document signing keys and seals are ours, since when, until when (``trust.json``)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certsvc.errors import KeyMaterialError
from certsvc.sealing import files
from certsvc.sealing.pki import IN_HSM, SERVICE_ALGORITHMS, SM2, USES, Use
from certsvc.sealing.port import PinnedKey

TRUST_FILE: Final = "trust.json"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedKey:
    """One line of the trust list: a document signing key, in use or not any more."""

    key_id: str
    """Algorithm, or use unless it seals, and the first 12 hex digits of the certificate's SHA-256, e.g.
    ``p256-0a1b2c3d4e5f`` or ``receipt-0a1b2c3d4e5f``."""
    algorithm: str
    """``p256``, ``rsa2048`` or ``rsa3072`` for PDF, ``sm2`` for OFD."""
    certificate: str
    """Name of the PEM file beside trust.json; the private key's is ``<stem>.key.pem``."""
    hsm_label: str | None = None
    """Label of the private key in the PKCS#11 token; None when it lies in the folder."""
    valid_from: datetime
    valid_to: datetime
    use: Use = "seal"
    """``seal``: certificates; the others: see ``pki.Service``."""
    seal: str | None = None
    """Name of the seal's file (SESeal, DER) beside trust.json; without one an ``sm2`` key seals nothing."""
    active_from: datetime | None = None
    """Known from now on, it signs from then on; None for at once."""
    retired_at: datetime | None = None
    """From then on it signs nothing more; what it signed before stays good."""
    compromised_since: datetime | None = None
    """What it signed from then on is not ours."""
    development: bool = False

    def pinned(self, folder: Path) -> PinnedKey:
        """Read the certificate from *folder* and return what the checker pins."""
        return PinnedKey(
            key_id=self.key_id,
            certificate=read_certificate(folder / self.certificate),
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            retired_at=self.retired_at,
            compromised_since=self.compromised_since,
            development=self.development,
        )


def read_certificate(path: Path) -> bytes:
    """Return the certificate of a PEM file as DER. KeyMaterialError when there is none."""
    pem = files.read_public(path, "a certificate")
    try:
        return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    except ValueError as fault:
        raise KeyMaterialError(f"{path} holds no PEM certificate; restore it from your backup") from fault


def read_trust(folder: Path) -> tuple[TrustedKey, ...]:
    """Return the trust list of a key folder, oldest key first.

    Raises:
        KeyMaterialError: it is missing or not what this version writes.
    """
    path = folder / TRUST_FILE
    raw = files.read_public(path, "the trust list")
    try:
        table = json.loads(raw)
        if table["format"] != _FORMAT:
            raise ValueError("another format")
        keys = tuple(_key(line) for line in table["keys"])
    except (ValueError, TypeError, KeyError, AttributeError) as fault:
        raise KeyMaterialError(f"{path} is damaged ({fault}); restore it from your backup") from fault
    if len({key.key_id for key in keys}) != len(keys):
        raise KeyMaterialError(f"{path} names a key twice; restore it from your backup")
    return keys


def write_trust(folder: Path, keys: Sequence[TrustedKey]) -> None:
    """Write the trust list, whole or not at all. The caller holds the folder's lock."""
    table = {"format": _FORMAT, "keys": [_line(key) for key in keys]}
    text = json.dumps(table, ensure_ascii=False, indent=2) + "\n"
    files.replace(folder / TRUST_FILE, text.encode())


def retire_key(folder: Path, key_id: str, at: datetime) -> TrustedKey:
    """Stop a key from signing from *at* on; files it sealed before stay good.

    An earlier instant already on record is kept: retiring it again can only bring its end forward.
    """
    return _change(folder, key_id, lambda key: _retired(key, at))


def retired(keys: Sequence[TrustedKey], key_ids: Set[str], at: datetime) -> list[TrustedKey]:
    """Return the list with the named keys retired at *at*; an earlier instant already on record is kept."""
    return [_retired(key, at) if key.key_id in key_ids else key for key in keys]


def _retired(key: TrustedKey, at: datetime) -> TrustedKey:
    return replace(key, retired_at=at if key.retired_at is None else min(at, key.retired_at))


def mark_compromised(folder: Path, key_id: str, since: datetime) -> TrustedKey:
    """Distrust what a key signed from *since* on, and stop it from signing.

    An earlier instant already on record is kept: a report can only widen the distrust.
    """

    def distrust(key: TrustedKey) -> TrustedKey:
        earliest = min(since, key.compromised_since or since)
        return replace(key, compromised_since=earliest, retired_at=key.retired_at or since)

    return _change(folder, key_id, distrust)


def _change(folder: Path, key_id: str, change: Callable[[TrustedKey], TrustedKey]) -> TrustedKey:
    with files.locked_folder(folder):
        keys = read_trust(folder)
        changed = [change(key) if key.key_id == key_id else key for key in keys]
        try:
            answer = next(key for key in changed if key.key_id == key_id)
        except StopIteration:
            known = ", ".join(key.key_id for key in keys)
            raise KeyMaterialError(f"no key {key_id!r} in the trust list; known: {known}") from None
        write_trust(folder, changed)
    return answer


def _key(line: dict[str, object]) -> TrustedKey:
    algorithm, certificate, seal = str(line["algorithm"]), str(line["certificate"]), line.get("seal")
    if not isinstance(seal, str | None):
        raise TypeError("seal is the name of a file")
    if any(name is not None and Path(name).name != name for name in (certificate, seal)):
        raise ValueError("a certificate or a seal lies outside the folder")
    if seal is not None and algorithm != SM2:
        raise ValueError(f"a seal belongs to an {SM2} key")
    use = _use(line.get("use", "seal"))
    if use != "seal" and algorithm != SERVICE_ALGORITHMS[use]:
        raise ValueError(f"a key for {use} is a {SERVICE_ALGORITHMS[use]} key")
    hsm_label = line.get("hsm_label")
    if not isinstance(hsm_label, str | None) or (hsm_label is not None and algorithm not in IN_HSM):
        raise ValueError(f"a key in a PKCS#11 token has a label and is one of {', '.join(IN_HSM)}")
    development = line["development"]
    if not isinstance(development, bool):
        raise TypeError("development is true or false")
    return TrustedKey(
        key_id=str(line["key_id"]),
        algorithm=algorithm,
        certificate=certificate,
        use=use,
        seal=seal,
        valid_from=_instant(line["valid_from"]),
        valid_to=_instant(line["valid_to"]),
        hsm_label=hsm_label,
        active_from=_maybe_instant(line.get("active_from")),
        retired_at=_maybe_instant(line["retired_at"]),
        compromised_since=_maybe_instant(line["compromised_since"]),
        development=development,
    )


def _line(key: TrustedKey) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "algorithm": key.algorithm,
        "use": key.use,
        "certificate": key.certificate,
        "seal": key.seal,
        "valid_from": key.valid_from.isoformat(),
        "valid_to": key.valid_to.isoformat(),
        "hsm_label": key.hsm_label,
        "active_from": key.active_from.isoformat() if key.active_from else None,
        "retired_at": key.retired_at.isoformat() if key.retired_at else None,
        "compromised_since": key.compromised_since.isoformat() if key.compromised_since else None,
        "development": key.development,
    }


def _use(text: object) -> Use:
    for use in USES:
        if text == use:
            return use
    raise ValueError(f"a key is for one of {', '.join(USES)}")


def _maybe_instant(text: object) -> datetime | None:
    return None if text is None else _instant(text)


def _instant(text: object) -> datetime:
    instant = datetime.fromisoformat(str(text))
    if instant.tzinfo is None:
        raise ValueError("an instant without offset")
    return instant.astimezone(UTC)
