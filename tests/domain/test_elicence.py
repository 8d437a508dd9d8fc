"""What a licence says about itself, and what it must never say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.elicence import licence_metadata
from certsvc.domain.endorsement import Copy, CopyKind
from certsvc.domain.events import IdType
from certsvc.domain.registration import Specialty
from tests.factories import (
    BUILDING,
    HIGHWAY,
    a_copy,
    a_grant,
    a_policy,
    a_specialty,
    a_version,
    an_issuer,
    at,
)

POLICY = replace(a_policy(), profession="一级建造师")
COPY_ONLY = {"JZJZZSJ", "JZJZZZ", "JZJZZSY", "JZJYXQJZSJ", "KZ_statusIndex"}


def metadata(
    *,
    version: CertificateVersion | None = None,
    copy: Copy | None = None,
    specialties: tuple[Specialty, ...] = (a_specialty(),),
    id_type: IdType | None = IdType.RESIDENT_ID,
) -> dict[str, str]:
    """Return the pairs as a table, after making sure that no name stands twice."""
    pairs = licence_metadata(
        an_issuer(), POLICY, version or a_version(), copy or a_copy(), specialties, id_type=id_type
    )
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def test_an_endorsed_copy_says_all() -> None:
    """Platforms read these names; a missing one is a broken interface."""
    copy = a_copy(
        reserved_at=at("2026-11-20T00:30:00.5+08:00"),
        grant=a_grant(use_from=date(2026, 11, 20), use_until=date(2027, 5, 19)),
        purpose="示例大桥工程投标",
    )
    assert metadata(copy=copy) == {
        "ZZMC": POLICY.title,
        "ZZLXDM": "11990000000000019A001",
        "ZZBH": "京1112020202200001",
        "ZZBS": a_version().licence_id,
        "ZZBFJG": an_issuer().name,
        "ZZBFJGDM": "11990000000000019A",
        "ZZBFRQ": "2025-06-02",
        "ZZYXQQSRQ": "2025-06-02",
        "ZZYXQJZRQ": "2028-06-01",
        "CZZT": "张示例",
        "CZZTDMLX": "公民身份号码",
        "CZZTDMLXDM": "111",
        "ZZQZR": an_issuer().name,
        "ZZQZSJ": "2026-11-20T00:30:00+08:00",
        "ZZQZMC": an_issuer().name,
        "CJSJ": "2026-11-20T00:30:00+08:00",
        "JZJZZSJ": "2026-11-20T00:30:00+08:00",
        "JZJZZZ": an_issuer().name,
        "JZJZZSY": "示例大桥工程投标",
        "JZJYXQJZSJ": "2027-05-19T23:59:59+08:00",
        "KZ_certClass": "一级建造师",
        "KZ_empEnp": "示例建设工程有限公司",
        "KZ_empEnpCode": "91990000MA0000015Q",
        "KZ_specSub": "建筑工程",
        "KZ_specSubCode": "10401001",
        "KZ_quaCertNum": "示例资格00000001",
        "KZ_subBeginDate": "2025-06-02",
        "KZ_subEndDate": "2028-06-01",
        "KZ_statusIndex": "0",
    }


def test_an_original_has_no_usage_window() -> None:
    """An original is for viewing; a window would make it look like a copy for use."""
    original = metadata(copy=a_copy(CopyKind.ORIGINAL))
    assert not COPY_ONLY & set(original)
    assert set(metadata()) - set(original) == COPY_ONLY


def test_several_specialties_keep_their_places() -> None:
    """A specialty without a national code leaves an empty place, so the lists stay in step."""
    table = metadata(
        specialties=(
            a_specialty(BUILDING, date(2025, 6, 2), date(2028, 6, 1)),
            a_specialty("铁路工程", date(2024, 1, 10), date(2027, 1, 9)),
            a_specialty(HIGHWAY, date(2026, 3, 1), date(2029, 2, 28)),
        )
    )
    assert table["KZ_specSub"] == "建筑工程;铁路工程;公路工程"
    assert table["KZ_specSubCode"] == "10401001;;10401002"
    assert table["KZ_subBeginDate"] == "2025-06-02;2024-01-10;2026-03-01"
    assert table["KZ_subEndDate"] == "2028-06-01;2027-01-09;2029-02-28"
    assert (table["ZZYXQQSRQ"], table["ZZYXQJZRQ"]) == ("2024-01-10", "2029-02-28")


def test_without_specialties_no_validity_is_claimed() -> None:
    """An original printed after every specialty ended has no period to name."""
    assert not {"ZZYXQQSRQ", "ZZYXQJZRQ"} & set(metadata(specialties=()))


@pytest.mark.parametrize("id_type", [kind for kind in IdType if kind is not IdType.RESIDENT_ID])
def test_other_documents_are_999(id_type: IdType) -> None:
    """Only a resident's number is called one."""
    assert metadata(id_type=id_type)["CZZTDMLXDM"] == "999"


def test_a_document_not_told_is_not_guessed() -> None:
    """111 for a passport would be a false statement under our seal."""
    assert not {"CZZTDMLX", "CZZTDMLXDM"} & set(metadata(id_type=None))


def test_the_id_number_is_never_there() -> None:
    """Files travel; the number must not travel with them."""
    assert "CZZTDM" not in metadata()
