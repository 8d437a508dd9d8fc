"""Cut the vendored fonts from their published sources and pin them in fonts.toml.

Run once when a source changes; the service itself only reads what this leaves behind::

    python templates/fonts/make.py NotoSerifSC_400Regular.ttf NotoSerifSC_700Bold.ttf HanaMinB.ttf

Hinting and layout tables are dropped (text is set without shaping), glyphs no character reaches too. The
bold is cut to what titles and labels of any certificate type need: ASCII, punctuation and the 3,755
characters of GB 2312 level 1. The rare font keeps only characters the serif lacks.
"""

from __future__ import annotations

import hashlib
import lzma
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uharfbuzz as hb

HERE = Path(__file__).resolve().parent
DROPPED = ("BASE", "GDEF", "GPOS", "GSUB", "STAT", "VORG", "vhea", "vmtx", "gasp", "FFTM")
NOTO = "npm @expo-google-fonts/noto-serif-sc 0.4.3, {}, SIL Open Font License 1.1"
HANA = "Debian fonts-hanazono 20170904-2.1, HanaMinB.ttf, Hanazono Font License"


def private(code: int) -> bool:
    """Tell whether *code* is a private-use character, which has no agreed glyph."""
    return 0xE000 <= code <= 0xF8FF or code >= 0xF0000


def label_characters() -> set[int]:
    """Return the code points a bold title or label may use."""
    hanzi = "".join(
        bytes((row, cell)).decode("gb2312")
        for row in range(0xB0, 0xD8)
        for cell in range(0xA1, 0xFF)
        if (row, cell) < (0xD7, 0xFA)
    )
    return (
        set(map(ord, hanzi))
        | set(range(0x20, 0x7F))
        | set(map(ord, "·—…“”‘’、。〇《》「」『』【】！（），．：；？"))
    )


def cut(face: hb.Face, characters: set[int]) -> bytes:
    """Return *face* with only *characters*, as TrueType bytes."""
    wanted = hb.SubsetInput()
    wanted.unicode_set.set(sorted(characters))
    wanted.drop_table_tag_set.update(int.from_bytes(tag.encode("ascii"), "big") for tag in DROPPED)
    wanted.flags = (
        hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NO_LAYOUT_CLOSURE | hb.SubsetFlags.NOTDEF_OUTLINE
    )
    return bytes(hb.subset(face, wanted).blob.data)


def main(regular_path: str, bold_path: str, rare_path: str) -> None:
    """Write the packed fonts and fonts.toml beside this file."""
    regular, bold, rare = (
        hb.Face(hb.Blob.from_file_path(path)) for path in (regular_path, bold_path, rare_path)
    )
    serif = {code for code in regular.unicodes if not private(code)}
    fonts = {
        "serif": (cut(regular, serif), NOTO.format("NotoSerifSC_400Regular.ttf"), "LICENSE-NotoSerifSC.txt"),
        "serif-bold": (
            cut(bold, label_characters() & set(bold.unicodes)),
            NOTO.format("NotoSerifSC_700Bold.ttf"),
            "LICENSE-NotoSerifSC.txt",
        ),
        "rare": (
            cut(rare, {code for code in rare.unicodes if not private(code)} - serif),
            HANA,
            "LICENSE-HanaMinB.txt",
        ),
    }
    with ThreadPoolExecutor() as pool:
        packed = pool.map(lambda font: lzma.compress(font[0], preset=9 | lzma.PRESET_EXTREME), fonts.values())
    lines = ["# Written by make.py. sha256 is that of the unpacked TrueType file.", "", "[chain]"]
    lines += ['regular = ["serif", "rare"]', 'bold = ["serif-bold", "serif", "rare"]']
    for (name, (content, source, licence)), small in zip(fonts.items(), packed, strict=True):
        (HERE / f"{name}.ttf.xz").write_bytes(small)
        digest = hashlib.sha256(content).hexdigest()
        lines += ["", f"[font.{name}]", f'file = "{name}.ttf.xz"', f'sha256 = "{digest}"']
        lines += [f'source = "{source}"', f'licence = "{licence}"']
    (HERE / "fonts.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
