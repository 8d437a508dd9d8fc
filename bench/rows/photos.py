"""Photographs of our own page whose symbol is read, class by class, the bad ones too."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from io import BytesIO
from multiprocessing import get_context
from statistics import median
from typing import Final

from PIL import Image

from bench.photographs import CLASSES, EACH, STRENGTHS, photograph
from bench.report import duration
from bench.serving import every_core, on_every_core
from bench.stage import Stage
from bench.tally import Tally
from certsvc.qr.encode import encode
from certsvc.rendering.png import preview
from certsvc.verification.opening import read_picture

TITLE: Final = "Photographs: 1,600 pixels across the page, eleven ways to spoil one, twenty of each"
PLACE: Final = 60
DPI: Final = 200
"""Of the drawing that is photographed."""
_WANTED: Final = 0.9
"""Share that should be read over all classes."""
_COLUMNS: Final = ("class", "read", "wrong payload", "p50", "slowest", "strength")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What came of one photograph."""

    read: bool
    wrong: bool
    """Whether a text was read that is not on the page."""
    cpu_s: float


def tally(stage: Stage, *, quick: bool) -> Tally:
    """Take every photograph and read it; one of each class in a quick run."""
    seen: dict[str, list[Looked]] = {kind: [] for kind in CLASSES}
    pages = list(_pages(stage, 1 if quick else EACH))
    cores = min(len(every_core()), len(pages))
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as takers:
        with on_every_core():
            taken = [takers.submit(photographs, pdf, number) for number, (_, pdf) in enumerate(pages)]
        for (text, _), contents in zip(pages, taken, strict=True):
            for kind, content in contents.result().items():
                seen[kind].append(_look(content, text))
    everything = [look for looks in seen.values() for look in looks]
    reached = sum(look.read for look in everything) >= math.ceil(_WANTED * len(everything))
    return Tally(
        columns=_COLUMNS,
        rows=[
            *(_row(kind, looks, STRENGTHS[kind]) for kind, looks in seen.items()),
            _row(
                "all", everything, f"aim ≥ {_WANTED:.0%}: {'met' if reached else 'NOT MET'}; wrong payloads 0"
            ),
        ],
    )


def photographs(pdf: bytes, number: int) -> Mapping[str, bytes]:
    """Take the *number*-th photograph of each class, of one page: most of the work, and measured nowhere.

    Run in processes of its own, so that every core takes photographs while one of them reads.
    """
    page = Image.open(BytesIO(preview(pdf, DPI))).convert("RGB")
    return {kind: photograph(page, kind, number) for kind in CLASSES}


def _pages(stage: Stage, many: int) -> Iterator[tuple[str, bytes]]:
    """Yield pages of different people as PDF, with the texts of their symbols."""
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    for _ in range(many):
        token = "".join(stage.random.choices(alphabet, k=26))
        text = f"HTTPS://{stage.kind.layout.sample.host.upper()}/V/{token}"
        subject = replace(stage.subject(), modules=encode(text))
        yield text, stage.reference_renderer.render(stage.composed(subject), stage.facts(subject))


def _look(content: bytes, text: str) -> Looked:
    begun = time.process_time()
    texts = read_picture(content)
    spent = time.process_time() - begun
    return Looked(read=texts == (text,), wrong=not {text}.issuperset(texts), cpu_s=spent)


def _row(name: str, looks: list[Looked], says: str) -> tuple[str, ...]:
    read = sum(look.read for look in looks)
    spent = [look.cpu_s for look in looks]
    return (
        name,
        f"{read} of {len(looks)} ({read / len(looks):.0%})",
        str(sum(look.wrong for look in looks)),
        duration(median(spent)),
        duration(max(spent)),
        says,
    )
