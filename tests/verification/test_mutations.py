"""Thousands of damaged copies of our own files: none is valid, none raises, none costs a child its life."""

from __future__ import annotations

import random
from collections import Counter
from typing import Final

from certsvc.domain.report import Status, Verdict
from certsvc.sealing.check_pdf import check_pdf
from tests.drills import FULL, record
from tests.sealing.strangers import a_lookalike, a_stranger, signed_by_pyhanko
from tests.sealing.test_attacks import GROWN
from tests.verification.conftest import Issued, MakePool
from tests.verification.hostile import a_page, a_stream
from tests.verification.pictures import drawn, jpeg, pdf_of, png
from tests.verification.test_photos import token_of

SEALED: Final = 6_000 if FULL else 600
PICTURES: Final = 300 if FULL else 30


def flipped(content: bytes, chance: random.Random) -> bytes:
    """Flip one to eight bits."""
    out = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        out[chance.randrange(len(out))] ^= 1 << chance.randrange(8)
    return bytes(out)


def cut(content: bytes, chance: random.Random) -> bytes:
    """Drop the end, the start, or a piece in between."""
    start, end = sorted(chance.sample(range(len(content)), 2))
    return chance.choice((content[:end], content[start:], content[:start] + content[end:]))


def spliced(content: bytes, chance: random.Random) -> bytes:
    """Exchange two pieces."""
    a, b, c = sorted(chance.sample(range(len(content)), 3))
    return content[:a] + content[b:c] + content[a:b] + content[c:]


def doubled(content: bytes, chance: random.Random) -> bytes:
    """Say a piece twice."""
    start = chance.randrange(len(content))
    end = min(len(content), start + chance.choice((1, 20, 1_000, 50_000)))
    return content[:end] + content[start:end] + content[end:]


def inserted(content: bytes, chance: random.Random) -> bytes:
    """Put in bytes that mean something to a PDF reader, or nothing."""
    at = chance.randrange(len(content) + 1)
    words = (
        b"%%EOF\n",
        b"startxref\n0\n",
        b"/ByteRange [0 0 0 0]",
        b"endobj\n",
        b"stream\n",
        chance.randbytes(9),
    )
    return content[:at] + chance.choice(words) + content[at:]


def overwritten(content: bytes, chance: random.Random) -> bytes:
    """Write zeros, spaces or digits over a piece; lengths and offsets stay."""
    start = chance.randrange(len(content))
    end = min(len(content), start + chance.choice((1, 4, 64, 4_096)))
    return content[:start] + chance.choice((b"\0", b" ", b"9")) * (end - start) + content[end:]


WAYS: Final = (flipped, cut, spliced, doubled, inserted, overwritten)


def test_a_damaged_certificate_is_never_valid(issued: Issued, a_pool: MakePool) -> None:
    """And the child says of each exactly what the checker says here."""
    pinned = issued.world.services.keystore.pinned
    pool = a_pool(messages=10_000)
    pool.read_pdf(b"%PDF-", pinned)
    pids, seen = pool.pids(), Counter[str]()
    for number in range(SEALED):
        chance = random.Random(number)
        content = WAYS[number % len(WAYS)](issued.first_pdf, chance)
        if content == issued.first_pdf:
            continue
        reading = pool.read_pdf(content, pinned)
        assert reading.fault == "", number
        assert reading.check == check_pdf(content, pinned), number
        report = issued.world.verify(file=content)
        assert report.verdict is not Verdict.VALID, number
        seen[str(report.status)] += 1

    assert pool.pids() == pids
    assert seen[str(Status.ALTERED)] > SEALED // 2
    record("mutated certificates", files=seen.total(), valid=0, dead_children=0, **dict(seen))


def test_a_damaged_picture_leads_to_its_record_or_to_none(issued: Issued) -> None:
    """Photo and scan: another record than the one drawn is never shown."""
    page = drawn(issued.first_pdf, 100)
    sources = (png(page), jpeg(page), pdf_of(page))
    seen = Counter[str]()
    for number in range(PICTURES):
        chance = random.Random(number)
        content = WAYS[number % len(WAYS)](sources[number // len(WAYS) % len(sources)], chance)
        report = issued.world.verify(file=content)
        assert token_of(report) in {None, issued.first["token"]}, number
        assert report.verdict is not Verdict.VALID or report.subject == "record", number
        seen[str(report.status)] += 1

    record("mutated pictures", files=PICTURES, wrong=0, **dict(seen))


def test_a_child_judges_every_attack_as_the_checker_does(issued: Issued, a_pool: MakePool) -> None:
    """A child that cannot load something late would answer less than it knows."""
    pool, keystore = a_pool(), issued.world.services.keystore
    files = {name: grow(issued.first_pdf) for name, grow in GROWN.items()}
    blank = a_page(a_stream(b""))
    for algorithm in ("p256", "rsa2048", "rsa3072"):
        signer = keystore.signer(algorithm)
        files[f"look-alike {algorithm}"] = signed_by_pyhanko(blank, a_lookalike(signer))
    files["stranger"] = signed_by_pyhanko(blank, a_stranger())
    for name, content in files.items():
        reading = pool.read_pdf(content, keystore.pinned)
        assert reading.fault == "", name
        assert reading.check == check_pdf(content, keystore.pinned), name
        assert issued.world.verify(file=content).status in {Status.ALTERED, Status.NOT_OURS}, name
