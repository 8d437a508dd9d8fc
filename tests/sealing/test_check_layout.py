"""A file laid out like ours is judged without a parser: the answer is always what the general check says."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Sequence
from typing import Final

import pytest

from certsvc.domain.report import FileCheck, FileOutcome
from certsvc.pdf.grammar import read_body, read_layout, without_signature
from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.lint_pdf import lint_pdf
from certsvc.sealing.port import PinnedKey, Signer
from tests.drills import record, some
from tests.sealing.any_pdf import check_any_pdf
from tests.sealing.compiled import a_compiled_pdf, a_draft, laid_out, objects_of, signed_anew
from tests.sealing.samples import cms_of, hole_of, with_container
from tests.sealing.strangers import a_lookalike, a_stranger
from tests.sealing.test_attacks import CHANGES, GROWN
from tests.sealing.test_lint_pdf import CATALOG, PAGE

ALTERED, INTACT = FileOutcome.ALTERED, FileOutcome.INTACT


@pytest.fixture(scope="module")
def compiled(signer: Signer) -> bytes:
    """The small certificate, sealed with P-256."""
    return a_compiled_pdf(signer)


def judged(data: bytes, pinned: Sequence[PinnedKey]) -> FileCheck:
    """Ask all ways, which must agree in every finding: also knowing what the small page's draft was."""
    check = check_pdf(data, pinned)
    assert check == check_any_pdf(data, pinned)
    known = read_body(a_draft().unsealed())
    assert known is not None
    knowing = check_pdf(data, pinned, (), known)
    assert check == knowing
    # The store takes it for the digest of the very bytes that were checked.
    assert knowing.sha256 in {"", hashlib.sha256(data).hexdigest()} and not check.sha256
    return check


def test_a_file_of_ours_is_intact_and_laid_out_like_ours(keystore: Keystore) -> None:
    """Each algorithm has a hole of its own size."""
    for algorithm in ("p256", "rsa2048", "rsa3072"):
        signer = keystore.signer(algorithm)
        sealed = a_compiled_pdf(signer)

        assert read_layout(sealed) is not None
        check = judged(sealed, keystore.pinned)
        assert (check.outcome, check.key_id) == (INTACT, signer.key_id)
        knowing = check_pdf(sealed, keystore.pinned, (), read_body(a_draft().unsealed()))
        assert knowing.sha256 == hashlib.sha256(sealed).hexdigest()
        assert lint_pdf(sealed) == ()
        assert without_signature(sealed) == a_draft().unsealed()


def test_laying_out_anew_changes_nothing(
    signer: Signer, compiled: bytes, pinned: Sequence[PinnedKey]
) -> None:
    """Else what is found below would be the fault of the test's own writer."""
    again = laid_out(objects_of(compiled), signer)

    assert read_layout(again) == read_layout(compiled)
    assert judged(again, pinned).outcome is INTACT


def test_strangers_and_lookalikes_are_not_ours(signer: Signer, pinned: Sequence[PinnedKey]) -> None:
    """Our layout to the last byte, and another key."""
    for other in (a_stranger(), a_lookalike(signer)):
        assert judged(a_compiled_pdf(other), pinned).outcome is FileOutcome.NOT_OURS


def test_a_file_without_its_signature_has_none(compiled: bytes, pinned: Sequence[PinnedKey]) -> None:
    """An empty field is no signature, and no broken one."""
    assert judged(without_signature(compiled), pinned).outcome is FileOutcome.NO_SIGNATURE


@pytest.mark.parametrize("attack", GROWN)
def test_what_grew_after_sealing_is_altered(
    attack: str, compiled: bytes, pinned: Sequence[PinnedKey]
) -> None:
    """Viewers show the added page while many validators still say valid."""
    forged = GROWN[attack](compiled)
    assert forged != compiled

    assert judged(forged, pinned).outcome is ALTERED


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("position", range(4))
def test_each_byte_range_number_counts(
    position: int, change: str, compiled: bytes, pinned: Sequence[PinnedKey]
) -> None:
    """Whatever it says, in whatever way, it must be the whole file but the hole."""
    found = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\] *", compiled)
    assert found is not None
    words = list(found.groups())
    old = int(words[position])
    new = {"0": 0, "-1": old - 1, "+1": old + 1, "2^31": 2**31, "huge": 10**9, "negative": -5}.get(change)
    words[position] = b"x" if new is None else b"%d" % new
    forged = compiled.replace(found[0], (b"/ByteRange [" + b" ".join(words) + b"]").ljust(len(found[0])), 1)

    check = judged(forged, pinned)

    assert check.outcome is (INTACT if forged == compiled else ALTERED)


def test_containers_of_another_shape_or_file_are_altered(
    signer: Signer, compiled: bytes, pinned: Sequence[PinnedKey]
) -> None:
    """The hole is not hashed: the one shape of what may stand in it guards it."""
    start, end = hole_of(compiled)
    container = cms_of(compiled)
    other = objects_of(compiled)
    other_file = laid_out([other[0].replace(b"zh-CN", b"zh-TW"), *other[1:]], signer)
    for forged in (
        compiled[:start] + compiled[start:end].lower() + compiled[end:],
        with_container(other_file, container),
        compiled[: end - 3] + b"01" + compiled[end - 1 :],
        compiled[:start] + compiled[start:end].replace(b"0>", b">") + compiled[end:],
        with_container(compiled, container.replace(signer.chain[0], bytes(len(signer.chain[0])))),
    ):
        assert judged(forged, pinned).outcome is ALTERED


def test_a_flipped_byte_gets_the_same_answer_both_ways(compiled: bytes, pinned: Sequence[PinnedKey]) -> None:
    """Every fifth byte, lowest and highest bit: never intact, and never another finding."""
    places = some(range(0, len(compiled), 5), "flipped bytes of a compiled file")
    outcomes: dict[str, int] = {}
    for at in places:
        for bit in (0x01, 0x80):
            forged = bytearray(compiled)
            forged[at] ^= bit
            outcome = judged(bytes(forged), pinned).outcome
            assert outcome is not INTACT, at
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
    record("pdf flipped bytes, both ways", files=2 * len(places), **outcomes)


Change = Callable[[Sequence[bytes]], list[bytes]]


def _at(place: int, old: bytes, new: bytes) -> Change:
    """Exchange something in the object at *place*."""

    def change(objects: Sequence[bytes]) -> list[bytes]:
        assert old in objects[place], (old, objects[place][:300])
        changed = objects[place].replace(old, new, 1)
        return [changed if part is objects[place] else part for part in objects]

    return change


def _where(mark: bytes, old: bytes, new: bytes) -> Change:
    """Exchange something in the first object that holds *mark*."""

    def change(objects: Sequence[bytes]) -> list[bytes]:
        place = next(number for number, part in enumerate(objects) if mark in part)
        return _at(place, old, new)(objects)

    return change


def _without_picture(objects: Sequence[bytes]) -> list[bytes]:
    name = re.findall(rb"/X\d+ \d+ 0 R ", b"".join(objects))[0]
    return _where(PAGE_MARK, name, b"")(objects)


PAGE_MARK, XMP_MARK = b"/Type /Page /", b"/Type /Metadata /"
END = b" >>\nendobj"
STATE = b"/GS500 << /CA 0.5 /ca 0.5 >> "
MISUSES: dict[str, Change] = {
    **{f"catalog: {name}": _at(0, END, extra + END) for name, (extra, _) in CATALOG.items()},
    **{
        f"page: {name}": _where(PAGE_MARK, b" /Parent 2 0 R", extra + b" /Parent 2 0 R")
        for name, (extra, _) in PAGE.items()
        if b"/Annots" not in extra
    },
    "a second annotation": _where(PAGE_MARK, b"/Annots [8 0 R]", b"/Annots [8 0 R 7 0 R]"),
    "a second field": _at(0, b"/Fields [8 0 R]", b"/Fields [8 0 R 7 0 R]"),
    "more may be changed": _at(-1, b"/P 1 /V /1.2 >> >> <<", b"/P 3 /V /1.2 >> >> <<"),
    "the lock is loose": _at(6, b"/Action /All", b"/Action /Inc"),
    "the field is not printed": _at(6, b"/F 132", b"/F 128"),
    "the field has an action": _at(6, b"/F 132", b"/F 132 /A << /S /URI /URI (x) >>"),
    "an appearance in a layer": _at(5, b"/Subtype /Form", b"/Subtype /Form /OC 7 0 R"),
    "a state named twice": _where(PAGE_MARK, STATE, STATE + STATE.replace(b"0.5", b"1")),
    "a font named twice": _where(PAGE_MARK, b"/Font << /F9 9 0 R ", b"/Font << /F9 9 0 R /F9 9 0 R "),
    "a font left out": _where(PAGE_MARK, b"/F9 9 0 R ", b""),
    "a picture left out": _without_picture,
    "a font is another object": _where(PAGE_MARK, b"/F9 9 0 R", b"/F9 2 0 R"),
    "a font that is not embedded": _where(b"/FontFile2", b"/FontFile2", b"/FontFile9"),
    "an unused object": lambda objects: [*objects[:-1], b"99 0 obj\n<< /A 1 >>\nendobj\n", objects[-1]],
    "an object that is in no table": _at(3, b"endobj", b"% 77 0 obj <<>>\nendobj"),
    "an object in a stream": _where(XMP_MARK, b"<x:xmpmeta", b"7 0 obj <<"),
    "an end of file in a stream": _where(XMP_MARK, b"xpacket", b"%%EOF x"),
    "pages that are the page": _at(1, b"/Kids [", b"/Kids [2 0 R "),
    "two objects of one number": lambda objects: [*objects[:4], objects[1], *objects[4:]],
    "a comment between objects": lambda objects: [objects[0] + b"% hello\n", *objects[1:]],
    "a stream longer than it says": _at(3, b"\nendstream", b"x\nendstream"),
    "another language": _at(0, b"zh-CN", b"zh-TW"),
    "a page of another size": _where(PAGE_MARK, b"/MediaBox [0 0 ", b"/MediaBox [0 0 1"),
}
HARMLESS: Final = frozenset(
    (
        "another language",
        "a comment between objects",
        "a stream longer than it says",
        "a page of another size",
    )
)
"""Nothing to bring to life: the general check lets them pass."""


@pytest.mark.parametrize("misuse", MISUSES)
def test_what_our_key_may_have_signed_is_judged_the_same(
    misuse: str, compiled: bytes, signer: Signer, pinned: Sequence[PinnedKey]
) -> None:
    """A good signature by our own key over a file with something in it that ours never have."""
    forged = laid_out(MISUSES[misuse](objects_of(compiled)), signer)
    assert forged != compiled

    check = judged(forged, pinned)

    if misuse not in HARMLESS:
        assert check.outcome is ALTERED, check


WORDS: Final = tuple(
    b"/AA << >>|/OpenAction|/JavaScript|/S /JavaScript|/Launch|/F (x)|/OC 7 0 R|/Kids []|/Type /Font"
    b"|/Type /Page|/Sig|/XFA []|null|true|0|1|3 0 R|8 0 R|9 0 R|99 0 R|<<|>>|[|]|<41>|(x)| obj|endobj\n"
    b"|%%EOF\n|/ByteRange [0 1 2 3]|% x|\n| |-1|0.5|/Contents <00>|/Prev 9|/Size 3|/Encrypt 1 0 R|/XRefStm 9"
    b"|stream\n".split(b"|")
)
_TOKEN = re.compile(rb"<<|>>|[\[\]]|/?[A-Za-z0-9_.+\-#]+|<[0-9A-F]*>|\s")


def test_random_changes_signed_by_our_key_are_judged_the_same(
    compiled: bytes, signer: Signer, pinned: Sequence[PinnedKey]
) -> None:
    """Tokens dropped, doubled, exchanged and planted anywhere outside of streams, then signed properly."""
    whole = objects_of(compiled)
    intact = 0
    seeds = some(range(3000), "random changes under our key")
    for seed in seeds:
        chance = random.Random(seed)
        objects = list(whole)
        for _ in range(chance.choice((1, 1, 2, 3))):
            place = chance.randrange(len(objects))
            head, mark, rest = objects[place].partition(b"stream\n")
            found = chance.choice(list(_TOKEN.finditer(head)))
            old, new = found[0], chance.choice(WORDS)
            new = chance.choice((b"", old + old, new, old + b" " + new, chance.choice(_TOKEN.findall(head))))
            objects[place] = head[: found.start()] + new + head[found.end() :] + mark + rest
        if chance.random() < 0.1:
            chance.shuffle(objects)
        try:
            forged = laid_out(objects, signer, trailer=chance.choice((b"", b"", b"", b" /Prev 9", b" /X 1")))
        except (ValueError, IndexError):
            continue  # nothing is left to sign
        intact += judged(forged, pinned).outcome is INTACT
    record("changes under our key, both ways", files=len(seeds), intact=intact)


def test_a_wrong_table_or_trailer_is_judged_the_same(
    compiled: bytes, signer: Signer, pinned: Sequence[PinnedKey]
) -> None:
    """Offsets, sizes and numbers of the cross-reference and the trailer, each a little off."""
    table = compiled.rindex(b"xref\n0 ")
    for found in re.finditer(rb"\d+", compiled[table:]):
        at = table + found.start()
        for forged_digits in (found[0][:-1] + b"%d" % ((int(found[0][-1:]) + 1) % 10), found[0] + b" "):
            forged = compiled[:at] + forged_digits + compiled[at + len(found[0]) :]
            judged(signed_anew(forged, signer), pinned)
