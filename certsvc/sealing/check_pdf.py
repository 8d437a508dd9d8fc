"""The strict checker of PDFs: did one of our keys seal exactly these bytes, and did nobody else add any?

INTACT rests on cryptography alone: every byte but the Contents string is hashed, the string holds nothing
but our one CMS shape and zeros, and the signature is by a pinned certificate. A time stamp of that signature
may stand in the shape, and our own document time stamp may follow, to the byte as pdf/update.py writes it.
All the structure looked at besides can only take INTACT away. A file laid out to the last byte like those we
write today can have nothing that the search through its structure looks for (pdf/grammar.py), so that search
is left out; older files of ours, which were sealed in an update, go through it. For a file that is not
intact the search for traces of our keys decides between ALTERED and the rest; hiding such a trace turns an
INVALID answer into another INVALID one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from certsvc.domain.report import Check, FileCheck, FileOutcome, Finding, Result
from certsvc.pdf.grammar import digests_of, keep_start, read_layout
from certsvc.pdf.layout import Body, Layout
from certsvc.pdf.update import read_update
from certsvc.sealing.cms import read_cms, verifies
from certsvc.sealing.cms_token import without_token
from certsvc.sealing.lint_pdf import content_faults
from certsvc.sealing.pdf_syntax import BrokenPDFError, Name, Ref
from certsvc.sealing.port import PinnedKey
from certsvc.sealing.read_pdf import PDFFile
from certsvc.sealing.stamps_pdf import BrokenStampError, stamps_of
from certsvc.sealing.traces import Traces, find_traces

_BYTE_RANGE: Final = re.compile(
    rb"/ByteRange\s{0,8}\[\s{0,8}(\d{1,12})\s{1,8}(\d{1,12})\s{1,8}(\d{1,12})\s{1,8}(\d{1,12})\s{0,8}\]"
)
_HEX: Final = re.compile(rb"[0-9A-F]*+")
_BEFORE_HOLE: Final = b"/Contents "
_LARGEST_HOLE: Final = 65_536
_END: Final = re.compile(rb"\nstartxref\n\d{1,10}\n%%EOF\n\Z")
_FORM: Final = Name(b"AcroForm")
_FIELDS: Final = Name(b"Fields")
_KNOWN_REVISIONS: Final = (1, 2)
"""Written with its signature in one pass; or an update sealed it, as in reports and in older files."""


class _BrokenRuleError(Exception):
    """One point of the strict rule does not hold."""

    def __init__(self, check: Check, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.finding = Finding(check=check, result=Result.FAIL, code=code, detail=detail)


def check_pdf(
    data: bytes, pinned: Sequence[PinnedKey], roots: Sequence[bytes] = (), known: Body | None = None
) -> FileCheck:
    """Judge a file by itself, without the registry. Never raises on hostile bytes.

    Args:
        data: any bytes.
        pinned: every key whose seals are ours, retired and compromised ones too; whether a key was good at
            the instant of sealing is for the caller, who knows that instant from the registry.
        roots: of the time-stamping authorities that count, DER. With none, a time stamp that is whole is
            neither believed nor held against a file.
        known: what was read of this file before it was sealed; bytes that are the same are not read again.
            Whoever has just sealed it stores it next: the answer then says its SHA-256.
    """
    layout = read_layout(data, known)
    if b"%PDF-" not in data[:1024]:
        return _unreadable("UNREADABLE_FILE")
    # What follows a sealed file may be our document time stamp: then the file in front is judged.
    update = read_update(data) if layout is None else None
    try:
        if update is None:
            key, seal, sha256 = _check_strictly(data, pinned, layout, whole=known is not None)
        else:
            # Of the file in front of it alone a SHA-256 would be of no use.
            key, seal, sha256 = _check_strictly(update.base, pinned, update.layout)
        stamped = stamps_of(seal.signature, seal.certificates, seal.token, update, roots)
    except BrokenStampError:
        broken = Finding(check=Check.TIMESTAMP, result=Result.FAIL, code="TIMESTAMP_BROKEN")
        return _classify(data, pinned, broken)
    except _BrokenRuleError as fault:
        return _classify(data, pinned, fault.finding)
    passed = (Check.SIGNATURE, "OK"), (Check.COVERAGE, "OK"), (Check.SIGNER_PINNED, "SIGNER_PINNED")
    findings = tuple(Finding(check=check, result=Result.PASS, code=code) for check, code in passed)
    return FileCheck(
        outcome=FileOutcome.INTACT,
        findings=(*findings, *stamped.findings),
        key_id=key.key_id,
        timestamp=stamped.level,
        stamped_at=stamped.at,
        sha256=sha256,
    )


class _Seal(NamedTuple):
    """What a hole holds."""

    certificates: tuple[bytes, ...]
    digest: bytes
    family: str
    signature: bytes
    signed_bytes: bytes
    token: bytes | None
    """A time stamp of the signature; not looked into yet."""


def _check_strictly(
    data: bytes, pinned: Sequence[PinnedKey], layout: Layout | None, *, whole: bool = False
) -> tuple[PinnedKey, _Seal, str]:
    """Return the pinned key that sealed *data*; raise at the first point of the rule that does not hold.

    Behind key and seal stands the hex SHA-256 of all of *data*: only if *whole* and laid out like ours.
    """
    if layout is None:
        start, end = _find_hole(data)
        _expect_digits(data, start, end)
    else:
        # Its layout says that there are digits and nothing else.
        start, end = layout.hole_start, layout.hole_end
    seal = _read_hole(data, start, end)
    covered, sha256 = (
        (_digest(data, start, end), "") if layout is None else digests_of(data, layout, whole=whole)
    )
    if covered != seal.digest:
        raise _BrokenRuleError(Check.SIGNATURE, "DIGEST_MISMATCH")
    key = next((key for key in pinned if key.certificate == seal.certificates[0]), None)
    if key is None:
        raise _BrokenRuleError(Check.SIGNER_PINNED, "SIGNER_NOT_OURS")
    if not verifies(key.certificate, seal.family, seal.signature, seal.signed_bytes):
        raise _BrokenRuleError(Check.SIGNATURE, "SIGNATURE_BROKEN")
    if layout is None:
        _check_structure(data, start)
    else:
        keep_start(data, layout.start)
    return key, seal, sha256


def _digest(data: bytes, start: int, end: int) -> bytes:
    running, view = hashlib.sha256(), memoryview(data)
    running.update(view[:start])
    running.update(view[end:])
    return running.digest()


def _find_hole(data: bytes) -> tuple[int, int]:
    """Return where the Contents string begins and ends, brackets included, when all else is covered."""
    mentions = data.count(b"/ByteRange")
    if mentions > 1:
        raise _BrokenRuleError(Check.COVERAGE, "MANY_SIGNATURES", f"{mentions} signatures")
    byte_range = _BYTE_RANGE.match(data, data.find(b"/ByteRange")) if mentions else None
    if byte_range is None:
        raise _BrokenRuleError(Check.COVERAGE, "BYTE_RANGE_WRONG")
    begin, first, second, rest = (int(number) for number in byte_range.groups())
    whole = second + rest
    if begin == 0 and 0 < first < second < whole < len(data):
        later = b"startxref" in data[whole:] or b" obj" in data[whole:]
        raise _BrokenRuleError(Check.COVERAGE, "LATER_REVISION" if later else "TRAILING_BYTES")
    if begin != 0 or not 0 < first < second or whole != len(data):
        raise _BrokenRuleError(Check.COVERAGE, "BYTE_RANGE_WRONG")
    return first, second


def _expect_digits(data: bytes, start: int, end: int) -> None:
    gap = data[start:end]
    if (
        not 2 < len(gap) <= _LARGEST_HOLE
        or not data.endswith(_BEFORE_HOLE, 0, start)
        or (gap[:1], gap[-1:]) != (b"<", b">")
    ):
        raise _BrokenRuleError(Check.COVERAGE, "BYTE_RANGE_WRONG")
    digits = _HEX.match(gap, 1)
    if digits is None or digits.end() != len(gap) - 1:
        raise _BrokenRuleError(Check.SIGNATURE, "SIGNATURE_BROKEN")


def _read_hole(data: bytes, start: int, end: int) -> _Seal:
    """Read the container out of a hole of digits."""
    try:
        raw = bytes.fromhex(data[start + 1 : end - 1].decode("ascii"))
        container, token = _without_padding(raw), None
        try:
            read = read_cms(container)
        except ValueError:
            container, token = without_token(container)
            read = read_cms(container)
    except ValueError as fault:
        raise _BrokenRuleError(Check.SIGNATURE, "SIGNATURE_BROKEN") from fault
    return _Seal(read.certificates, read.digest, read.family, read.signature, read.signed_bytes, token)


def _without_padding(raw: bytes) -> bytes:
    """Return the container without the zeros after it. ValueError when anything else follows it."""
    if raw[:2] != b"\x30\x82":
        raise ValueError("no container")
    size = 4 + int.from_bytes(raw[2:4], "big")
    if len(raw) < size or raw[size:].strip(b"\0"):
        raise ValueError("the container is cut, or something follows it")
    return raw[:size]


def _check_structure(data: bytes, hole: int) -> None:
    """Refuse a covered file whose structure is not one we make: one revision or two, one certification."""
    if not data.startswith(b"%PDF-1.7\n") or not _END.search(data, len(data) - 40):
        raise _BrokenRuleError(Check.COVERAGE, "TRAILING_BYTES")
    revisions = data.count(b"%%EOF")
    if revisions not in _KNOWN_REVISIONS:
        raise _BrokenRuleError(Check.COVERAGE, "LATER_REVISION")
    try:
        file = PDFFile(data)
        fields = [file.dictionary(f) for f in file.array(file.dictionary(file.root.get(_FORM)).get(_FIELDS))]
        certified = file.dictionary(file.root.get(Name(b"Perms"))).get(Name(b"DocMDP"))
        signature = file.dictionary(certified)
        rules = [file.dictionary(rule) for rule in file.array(signature.get(Name(b"Reference")))]
    except BrokenPDFError as fault:
        raise _BrokenRuleError(Check.COVERAGE, "BYTE_RANGE_WRONG") from fault
    if len(file.sections) != revisions or Name(b"Encrypt") in file.trailer:
        raise _BrokenRuleError(Check.COVERAGE, "LATER_REVISION")
    if len(fields) != 1 or fields[0].get(Name(b"V")) != certified or not isinstance(certified, Ref):
        raise _BrokenRuleError(Check.COVERAGE, "MANY_SIGNATURES", f"{len(fields)} fields")
    place = file.places.get(certified.number)
    contents = signature.get(Name(b"Contents"))
    if (
        place is None
        or place.container is not None
        or not place.offset < hole
        or not isinstance(contents, bytes)
    ):
        raise _BrokenRuleError(Check.COVERAGE, "BYTE_RANGE_WRONG")
    if contents.hex().upper().encode() != data[hole + 1 : hole + 1 + 2 * len(contents)]:
        raise _BrokenRuleError(Check.COVERAGE, "BYTE_RANGE_WRONG")
    permitted = [
        file.dictionary(rule.get(Name(b"TransformParams"))).get(Name(b"P"))
        for rule in rules
        if rule.get(Name(b"TransformMethod")) == Name(b"DocMDP")
    ]
    if permitted != [1]:
        raise _BrokenRuleError(Check.COVERAGE, "COVERAGE_PARTIAL")
    _check_content(file)


def _check_content(file: PDFFile) -> None:
    try:
        fault = next(content_faults(file), None)
    except BrokenPDFError as broken:
        raise _BrokenRuleError(Check.COVERAGE, "FORBIDDEN_CONTENT", str(broken)) from broken
    if fault is not None:
        raise _BrokenRuleError(Check.COVERAGE, "FORBIDDEN_CONTENT", fault)


def _classify(data: bytes, pinned: Sequence[PinnedKey], broken: Finding) -> FileCheck:
    """Say what a file is that does not hold the strict rule."""
    traces = find_traces(data, pinned)
    if traces.key_id is not None:
        ours = Finding(check=Check.SIGNER_PINNED, result=Result.PASS, code="SIGNER_PINNED")
        return FileCheck(outcome=FileOutcome.ALTERED, findings=(broken, ours), key_id=traces.key_id)
    if traces.encrypted:
        return _unreadable("ENCRYPTED_FILE")
    if traces.containers:
        return _not_ours(traces)
    if not traces.readable:
        return _unreadable("UNREADABLE_FILE")
    if traces.claims:
        return _unreadable("SIGNATURE_BROKEN")
    none = Finding(check=Check.SIGNATURE, result=Result.FAIL, code="NO_SIGNATURE")
    return FileCheck(outcome=FileOutcome.NO_SIGNATURE, findings=(none,))


def _not_ours(traces: Traces) -> FileCheck:
    code = "SIGNER_LOOKALIKE" if traces.lookalike else "SIGNER_NOT_OURS"
    finding = Finding(check=Check.SIGNER_PINNED, result=Result.FAIL, code=code)
    return FileCheck(outcome=FileOutcome.NOT_OURS, findings=(finding,))


def _unreadable(code: str) -> FileCheck:
    finding = Finding(check=Check.SIGNATURE, result=Result.UNKNOWN, code=code)
    return FileCheck(outcome=FileOutcome.UNREADABLE, findings=(finding,))
