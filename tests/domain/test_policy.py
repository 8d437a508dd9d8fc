"""A certificate type's rules are data; wrong data is refused by name."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

import pytest

from certsvc.domain.identity import check_registration_number, is_lookup_number
from certsvc.domain.policy import Policy, policy_from
from certsvc.errors import TemplateError
from certsvc.page.certificate_type import load_certificate_type
from tests import vectors
from tests.factories import NUMBER, a_policy
from tests.page.sample import SIX

POLICY_TOML = Path(__file__).parents[2] / "templates" / "constructor-1" / "policy.toml"


@pytest.fixture
def table() -> dict[str, object]:
    """Give the parsed policy.toml of constructor-1."""
    return tomllib.loads(POLICY_TOML.read_text(encoding="utf-8"))


def test_constructor_1_reads_as_the_rule_book_says(table: dict[str, object]) -> None:
    """Tests elsewhere use a_policy(); it must be what is shipped."""
    policy = policy_from(table)
    assert policy == replace(a_policy(), title=policy.title, profession="一级建造师")
    assert policy.title == "一级建造师电子注册证书"
    assert policy.usage == timedelta(days=180)


def test_ten_specialties_and_no_invented_code(table: dict[str, object]) -> None:
    """Six national codes are published; the other four stay empty."""
    policy = policy_from(table)
    assert " ".join(policy.specialty_names) == (
        "建筑工程 公路工程 铁路工程 民航机场工程 港口与航道工程 "
        "水利水电工程 矿业工程 市政公用工程 通信与广电工程 机电工程"
    )
    assert [policy.specialty_code(name) for name in policy.specialty_names] == [
        *("10401001", "10401002", "", "", "", "10401005", "10401007", "10401010", "", "10401012")
    ]
    assert policy.specialty_code("没有这个专业") == ""


def test_second_class_has_six_specialties_and_rules_of_its_own() -> None:
    """What differs between two types is data; no code of the second class is published, so none is given."""
    policy = load_certificate_type(POLICY_TOML.parents[1] / "constructor-2").policy
    assert policy.specialties == tuple((name, "") for name in SIX)
    assert (policy.usage_days, policy.specialty_cap, policy.purpose_max) == (90, "earliest", 120)
    assert vectors.texts("reg_no_level2")
    for number in vectors.texts("reg_no_level2"):
        assert check_registration_number(number, policy, pointer="") == number
    assert not is_lookup_number(NUMBER, policy)


def test_every_fault_is_named_at_once(table: dict[str, object]) -> None:
    """Somebody who writes a policy puts right in one go what is wrong."""
    del table["age_limit"]
    with pytest.raises(TemplateError) as caught:
        policy_from(table | {"usage_days": 0, "title": "", "colour": "red"})
    assert all(key in caught.value.note for key in ("age_limit", "usage_days", "title", "colour"))


def test_another_cap_is_taken(table: dict[str, object]) -> None:
    """The choice no source settles must really be a choice."""
    assert policy_from(table | {"specialty_cap": "earliest"}).specialty_cap == "earliest"


@pytest.mark.parametrize("key", [field.name for field in fields(Policy)])
def test_every_key_is_needed(table: dict[str, object], key: str) -> None:
    """A default nobody wrote down would be a rule nobody decided."""
    del table[key]
    with pytest.raises(TemplateError, match=key):
        policy_from(table)


def test_unknown_key_is_named(table: dict[str, object]) -> None:
    """A misspelt key must not be passed over."""
    with pytest.raises(TemplateError, match="usage_day"):
        policy_from(table | {"usage_day": 90})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("usage_days", 0),
        ("usage_days", "180"),
        ("usage_days", 180.0),
        ("usage_days", True),
        ("validity_years", -3),
        ("validity_years", 100_000),
        ("age_limit", 100_000),
        ("usage_days", 10_000_000_000),
        ("renew_ahead_days", 10_000_000_000),
        ("certificate_type", "../elsewhere"),
        ("certificate_type", "a=b"),
        ("certificate_type", "二级"),
        ("certificate_type", "x" * 41),
        ("copies_per_day", 2),
        ("copies_per_day", True),
        ("copies_per_day", 1.0),
        ("reendorse_after_change", True),
        ("reendorse_after_change", 0),
        ("specialty_cap", "last"),
        ("title", ""),
        ("title", "  "),
        ("type_code", "11990000000000019A00"),
        ("type_code", "11990000000000019a001"),
        ("type_code", 1),
        ("title", 1),
        ("registration_number_pattern", "[京"),
        ("old_number_pattern", ""),
        ("specialties", []),
        ("specialties", "建筑工程"),
        ("specialties", ["建筑工程"]),
        ("specialties", [{"name": "建筑工程"}]),
        ("specialties", [{"name": "建筑工程", "code": "", "note": ""}]),
        ("specialties", [{"name": "", "code": ""}]),
        ("specialties", [{"name": 1, "code": ""}]),
        ("specialties", [{"name": "建筑工程", "code": 10401001}]),
        ("specialties", [{"name": "建筑工程", "code": "１0401001"}]),
        ("specialties", [{"name": "建筑工程", "code": ""}, {"name": "建筑工程", "code": "1"}]),
    ],
)
def test_wrong_value_is_refused_with_its_key(table: dict[str, object], key: str, value: object) -> None:
    """The operator reads which line to mend."""
    with pytest.raises(TemplateError, match=key):
        policy_from(table | {key: value})
