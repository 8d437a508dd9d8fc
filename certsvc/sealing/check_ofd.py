"""The strict checker of OFDs: did one of our keys seal exactly these files, and did nobody else add any?

INTACT rests on cryptography alone: the container holds the files and nothing else, each but the signature
itself is listed with its SM3 digest, the list is what our signature is over, and signer and seal are pinned
ones. What a reader would follow is looked at besides, and can only take INTACT away. For a file that is not
intact the search for traces of our keys decides between ALTERED and the rest; hiding such a trace turns an
INVALID answer into another INVALID one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from certsvc.domain.report import Check, FileCheck, FileOutcome, Finding, Result
from certsvc.gm.seal_signature import SealSignature, read_seal_signature
from certsvc.gm.sm3 import sm3
from certsvc.ofd.container import check_plain
from certsvc.ofd.names import SEAL, SIGNATURE, SIGNATURES, SIGNED_VALUE, SM2_WITH_SM3
from certsvc.ofd.package import ListedSignature, Package, read_package
from certsvc.ofd.parts import BrokenOFDError
from certsvc.ofd.read_container import read_container
from certsvc.ofd.salvage import salvage
from certsvc.ofd.signature import SignatureFile, read_signature
from certsvc.sealing.check_ofd_own import own_key
from certsvc.sealing.check_seal import find_owner
from certsvc.sealing.lint_ofd import lint_ofd
from certsvc.sealing.port import PinnedSeal
from certsvc.sealing.traces_ofd import OFDTraces, find_traces

_UNREAD: Final = frozenset(
    ("ENCRYPTED_FILE", "FILE_TOO_LARGE", "XML_REFUSED", "XML_TOO_COMPLEX", "NOT_AN_OFD")
)
"""Faults that leave a file unread, whoever may have sealed it."""
_ENCRYPTIONS: Final = "encryptions.xml"
"""Lies beside OFD.xml when parts are encrypted in the format's own way. Source: GM/T 0099-2020, annex C."""
_MOST_PARTS: Final = 8
"""Findings of one code; the ninth changed part tells nobody anything new."""
_PASSED: Final = tuple(
    Finding(check=check, result=Result.PASS, code=code)
    for check, code in (
        (Check.SIGNATURE, "OK"),
        (Check.COVERAGE, "OK"),
        (Check.SIGNER_PINNED, "SIGNER_PINNED"),
        (Check.SEAL_PINNED, "SEAL_PINNED"),
    )
)
"""What is said of an intact file."""
_TELLABLE: Final = re.compile(r"[A-Za-z0-9 ._/:,-]{1,80}")


def check_ofd(data: bytes, pinned: Sequence[PinnedSeal]) -> FileCheck:
    """Judge a file by itself, without the registry. Never raises on hostile bytes.

    Args:
        data: any bytes.
        pinned: every seal that is ours, retired and compromised ones too. That a seal and its signer's
            certificate were valid when the file says it was sealed is checked here; whether the key was good
            when it was really sealed is for the caller, who knows that instant from the registry.
    """
    key_id = own_key(data, pinned)
    if key_id is not None:
        return FileCheck(outcome=FileOutcome.INTACT, findings=_PASSED, key_id=key_id)
    return check_ofd_thoroughly(data, pinned)


def check_ofd_thoroughly(data: bytes, pinned: Sequence[PinnedSeal]) -> FileCheck:
    """Judge the same, and find out all that speaks against a file; arguments as there."""
    try:
        files = read_container(data)
        check_plain(data)
    except BrokenOFDError as broken:
        return _classify(salvage(data), pinned, [_fault(Check.COVERAGE, broken.code, broken.detail)])
    strict = _Strict(files)
    faults = list(strict.faults(pinned))
    if faults:
        return _classify({name: (content,) for name, content in files.items()}, pinned, faults)
    return FileCheck(outcome=FileOutcome.INTACT, findings=_PASSED, key_id=strict.key_id)


@dataclass(slots=True)
class _Strict:
    """The strict rule, applied to the files of one container."""

    files: Mapping[str, bytes]
    package: Package | None = None
    """What a reader reaches, once it could be followed."""
    key_id: str | None = None
    """Our key, once it is known."""

    def faults(self, pinned: Sequence[PinnedSeal]) -> Iterator[Finding]:
        """Yield every point of the rule that does not hold."""
        clean = True
        for fault in (*self._places(), *self._signature(pinned)):
            clean = False
            yield fault
        if clean and self.package is not None:
            # Only a file that our key signed is looked through for what our files never hold.
            for what in islice(lint_ofd(self.files, self.package), 1):
                yield _fault(Check.COVERAGE, "FORBIDDEN_CONTENT", what)

    def _places(self) -> Iterator[Finding]:
        """Check that a reader comes from OFD.xml to the one signature that we are about to check."""
        try:
            package = self.package = read_package(self.files)
        except BrokenOFDError as broken:
            yield _fault(Check.COVERAGE, broken.code, broken.detail)
            return
        if not package.signed:
            if SIGNED_VALUE in self.files:
                yield _fault(Check.COVERAGE, "REFERENCES_WRONG", "OFD.xml names no signature")
        elif len(package.signed) > 1:
            yield _fault(Check.COVERAGE, "MANY_SIGNATURES", f"{len(package.signed)} signatures")
        else:
            (listed,) = package.signed
            places = (package.signatures, listed.path, listed.signed_value, listed.seal)
            if places != (SIGNATURES, SIGNATURE, SIGNED_VALUE, SEAL):
                yield _fault(Check.COVERAGE, "REFERENCES_WRONG", "the signature is not at its place")

    def _signature(self, pinned: Sequence[PinnedSeal]) -> Iterator[Finding]:
        content, raw = self.files.get(SIGNATURE), self.files.get(SIGNED_VALUE)
        if content is None or raw is None:
            absent = content is None and raw is None
            yield _fault(Check.SIGNATURE, "NO_SIGNATURE" if absent else "SIGNATURE_BROKEN")
            return
        try:
            value = read_seal_signature(raw)
        except ValueError:
            yield _fault(Check.SIGNATURE, "SIGNATURE_BROKEN")
            return
        owner = find_owner(value, pinned)
        self.key_id = owner.key_id
        yield from owner.findings
        yield from self._value_faults(content, value)
        try:
            signature = read_signature(content)
        except BrokenOFDError as broken:
            yield _fault(Check.COVERAGE, broken.code, broken.detail)
            return
        if signature.method != SM2_WITH_SM3 or value.has_extensions:
            yield _fault(Check.SIGNATURE, "SIGNATURE_BROKEN", "another algorithm or extensions")
        yield from self._reference_faults(signature)

    def _value_faults(self, content: bytes, value: SealSignature) -> Iterator[Finding]:
        """Compare what was signed with the package it lies in."""
        if value.digest != sm3(content):
            yield _fault(Check.SIGNATURE, "DIGEST_MISMATCH", SIGNATURE)
        if value.property_info != f"/{SIGNATURE}":
            yield _fault(Check.SIGNATURE, "PROPERTY_WRONG")
        if value.seal_der != self.files.get(SEAL):
            yield _fault(Check.SIGNATURE, "SEAL_REPLACED")

    def _reference_faults(self, signature: SignatureFile) -> Iterator[Finding]:
        """Compare the list with the files of the package: the same names, each with its digest."""
        listed = dict(signature.references)
        covered = self.files.keys() - {SIGNATURE, SIGNED_VALUE}
        if covered == listed.keys() and [*listed, SIGNATURE, SIGNED_VALUE] != list(self.files):
            yield _fault(Check.COVERAGE, "CONTAINER_BROKEN", "the files lie in another order")
        changed = (name for name in covered & listed.keys() if sm3(self.files[name]) != listed[name])
        for code, names in (
            ("PART_CHANGED", changed),
            ("PART_MISSING", listed.keys() - covered),
            ("PART_ADDED", covered - listed.keys()),
        ):
            yield from (_fault(Check.COVERAGE, code, name) for name in sorted(names)[:_MOST_PARTS])


def _classify(
    copies: Mapping[str, Sequence[bytes]], pinned: Sequence[PinnedSeal], faults: Sequence[Finding]
) -> FileCheck:
    """Say what a file is that does not hold the strict rule.

    Args:
        copies: every content found under each name.
        pinned: our seals.
        faults: why it does not hold, at least one.
    """
    traces = find_traces(copies, pinned)
    if traces.key_id is not None:
        return _once_ours(traces, faults)
    if any(name.casefold() == _ENCRYPTIONS for name in copies):
        return _unreadable("ENCRYPTED_FILE")
    unread = next((fault.code for fault in faults if fault.code in _UNREAD), None)
    if unread is not None:
        return _unreadable(unread)
    return _without_us(copies, traces)


def _without_us(copies: Mapping[str, Sequence[bytes]], traces: OFDTraces) -> FileCheck:
    """Say what a file is that has nothing of ours in it: a stranger's, unsigned or unreadable."""
    besides: list[str] = []
    listed: tuple[ListedSignature, ...] = ()
    try:
        package = read_package({name: copied[0] for name, copied in copies.items()})
    except BrokenOFDError as broken:
        if broken.code in _UNREAD or not (traces.sealed or broken.code == "MANY_DOCUMENTS"):
            return _unreadable(broken.code)
        besides.append(broken.code)
    else:
        besides += ["PART_MISSING"] if package.missing else []
        listed = package.signed
    if traces.sealed or any(one.signed_value for one in listed):
        return FileCheck(outcome=FileOutcome.NOT_OURS, findings=traces.findings)
    if listed:
        # It calls itself signed, and no signature is there.
        return _unreadable("SIGNATURE_BROKEN")
    findings = _fault(Check.SIGNATURE, "NO_SIGNATURE"), *(_fault(Check.COVERAGE, code) for code in besides)
    return FileCheck(outcome=FileOutcome.NO_SIGNATURE, findings=findings)


def _once_ours(traces: OFDTraces, faults: Sequence[Finding]) -> FileCheck:
    """Describe a file with a seal of ours: altered, or made with our key when it should not have been."""
    # With our seal in it, it was an OFD; only its package leads nowhere any more.
    findings = [
        replace(one, code="CONTAINER_BROKEN") if one.code == "NOT_AN_OFD" else one
        for one in dict.fromkeys((*faults, *traces.findings))
    ]
    failed = {finding.check for finding in findings}
    if traces.verified and Check.SIGNER_PINNED not in failed:
        findings.append(Finding(check=Check.SIGNER_PINNED, result=Result.PASS, code="SIGNER_PINNED"))
    altered = bool(failed & {Check.SIGNATURE, Check.COVERAGE})
    outcome = FileOutcome.ALTERED if altered else FileOutcome.NOT_OURS
    return FileCheck(outcome=outcome, findings=tuple(findings), key_id=traces.key_id)


def _unreadable(code: str) -> FileCheck:
    finding = Finding(check=Check.SIGNATURE, result=Result.UNKNOWN, code=code)
    return FileCheck(outcome=FileOutcome.UNREADABLE, findings=(finding,))


def _fault(check: Check, code: str, detail: str = "") -> Finding:
    """Make a finding; a detail is told only when plain: names in a file are the forger's words."""
    told = detail if _TELLABLE.fullmatch(detail) else ""
    return Finding(check=check, result=Result.FAIL, code=code, detail=told)
