"""A site with somebody registered, and browsers without windows that may be let in."""

from __future__ import annotations

import pytest

from tests.web.my.guest import Guest
from tests.web.site import Site


@pytest.fixture
def guest(site: Site) -> Guest:
    """Register somebody, and let the person in."""
    site.world.initial()
    return Guest(site).let_in()
