"""A server process has many threads; pdfium does not forgive two at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from functools import cache

import pytest

from certsvc.issuing.preflight import preflight
from certsvc.qr.encode import encode
from certsvc.rendering.pdf import PDFRenderer
from certsvc.rendering.pdfium import PDFIUM
from certsvc.rendering.plan import Planner
from certsvc.rendering.png import preview
from certsvc.rendering.stamp import stamp_picture
from tests.page.sample import FACTS, a_page, sample_fonts

SYMBOL = "HTTPS://VERIFY.EXAMPLE.CN/V/00000000000000000000000021"
"""One of those of which pdfium is asked whatever was asked before."""


@cache
def a_pdf() -> bytes:
    """Render the sample page once."""
    return PDFRenderer(Planner(sample_fonts())).render(a_page(), FACTS).unsealed()


USES: dict[str, Callable[[], object]] = {
    "preview": lambda: preview(a_pdf(), 20),
    "preflight": lambda: preflight(a_pdf(), a_page(), encode(SYMBOL), SYMBOL),
    "stamp": lambda: stamp_picture(a_page().stamp),
}


@pytest.mark.parametrize("use", USES)
def test_every_use_of_pdfium_waits_for_its_turn(use: str) -> None:
    """Two threads inside pdfium end the whole process, other people's requests with it: it was tried."""
    a_pdf()
    with ThreadPoolExecutor(1) as other:
        with PDFIUM:
            waiting = other.submit(USES[use])
            with pytest.raises(StillWaiting):
                waiting.result(timeout=0.5)

        waiting.result(timeout=60)
