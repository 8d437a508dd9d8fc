"""Bad OFD samples: ways to spoil or forge a certificate, each the only difference to a genuine one."""

from __future__ import annotations

from typing import Final

from certsvc.cli.defects import Defect
from certsvc.cli.forge_ofd import (
    PLACE_DIGIT,
    Make,
    added,
    changed,
    encrypted,
    forged_text,
    other_digit,
    other_document,
    plain_zip,
    repacked,
    resealed,
    stripped,
    twice,
    two_documents,
    with_doctype,
    without_template,
)
from certsvc.domain.report import Status
from certsvc.ofd import headers
from certsvc.ofd.names import OFD, PAGE, SEAL, SIGNATURE, SIGNED_VALUE, TEMPLATE

_BOMB_BYTES: Final = 32 << 20


def _defect(name: str, says: str, status: Status, code: str, made: Make) -> Defect:
    return Defect(name=name, says=says, status=status, code=code, made=made)


_ALTERED, _NOT_OURS, _UNREADABLE = Status.ALTERED, Status.NOT_OURS, Status.UNREADABLE
_ELSEWHERE: Final = f"/{SIGNATURE}".replace("Sign_0", "Sign_1").encode()

DEFECTS: Final = (
    _defect(
        "changed-text",
        "one digit printed on the page changed",
        _ALTERED,
        "PART_CHANGED",
        changed(PAGE, forged_text),
    ),
    _defect(
        "template-edited",
        "something in the printed form moved",
        _ALTERED,
        "PART_CHANGED",
        changed(TEMPLATE, other_digit(PLACE_DIGIT)),
    ),
    _defect("part-missing", "the printed form taken out", _ALTERED, "PART_MISSING", without_template),
    _defect("extra-file", "a file nobody sealed put in", _ALTERED, "PART_ADDED", added("Doc_0/more.txt")),
    _defect(
        "duplicate-entry-forged-first",
        "a forged page before the genuine one, same name",
        _ALTERED,
        "DUPLICATE_ENTRY",
        twice(forged_first=True),
    ),
    _defect(
        "duplicate-entry-forged-last",
        "a forged page after the genuine one, same name",
        _ALTERED,
        "DUPLICATE_ENTRY",
        twice(forged_first=False),
    ),
    _defect(
        "case-twin",
        "a second page whose name differs by a capital",
        _ALTERED,
        "DUPLICATE_ENTRY",
        added(PAGE.replace("Content", "content")),
    ),
    _defect(
        "hidden-entry",
        "a file that the directory of the package does not list",
        _ALTERED,
        "HIDDEN_ENTRY",
        added("Doc_0/hidden.txt", listed=False),
    ),
    _defect(
        "other-document",
        "the file opens another document than the sealed one",
        _ALTERED,
        "PART_CHANGED",
        other_document,
    ),
    _defect(
        "two-documents", "two documents in one file", _ALTERED, "MANY_DOCUMENTS", changed(OFD, two_documents)
    ),
    _defect("doctype", "a DOCTYPE with an entity", _ALTERED, "XML_REFUSED", changed(OFD, with_doctype)),
    _defect("encrypted-entry", "the page marked as encrypted", _ALTERED, "ENCRYPTED_FILE", encrypted),
    _defect(
        "trailing-bytes",
        "bytes after the end",
        _ALTERED,
        "TRAILING_BYTES",
        lambda good: good.endorsed_ofd + b"more",
    ),
    _defect(
        "leading-bytes",
        "bytes before the beginning",
        _ALTERED,
        "LEADING_BYTES",
        lambda good: b"more" + good.endorsed_ofd,
    ),
    _defect(
        "end-cut",
        "the directory at the end is missing",
        _ALTERED,
        "CONTAINER_BROKEN",
        lambda good: good.endorsed_ofd[: good.endorsed_ofd.index(headers.CENTRAL_MAGIC)],
    ),
    _defect(
        "cut",
        "the second half is missing, as after a broken download",
        _UNREADABLE,
        "PART_MISSING",
        lambda good: good.endorsed_ofd[: len(good.endorsed_ofd) // 2],
    ),
    _defect(
        "repacked",
        "every file as sealed, the package written anew by another program",
        _ALTERED,
        "CONTAINER_BROKEN",
        repacked,
    ),
    _defect(
        "bomb",
        "32 MB of zeros packed into a few KB",
        _ALTERED,
        "FILE_TOO_LARGE",
        added("Doc_0/Res/bomb.bin", bytes(_BOMB_BYTES)),
    ),
    _defect(
        "stripped-signature",
        "the seal and every mention of it taken out",
        Status.NO_SIGNATURE,
        "NO_SIGNATURE",
        stripped,
    ),
    _defect(
        "replaced-seal",
        "the same parts under a stranger's seal with our picture",
        _NOT_OURS,
        "SEAL_NOT_OURS",
        resealed(our_seal=False),
    ),
    _defect(
        "signer-not-in-seal",
        "the same parts under our seal, signed by a stranger",
        _NOT_OURS,
        "SIGNER_NOT_IN_SEAL",
        resealed(our_seal=True),
    ),
    _defect(
        "edited-seal",
        "one byte of the seal changed",
        _ALTERED,
        "SEAL_REPLACED",
        changed(SEAL, lambda content: content[:-1] + bytes([content[-1] ^ 1])),
    ),
    _defect(
        "changed-property-info",
        "the signed value names another place",
        _ALTERED,
        "PROPERTY_WRONG",
        changed(SIGNED_VALUE, lambda content: content.replace(f"/{SIGNATURE}".encode(), _ELSEWHERE)),
    ),
    _defect("not-an-ofd", "a ZIP of something else", _UNREADABLE, "NOT_AN_OFD", plain_zip),
)
"""Every bad OFD sample."""
