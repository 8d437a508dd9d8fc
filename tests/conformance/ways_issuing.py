"""Copies that are refused, and what the caller cannot help."""

from __future__ import annotations

import secrets
from pathlib import Path

from werkzeug.test import TestResponse

from certsvc.domain.clock import beijing_day
from certsvc.domain.endorsement import CopyId, grant
from certsvc.issuing.discretion import digest_of
from certsvc.issuing.reserve import get_case, reserve
from certsvc.registry.port import IdempotentRequest
from certsvc.registry.sql import SQLRegistry
from tests.conformance.way import EVENTS, REASON, way
from tests.registry.insider import Insider
from tests.web.site import Site, path_of
from tests.world import NUMBER


@way("ORIGINAL_NOT_ISSUED", 404)
def _original_before_it_is_issued(site: Site) -> TestResponse:
    site.world.initial()
    return site.get(path_of(NUMBER, "original.pdf"))


@way("ENDORSED_TODAY", 409)
def _second_copy_on_a_day(site: Site) -> TestResponse:
    site.world.initial()
    site.endorse("k1")
    return site.endorse("k2")


@way("ENDORSEMENT_PENDING", 409)
def _retry_while_the_first_is_at_work(site: Site) -> TestResponse:
    """The row as step 2 of the issuing cycle leaves it, its lease running, by a worker that is at step 3."""
    services = site.world.services
    site.world.initial()
    now = site.world.clock.now()
    client = services.clients.authenticate(site.key, "endorse")
    with services.registry.writing() as session:
        case = get_case(session, services.kinds, NUMBER, now)
        digest = digest_of({"registration": case.registration_id, "body": {"purpose": "投标使用"}})
        allowed = grant(case.registration, beijing_day(now), case.policy)
        reserved = reserve(
            session,
            case,
            now,
            copy_id=CopyId(secrets.token_hex(16)),
            worker="w",
            key_id="k",
            seal_key_id="k",
            issuer_name="k",
            allowed=allowed,
            purpose="投标使用",
        )
        assert reserved is not None
        claim = IdempotentRequest(body_digest=digest, copy_id=reserved.copy.copy_id)
        assert session.put_idempotent(client.client_id, "k1", claim, now)
    return site.endorse("k1")


@way("IDEMPOTENCY_CONFLICT", 409)
def _same_key_for_another_purpose(site: Site) -> TestResponse:
    site.world.initial()
    site.endorse("k1")
    return site.endorse("k1", purpose="其他用途")


@way("SUSPENDED", 409)
def _copy_of_a_suspended_one(site: Site) -> TestResponse:
    site.world.initial()
    site.world.record(site.world.event("suspend", reason=REASON))
    return site.endorse()


@way("EXPIRED", 409)
def _copy_after_every_end(site: Site) -> TestResponse:
    site.world.initial()
    site.world.jump(days=3 * 366)
    return site.endorse()


@way("INVALID_FIELD", 422, pointer="/Idempotency-Key")
def _endorsing_without_a_key(site: Site) -> TestResponse:
    site.world.initial()
    return site.post(path_of(NUMBER, "endorsements"), {"purpose": "投标使用"})


@way("PHOTO_OR_SIGNATURE_MISSING", 422)
def _copy_without_a_photo(site: Site) -> TestResponse:
    body = site.world.initial_body()
    del body["holder"]["photo"]
    site.post(EVENTS, body)
    return site.endorse()


@way("KEY_MATERIAL", 500)
def _private_key_gone(site: Site) -> TestResponse:
    """The trust list still names it: for example an operator copied the folder without private keys."""
    site.world.initial()
    for file in site.world.settings.keys_dir.glob("*.key.pem"):
        file.unlink()
    return site.endorse()


@way("RECORD_DAMAGED", 503)
def _row_edited_by_hand(site: Site) -> TestResponse:
    site.world.initial()
    Insider(_registry(site)).run("UPDATE certificate_version SET licence_id = licence_id || '0'")
    return site.get(path_of(NUMBER))


@way("UNAVAILABLE", 503)
def _database_away(site: Site) -> TestResponse:
    """Its place is taken by a folder: SQLite would make a fresh file where there is nothing."""
    site.world.initial()
    registry = _registry(site)
    place = Path(str(registry.database.engine.url.database))
    registry.close()
    away = place.rename(place.with_name("away.db"))
    place.mkdir()
    answer = site.get(path_of(NUMBER))
    place.rmdir()
    away.rename(place)
    assert site.get(path_of(NUMBER)).status_code == 200  # and it comes back without a restart
    return answer


def _registry(site: Site) -> SQLRegistry:
    registry = site.world.services.registry
    assert isinstance(registry, SQLRegistry)
    return registry
