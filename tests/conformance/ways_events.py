"""Events that are refused."""

from __future__ import annotations

import base64
from datetime import timedelta

from werkzeug.test import TestResponse

from tests.conformance.way import EVENTS, OTHER, REASON, way
from tests.web.site import Site
from tests.world import JSON


def _initial(site: Site, **holder: object) -> JSON:
    body = site.world.initial_body()
    body["holder"].update(holder)
    return body


@way("NOT_FOUND", 404)
def _event_on_an_unknown_number(site: Site) -> TestResponse:
    return site.post(EVENTS, site.world.event("suspend", reason=REASON))


@way("IDEMPOTENCY_CONFLICT", 409)
def _same_source_id_for_another_event(site: Site) -> TestResponse:
    body = site.world.initial_body()
    site.post(EVENTS, body)
    return site.post(EVENTS, body | {"registration_number": OTHER})


@way("NO_REGISTRATION_FOR_RENEWAL", 409)
def _renewal_of_an_unknown_number(site: Site) -> TestResponse:
    line = {"name": "建筑工程", "granted_on": site.world.today.isoformat()}
    return site.post(EVENTS, site.world.event("renew", specialties=[line]))


@way("REGISTRATION_EXISTS", 409)
def _second_beginning(site: Site) -> TestResponse:
    site.world.initial()
    return site.post(EVENTS, site.world.initial_body(OTHER))


@way("REGISTRATION_ENDED", 409)
def _suspension_after_the_end(site: Site) -> TestResponse:
    site.world.initial()
    site.world.record(site.world.event("cancel", reason=REASON))
    site.world.jump(seconds=1)
    return site.post(EVENTS, site.world.event("suspend", reason=REASON))


@way("INVALID_FIELD", 422, pointer="/holder/birth_date")
def _day_that_is_none(site: Site) -> TestResponse:
    return site.post(EVENTS, _initial(site, birth_date="1985-02-30"))


@way("INVALID_FIELD", 422, pointer="/colour")
def _field_that_does_not_exist(site: Site) -> TestResponse:
    return site.post(EVENTS, site.world.initial_body() | {"colour": "red"})


@way("IMAGE_REJECTED", 422, pointer="/holder/photo")
def _photo_that_is_none(site: Site) -> TestResponse:
    return site.post(EVENTS, _initial(site, photo=base64.b64encode(b"%PDF-1.7").decode()))


@way("GLYPH_MISSING", 422, pointer="/holder/name")
def _name_no_font_has(site: Site) -> TestResponse:
    return site.post(EVENTS, _initial(site, name="张\U000323af"))


@way("NO_QUALIFICATION", 422)
def _beginning_without_the_qualification(site: Site) -> TestResponse:
    body = site.world.initial_body()
    del body["qualification"]
    return site.post(EVENTS, body)


@way("VALIDITY_MISMATCH", 422, pointer="/specialties/0/valid_to")
def _end_against_the_rule(site: Site) -> TestResponse:
    body = site.world.initial_body()
    body["specialties"][0]["valid_to"] = (site.world.today + timedelta(days=7)).isoformat()
    return site.post(EVENTS, body)


@way("OVER_AGE", 422, pointer="/specialties/0/granted_on")
def _granted_the_day_after_65(site: Site) -> TestResponse:
    birthday = site.world.today - timedelta(days=1)
    return site.post(EVENTS, site.world.initial_body(birth_date=birthday.replace(year=birthday.year - 65)))


@way("EFFECTIVE_IN_FUTURE", 422, pointer="/effective_at")
def _event_of_tomorrow(site: Site) -> TestResponse:
    moment = site.world.clock.now() + timedelta(days=1)
    return site.post(EVENTS, site.world.initial_body() | {"effective_at": moment.isoformat()})


@way("TIME_UNCERTAIN", 503)
def _clock_set_back(site: Site) -> TestResponse:
    site.world.initial()
    site.world.jump(seconds=-6)
    return site.post(EVENTS, site.world.event("suspend", reason=REASON))
