"""What is refused once a holder's personal data was erased."""

from __future__ import annotations

from werkzeug.test import TestResponse

from tests.conformance.way import EVENTS, REASON, way
from tests.web.site import Site
from tests.world import NUMBER


def _erased(site: Site) -> str:
    """Register, endorse, cancel and erase somebody; return the id of the copy."""
    site.world.initial()
    copy = site.world.endorse()
    site.world.jump(days=1)
    site.world.record(site.world.event("cancel", reason=REASON))
    site.world.services.eraser.erase(NUMBER, "测试", override=True)
    return str(copy["endorsement_id"])


@way("FILE_ERASED", 410)
def _file_of_an_erased_holder(site: Site) -> TestResponse:
    return site.get(f"/api/v1/endorsements/{_erased(site)}.pdf")


@way("PERSONAL_DATA_ERASED", 409)
def _event_of_an_erased_holder(site: Site) -> TestResponse:
    _erased(site)
    return site.post(EVENTS, site.world.event("revoke", reason=REASON))
