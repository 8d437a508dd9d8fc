"""Mutations by the thousand and hostile megabytes: nothing forged passes, nothing raises or takes long."""

from __future__ import annotations

import random
import time
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certsvc.domain.report import FileCheck, FileOutcome
from certsvc.domain.texts_findings import FINDINGS
from certsvc.ofd.headers import CENTRAL, LOCAL
from certsvc.ofd.names import OFD, SIGNED_VALUE
from certsvc.ofd.parts import BrokenOFDError
from certsvc.ofd.read_container import read_container
from certsvc.sealing.check_ofd import check_ofd, check_ofd_thoroughly
from certsvc.sealing.check_ofd_own import own_key
from tests.drills import FULL, record, some
from tests.sealing.ofd_attacks import EDITED, SIGNED
from tests.sealing.ofd_key_attacks import foreign, misused
from tests.sealing.ofd_samples import a_sealed_ofd, our_keys
from tests.sealing.ofd_strangers import VALUES, honest_files, zipped
from tests.sealing.ofd_zip_attacks import ZIPPED, Entry, lay_down

ALTERED, INTACT = FileOutcome.ALTERED, FileOutcome.INTACT
MUTATIONS: Final = 6_000 if FULL else 600
_PIECES: Final = (
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"\0" * 8,
    b"\xff" * 4,
    b"<!DOCTYPE x>",
    b"\x30\x82",
)


def _check(data: bytes) -> FileCheck:
    check = check_ofd(data, our_keys().pinned)
    if own_key(data, our_keys().pinned) is not None:
        # The quick way says yes: the thorough one must say the very same.
        assert check_ofd_thoroughly(data, our_keys().pinned) == check
    assert check.findings
    assert {finding.code for finding in check.findings} <= set(FINDINGS)
    return check


def _same_files(one: bytes, other: bytes) -> bool:
    """Tell whether two packages hold the same files in the same order, byte for byte."""
    try:
        return list(read_container(one).items()) == list(read_container(other).items())
    except BrokenOFDError:
        return False


def _mutated(data: bytes, chance: random.Random) -> bytes:
    """Change a file in one to four of the ways files get damaged or forged."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(out) + 1)
        size = chance.choice((1, 1, 2, 4, 16, 200))
        match chance.randrange(7):
            case 0:
                out[at : at + size] = chance.randbytes(size)
            case 1:
                del out[at : at + size]
            case 2:
                out[at:at] = chance.randbytes(size)
            case 3:
                out[at:at] = out[at : at + size]
            case 4:
                out[at:at] = chance.choice(_PIECES)
            case 5:
                start = chance.randrange(len(out) + 1)
                out[at : at + size] = out[start : start + size]
            case _:
                del out[max(at, 1) :]
    return bytes(out)


def test_mutations_are_never_intact_and_never_raise() -> None:
    """The checker stands on the public page: it answers whatever is handed in, and passes nothing forged."""
    sealed = a_sealed_ofd()
    attacks = {**EDITED, **SIGNED, **ZIPPED, **misused(), **foreign()}
    bases = [sealed] * 20 + [attack(sealed) for attack in attacks.values()]
    bases += [zipped(honest_files(value=value())) for value in VALUES.values()]
    chance = random.Random(20261120)
    outcomes: Counter[str] = Counter()
    for _ in range(MUTATIONS):
        forged = _mutated(chance.choice(bases), chance)
        check = _check(forged)
        outcomes[check.outcome] += 1
        assert check.outcome is not INTACT or _same_files(forged, sealed)
    record("ofd mutations", files=MUTATIONS, intact=outcomes.pop(INTACT, 0), raised=0, **outcomes)


def test_a_flipped_bit_is_altered_or_changes_no_file() -> None:
    """Each byte of header and directory counts; some bits of a deflate stream mean nothing to any reader."""
    sealed = a_sealed_ofd()
    places = [(at, 1 << bit) for at in range(len(sealed)) for bit in range(8)]
    harmless = 0
    flips = some(places, "ofd flips") if FULL else places[:: len(places) // 900]
    for at, bit in flips:
        forged = bytearray(sealed)
        forged[at] ^= bit
        outcome = _check(bytes(forged)).outcome
        if outcome is INTACT and _same_files(bytes(forged), sealed):
            harmless += 1
            continue
        assert outcome is ALTERED, f"byte {at} bit {bit:#x}: {outcome}"
    assert harmless <= len(flips) // 200
    record("ofd flipped bits", files=len(flips), in_no_file=harmless)


def test_each_bit_of_a_header_counts() -> None:
    """Dates, attributes and flags are not sealed; that they say nothing is checked instead."""
    sealed = a_sealed_ofd()
    first = range(LOCAL.size)
    directory = sealed.index(b"PK\x01\x02")
    places = [*first, *range(directory, directory + CENTRAL.size), *range(len(sealed) - 22, len(sealed))]
    for at in places:
        for bit in range(8):
            forged = bytearray(sealed)
            forged[at] ^= 1 << bit
            assert _check(bytes(forged)).outcome is ALTERED, f"byte {at} bit {bit}"


def test_each_byte_of_the_signature_value_counts() -> None:
    """It is the one file no digest covers: the signature covers most of it, its one shape the rest."""
    sealed = a_sealed_ofd()
    files = dict(read_container(sealed))
    value = files[SIGNED_VALUE]
    at_value = sealed.index(value)
    for at in range(0, len(value), 1 if FULL else 5):
        content = value[:at] + bytes([value[at] ^ 0x10]) + value[at + 1 :]
        crc = zlib.crc32(value).to_bytes(4, "little"), zlib.crc32(content).to_bytes(4, "little")
        forged = sealed[:at_value] + content + sealed[at_value + len(value) :]
        check = _check(forged.replace(*crc))

        assert (check.outcome, check.key_id) == (ALTERED, our_keys().key_id), f"byte {at}"
        assert "CONTAINER_BROKEN" not in {finding.code for finding in check.findings}


@given(st.binary(max_size=400), st.integers(0, 9_000), st.integers(0, 400))
@settings(max_examples=500 if FULL else 150, deadline=None)
def test_bytes_overwritten_anywhere_never_raise(piece: bytes, at: int, gone: int) -> None:
    """Whatever replaces whatever, the answer names known findings."""
    sealed = a_sealed_ofd()
    forged = sealed[:at] + piece + sealed[at + gone :]

    assert _check(forged).outcome is not INTACT or _same_files(forged, sealed)


@given(st.binary(max_size=600))
@settings(max_examples=300 if FULL else 100, deadline=None)
def test_any_bytes_as_signature_value_never_raise(value: bytes) -> None:
    """DER of strangers is the deepest thing that is read."""
    _check(zipped(honest_files(value=value)))


def _hostile_zip(content: bytes) -> bytes:
    return lay_down([Entry(name=OFD.encode(), content=content)])


def _noise(size: int) -> bytes:
    return random.Random(7).randbytes(size)


def _many_values() -> bytes:
    """Hundreds of signatures that can be read, each to be held against every key of ours."""
    value = VALUES["version_4"]()
    return lay_down(
        Entry(name=b"%d/SignedValue.dat" % n, content=value[:-1] + bytes([n % 256]), method=0)
        for n in range(1500)
    )


HOSTILE: Final[Mapping[str, Callable[[], bytes]]] = {
    "local_marks": lambda: b"PK\x03\x04" * 2_500_000,
    "local_headers": lambda: b"PK\x03\x04\x14\0\0\0\x08\0" + b"\0" * 20 + b"PK\x03\x04" * 2_000_000,
    "directory_marks": lambda: b"PK\x01\x02" * 2_500_000,
    "ends": lambda: b"PK\x05\x06" * 2_500_000,
    "sequences": lambda: _hostile_zip(b"\x30\x82\xff\xff" * 2_000_000),
    "nested_sequences": lambda: _hostile_zip(b"\x30\x84\x00\x98\x96\x80" * 1_600_000),
    "one_long_attribute": lambda: _hostile_zip(b'<OFD a="' + b"x" * 9_000_000 + b'"/>'),
    "many_attributes": lambda: _hostile_zip(
        b"<OFD " + b" ".join(b'a%d=""' % n for n in range(800_000)) + b"/>"
    ),
    "long_text": lambda: _hostile_zip(b"<OFD>" + b"&amp;" * 1_900_000 + b"</OFD>"),
    "noise": lambda: _noise(10_000_000),
    "packed_noise": lambda: _hostile_zip(_noise(9_000_000)),
    "many_values": _many_values,
    "bomb_in_a_bomb": lambda: _hostile_zip(zlib.compress(zlib.compress(bytes(500 << 20), 9), 9)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_ten_hostile_megabytes_are_answered_soon(name: str) -> None:
    """No input makes the checker slow; ten seconds leave room for a busy machine, two are usual."""
    data = HOSTILE[name]()
    assert len(data) <= 10 << 20
    began = time.process_time()

    assert _check(data).outcome is not INTACT
    assert time.process_time() - began < 10
