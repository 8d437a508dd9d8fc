"""Outside programs the tests compare us with. Missing ones are skipped by name, never silently."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import pytest

PACKAGES: Final = {
    "certutil": "libnss3-tools",
    "chromium": "chromium",
    "mutool": "mupdf-tools",
    "openssl": "openssl",
    "pdffonts": "poppler-utils",
    "pdfinfo": "poppler-utils",
    "pdfsig": "poppler-utils",
    "pdftoppm": "poppler-utils",
    "pdftotext": "poppler-utils",
    "qpdf": "qpdf",
    "strace": "strace",
}
"""Program -> Debian package; tools/test_tools.sh installs the packages."""
_OTHER_NAMES: Final = {"chromium": ("chromium-browser", "google-chrome")}


def need(program: str) -> Path:
    """Return where *program* lies, or skip the running test and name the package that has it."""
    package = PACKAGES[program]
    for name in (program, *_OTHER_NAMES.get(program, ())):
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    pytest.skip(f"{program} is not on this machine: apt-get install {package}")
