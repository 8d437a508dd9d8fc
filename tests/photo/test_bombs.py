"""Small files that would cost hours or gigabytes are refused on their header."""

from __future__ import annotations

import struct
import subprocess
import sys
import time
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from certsvc.errors import ImageRejectedError
from certsvc.photo import normalise_photo, normalise_signature
from tests.images import drawn_photo, file_of


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return one PNG chunk."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_claiming(width: int, height: int, *chunks: bytes) -> bytes:
    """Return a PNG whose header claims a size its few bytes do not hold."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + b"".join(chunks)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("width", "height"), [(2001, 2000), (12_000, 9_000), (60_000, 60_000), (2**31 - 1, 1)]
)
def test_a_claimed_size_is_refused_before_a_pixel_is_decoded(width: int, height: int) -> None:
    """Also between the sizes where Pillow is silent, warns, and raises."""
    for normalise in (normalise_photo, normalise_signature):
        with pytest.raises(ImageRejectedError):
            normalise(png_claiming(width, height), pointer="/x")


def test_a_jpeg_claiming_a_gigapixel_is_refused() -> None:
    """The size in a JPEG's frame header is as little to be trusted."""
    photo = bytearray(file_of(drawn_photo(), "JPEG"))
    frame = photo.index(b"\xff\xc0")
    photo[frame + 5 : frame + 9] = struct.pack(">HH", 40_000, 40_000)

    with pytest.raises(ImageRejectedError, match="pixels"):
        normalise_photo(bytes(photo), pointer="/x")


def test_a_text_that_unpacks_a_thousandfold_is_refused() -> None:
    """A compressed comment is a bomb of its own, beside the pixels."""
    bomb = zlib.compress(bytes(300_000_000), 9)
    content = png_claiming(295, 413, chunk(b"zTXt", b"Comment\x00\x00" + bomb))
    assert len(content) < 1024 * 1024

    with pytest.raises(ImageRejectedError):
        normalise_photo(content, pointer="/x")


def test_a_jpeg_of_thousands_of_scans_is_refused_unread() -> None:
    """Each scan, however empty, makes libjpeg walk the whole picture: read, this file took 38 seconds."""
    photo = file_of(drawn_photo(1500, 2100), "JPEG", progressive=True)
    last = photo.rindex(b"\xff\xda")
    empty = photo[last : last + 2 + int.from_bytes(photo[last + 2 : last + 4], "big")]
    bomb = photo[:-2] + empty * 100_000 + b"\xff\xd9"
    assert len(bomb) < 1024 * 1024 + len(photo)

    started = time.process_time()
    with pytest.raises(ImageRejectedError):
        normalise_photo(bomb[: 1024 * 1024], pointer="/x")
    assert time.process_time() - started < 2


def test_a_progressive_photo_is_taken() -> None:
    """Cameras and web sites write about ten scans; the result is baseline."""
    photo = file_of(drawn_photo(590, 826), "JPEG", progressive=True)
    assert 5 < photo.count(b"\xff\xda") < 20

    assert b"\xff\xc2" not in normalise_photo(photo, pointer="/x")


def test_the_largest_photo_needs_little_memory() -> None:
    """64 threads normalise at once; one photo of every right size must stay far under 200 MB."""
    program = (
        "import resource, sys; from certsvc.photo import normalise_photo; "
        "start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; "
        "normalise_photo(sys.stdin.buffer.read(), pointer=''); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start)"
    )
    largest = BytesIO()
    Image.effect_noise((1500, 2100), 20).convert("RGB").save(largest, "JPEG", quality=30)
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", program], check=False, input=largest.getvalue(), capture_output=True, cwd=root
    )

    assert run.returncode == 0, run.stderr
    assert int(run.stdout) < 100_000
