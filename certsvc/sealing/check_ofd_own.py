"""The strict rule for OFDs that look just like ours: a yes or nothing, and no yes the thorough way denies.

Nearly every file that is checked is ours and intact: each right after it was sealed, and most of those handed
in. Such a file is, byte for byte, what our writer makes of its parts, so that only what differs between two
of them has to be looked at. Whatever is not as expected is left to the thorough way, which finds out why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from certsvc.gm.seal_signature import read_seal_signature
from certsvc.gm.sm3 import sm3
from certsvc.ofd.names import (
    DECLARATION,
    DOCUMENT,
    DOCUMENT_RES,
    OFD,
    PAGE,
    PUBLIC_RES,
    SEAL,
    SIGNATURE,
    SIGNATURES,
    SIGNED_VALUE,
    TEMPLATE,
    XMLNS,
)
from certsvc.ofd.own_container import read_own
from certsvc.ofd.own_page import own_entrance
from certsvc.ofd.package import read_package
from certsvc.ofd.parts import BrokenOFDError
from certsvc.ofd.signature import SIGNATURES_XML, own_signature
from certsvc.sealing.check_seal import find_owner
from certsvc.sealing.lint_ofd import lint_ofd
from certsvc.sealing.port import PinnedSeal

_SEALING: Final = (SIGNATURES, SEAL, SIGNATURE, SIGNED_VALUE)
"""The last files, in their order."""
_FRAME: Final = (DOCUMENT, PUBLIC_RES, DOCUMENT_RES, TEMPLATE)
"""What many files have in common."""
_ENTRANCE: Final = (
    f"{DECLARATION}<ofd:OFD {XMLNS}><ofd:DocBody><ofd:DocRoot>{DOCUMENT}</ofd:DocRoot></ofd:DocBody>"
    "</ofd:OFD>"
).encode()
"""Leads where every OFD.xml of ours leads."""
_ANY_PAGE: Final = f"{DECLARATION}<ofd:Page {XMLNS}/>".encode()


def own_key(data: bytes, pinned: Sequence[PinnedSeal]) -> str | None:
    """Return the key that sealed *data* when it is of our shape and INTACT; None says nothing at all."""
    files = read_own(data)
    if files is None:
        return None
    names = tuple(files)
    if names[-len(_SEALING) :] != _SEALING or PAGE not in files:
        return None
    contents = {name: part.content for name, part in files.items()}
    try:
        value = read_seal_signature(contents[SIGNED_VALUE])
    except ValueError:
        return None
    listed = "".join([part.line for part in list(files.values())[:-2]])
    as_sealed = (
        not value.has_extensions
        and value.property_info == f"/{SIGNATURE}"
        and value.seal_der == contents[SEAL]
        and value.digest == sm3(contents[SIGNATURE])
        and own_signature(contents[SIGNATURE], listed, at=value.at)
    )
    as_written = (
        as_sealed
        and contents[SIGNATURES] == SIGNATURES_XML
        and own_entrance(contents[OFD], sealed=True)
        and files[PAGE].is_page
        and _is_our_frame(names, tuple([contents.get(name) for name in _FRAME]))
    )
    if not as_written:
        return None
    owner = find_owner(value, pinned)
    return owner.key_id if owner.verified and not owner.findings else None


@lru_cache(maxsize=64)
def _is_our_frame(names: tuple[str, ...], frame: tuple[bytes | None, ...]) -> bool:
    """Say whether a reader reaches every file and nothing else, whatever stands on a page of our shape.

    Kept, since document, resource lists and template come back in file after file.
    """
    files: Mapping[str, bytes] = {
        **dict.fromkeys(names, b""),
        **{name: content for name, content in zip(_FRAME, frame, strict=True) if content is not None},
        OFD: _ENTRANCE,
        PAGE: _ANY_PAGE,
    }
    try:
        package = read_package(files)
    except BrokenOFDError:
        return False
    return not package.missing and next(lint_ofd(files, package), None) is None
