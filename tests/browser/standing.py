"""A site served in this process, where the clock stands still, and what every page of it must look like."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import structlog
from werkzeug.serving import make_server

from tests.browser.visitor import DESK, PHONE, Visitor
from tests.web.site import Site


@contextmanager
def standing(site: Site) -> Iterator[str]:
    """Serve *site* until the block ends; its address."""
    with structlog.testing.capture_logs():
        server = make_server("127.0.0.1", 0, site.app, threaded=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def look_at(visitor: Visitor) -> None:
    """Demand a page that is whole on phone and desk, by day and by night, and that axe accepts."""
    for scheme, size in (("light", DESK), ("dark", PHONE), ("light", PHONE)):
        visitor.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        visitor.resize(size)
        assert visitor.overflow == 0, f"{visitor.page.url} {size[0]} px"
        if size == PHONE:
            assert visitor.ask_axe() == [], f"{visitor.page.url} {scheme}"
    assert visitor.boxes()[0] == []
