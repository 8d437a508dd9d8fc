"""Requests about time stamps that are refused."""

from __future__ import annotations

from werkzeug.test import TestResponse

from certsvc.domain.endorsement import CopyId
from certsvc.domain.timestamps import FileTimestamp, TimestampLevel
from certsvc.wiring import build
from tests.conformance.way import way
from tests.tsa import an_authority
from tests.web.site import Site


@way("NO_TIMESTAMP", 404)
def _time_stamp_nobody_asked_for(site: Site) -> TestResponse:
    return site.get(f"/api/v1/endorsements/{site.issued()['endorsement_id']}.tsr")


@way("TIMESTAMP_PENDING", 404)
def _time_stamp_that_is_being_fetched(site: Site) -> TestResponse:
    copy = site.issued()
    wanted = FileTimestamp(
        copy_id=CopyId(copy["endorsement_id"]),
        fmt="ofd",
        sha256=copy["files"]["ofd"]["sha256"],
        level=TimestampLevel.DETACHED,
        not_before=site.world.clock.now(),
    )
    with site.world.services.registry.writing() as session:
        session.add_timestamp(wanted)
    return site.get(f"/api/v1/endorsements/{wanted.copy_id}.tsr?format=ofd")


@way("TIMESTAMP_UNAVAILABLE", 503)
def _authority_away(site: Site) -> TestResponse:
    """A port nobody listens on."""
    world = site.world
    world.initial()
    trust = world.settings.data_dir / "tsa.pem"
    trust.write_bytes(an_authority().root_pem)
    changed = {"timestamp": "b-t", "tsa_url": "http://127.0.0.1:1/", "tsa_trust": trust}
    world.services = build(world.settings.model_copy(update=changed), world.clock)
    stamping = Site(world)
    stamping.client.environ_base.update(site.client.environ_base)
    return stamping.endorse()


@way("INVALID_FIELD", 422, pointer="/format")
def _time_stamp_of_another_format(site: Site) -> TestResponse:
    return site.get("/api/v1/endorsements/x.tsr?format=doc")
