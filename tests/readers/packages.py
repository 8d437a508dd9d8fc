"""OFD packages taken apart and put together again by the standard library, for forgeries."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

SIGNATURE = "Doc_0/Signs/Sign_0/Signature.xml"
SIGNED_VALUE = "Doc_0/Signs/Sign_0/SignedValue.dat"
SEAL = "Doc_0/Signs/Sign_0/Seal.esl"
DOCUMENT = "Doc_0/Document.xml"
PAGE = "Doc_0/Pages/Page_0/Content.xml"
TEMPLATE = "Doc_0/Tpls/Tpl_0/Content.xml"


def parts_of(ofd: Path) -> dict[str, bytes]:
    """Return the files of a package in their order."""
    with zipfile.ZipFile(ofd) as package:
        return {name: package.read(name) for name in package.namelist()}


def packed(parts: Mapping[str, bytes]) -> bytes:
    """Return a package of *parts*."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return buffer.getvalue()


def edited(parts: Mapping[str, bytes], name: str, old: bytes, new: bytes) -> dict[str, bytes]:
    """Return *parts* with *old* replaced by *new* in one file, where it must occur."""
    assert old in parts[name], f"{name} holds no {old!r}"
    return {**parts, name: parts[name].replace(old, new)}
