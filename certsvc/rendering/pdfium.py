"""pdfium serves one thread at a time: two at once end the whole process, whatever documents they work on."""

from __future__ import annotations

import threading
from typing import Final

PDFIUM: Final = threading.Lock()
"""Held around every use of pdfium in this process, from opening a document to closing it."""
