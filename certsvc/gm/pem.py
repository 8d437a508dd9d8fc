"""PEM: one block of base64 between two marked lines."""

from __future__ import annotations

import base64
import binascii
import re

_LINE = 64


def write_block(label: str, content: bytes) -> bytes:
    """Return *content* as one PEM block, lines of 64 characters."""
    text = base64.b64encode(content).decode()
    lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()


def read_block(label: str, pem: bytes) -> bytes:
    """Return the content of the only block labelled *label*. ValueError for none, two, or no base64."""
    found = re.findall(rb"-----BEGIN %b-----\s([^-]*)-----END %b-----" % ((label.encode(),) * 2), pem)
    if len(found) != 1:
        raise ValueError(f"{len(found)} PEM blocks of {label}, not one")
    try:
        return base64.b64decode(b"".join(found[0].split()), validate=True)
    except binascii.Error as fault:
        raise ValueError(f"a PEM block of {label} without base64") from fault
