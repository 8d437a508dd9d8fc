"""Somebody at 我的证书, as a browser without a window."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from werkzeug.test import TestResponse

from tests.web.site import HTML, Site
from tests.world import NUMBER

COOKIE = "certsvc-my"


class Guest:
    """One browser."""

    def __init__(self, site: Site) -> None:
        """Open it at *site*."""
        self.site = site
        self.client = site.app.test_client()

    def get(self, path: str) -> TestResponse:
        """Open an address."""
        return self.client.get(path, headers=HTML)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> TestResponse:
        """Send a form as it is."""
        return self.client.post(path, data=fields, headers={**HTML, **headers})

    def let_in(self, number: str = NUMBER) -> Guest:
        """Come in by a fresh link."""
        answer = self.use(secret_of(self.link(number)))
        assert answer.status_code == 303
        return self

    def link(self, number: str = NUMBER) -> str:
        """Have a link made; returns its path."""
        return urlsplit(self.site.world.services.holders.links.make(number, "").url).path

    def use(self, secret: str) -> TestResponse:
        """Press the button of a link."""
        return self.post("/my/enter", {"secret": secret})

    @property
    def cookie(self) -> str | None:
        """The cookie of the visit."""
        held = self.client.get_cookie(COOKIE)
        return None if held is None else held.value

    def form(self, path: str, action: str) -> dict[str, str]:
        """Return the hidden fields of the form on a page that is sent to *action*."""
        page = self.get(path).text
        found = re.search(
            rf'<form method="post" action="{re.escape(action)}[^"]*".*?</form>', page, re.DOTALL
        )
        assert found is not None, page[-3000:]
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', found[0]))

    @property
    def base(self) -> str:
        """Address of the person's registration."""
        with self.site.world.services.registry.reading() as session:
            return f"/my/r/{session.find_registration(NUMBER)}"

    def endorse(self, purpose: str = "投标使用", form: dict[str, str] | None = None) -> TestResponse:
        """Fill in the form of an endorsed copy and confirm it."""
        action = f"{self.base}/endorse"
        return self.post(action, {**(form or self.form(action, action)), "purpose": purpose})

    def copy(self, purpose: str = "投标使用") -> str:
        """Have a copy made; returns its address."""
        answer = self.endorse(purpose)
        assert answer.status_code == 303, answer.text
        return urlsplit(answer.headers["Location"]).path


def secret_of(path: str) -> str:
    """Return the secret in a link."""
    return path.rsplit("/", 1)[1]
