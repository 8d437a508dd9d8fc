"""Two certificate types side by side: what a type decides is data, and each keeps to its own."""

from __future__ import annotations

import re
import shutil
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pypdfium2
import pytest

from certsvc.audit.defect import Finding
from certsvc.audit.run import Wish, audit
from certsvc.domain.elicence import licence_metadata
from certsvc.domain.licence import judge_licence_id
from certsvc.domain.policy import Issuer
from certsvc.errors import (
    EndorsedTodayError,
    InvalidFieldError,
    NotFoundError,
    RegistrationExistsError,
)
from certsvc.wiring.auditing import open_bench
from certsvc.wiring.loading import load_kinds
from tests.audit.store import log
from tests.factories import FixedClock
from tests.page.sample import ROOT
from tests.web.site import AS_JSON, HTML, Site
from tests.world import NUMBER, SECOND_NUMBER, World, settings_in

SECOND = "constructor-2"


def test_the_same_holder_endorses_both_types_on_one_day(anywhere: World) -> None:
    """One a day counts by holder and type; the second of either type is refused."""
    anywhere.initial()
    anywhere.second()

    first, second = anywhere.endorse(), anywhere.endorse(SECOND_NUMBER)

    assert first["endorsement_id"] != second["endorsement_id"]
    for number, taken in ((NUMBER, first), (SECOND_NUMBER, second)):
        with pytest.raises(EndorsedTodayError) as refused:
            anywhere.endorse(number)
        assert refused.value.existing_id == taken["endorsement_id"]
    anywhere.jump(days=1)
    assert [anywhere.endorse(number)["copy_number"] for number in (NUMBER, SECOND_NUMBER)] == [2, 2]


def test_one_live_registration_of_each_type(anywhere: World) -> None:
    """A second one of the same type is refused, whatever the holder has of the other."""
    anywhere.initial()
    anywhere.second()

    with pytest.raises(RegistrationExistsError):
        anywhere.second("京2112020202200002")
    anywhere.record(
        anywhere.event("cancel", SECOND_NUMBER, certificate_type=SECOND, reason={"code": "A", "text": "申请"})
    )

    anywhere.second("京2112020202200002")
    assert anywhere.services.enquiry.registration(NUMBER, None)["status"] == "ACTIVE"
    assert anywhere.services.enquiry.registration(SECOND_NUMBER, None)["status"] == "CANCELLED"


def test_each_type_goes_by_its_own_rules(world: World) -> None:
    """Ninety days, and the earliest end: the numbers of policy.toml, for one type only."""
    granted = [
        {"name": "建筑工程", "granted_on": (world.today - timedelta(days=1095 - 50)).isoformat()},
        {"name": "机电工程", "granted_on": world.today.isoformat()},
    ]
    world.initial(specialties=granted)
    world.second(specialties=granted)
    world.second("京2112020202200002", order=2)

    latest, earliest, plain = (
        world.endorse(number) for number in (NUMBER, SECOND_NUMBER, "京2112020202200002")
    )

    assert latest["use_until"] == (world.today + timedelta(days=180)).isoformat()
    assert date.fromisoformat(earliest["use_until"]) < world.today + timedelta(days=60)
    assert earliest["cap_reason"] == "SPECIALTY"
    assert plain["use_until"] == (world.today + timedelta(days=90)).isoformat()
    with pytest.raises(InvalidFieldError):
        world.endorse("京2112020202200002", purpose="长" * 121)
    with pytest.raises(InvalidFieldError):
        world.second("京2112020202200003", order=3, specialties=[{**granted[1], "name": "铁路工程"}])


def test_an_event_goes_to_a_registration_of_its_own_type(world: World) -> None:
    """The default type is the first class; a renewal that forgets to say so changes nobody."""
    world.second()
    world.initial("京1112020202200009", order=9)

    with pytest.raises(InvalidFieldError):
        world.record(world.event("suspend", SECOND_NUMBER, reason={"code": "A", "text": "核查"}))
    with pytest.raises(InvalidFieldError):
        world.record(
            world.event(
                "suspend", "京1112020202200009", certificate_type=SECOND, reason={"code": "A", "text": "核查"}
            )
        )
    renewed = world.record(
        world.event(
            "add_specialty",
            SECOND_NUMBER,
            certificate_type=SECOND,
            specialties=[{"name": "公路工程", "granted_on": world.today.isoformat()}],
        )
    )
    assert [line["name"] for line in renewed["registration"]["specialties"]] == ["建筑工程", "公路工程"]


def test_files_say_which_type_they_are_of(world: World) -> None:
    """Title and type code, on paper and in the metadata; files verify, and the number with the name."""
    world.initial()
    recorded = world.second()
    world.original(SECOND_NUMBER)
    copy = world.endorse(SECOND_NUMBER)

    licence_id = recorded["certificate"]["licence_id"]
    assert judge_licence_id(licence_id) == "ok"
    assert licence_id.split(".")[5] == "11990000000000019A002"
    for fmt in ("pdf", "ofd"):
        for content in (
            world.file(copy, fmt),
            world.services.enquiry.original_file(SECOND_NUMBER, fmt).content,
        ):
            assert world.verify(file=content).status == "VALID"
    with pypdfium2.PdfDocument(world.file(copy)) as document:
        text = re.sub(r"\s", "", document[0].get_textpage().get_text_range())
    assert "二级建造师电子注册证书" in text and "一级" not in text
    found = world.verify(number=SECOND_NUMBER, name="样本甲")
    assert found.entry is not None
    assert found.entry.version.face.certificate_type == SECOND
    assert world.verify(number=SECOND_NUMBER, name="样本乙").status == "UNKNOWN"
    report = world.verify(file=world.file(copy), specialty="建筑工程")
    assert report.status == "VALID"

    policy = world.services.kinds[SECOND].policy
    with world.services.registry.reading() as session:
        kept = session.get_copy(copy["endorsement_id"])
        version = session.get_version(kept.version_id)
    issuer = policy.issuer(issuer_of(world))
    said = dict(licence_metadata(issuer, policy, version, kept, version.face.specialties))
    assert (said["ZZMC"], said["ZZLXDM"]) == (policy.title, "11990000000000019A002")
    assert said["KZ_certClass"] == "二级建造师"


def issuer_of(world: World) -> Issuer:
    """Return the issuer of the settings."""
    settings = world.settings
    return Issuer(name=settings.issuer_name, uscc=settings.issuer_uscc, type_code=settings.type_code)


def test_a_reader_can_tell_both_types_of_one_holder_apart(world: World) -> None:
    """One person, one name, two certificates: page and report say which of them was looked at."""
    site = Site(world)
    world.initial()
    world.second()
    for number, kind, says, other in (
        (NUMBER, "constructor-1", "一级建造师", "二级建造师"),
        (SECOND_NUMBER, SECOND, "二级建造师", "一级建造师"),
    ):
        copy = world.endorse(number)
        for language in ("zh", "en"):
            page = site.client.get(f"/v/{copy['token']}", headers={**HTML, "Accept-Language": language})
            assert says in page.text and other not in page.text
        shown = site.client.get(f"/v/{copy['token']}", headers=AS_JSON).get_json()["certificate"]
        named = {"registration_number": number, "name": "样本甲"}
        asked = site.post("/api/v1/verifications", named).get_json()["certificate"]
        for body in (shown, asked):
            assert (body["certificate_type"], body["profession"]) == (kind, says)


def test_audit_finds_both_types_sound(world: World) -> None:
    """It has a reading of policies, licence ids and metadata of its own."""
    world.initial()
    world.second()
    world.endorse()
    world.endorse(SECOND_NUMBER)
    world.original(SECOND_NUMBER)
    log(world)
    world.jump(seconds=3600)
    findings: list[Finding] = []

    summary = audit(
        partial(open_bench, world.settings),
        Wish(thorough=True),
        now=world.clock.now(),
        workers=1,
        tell=findings.append,
        step=lambda done, total: None,
    )

    assert findings == []
    assert summary.counts["files"] == 6


def templates_with(folder: Path, **changes: str) -> Path:
    """Copy the templates; of the second type some words of policy.toml are replaced."""
    templates = folder / "templates"
    templates.mkdir()
    (folder / "keys").symlink_to(ROOT / "keys")
    for name in ("fonts", "web", "constructor-1"):
        (templates / name).symlink_to(ROOT / "templates" / name)
    shutil.copytree(ROOT / "templates" / SECOND, templates / SECOND)
    policy = templates / SECOND / "policy.toml"
    lines = policy.read_text("utf-8").splitlines()
    for key, value in changes.items():
        lines = [f"{key} = {value}" if line.startswith(f"{key} = ") else line for line in lines]
    policy.write_text("\n".join(lines), "utf-8")
    return templates


@pytest.fixture
def alike(tmp_path: Path, dev_keys: Path, font_cache: Path) -> World:
    """Make an instance whose two types take the same numbers."""
    pattern = load_kinds(settings_in(tmp_path, dev_keys))["constructor-1"].policy.registration_number_pattern
    templates = templates_with(tmp_path, registration_number_pattern=f"'{pattern}'")
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    return World(settings_in(tmp_path / "var", dev_keys, templates_dir=str(templates)), FixedClock())


def test_a_number_never_means_two_types(alike: World) -> None:
    """Whoever looks a number up must meet one registration, though the patterns do not tell types apart."""
    alike.initial()

    with pytest.raises(InvalidFieldError) as refused:
        alike.second(NUMBER)
    assert refused.value.faults[0].pointer == "/registration_number"
    alike.second("京1112020202200002")
    assert alike.endorse()["copy_number"] == alike.endorse("京1112020202200002")["copy_number"] == 1
    with pytest.raises(NotFoundError):
        alike.record(
            alike.event(
                "suspend",
                "京1112020202200002",
                certificate_type="constructor-1",
                reason={"code": "A", "text": "核查"},
            )
        )


def test_a_new_beginning_follows_an_end_of_its_own_type(alike: World) -> None:
    """重新注册 of the second class cannot go on from a first-class registration."""
    alike.initial()
    alike.record(alike.event("cancel", reason={"code": "A", "text": "申请"}))
    body = alike.initial_body(certificate_type=SECOND) | {
        "type": "re_register",
        "new_registration_number": "京1112020202200002",
    }

    with pytest.raises(NotFoundError):
        alike.record(body)


def test_the_page_behind_the_symbol_and_the_description_know_both_types(world: World) -> None:
    """A scanned copy of the second class is found; a specialty both types have is named once."""
    world.second()
    copy = world.endorse(SECOND_NUMBER)
    site = Site(world)

    page = site.client.get(f"/v/{copy['token']}", headers={"Accept": "text/html"})
    spec = site.get("/openapi.json").get_json()

    assert page.status_code == 200 and "建筑工程" in page.text
    asked = spec["components"]["schemas"]["VerificationRequest"]["properties"]["specialty"]["anyOf"][0][
        "enum"
    ]
    assert len(asked) == len(set(asked)) == 10
