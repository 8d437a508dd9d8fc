"""Drafts of a certificate type in every state, and one page to see them all on."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from html import escape
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw

from certsvc.errors import InvalidFieldError, TemplateError
from certsvc.page.art import moved
from certsvc.page.certificate_type import CertificateType
from certsvc.page.compose import compose
from certsvc.page.fonts import FontChain
from certsvc.page.layout import Style
from certsvc.page.model import DocumentFacts, Page, Path
from certsvc.page.proof import Symbols
from certsvc.page.states import State, all_states
from certsvc.page.typeset import run_at
from certsvc.rendering.pdf_reference import ReferenceRenderer
from certsvc.rendering.png import preview

DPI: Final = 110
NOTICE: Final = "样本 · 预览稿，未签章，无任何效力 · SPECIMEN, A DRAFT WITHOUT SEAL OR EFFECT"
_NOTICE_STYLE: Final = Style(size_pt=7.5, min_pt=7.5, colour="#A8201A")
_NOTICE_AT_MM: Final = 6.5
_SCALE: Final = 4
"""Placeholders are drawn larger and made smaller, for smooth edges."""

_HEAD: Final = """<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · 样本</title>
<style>
{faces}
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 drawn, system-ui, serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; }}
h1 {{ font-size: 1.5rem; margin: 0; }}
.faces {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1.5rem; }}
figure {{ margin: 0; }}
img {{ width: 100%; height: auto; border: 1px solid #8a9499; background: #fff; }}
figcaption {{ padding: .4rem 0; }}
.flaws {{ border-left: 4px solid #a8201a; padding: .1rem 1rem; overflow-wrap: anywhere; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{notice}</p>
"""


def draw_states(
    kind: CertificateType, fonts: FontChain, symbols: Symbols
) -> Iterator[tuple[State, bytes, bytes]]:
    """Yield each state that can be drawn, with its PDF and PNG bytes, unsealed; a flaw may keep one away."""
    # The compiled path draws the stamp as the appearance of a signature there is none of here.
    renderer = ReferenceRenderer(fonts)
    pictures = {"photo": _portrait(), "signature": _scrawl()}
    for state in all_states(kind, symbols.usual, symbols.offline, **pictures):
        try:
            page = compose(kind, state.subject, fonts)
        except (InvalidFieldError, TemplateError):
            continue
        facts = DocumentFacts(
            title=f"{kind.policy.title} 样本",
            document_id=f"preview-{state.name}",
            created_at=f"{state.subject.copy.day.isoformat()}T00:00:00Z",
            metadata=(),
        )
        pdf = renderer.render(_draft(page, fonts, specimen=state.subject.specimen), facts)
        yield state, pdf, preview(pdf, DPI)


def sheet(title: str, faces: Iterable[Mapping[str, str]], flaws: Iterable[str], fonts: FontChain) -> str:
    """Return the HTML of one page that shows every face, and what is wrong with the type.

    It carries the fonts of its own words: the machine it is looked at on may have none for Chinese.
    """
    lines: list[str] = []
    if told := "".join(f"<li>{escape(flaw)}</li>\n" for flaw in flaws):
        lines.append(f'<div class="flaws"><p>需要改正 · to be put right</p><ul>\n{told}</ul></div>\n')
    lines.append('<div class="faces">\n')
    for face in faces:
        shown = {name: escape(value, quote=True) for name, value in face.items()}
        lines.append(
            f'<figure><a href="{shown["pdf"]}"><img src="{shown["png"]}" alt="{shown["zh"]}"></a>\n'
            f'<figcaption>{shown["zh"]} · <span lang="en">{shown["en"]}</span></figcaption></figure>\n'
        )
    lines.append("</div>\n</body>\n</html>\n")
    body = "".join(lines)
    drawn = "\n".join(_font_face(font) for font in fonts.woff_faces(title + NOTICE + "样本" + body))
    return _HEAD.format(title=escape(title), notice=escape(NOTICE), faces=drawn) + body


def _font_face(font: bytes) -> str:
    """Return the rule of one font, given as WOFF bytes."""
    content = b64encode(font).decode("ascii")
    return f'@font-face {{ font-family: drawn; src: url("data:font/woff;base64,{content}") format("woff"); }}'


def _draft(page: Page, fonts: FontChain, *, specimen: bool) -> Page:
    """Say on the page's edge that it is a draft; show where the seal will stand, on specimens alone."""
    size_mm = _NOTICE_STYLE.size_pt * 25.4 / 72
    x_mm = (page.width_mm - fonts.width_em(NOTICE, _NOTICE_STYLE.weight) * size_mm) / 2
    notice = run_at(NOTICE, x_mm, _NOTICE_AT_MM, _NOTICE_STYLE.size_pt, _NOTICE_STYLE, fonts)
    return replace(page, variable=(*page.variable, *notice, *(_seal(page) if specimen else ())))


def _seal(page: Page) -> Iterator[Path]:
    stamp = page.stamp
    for path in stamp.paths:
        yield replace(path, segments=moved(path.segments, lambda x, y: (x + stamp.x_mm, y + stamp.y_mm)))


def _portrait() -> bytes:
    """Draw nobody: a grey head and shoulders on white, the size of a one-inch photo."""
    image = Image.new("RGB", (295 * _SCALE, 413 * _SCALE), "white")
    draw = ImageDraw.Draw(image)
    shoulders, head = (30, 270, 265, 620), (85, 75, 210, 240)
    for box in (shoulders, head):
        draw.ellipse([side * _SCALE for side in box], fill="#B7C0C4")
    return _saved(image, (295, 413), "JPEG")


def _scrawl() -> bytes:
    """Draw a signature of nobody: a line on a clear ground."""
    image = Image.new("RGBA", (400 * _SCALE, 150 * _SCALE), (0, 0, 0, 0))
    steps = [(20, 100), (70, 30), (95, 120), (150, 50), (185, 110), (235, 60), (275, 105), (380, 70)]
    points = [(x * _SCALE, y * _SCALE) for x, y in steps]
    ImageDraw.Draw(image).line(points, fill="#1F2A33", width=5 * _SCALE, joint="curve")
    return _saved(image, (400, 150), "PNG")


def _saved(image: Image.Image, size: tuple[int, int], form: str) -> bytes:
    buffer = BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(buffer, form)
    return buffer.getvalue()
