"""The drawn seal."""

from __future__ import annotations

from certsvc.page.model import Stamp
from tests.page.sample import a_page, a_subject


def _points(stamp: Stamp) -> list[tuple[float, float]]:
    points = []
    for path in stamp.paths:
        for segment in path.segments:
            numbers = [float(number) for number in segment[1:]]
            points += list(zip(numbers[::2], numbers[1::2], strict=True))
    return points


def test_the_seal_stays_in_its_box_whatever_the_issuer_is_called() -> None:
    """Sealing clips the appearance to this box; a letter cut off would look like a forgery."""
    for issuer in ("甲", "示例省住房和城乡建设厅（测试）", "示例壮族自治区住房和城乡建设厅" * 3):
        stamp = a_page(a_subject(issuer=issuer)).stamp

        for x_mm, y_mm in _points(stamp):
            assert 0 <= x_mm <= stamp.width_mm
            assert 0 <= y_mm <= stamp.height_mm


def test_the_seal_of_a_specimen_says_so() -> None:
    """A seal cut out of a test print must still be a test seal."""
    specimen, real = (a_page(a_subject(specimen=flag)).stamp for flag in (True, False))

    assert specimen.paths != real.paths
    assert specimen is a_page(a_subject(specimen=True)).stamp
