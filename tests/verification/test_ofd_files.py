"""OFDs in hand: known by their bytes, judged in the child as by the checker, read as scans when they are."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

import pytest

from certsvc.domain.report import Check, Kind, Report, Result, Status, Verdict
from certsvc.sealing.check_ofd import check_ofd
from certsvc.verification.answers import may_show_full
from tests.drills import FULL, record
from tests.sealing.ofd_attacks import EDITED, SIGNED, packed
from tests.sealing.ofd_key_attacks import foreign, misused
from tests.sealing.ofd_strangers import VALUES, honest_files, zipped
from tests.sealing.ofd_zip_attacks import ZIPPED
from tests.verification.conftest import Issued, MakePool
from tests.verification.packages import BAD, TEXT, a_page, a_picture, an_ofd, by_others, files_of
from tests.verification.pictures import drawn, jpeg, symbol
from tests.verification.test_mutations import WAYS
from tests.verification.test_photos import codes, token_of

MUTATED: Final = 6_000 if FULL else 240
OF_ANOTHER_SAMPLE: Final = {
    "template_edited",
    "page_edited",
    "list_shortened_page_edited",
    "references_rewritten",
    "strangers_seal_page_edited",
}
"""Attacks that aim at words which stand in another sample; test_ofd_attacks has them."""


def is_unsigned(report: Report) -> bool:
    """Tell whether the one status of a scan stands."""
    return (report.verdict, report.status, report.subject, report.kind) == (
        Verdict.INVALID,
        Status.NO_SIGNATURE,
        "file",
        Kind.OFD,
    )


def test_an_ofd_of_ours_is_known_and_shown_whole(issued: Issued) -> None:
    """The name is shown to whoever has the file itself, as with the PDF."""
    report = issued.world.verify(file=issued.first_ofd)

    assert (report.status, report.kind, report.subject) == (Status.VALID, Kind.OFD, "file")
    assert token_of(report) == issued.first["token"]
    assert may_show_full(report)
    by_check = {finding.check: finding for finding in report.findings}
    assert by_check[Check.SEAL_PINNED].result is Result.PASS


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (b"", b"\n", "TRAILING_BYTES"),
        (b"", bytes(60_000), "TRAILING_BYTES"),
        (b"\n", b"", "LEADING_BYTES"),
        (b"MZ" + bytes(30_000), b"", "LEADING_BYTES"),
        (b"GIF89a", b"", ""),
    ],
    ids=["a byte after", "much after", "a byte before", "a program before", "a picture's mark before"],
)
def test_bytes_around_an_ofd_do_not_hide_it(issued: Issued, before: bytes, after: bytes, code: str) -> None:
    """Every ZIP reader still opens it, so it is judged as what it is and never called whole."""
    report = issued.world.verify(file=before + issued.first_ofd + after)

    assert report.verdict is not Verdict.VALID
    if code:
        assert (report.kind, report.status) == (Kind.OFD, Status.ALTERED)
        assert code in codes(report)


def test_what_is_also_a_pdf_is_read_as_one(issued: Issued) -> None:
    """Two kinds in one file: neither reader may call it whole."""
    for both in (issued.first_pdf + issued.first_ofd, issued.first_ofd + issued.first_pdf):
        report = issued.world.verify(file=both)
        assert report.status is Status.ALTERED
    assert issued.world.verify(file=issued.first_pdf + issued.first_ofd).kind is Kind.PDF


def test_the_parts_of_two_copies_make_no_third(issued: Issued) -> None:
    """Half of one file and half of another, each sealed by us."""
    first, second = issued.first_ofd, issued.second_ofd
    for at in range(1, 8):
        cut = len(first) * at // 8
        assert issued.world.verify(file=first[:cut] + second[cut:]).verdict is not Verdict.VALID


def test_a_child_judges_every_ofd_as_the_checker_does(issued: Issued, a_pool: MakePool) -> None:
    """A child that cannot load something late would answer less than it knows, or crash."""
    pool, pinned = a_pool(), issued.world.services.keystore.pinned_seals
    attacks = {**EDITED, **SIGNED, **foreign(), **misused(), **ZIPPED}
    files = {"genuine": issued.first_ofd, "by others": by_others(sealed=issued.first_ofd)}
    files |= {name: make() for name, (make, _, _) in BAD.items() if name.startswith("by others")}
    files |= {f"by others, {name}": zipped(honest_files(value=value())) for name, value in VALUES.items()}
    files |= {
        name: attack(issued.first_ofd) for name, attack in attacks.items() if name not in OF_ANOTHER_SAMPLE
    }
    told = Counter[str]()
    for name, content in files.items():
        reading = pool.read_ofd(content, pinned)
        assert reading.fault == "", name
        assert reading.check == check_ofd(content, pinned), name
        told[str(reading.check.outcome)] += 1
    assert told["INTACT"] == 1 and told["ALTERED"] > 40 and told["NOT_OURS"] > 2, told
    assert len(pool.pids()) == 1


def test_a_damaged_ofd_is_never_valid(issued: Issued, a_pool: MakePool) -> None:
    """And the child says of each exactly what the checker says here."""
    pinned = issued.world.services.keystore.pinned_seals
    pool = a_pool(messages=10_000)
    pool.read_ofd(b"PK", pinned)
    pids, seen = pool.pids(), Counter[str]()
    for number in range(MUTATED):
        chance = random.Random(number)
        content = WAYS[number % len(WAYS)](issued.first_ofd, chance)
        if content == issued.first_ofd:
            continue
        reading = pool.read_ofd(content, pinned)
        assert reading.fault == "", number
        assert reading.check == check_ofd(content, pinned), number
        report = issued.world.verify(file=content)
        assert report.verdict is not Verdict.VALID, number
        seen[str(report.status)] += 1

    assert pool.pids() == pids
    assert seen[str(Status.ALTERED)] > MUTATED // 2
    record("mutated OFDs", files=seen.total(), valid=0, dead_children=0, **dict(seen))


@pytest.mark.parametrize("pack", [packed, zipped], ids=["as we pack", "as others pack"])
def test_an_ofd_that_is_one_picture_is_read_like_a_scan(
    issued: Issued, pack: Callable[[Mapping[str, bytes]], bytes]
) -> None:
    """Scanners write OFD too: the record is shown to compare, and the file stays unsigned."""
    content = pack(files_of(a_picture(), picture=jpeg(drawn(issued.first_pdf))))
    report = issued.world.verify(file=content)

    assert is_unsigned(report)
    assert token_of(report) == issued.first["token"]
    assert report.state_at_as_of is Status.VALID
    assert "COMPARE_FACE" in codes(report)
    assert not may_show_full(report)


def test_an_unsigned_ofd_with_words_is_no_scan(issued: Issued) -> None:
    """Typeset pages, small pictures, a form behind: no record is shown on its word."""
    picture = jpeg(drawn(issued.first_pdf))
    behind = a_page(a_picture()).replace("<ofd:Content>", '<ofd:Template TemplateID="9"/><ofd:Content>')
    for content in (
        an_ofd(a_picture(), TEXT, picture=picture),
        an_ofd(a_picture(100, 100), picture=picture),
        an_ofd(picture=picture, changes={"Doc_0/Pages/Page_0/Content.xml": behind}),
    ):
        report = issued.world.verify(file=content)
        assert is_unsigned(report)
        assert report.entry is None


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ("https://example.com/v/x", "FOREIGN_DOMAIN"),
        ("http://127.0.0.l:8000/V/X", "HOMOGLYPH_DOMAIN"),
        ("HTTP://127.0.0.1:8000/V/00000000000000000000000000", "NOT_IN_REGISTRY"),
    ],
)
def test_other_symbols_on_a_scanned_ofd_are_told_of(issued: Issued, texts: str, code: str) -> None:
    """What the symbol is does not change that the file carries no seal."""
    report = issued.world.verify(file=an_ofd(a_picture(), picture=jpeg(symbol(texts))))

    assert is_unsigned(report)
    assert code in codes(report)
    assert report.entry is None


@pytest.mark.parametrize(
    "picture", [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n" + bytes(40), b"BM" + bytes(40)]
)
def test_a_picture_that_cannot_be_read_leaves_it_unsigned(issued: Issued, picture: bytes) -> None:
    """That the file carries no seal stands, whatever its picture is."""
    report = issued.world.verify(file=an_ofd(a_picture(), picture=picture))

    assert is_unsigned(report)
    assert report.entry is None
