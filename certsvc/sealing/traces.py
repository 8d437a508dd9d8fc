"""Looks for signatures anywhere in a PDF that broke the strict rule: altered, foreign or unsigned?

A search, not a proof: it looks at raw bytes as well as through the form, because an altered file need not be
one a reader can follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from certsvc.sealing.cms import SIGNED_DATA, certificate_names, verifies
from certsvc.sealing.der import elements, first_element, inside
from certsvc.sealing.lookalikes import imitates
from certsvc.sealing.pdf_syntax import BrokenPDFError, Name, PDFDict, PDFObject, Ref
from certsvc.sealing.port import PinnedKey
from certsvc.sealing.read_pdf import PDFFile

_HEX_RUN: Final = re.compile(rb"<([0-9A-Fa-f\0\t\n\f\r ]{256,}+)")
_BLANKS: Final = b"\0\t\n\f\r "
_MAX_CONTAINERS: Final = 64
_MAX_FIELDS: Final = 500
_LARGEST_CONTAINER: Final = 262_144
_MARK: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What was found."""

    key_id: str | None
    """Our key one of whose signatures or whose certificate is in the file."""
    containers: int
    """Complete CMS containers."""
    claims: bool
    """Something calls itself a signature, whether or not a container is with it."""
    lookalike: bool
    """A certificate in a container bears a name or key identifier of ours and is not ours."""
    encrypted: bool
    readable: bool
    """The cross-references lead to a catalog and pages."""


def find_traces(data: bytes, pinned: Sequence[PinnedKey]) -> Traces:
    """Search *data* for signatures. Never raises on hostile bytes."""
    readable, encrypted, signatures = _follow(data)
    contents = (s.get(Name(b"Contents")) for s in signatures)
    blobs = [blob for blob in contents if type(blob) is bytes]
    blobs += islice(_hex_blobs(data), _MAX_CONTAINERS)
    containers = [blob for blob in blobs if _is_container(blob)]
    certificates = [c for container in containers for c in _certificates(container)[:_MAX_CONTAINERS]]
    ours = [key.certificate for key in pinned]
    return Traces(
        key_id=_our_key(data, blobs, containers, pinned),
        containers=len(containers),
        claims=bool(signatures) or b"/ByteRange" in data,
        lookalike=any(imitates(certificate, ours) for certificate in certificates),
        encrypted=encrypted,
        readable=readable,
    )


def _follow(data: bytes) -> tuple[bool, bool, list[PDFDict]]:
    """Follow the cross-references: readable, encrypted, the signature dictionaries of the form."""
    try:
        file = PDFFile(data)
    except BrokenPDFError:
        return False, False, []
    if Name(b"Encrypt") in file.trailer:
        return True, True, []
    try:
        pages = file.dictionary(file.root.get(Name(b"Pages")))
        readable = file.root.get(Name(b"Type")) == Name(b"Catalog") and Name(b"Kids") in pages
    except BrokenPDFError:
        return False, False, []
    try:
        return readable, False, list(_form_signatures(file))
    except BrokenPDFError:
        return readable, False, []


def _form_signatures(file: PDFFile) -> Iterator[PDFDict]:
    form = file.dictionary(file.root.get(Name(b"AcroForm")))
    ahead: list[PDFObject] = list(file.array(form.get(Name(b"Fields"))))
    ahead += file.dictionary(file.root.get(Name(b"Perms"))).values()
    seen: set[int] = set()
    for _ in range(_MAX_FIELDS):
        if not ahead:
            return
        item = ahead.pop()
        if isinstance(item, Ref):
            if item.number in seen:
                continue
            seen.add(item.number)
        field = file.dictionary(item)
        if Name(b"ByteRange") in field or field.get(Name(b"Type")) == Name(b"Sig"):
            yield field
        ahead += file.array(field.get(Name(b"Kids")))
        ahead += [value] if (value := field.get(Name(b"V"))) is not None else []


def _hex_blobs(data: bytes) -> Iterator[bytes]:
    for run in _HEX_RUN.finditer(data):
        if len(run[1]) > 2 * _LARGEST_CONTAINER:
            continue
        digits = run[1].translate(None, _BLANKS)
        blob = bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
        if blob[:1] == b"\x30":
            yield blob


def _is_container(blob: bytes) -> bool:
    if SIGNED_DATA not in blob[:32]:
        return False
    try:
        first_element(blob)
    except ValueError:
        # Signers that write BER open with an indefinite length.
        return blob[1:2] == b"\x80"
    return True


def _signed_data(container: bytes) -> list[bytes]:
    """Return the parts of SignedData, each whole; none when it is not DER."""
    try:
        content = inside(elements(first_element(container))[0], 0x30, 2)[1]
        return [part.whole for part in inside(inside(content, 0xA0, 1)[0], 0x30, 4)]
    except ValueError:
        return []


def _certificates(container: bytes) -> list[bytes]:
    try:
        carried = [elements(part)[0] for part in _signed_data(container) if part[0] == 0xA0]
        return [certificate.whole for part in carried for certificate in inside(part, 0xA0)]
    except ValueError:
        return []


def _signer_infos(container: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield signed attributes (as signed) and signature of each signer."""
    parts = _signed_data(container)
    if not parts:
        return
    try:
        for info in inside(elements(parts[-1])[0], 0x31)[:4]:
            children = inside(info, 0x30, 5)
            attributes = [child.whole for child in children if child.tag == 0xA0]
            signatures = [child.body for child in children if child.tag == 0x04]
            if attributes and signatures:
                # They are signed as a SET, and stand in the container with an implicit tag.
                yield b"\x31" + attributes[0][1:], signatures[-1]
    except ValueError:
        return


def _our_key(
    data: bytes, blobs: Sequence[bytes], containers: Sequence[bytes], pinned: Sequence[PinnedKey]
) -> str | None:
    upper = data.upper()
    for key in pinned:
        # Two pieces nobody else's certificate has: one flipped byte cannot spoil both.
        marks = certificate_names(key.certificate).public_key[-_MARK:], key.certificate[-_MARK:]
        for mark in marks:
            if mark.hex().upper().encode() in upper or mark in data or any(mark in blob for blob in blobs):
                return key.key_id
    for container in containers[:_MAX_CONTAINERS]:
        for attributes, signature in _signer_infos(container):
            for key in pinned:
                if any(verifies(key.certificate, f, signature, attributes) for f in ("ecdsa", "rsa")):
                    return key.key_id
    return None
