"""The trust bundle: all that checking without us needs, in one file: our keys and the status lists, signed.

Whoever reads a bundle from a file has chosen to trust where it came from: the list of keys is checked
against the trust key in itself. Who has written down that key's fingerprint asks for it and needs no choice.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode, urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from certsvc.domain.key_times import fault_at
from certsvc.domain.status_list import BITS, StatusValue, place_of, unpack, value_at
from certsvc.qr.payload import is_public_url
from certsvc.sealing.jws import compact, read_jws, read_object, unchecked_payload
from certsvc.sealing.pki import SM2, USES, Service, Use
from certsvc.sealing.port import PinnedKey, PinnedSeal

FORMAT: Final = 1
TRUST_TYP: Final = "certsvc-trust+jws"
STATUS_TYP: Final = "certsvc-status+jws"
LARGEST: Final = 64 * 1024 * 1024
"""Bytes of a bundle that is read at all."""
TOGETHER: Final = timedelta(hours=1)
"""How much older than its lists the keys of a bundle may be; the service signs both within minutes.
Yesterday's keys with today's lists would hide that a key leaked in between."""
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?(?:Z|\+00:00)", re.ASCII)
_MOST: Final = 2**53 - 1
"""Largest whole number that JSON carries to every reader."""


class BundleError(ValueError):
    """A bundle that cannot be relied on; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleKey:
    """One key as the signed list names it."""

    key_id: str
    use: Use
    algorithm: str
    certificate: bytes
    """DER."""
    seal: bytes | None
    """SESeal, DER; of SM2 keys that have one."""
    valid_from: datetime
    valid_to: datetime
    retired_at: datetime | None
    compromised_since: datetime | None
    development: bool

    def pinned(self) -> PinnedKey:
        """Return the key as the checkers take it."""
        return PinnedKey(
            key_id=self.key_id,
            certificate=self.certificate,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            retired_at=self.retired_at,
            compromised_since=self.compromised_since,
            development=self.development,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusList:
    """One status list that was signed by us."""

    number: int
    issued_at: datetime
    count: int
    """Places it speaks of."""
    packed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle whose signatures held."""

    issuer: str
    public_url: str
    issued_at: datetime
    """Of the list of keys."""
    keys: tuple[BundleKey, ...]
    trust_key: str
    """Hex SHA-256 of the certificate of the key that signed the list of keys."""
    lists: tuple[StatusList, ...]

    @property
    def pinned(self) -> tuple[PinnedKey, ...]:
        """The keys that sealed PDF files."""
        return tuple(key.pinned() for key in self.keys if key.use == "seal" and key.algorithm != SM2)

    @property
    def pinned_seals(self) -> tuple[PinnedSeal, ...]:
        """The seals of OFD files."""
        return tuple(
            PinnedSeal(
                key_id=key.key_id,
                certificate=key.certificate,
                seal=key.seal,
                valid_from=key.valid_from,
                valid_to=key.valid_to,
                retired_at=key.retired_at,
                compromised_since=key.compromised_since,
                development=key.development,
            )
            for key in self.keys
            if key.seal is not None
        )

    def keys_for(self, use: Service) -> tuple[PinnedKey, ...]:
        """Return the keys for a use that is no seal, e.g. ``offline``."""
        return tuple(key.pinned() for key in self.keys if key.use == use)

    @property
    def status_issued_at(self) -> datetime | None:
        """The day of the oldest list in the bundle, the one to show; None when it holds none."""
        return min((one.issued_at for one in self.lists), default=None)

    def status_of(self, index: int) -> StatusValue | None:
        """Return what the lists say of one copy; None when no list speaks of it."""
        one = self.list_of(index)
        return None if one is None else value_at(one.packed, place_of(index)[1])

    def list_of(self, index: int) -> StatusList | None:
        """Return the list that speaks of *index*."""
        number, place = place_of(index)
        return next((one for one in self.lists if one.number == number and 0 <= place < one.count), None)


def read_bundle(data: bytes, *, trust_key: str | None = None) -> Bundle:
    """Read a bundle; any bytes may be given.

    Args:
        data: the file.
        trust_key: hex SHA-256 of the certificate that must have signed the list of keys; None takes the one
            that the bundle itself names.

    Raises:
        BundleError: a signature does not hold, or something in it makes no sense.
    """
    try:
        return _read(data, trust_key)
    except BundleError:
        raise
    except (ValueError, TypeError, KeyError, OverflowError) as fault:
        raise BundleError(f"the bundle is damaged: {fault}") from fault


def _read(data: bytes, trust_key: str | None) -> Bundle:
    if len(data) > LARGEST:
        raise BundleError("larger than any bundle")
    document = read_object(data, "bundle")
    if document.keys() != {"format", "trust", "status"} or _whole(document["format"]) != FORMAT:
        raise BundleError("it is no trust bundle of a kind this version reads")
    text = compact(document["trust"])
    named = [_key(line) for line in _lines(unchecked_payload(text)["keys"])]
    trusted = [key.pinned() for key in named if key.use == "trust"]
    said, key_id = read_jws(text, trusted, typ=TRUST_TYP)
    signed_by = next(key for key in trusted if key.key_id == key_id)
    fingerprint = hashlib.sha256(signed_by.certificate).hexdigest()
    if trust_key is not None and fingerprint != trust_key.lower().replace(":", ""):
        raise BundleError(f"signed by another trust key than the one asked for: {fingerprint}")
    _check_format(said)
    issued_at = _instant(said["issued_at"])
    _check_time(signed_by, issued_at)
    public_url = _text(said["public_url"])
    if not is_public_url(public_url):
        raise ValueError("its public URL is no address of a service")
    lists = _lists(document["status"], trusted)
    if any(one.issued_at - issued_at > TOGETHER for one in lists):
        raise BundleError("its keys are older than its lists")
    return Bundle(
        issuer=_text(said["issuer"]),
        public_url=public_url,
        issued_at=issued_at,
        keys=tuple(named),
        trust_key=fingerprint,
        lists=lists,
    )


def _lists(documents: object, trusted: Sequence[PinnedKey]) -> tuple[StatusList, ...]:
    if not isinstance(documents, list):
        raise TypeError("status is a list")
    lists = []
    for document in documents:
        said, key_id = read_jws(compact(document), trusted, typ=STATUS_TYP)
        lists.append(_status_list(said))
        _check_time(next(key for key in trusted if key.key_id == key_id), lists[-1].issued_at)
    if len({one.number for one in lists}) != len(lists):
        raise ValueError("a status list stands twice")
    return tuple(sorted(lists, key=lambda one: one.number))


def _status_list(said: Mapping[str, object]) -> StatusList:
    _check_format(said)
    if _whole(said["bits"]) != BITS:
        raise ValueError(f"a status list has {BITS} bits for each copy")
    count, data = _whole(said["count"]), _text(said["data"])
    return StatusList(
        number=_whole(said["list"]),
        issued_at=_instant(said["issued_at"]),
        count=count,
        packed=unpack(urlsafe_b64decode(data + "=" * (-len(data) % 4)), count),
    )


def _key(line: Mapping[str, object]) -> BundleKey:
    certificate, seal, development = line["certificate"], line["seal"], line["development"]
    use = next((one for one in USES if one == line["use"]), None)
    if use is None or not isinstance(development, bool):
        raise ValueError("a key for an unknown use")
    der = _der(certificate)
    if use == "offline":
        _check_curve(der)
    return BundleKey(
        key_id=_text(line["key_id"]),
        use=use,
        algorithm=_text(line["algorithm"]),
        certificate=der,
        seal=None if seal is None else _der(seal),
        valid_from=_instant(line["valid_from"]),
        valid_to=_instant(line["valid_to"]),
        retired_at=_maybe_instant(line["retired_at"]),
        compromised_since=_maybe_instant(line["compromised_since"]),
        development=development,
    )


def _check_curve(certificate: bytes) -> None:
    """Refuse now what only a use of the key would show, once somebody asks about a code."""
    public = x509.load_der_x509_certificate(certificate).public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise ValueError("a key for offline codes that is not P-256")


def _check_format(said: Mapping[str, object]) -> None:
    if _whole(said["format"]) != FORMAT:
        raise ValueError("a statement of another format")


def _check_time(key: PinnedKey, at: datetime) -> None:
    fault = fault_at(key, at)
    if fault is not None:
        raise BundleError(f"{key.key_id} signed it when it might not: {fault}")


def _lines(value: object) -> list[Mapping[str, object]]:
    if not isinstance(value, list) or not all(isinstance(line, dict) for line in value):
        raise TypeError("keys is a list of objects")
    lines: list[Mapping[str, object]] = value
    if len({_text(line["key_id"]) for line in lines}) != len(lines):
        raise ValueError("a key stands twice")
    return lines


def _der(value: object) -> bytes:
    text = _text(value)
    content = b64decode(text, validate=True)
    if b64encode(content).decode() != text:
        raise ValueError("base64 that is not as it is written here")
    return content


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError("a text was expected")


def _whole(value: object) -> int:
    # 1.0 is 1 in JSON, whatever Python makes of it.
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(whole, int) and not isinstance(whole, bool) and 0 <= whole <= _MOST:
        return whole
    raise TypeError("a whole number was expected")


def _instant(value: object) -> datetime:
    text = _text(value)
    # fromisoformat reads a dozen spellings; the service writes one, and other readers know no other.
    if _INSTANT.fullmatch(text) and 1970 <= int(text[:4]) < 9999:
        return datetime.fromisoformat(text)
    raise ValueError("an instant that is not written in UTC as here")


def _maybe_instant(value: object) -> datetime | None:
    return None if value is None else _instant(value)
