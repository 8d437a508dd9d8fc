"""The photo tool, walked by a person: refused, fixed, downloaded, passed; in two languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from certsvc.photo import check_photo, normalise_photo
from certsvc.photo.rules import Conclusion
from tests.browser.conftest import Visit
from tests.browser.visitor import DESK, NARROW, PHONE, Lang, Visitor
from tests.images import drawn_signature, file_of
from tests.portraits import Taken, as_file, portrait

FROM_A_PHONE = as_file(portrait(Taken(size=(1500, 2000), ground=(225, 225, 225))))
WORDS: dict[Lang, tuple[str, str, str]] = {
    "zh": ("照片处理工具", "不符合要求，提交会被退回", "符合要求"),
    "en": ("Photo tool", "It would be refused", "It meets the rules"),
}


def in_order(visitor: Visitor) -> None:
    """Nothing sticks out, and nobody is left out, at three widths."""
    for size in (NARROW, PHONE, DESK):
        visitor.resize(size)
        assert visitor.overflow == 0
        assert visitor.ask_axe() == []
    visitor.resize(PHONE)


@pytest.mark.parametrize(
    ("lang", "dark", "scripts"), [("zh", False, False), ("en", True, True)], ids=["zh-no-scripts", "en-dark"]
)
def test_refused_fixed_downloaded_passed(visit: Visit, lang: Lang, dark: bool, scripts: bool) -> None:
    """The holder's picture from a phone would be refused; a minute later there is one that passes."""
    title, refused, passed = WORDS[lang]
    visitor: Visitor = visit(lang, dark=dark, scripts=scripts)
    assert visitor.go("/photo") == 200
    assert visitor.verdict == title
    if scripts:
        in_order(visitor)

    visitor.upload(FROM_A_PHONE, "IMG_0001.jpg", "image/jpeg")
    assert visitor.verdict == refused
    shown = visitor.page.locator(".pair img")
    assert shown.count() == 2
    assert all(shown.nth(place).evaluate("image => image.naturalWidth") > 200 for place in (0, 1))
    if scripts:
        in_order(visitor)
        assert visitor.boxes()[0] == []

    with visitor.page.expect_download() as download:
        visitor.page.click("#download")
    made = Path(download.value.path()).read_bytes()
    assert download.value.suggested_filename == "photo-fixed.jpg"
    assert check_photo(made).conclusion is Conclusion.PASSED
    normalise_photo(made, pointer="")

    visitor.upload(made, "photo-fixed.jpg", "image/jpeg")
    assert visitor.verdict == passed and visitor.page.locator("#download").count() == 0


def test_signature_and_a_picture_nobody_can_fix(visit: Visit) -> None:
    """The other kind; and a blurred one gets advice, not a retouched face."""
    visitor: Visitor = visit()
    visitor.go("/verify")
    visitor.page.click("text=照片处理工具")
    visitor.page.check("input[value=signature]")
    visitor.upload(file_of(drawn_signature(600, 225), "JPEG"), "s.jpg", "image/jpeg")
    assert visitor.verdict == WORDS["zh"][1] and "底改为透明" in visitor.words
    assert visitor.page.is_checked("input[value=signature]")

    visitor.page.check("input[value=photo]")
    visitor.upload(as_file(portrait(Taken(blur=4))), "b.jpg", "image/jpeg")
    assert visitor.verdict == "可以提交，但建议改进" and "模糊无法修复" in visitor.words
    assert visitor.page.locator("#download").count() == 0
