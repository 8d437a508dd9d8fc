"""Looks for seals anywhere in an OFD that broke the strict rule: altered, foreign or unsigned?

A search, not a proof. It is given every content found under every name, since an altered file need not be one
a reader can follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from certsvc.domain.report import Check, Finding, Result
from certsvc.gm.seal_signature import SealSignature, read_seal_signature
from certsvc.sealing.check_seal import Owner, find_owner
from certsvc.sealing.cms import certificate_names
from certsvc.sealing.port import PinnedSeal

_LARGEST: Final = 1 << 20
"""Bytes of one signature with its seal; a picture of some hundred kilobytes is the most that was seen."""
_MAX_VALUES: Final = 64
_SEQUENCE: Final = b"\x30"
_MARK: Final = 64
_VALUE_NAME: Final = "signedvalue.dat"
_SEAL_NAME: Final = ".esl"


@dataclass(frozen=True, slots=True, kw_only=True)
class OFDTraces:
    """What was found."""

    key_id: str | None
    """Our key, one of whose signatures or whose certificate or seal is in the file."""
    verified: bool
    """A signature by that key over what it says was found."""
    findings: tuple[Finding, ...]
    """What speaks against the signature found: of our key's when there is one, else of a stranger's."""
    sealed: bool
    """A signature made with a seal is in the file, anybody's."""


def find_traces(copies: Mapping[str, Sequence[bytes]], pinned: Sequence[PinnedSeal]) -> OFDTraces:
    """Search all contents for signatures made with a seal. Never raises on hostile bytes."""
    owners = [find_owner(value, pinned) for value in islice(_values(copies), _MAX_VALUES)]
    own = max(
        (owner for owner in owners if owner.key_id is not None), key=lambda one: one.verified, default=None
    )
    if own is not None:
        return OFDTraces(key_id=own.key_id, verified=own.verified, findings=own.findings, sealed=True)
    values = _named(copies, _VALUE_NAME)
    # A stranger may have signed with our seal: only where no signature can be read does the seal tell.
    telling = [*values, *_named(copies, _SEAL_NAME)] if not owners else [v for v in values if not _is_read(v)]
    marked = _marked(telling, pinned)
    broken = Finding(check=Check.SIGNATURE, result=Result.FAIL, code="SIGNATURE_BROKEN")
    if marked is not None:
        return OFDTraces(key_id=marked, verified=False, findings=(broken,), sealed=True)
    sealed = bool(owners) or any(values)
    return OFDTraces(key_id=None, verified=False, findings=_strangers(owners), sealed=sealed)


def _named(copies: Mapping[str, Sequence[bytes]], ending: str) -> list[bytes]:
    return [one for name, copied in copies.items() if name.casefold().endswith(ending) for one in copied]


def _values(copies: Mapping[str, Sequence[bytes]]) -> Iterator[SealSignature]:
    """Yield every signature that can be read, whatever name it bears."""
    for copied in copies.values():
        for content in copied:
            if content.startswith(_SEQUENCE) and len(content) <= _LARGEST:
                try:
                    value = read_seal_signature(content)
                except ValueError:
                    continue
                yield value


def _is_read(content: bytes) -> bool:
    try:
        read_seal_signature(content)
    except ValueError:
        return False
    return True


def _marked(contents: Sequence[bytes], pinned: Sequence[PinnedSeal]) -> str | None:
    """Return our key whose certificate stands in one of *contents*."""
    for pin in pinned:
        # Two pieces nobody else's certificate has: one flipped byte cannot spoil both.
        marks = certificate_names(pin.certificate).public_key[-_MARK:], pin.certificate[-_MARK:]
        if any(mark in content for content in contents for mark in marks):
            return pin.key_id
    return None


def _strangers(owners: Sequence[Owner]) -> tuple[Finding, ...]:
    """Return what is told of strangers' signatures; one that copies our names is told before others."""
    told = sorted((owner.findings for owner in owners), key=_is_plain)
    if told:
        return told[0]
    return (Finding(check=Check.SIGNER_PINNED, result=Result.FAIL, code="SIGNER_NOT_OURS"),)


def _is_plain(findings: Sequence[Finding]) -> bool:
    return all(finding.code != "SIGNER_LOOKALIKE" for finding in findings)
