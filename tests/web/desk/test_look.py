"""What pages of the desk bring along."""

from __future__ import annotations

from certsvc.access.roles import ROLES
from certsvc.web.current import ASSETS
from tests.web.desk.person import at_the_desk
from tests.web.site import Site


def test_the_texts_of_the_desk_need_no_font_inside_the_page(standing_site: Site) -> None:
    """A file that is loaded once, instead of a kilobyte for each character with each page."""
    person = at_the_desk(standing_site, ROLES, "looks")
    for path in ("/desk/", "/desk/password", "/desk/operators", "/desk/login"):
        page = person.get(path).text
        assert "data:font" not in page, path
    for name in ("desk.css", "certsvc.css"):
        styles = standing_site.client.get(standing_site.app.extensions[ASSETS].url(name)).text
        assert ("desk-0.woff" in styles or '"desk-0"' in styles) == (name == "desk.css")
