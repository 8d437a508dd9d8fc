"""Somebody at a browser, as tests of the desk need one."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from certsvc.access.operators import at_the_machine
from tests.web.site import Site

PASSWORD = "correct horse battery"
TESTS = at_the_machine("tests")
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')


class Person:
    """One browser: its cookies, and the forms it was shown."""

    def __init__(self, site: Site, *, address: str = "127.0.0.1") -> None:
        """Open a browser without cookies."""
        self.site = site
        self.client = site.app.test_client()
        self.address = address

    def get(self, path: str, **headers: str) -> TestResponse:
        """Open a page."""
        return self.client.get(
            path, headers={"Accept": "text/html", **headers}, environ_base={"REMOTE_ADDR": self.address}
        )

    def token(self, path: str = "/desk/password") -> str:
        """Return the token of the forms on a page."""
        found = _CSRF.search(self.get(path).text)
        assert found is not None, path
        return found.group(1)

    def post(
        self,
        path: str,
        fields: Mapping[str, str | list[str]] | None = None,
        *,
        csrf: str | None = None,
        headers: dict[str, str] | Headers | None = None,
    ) -> TestResponse:
        """Send a form, with the token of this login unless another is given."""
        token = self.token() if csrf is None else csrf
        return self.client.post(
            path,
            data={"csrf": token, **(fields or {})},
            headers={"Accept": "text/html", **(headers or {})},
            environ_base={"REMOTE_ADDR": self.address},
        )

    def log_in(self, name: str, password: str = PASSWORD) -> TestResponse:
        """Fill in the form of the login."""
        csrf = self.token("/desk/login")
        return self.post("/desk/login", {"name": name, "password": password}, csrf=csrf)

    def cookie(self, name: str = "certsvc-desk") -> str:
        """Return the value of a cookie."""
        found = self.client.get_cookie(name)
        assert found is not None
        return found.value

    def plant(self, value: str, name: str = "certsvc-desk") -> None:
        """Put a cookie into the browser."""
        self.client.set_cookie(name, value)


def hire(site: Site, name: str, *roles: str) -> str:
    """Add an operator who has set a password of their own; returns the name."""
    operators = site.world.services.doors.operators
    made, once = operators.add(name, roles, TESTS)
    operators.change_password(made, once, PASSWORD)
    return name


def at_the_desk(site: Site, roles: Collection[str], name: str = "") -> Person:
    """Return an operator with *roles*, logged in."""
    person = Person(site)
    name = hire(site, name or "-".join(sorted(roles)), *roles)
    answer = person.log_in(name)
    assert answer.status_code == 303, answer.text
    return person


def is_in(person: Person) -> bool:
    """Tell whether the browser's cookie opens the desk."""
    return person.get("/desk/").status_code == 200
