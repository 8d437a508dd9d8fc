"""The genuine symbol of one copy in the file of another: whoever scans it reaches a genuine record."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import pikepdf

from certsvc.ofd.names import PAGE
from certsvc.ofd.read_container import read_container
from tests.drills import FULL, record
from tests.sealing.ofd_attacks import packed
from tests.world import World

COPIES = 100 if FULL else 5
_OUTLINE = re.compile(rb"<ofd:AbbreviatedData>([^<]*)</ofd:AbbreviatedData>")


def _symbol_of(drawn: Sequence[bytes]) -> bytes:
    """Return the outline of the symbol: far longer than any other on the page."""
    return max(drawn, key=len)


def _swapped_ofd(face: bytes, other: bytes) -> bytes:
    files, others = read_container(face), read_container(other)
    own = _symbol_of(_OUTLINE.findall(files[PAGE]))
    pasted = _symbol_of(_OUTLINE.findall(others[PAGE]))
    assert own != pasted and len(pasted) > 2000
    return packed({**files, PAGE: files[PAGE].replace(own, pasted)})


def _swapped_pdf(face: bytes, other: bytes) -> bytes:
    """Paste the area of the symbol into the other content stream."""
    with pikepdf.open(io.BytesIO(face)) as into, pikepdf.open(io.BytesIO(other)) as source:
        # The first content stream is the template's.
        drawn, pasted = (one.pages[0].Contents[1].read_bytes() for one in (into, source))
        own = _symbol_of(re.split(rb"(?<=\s)f\*?\s", drawn))
        theirs = _symbol_of(re.split(rb"(?<=\s)f\*?\s", pasted))
        assert own != theirs and len(theirs) > 2000
        into.pages[0].Contents[1] = into.make_stream(drawn.replace(own, theirs))
        written = io.BytesIO()
        into.save(written)
    return written.getvalue()


def test_a_swapped_symbol_is_always_altered(world: World) -> None:
    """Each of these files shows one person and leads a scanner to another."""
    world.initial()
    files: list[dict[str, bytes]] = []
    for _ in range(COPIES):
        copy = world.endorse()
        files.append({fmt: world.file(copy, fmt) for fmt in ("pdf", "ofd")})
        world.jump(days=1)

    told: dict[str, list[str]] = {"pdf": [], "ofd": []}
    for face, other in zip(files, (*files[1:], files[0]), strict=True):
        told["pdf"].append(str(world.verify(file=_swapped_pdf(face["pdf"], other["pdf"])).status))
        told["ofd"].append(str(world.verify(file=_swapped_ofd(face["ofd"], other["ofd"])).status))

    record("symbols swapped among copies", **{fmt: len(all_) for fmt, all_ in told.items()})
    assert told == {fmt: ["ALTERED"] * COPIES for fmt in told}
