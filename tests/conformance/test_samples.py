"""The sample requests through the API, in order: what samples/README.md says of each is true."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Final

import pytest
from werkzeug.test import TestResponse

from certsvc.domain.endorsement import FORMATS
from tests.drills import record
from tests.factories import FixedClock
from tests.web.site import Site, body_of, path_of
from tests.world import JSON, World, settings_in

REQUESTS: Final = Path(__file__).resolve().parents[2] / "samples" / "requests"
BODIES: Final[dict[int, JSON]] = {
    int(file.name[:2]): json.loads(file.read_text(encoding="utf-8"))
    for file in sorted(REQUESTS.glob("*.json"))
}
ENDORSABLE: Final = (*range(1, 12), 13, 14, 15, 17, 28)
"""Samples that begin a registration which may be endorsed on 2026-11-20."""


class Samples:
    """A site with every sample recorded, and what was answered."""

    def __init__(self, site: Site) -> None:
        """Record them in order; between 15 and 16 an endorsement is tried."""
        self.site = site
        self.recorded: dict[int, TestResponse] = {}
        for place, body in BODIES.items():
            if place == 16:
                self.without_pictures = self.endorse(15)
            self.recorded[place] = site.post("/api/v1/events", body)
        self.endorsed = {place: self.endorse(place) for place in ENDORSABLE}

    def number(self, place: int) -> str:
        """Return the registration number sample *place* names."""
        body = BODIES[place]
        return str(body.get("new_registration_number") or body["registration_number"])

    def endorse(self, place: int) -> TestResponse:
        """Ask for a copy of the registration sample *place* is about."""
        return self.site.endorse(f"sample-{place}", self.number(place))

    def registration(self, place: int, query: str = "") -> JSON:
        """Read the registration sample *place* is about."""
        answer = self.site.get(path_of(self.number(place)) + query)
        assert answer.status_code == 200, answer.text
        return body_of(answer)

    def lines(self, place: int) -> dict[str, JSON]:
        """Return its specialties by name."""
        return {line["name"]: line for line in self.registration(place)["specialties"]}


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> Samples:
    """Record the samples on a fresh instance on 2026-11-20."""
    folder = tmp_path_factory.mktemp("samples")
    (folder / "var").mkdir()
    (folder / "var" / "cache").symlink_to(font_cache)
    return Samples(Site(World(settings_in(folder / "var", dev_keys), FixedClock())))


def test_every_sample_is_recorded(samples: Samples) -> None:
    """The first thing a developer sends must not be refused."""
    record("samples over HTTP", recorded=len(samples.recorded), endorsed=len(samples.endorsed))

    assert len(samples.recorded) == 35
    assert {
        place: answer.text for place, answer in samples.recorded.items() if answer.status_code != 201
    } == {}


@pytest.mark.parametrize("place", ENDORSABLE)
def test_endorsable_sample_gives_a_copy_that_verifies(samples: Samples, place: int) -> None:
    """Rare names, long names, ten specialties, every kind of document: each ends in two genuine files."""
    answer = samples.endorsed[place]
    assert answer.status_code == 201, answer.text
    copy = body_of(answer)

    held = samples.registration(place)
    for fmt in FORMATS:
        file = samples.site.get(copy["files"][fmt]["url"])
        report = body_of(samples.site.upload("/api/v1/verifications", file.data))
        assert (report["verdict"], report["status"], report["kind"]) == ("VALID", "VALID", fmt)
        assert report["certificate"]["name"] == held["holder"]["name"]
        assert report["certificate"]["employer"] == held["employer"]["name"]
        assert report["certificate"]["registration_number"] == held["registration_number"]


def test_address_of_an_original_is_one_to_fetch(samples: Samples) -> None:
    """A registration number begins with a hanzi; an address is ASCII, or half the clients refuse it."""
    answer = samples.site.post(path_of(samples.number(1), "original"))

    for fmt, file in body_of(answer)["files"].items():
        assert file["url"].isascii()
        assert samples.site.get(file["url"]).mimetype == f"application/{fmt}"


def test_rare_and_long_names_are_kept_as_they_are(samples: Samples) -> None:
    """Extension E, C, A and B, the interpunct, 25 and 60 characters."""
    names = {place: samples.registration(place)["holder"]["name"] for place in (*range(2, 7), 8, 14)}

    assert ["𬭎" in names[2], "𫖯" in names[3], "䶮" in names[4], "𠅤" in names[5]] == [True] * 4
    assert names[6] == "买买提\u00b7艾力"
    assert (len(names[8]), len(samples.registration(8)["employer"]["name"])) == (25, 60)
    assert names[14].replace(" ", "").isascii()


def test_ten_specialties_have_ten_last_days(samples: Samples) -> None:
    """A page full of lines."""
    assert len({line["valid_to"] for line in samples.lines(7).values()}) == 10


def test_sample_9_is_capped_by_the_65th_birthday(samples: Samples) -> None:
    """Specialty and copy end on it, and nothing is left to renew."""
    (line,) = samples.lines(9).values()
    copy = body_of(samples.endorsed[9])

    assert (line["valid_to"], line["renewable"], line["renew_deadline"]) == ("2027-01-15", False, None)
    assert (copy["use_until"], copy["cap_reason"]) == ("2027-01-15", "AGE65")


def test_sample_10_is_endorsed_with_a_warning(samples: Samples) -> None:
    """A hundred days left warn and do not refuse."""
    assert samples.lines(10)["机电工程"]["valid_to"] == "2027-02-28"
    (warning,) = body_of(samples.endorsed[10])["warnings"]
    assert (warning["specialty"], warning["days_left"]) == ("机电工程", 100)
    assert (warning["code"], body_of(samples.endorsed[1])["warnings"]) == ("SPECIALTY_LT_180D", [])


@pytest.mark.parametrize(
    ("stated", "status"), [("2027-02-26", 422), ("2027-02-27", 201), ("2027-02-28", 201), ("2027-03-01", 422)]
)
def test_sample_11_may_end_on_two_days(
    tmp_path: Path, dev_keys: Path, font_cache: Path, stated: str, status: int
) -> None:
    """Granted on 29 February: sources differ, so both days are taken and no other."""
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "cache").symlink_to(font_cache)
    site = Site(World(settings_in(tmp_path / "var", dev_keys), FixedClock()))
    body = json.loads(json.dumps(BODIES[11]))
    (line,) = body["specialties"]
    assert (line["granted_on"], line["valid_to"]) == ("2024-02-29", "2027-02-28")
    line["valid_to"] = stated

    answer = site.post("/api/v1/events", body)

    assert answer.status_code == status
    if status == 201:
        (held,) = body_of(site.get(path_of(body["registration_number"])))["specialties"]
        assert held["valid_to"] == stated
        assert held["days_left"] == (date.fromisoformat(stated) - date(2026, 11, 20)).days
    else:
        assert body_of(answer)["code"] == "VALIDITY_MISMATCH"


def test_sample_12_is_expired(samples: Samples) -> None:
    """Its only specialty ended in 2025."""
    refused = samples.endorse(12)

    assert samples.registration(12)["status"] == "EXPIRED"
    assert (refused.status_code, body_of(refused)["code"]) == (409, "EXPIRED")


def test_samples_13_and_14_have_documents_of_their_own_kind(samples: Samples) -> None:
    """Not everybody has a resident ID card."""
    kinds = [samples.registration(place)["holder"]["id_type"] for place in (13, 14)]

    assert kinds == ["residence_permit", "passport"]


def test_sample_15_waits_for_the_pictures_of_16(samples: Samples) -> None:
    """Refused between the two, granted after."""
    refused = samples.without_pictures

    assert (refused.status_code, body_of(refused)["code"]) == (422, "PHOTO_OR_SIGNATURE_MISSING")


def test_samples_17_to_25_go_through_everything(samples: Samples) -> None:
    """Nine events, six versions, two numbers that both answer."""
    old, new = samples.number(17), samples.number(20)
    versions = [body_of(samples.recorded[place])["certificate"]["version"] for place in range(17, 26)]

    assert (old[0], new[0]) == ("京", "浙")
    assert versions == [1, 2, 3, 4, 5, 6, 6, 6, 6]
    assert body_of(samples.site.get(path_of(old))) == body_of(samples.site.get(path_of(new)))
    assert samples.registration(17)["registration_number"] == new
    assert samples.registration(17)["status"] == "ACTIVE"


def test_samples_26_to_28_begin_again_under_a_new_serial(samples: Samples) -> None:
    """After the end a new registration, version 001; the old certificate stays as it was."""
    first, again = (body_of(samples.recorded[place])["certificate"] for place in (26, 28))

    assert (first["version"], again["version"]) == (1, 1)
    assert first["serial"] != again["serial"]
    assert samples.number(28) != samples.number(26)
    assert samples.registration(28)["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("place", "now", "before"),
    [(29, "SUSPENDED", "ACTIVE"), (31, "REVOKED", "REVOKED"), (33, "REVOKED_PENALTY", "ACTIVE")],
)
def test_samples_29_to_34_end_as_told(samples: Samples, place: int, now: str, before: str) -> None:
    """Revoked (撤销) counts from the beginning, suspended and penalised (吊销) from their instant."""
    began = BODIES[place]["effective_at"].replace("+", "%2B")
    refused = samples.endorse(place)

    assert samples.registration(place)["status"] == now
    assert samples.registration(place, f"?as_of={began}")["status"] == before
    assert refused.status_code == 409
    assert body_of(refused)["code"] == ("SUSPENDED" if now == "SUSPENDED" else "REGISTRATION_ENDED")
