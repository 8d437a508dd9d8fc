"""Files made to harm: the tool tells of each, decodes none it should not, and stays the same tool."""

from __future__ import annotations

import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from certsvc.photo import check_photo, check_signature, fix_photo, fix_signature
from certsvc.photo.rules import Conclusion
from tests.images import a_photo, file_of
from tests.photo.test_bombs import png_claiming
from tests.portraits import Taken, as_file, portrait


def animated() -> bytes:
    """Return a moving PNG."""
    out = BytesIO()
    first, second = portrait(Taken(noise=0)), portrait(Taken(seed=2, noise=0))
    first.save(out, "PNG", save_all=True, append_images=[second])
    return out.getvalue()


def many_scans() -> bytes:
    """Return a JPEG that makes a decoder walk it a hundred thousand times."""
    photo = as_file(portrait(Taken()), progressive=True)
    last = photo.rindex(b"\xff\xda")
    empty = photo[last : last + 2 + int.from_bytes(photo[last + 2 : last + 4], "big")]
    return photo[:-2] + empty * 100_000 + b"\xff\xd9"


HOSTILE = {
    "bomb": png_claiming(60_000, 60_000),
    "long": png_claiming(2**31 - 1, 1),
    "claims 100 million": png_claiming(10_000, 10_000),
    "scans": many_scans(),
    "animated": animated(),
    "CMYK": file_of(portrait(Taken()).convert("CMYK"), "JPEG"),
    "16 bits": file_of(Image.new("I;16", (295, 413), 40_000), "PNG"),
    "cut short": a_photo()[:2000],
    "empty": b"",
    "PDF": b"%PDF-1.7\n" + a_photo(),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_file_is_refused_in_words_at_once(content: bytes) -> None:
    """As a photo and as a signature, judged and fixed: a report each, nothing made."""
    begun = time.process_time()
    for made in (fix_photo(content), fix_signature(content)):
        assert made.content is None and made.changes == ()
        assert made.before.conclusion is Conclusion.REFUSED
    assert {check_photo(content).accepted, check_signature(content).accepted} == {False}
    assert time.process_time() - begun < 4


def test_polyglot_loses_its_other_half() -> None:
    """A picture with a package behind it comes out as a picture."""
    package = b"PK\x03\x04" + b"evil" * 400
    for content in (a_photo() + package, a_photo("PNG") + package):
        made = fix_photo(content)
        assert "metadata" in made.before.failed()
        assert made.content is not None and b"evil" not in made.content


def test_bytes_flipped_anywhere_never_raise() -> None:
    """Some dozens of bytes, one after the other."""
    photo = as_file(portrait(Taken(size=(295, 413))))
    for place in range(0, len(photo), 500):
        broken = photo[:place] + bytes([photo[place] ^ 0x55]) + photo[place + 1 :]
        made = fix_photo(broken)
        assert made.content is None or made.after is not None


def test_the_largest_picture_stays_within_the_memory_of_a_child() -> None:
    """25 million pixels with transparency, turned: far under the gigabyte of address space."""
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)); "
        "from certsvc.photo import fix_photo; made = fix_photo(sys.stdin.buffer.read()); "
        "print(made.before.finding('readable').outcome, made.before.finding('pixels').value)"
    )
    exif = Image.Exif()
    exif[0x0112] = 6
    out = BytesIO()
    Image.new("RGBA", (5000, 5000), (250, 250, 250, 255)).save(out, "PNG", exif=exif, compress_level=1)
    told = subprocess.run(
        [sys.executable, "-c", program],
        input=out.getvalue(),
        capture_output=True,
        cwd=Path(__file__).parents[2],
        check=True,
    )

    assert told.stdout.decode().split() == ["passed", "5000×5000"]
