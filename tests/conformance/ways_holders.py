"""Refusals at the holder's door."""

from __future__ import annotations

from werkzeug.test import TestResponse

from tests.conformance.way import way
from tests.web.site import Site


@way("HOLDER_LINK_UNUSABLE", 410)
def _a_link_nobody_made(site: Site) -> TestResponse:
    return site.client.post("/my/enter", data={"secret": "0" * 26})


@way("ASSERTIONS_OFF", 404)
def _an_assertion_where_no_portal_is_set(site: Site) -> TestResponse:
    return site.client.post("/my/assertion", data={"assertion": "x"})
