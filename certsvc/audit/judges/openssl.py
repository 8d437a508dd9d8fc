"""The openssl program, asked about some signatures: a process for each, so only about those drawn by lot."""

from __future__ import annotations

import base64
import shutil
import subprocess
import tempfile
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

_IDENTITY: Final = "distid:1234567812345678"
_PATIENCE_S: Final = 60


@lru_cache(maxsize=1)
def _program() -> str | None:
    return shutil.which("openssl")


def is_here() -> bool:
    """Tell whether the program is on this machine."""
    return _program() is not None


def accepts_cms(container: bytes, covered: bytes, roots: Path, at: datetime) -> bool:
    """Tell whether ``openssl cms -verify`` accepts a detached signature, its chain up to *roots* included.

    Args:
        container: CMS, DER; zeros behind it do not matter.
        covered: the bytes it is over.
        roots: PEM file of trusted certificates.
        at: instant at which the chain must be valid.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "cms").write_bytes(container)
        (folder / "covered").write_bytes(covered)
        return _holds(
            "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-purpose", "any",
            "-in", str(folder / "cms"), "-content", str(folder / "covered"), "-out", str(folder / "out"),
            "-CAfile", str(roots), "-attime", str(int(at.timestamp())),
        )  # fmt: skip


def accepts_sm2(certificate: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether ``openssl dgst -sm3 -verify`` accepts a signature by the key of a certificate (DER)."""
    key = _public_key(certificate)
    if key is None:
        return False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "key").write_bytes(key)
        (folder / "message").write_bytes(message)
        (folder / "signature").write_bytes(signature)
        return _holds(
            "dgst", "-sm3", "-sigopt", _IDENTITY, "-verify", str(folder / "key"),
            "-signature", str(folder / "signature"), str(folder / "message"),
        )  # fmt: skip


@lru_cache(maxsize=64)
def _public_key(certificate: bytes) -> bytes | None:
    """Return the key in a certificate (DER) as PEM; None when the program finds none. A store has few."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pem = base64.encodebytes(certificate).decode("ascii")
        (folder / "certificate").write_text(
            f"-----BEGIN CERTIFICATE-----\n{pem}-----END CERTIFICATE-----\n", encoding="ascii"
        )
        found = _holds(
            "x509", "-in", str(folder / "certificate"), "-noout", "-pubkey", "-out", str(folder / "key")
        )
        return (folder / "key").read_bytes() if found else None


def accepts_token(token: bytes, digest: str, roots: Path, at: datetime) -> bool:
    """Tell whether ``openssl ts -verify`` accepts a time-stamp token (DER) over a SHA-256 (hex)."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "token"
        path.write_bytes(token)
        return _holds(
            "ts", "-verify", "-digest", digest, "-in", str(path), "-token_in",
            "-CAfile", str(roots), "-attime", str(int(at.timestamp())),
        )  # fmt: skip


def _holds(*words: str) -> bool:
    # Its words are read, though nobody wants them: the end of a pipe is noticed at once, while a bare wait
    # with a timeout looks again and again with pauses longer than the program takes.
    done = subprocess.run(
        [_program() or "openssl", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=_PATIENCE_S,
    )
    return done.returncode == 0
