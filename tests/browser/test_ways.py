"""The ways in, walked by a person: with scripts and without, since the pages need none."""

from __future__ import annotations

import io
import re

import pypdfium2
import pytest

from certsvc.rendering.png import preview
from tests.browser.conftest import Visit
from tests.browser.instance import Instance
from tests.browser.visitor import Lang, Visitor

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
IN_FORCE = "登记有效，请与纸面逐项核对"


@SCRIPTS
def test_scanned_code_shows_the_record_with_the_name_masked(
    visit: Visit, instance: Instance, scripts: bool
) -> None:
    """A passer-by with a camera learns no name, until he types the whole of it."""
    held = instance.valid
    visitor: Visitor = visit(scripts=scripts)
    # The symbol carries capitals; the address in the browser is what the scanner made of it.
    assert visitor.go(f"/V/{held.token}") == 200

    assert visitor.verdict == IN_FORCE
    assert "样**" in visitor.words and held.name not in visitor.page.content()
    assert "data:image/png" not in visitor.page.content()

    visitor.page.fill("#name", held.name[:-1])
    visitor.send("#name")
    assert "姓名与登记不符" in visitor.words and held.name not in visitor.page.content()
    assert visitor.page.get_attribute("#name", "aria-invalid") == "true"

    visitor.page.fill("#name", held.name)
    visitor.send("#name")
    assert held.name in visitor.words and "1985年3月7日" in visitor.words
    assert visitor.page.locator("img.signature").evaluate("image => image.naturalWidth") > 50
    assert held.name not in visitor.page.url, "a name in an address ends up in logs"


@SCRIPTS
def test_uploaded_file_is_judged(visit: Visit, instance: Instance, scripts: bool) -> None:
    """The same person uploads the original, a copy with one byte changed, and a print made to PDF."""
    visitor: Visitor = visit(scripts=scripts)
    good = instance.valid.file
    middle = len(good) // 2
    altered = good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :]
    for file, verdict, told in (
        (good, "有效", True),
        (altered, "文件已被改动", False),
        (instance.unsigned, "文件没有电子签章", False),
        (b"not a PDF", "文件无法读取", False),
    ):
        visitor.go("/verify")
        visitor.upload(file)
        assert visitor.verdict == verdict
        assert (instance.valid.name in visitor.words) is told
        visitor.page.click("text=核验另一份证书")
        assert visitor.verdict == "核验电子证书"


@pytest.mark.parametrize(
    ("lang", "verdicts"),
    [("zh", ("有效", "文件已被改动")), ("en", ("Valid", "The file has been changed"))],
)
def test_uploaded_ofd_is_judged(
    visit: Visit, instance: Instance, lang: Lang, verdicts: tuple[str, str]
) -> None:
    """The national format, chosen by its ending in the file dialog, in both languages."""
    visitor: Visitor = visit(lang)
    good = instance.valid.ofd
    middle = len(good) // 2
    altered = good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :]
    for file, verdict in zip((good, altered), verdicts, strict=True):
        visitor.go("/verify")
        assert "OFD" in visitor.page.inner_text("#file-note")
        assert ".ofd" in str(visitor.page.get_attribute("#file", "accept")).split(",")
        visitor.upload(file, "证书.ofd", "application/ofd")
        assert visitor.verdict == verdict
        assert (instance.valid.name in visitor.words) is (file is good)


def test_photo_of_the_symbol_opens_the_record(visit: Visit, instance: Instance) -> None:
    """Of a paper only the symbol can be read: the record is shown, and never called a valid file."""
    visitor: Visitor = visit()
    visitor.go("/verify")
    visitor.upload(preview(instance.valid.file, 150), "photo.png", "image/png")

    assert visitor.verdict == IN_FORCE
    assert visitor.page.locator(".verdict.record").is_visible()
    assert instance.valid.name not in visitor.page.content()


@SCRIPTS
def test_code_is_typed_as_people_type(visit: Visit, instance: Instance, scripts: bool) -> None:
    """In small letters and with spaces; a slip is refused and may be corrected."""
    visitor: Visitor = visit(scripts=scripts)
    code = instance.valid.code
    visitor.go("/verify")
    visitor.page.fill("#code", f" {code.lower().replace('-', ' ')} ")
    visitor.send("#code")
    assert visitor.verdict == IN_FORCE and instance.valid.name not in visitor.page.content()

    visitor.go("/verify")
    visitor.page.fill("#code", code[:-1] + ("0" if code[-1] != "0" else "1"))
    visitor.send("#code")
    assert visitor.verdict in {"查询不到相关证照", "不是本服务签发"}
    assert visitor.page.locator(".verdict.refused").is_visible()


@SCRIPTS
def test_number_needs_its_name(visit: Visit, instance: Instance, scripts: bool) -> None:
    """A wrong pair answers as an unknown number does."""
    visitor: Visitor = visit(scripts=scripts)
    for number, name, verdict in (
        (instance.valid.number, instance.valid.name, IN_FORCE),
        (instance.valid.number, "样本乙", "查询不到相关证照"),
    ):
        visitor.go("/verify")
        visitor.page.fill("#number", number)
        visitor.page.fill("form:has(#number) #name", name)
        visitor.send("#number")
        assert visitor.verdict == verdict


def test_empty_forms_do_not_leave_the_page(visit: Visit) -> None:
    """The browser itself asks for what is missing, without a script."""
    visitor: Visitor = visit()
    visitor.go("/verify")
    for one in ("#file", "#code", "#number"):
        visitor.page.click(f"form:has({one}) button")
        assert visitor.page.evaluate("document.activeElement.matches(':invalid')")
        assert visitor.page.url.endswith("/verify")
    assert visitor.opened == ["/verify"]


def test_language_is_the_browsers_and_can_be_changed(visit: Visit, instance: Instance) -> None:
    """One click each way, on the same certificate, at the same moment asked about."""
    visitor: Visitor = visit("en")
    visitor.go(f"/v/{instance.valid.token}")
    assert visitor.verdict.startswith("The record is in force")
    visitor.page.click("a.tongue")
    assert visitor.verdict == IN_FORCE
    visitor.page.click("a.tongue")
    assert visitor.verdict.startswith("The record is in force")


def test_changed_items_are_named(visit: Visit, instance: Instance) -> None:
    """In words, never by the names that programs use."""
    visitor: Visitor = visit()
    visitor.go(f"/v/{instance.superseded.token}")

    assert "聘用企业" in visitor.page.inner_text("section:has(h2:text('签发后变更的内容'))")
    assert not re.search(r"employer|\d{4}-\d\d-\d\d", visitor.words)


def test_printed_page_is_a_calm_sheet(visit: Visit, instance: Instance) -> None:
    """Filed on paper: verdict, data and checks on at most two sheets, without forms, with our fonts."""
    visitor: Visitor = visit()
    visitor.go("/verify")
    visitor.upload(instance.valid.file)
    pdf = pypdfium2.PdfDocument(io.BytesIO(visitor.page.pdf(format="A4", prefer_css_page_size=True)))
    text = "".join(page.get_textpage().get_text_bounded() for page in pdf)
    sheets = len(pdf)
    pdf.close()

    assert sheets <= 2
    assert all(part in text for part in ("有效", instance.valid.name, "核验时间", "逐项检查", "127.0.0.1"))
    assert "核验另一份证书" not in text and "English" not in text


def test_documentation_is_read_without_asking_anybody_else(visit: Visit) -> None:
    """Swagger UI is ours; the operations are there and nothing breaks its policy."""
    visitor: Visitor = visit()
    visitor.resize((1280, 800))
    visitor.go("/docs")
    visitor.page.wait_for_selector(".opblock-summary-path")

    assert "/api/v1/verifications" in visitor.words
