"""Outside programs the tests compare us with. Missing ones are skipped by name, never silently."""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGES: Final = {
    "certutil": "libnss3-tools",
    "chromium": "chromium",
    "faketime": "faketime",
    "mkfs.ext4": "e2fsprogs",
    "mutool": "mupdf-tools",
    "nginx": "nginx-light",
    "openssl": "openssl",
    "pdffonts": "poppler-utils",
    "pdfinfo": "poppler-utils",
    "pdfsig": "poppler-utils",
    "pdftocairo": "poppler-utils",
    "pdftoppm": "poppler-utils",
    "pdftotext": "poppler-utils",
    "qpdf": "qpdf",
    "softhsm2-util": "softhsm2",
    "strace": "strace",
}
"""Program -> Debian package; tools/test_tools.sh installs the packages."""
_OTHER_NAMES: Final = {"chromium": ("chromium-browser", "google-chrome")}
_SOFTHSM: Final = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/pkcs11/libsofthsm2.so"),
    Path("/usr/local/lib/softhsm/libsofthsm2.so"),
)
NO_OFD_JS: Final = "ofd.js 0.2.6 is not on this machine"
_OFD_JS: Final = "ofd.umd.min.js"
_PINS: Final = ROOT / "tests" / "readers" / "ofd.js.sha512"


def need(program: str) -> Path:
    """Return where *program* lies, or skip the running test and name the package that has it."""
    package = PACKAGES[program]
    for name in (program, *_OTHER_NAMES.get(program, ())):
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    raise _lack(f"{program} is not on this machine: apt-get install {package}")


def need_softhsm() -> Path:
    """Return the PKCS#11 module of SoftHSM2, or skip the running test and name the package that has it."""
    need("softhsm2-util")
    return next(path for path in _SOFTHSM if path.exists())


def need_libatomic() -> None:
    """Return when playwright's own node can start here, or skip the running test and name the package."""
    try:
        ctypes.CDLL("libatomic.so.1")
    except OSError:
        raise _lack("playwright's own node needs libatomic: apt-get install libatomic1") from None


def need_ofd_js() -> Path:
    """Return where ofd.js lies, or skip the running test and say how to get it."""
    script = find_ofd_js()
    if script is None:
        raise _lack(f"{NO_OFD_JS}: install Node.js with npm, then `make tools`")
    return script


def find_ofd_js() -> Path | None:
    """Find the script of ofd.js 0.2.6, its very bytes."""
    script = ROOT / ".readers" / _OFD_JS
    pinned = _PINS.read_text("ascii").split()
    if script.exists() and hashlib.sha512(script.read_bytes()).hexdigest() in pinned:
        return script
    return None


def _lack(why: str) -> BaseException:
    """Return the skip; but whoever runs the tests as proof (CI) must not believe that all of them ran."""
    return pytest.fail.Exception(why, pytrace=False) if os.environ.get("CI") else pytest.skip.Exception(why)
