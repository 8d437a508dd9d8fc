"""The web application: routes, limits, headers and errors put together."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from apiflask import APIFlask
from jinja2 import StrictUndefined
from werkzeug.routing import BaseConverter

from certsvc.config import load_settings
from certsvc.web import (
    api_batches,
    api_changes,
    api_endorsements,
    api_events,
    api_holder_links,
    api_photos,
    api_verifications,
    errors,
    health,
    limits,
    log,
    observe,
    openapi,
    photo_page,
    public,
    readiness,
    security,
    well_known,
)
from certsvc.web.assets import Assets
from certsvc.web.body import UPLOAD_LIMIT, check_framing
from certsvc.web.current import ASSETS, EXTENSION, REPORT_PAGES
from certsvc.web.desk import DESK_MODULES, door
from certsvc.web.desk import texts as desk_texts
from certsvc.web.my import views as my
from certsvc.web.prepared import ReportPages
from certsvc.web.record_page import RecordPages
from certsvc.web.scanned import Scanned
from certsvc.wiring import Services, build

_SETTINGS_FILE: Final = Path("certsvc.toml")
_FORM_MEMORY_LIMIT: Final = 128 * 1024
"""Bytes of a form held in memory.

The parser reads 64 KB at a time, files too, and adds what it held back because it may begin a boundary. With
64 KB here, a file was refused whenever a line break happened to end a read.
"""


class _NumberConverter(BaseConverter):
    """A number or identifier in a path: printable and short; anything else is an unknown address.

    A dot ends it, so that ``…/original.pdf`` is a file and not a registration.
    """

    regex = r"[^/.\x00-\x20\x7f]{1,64}"


def create_app(services: Services | None = None) -> APIFlask:
    """Make the application.

    Args:
        services: what it works with; by default built from the environment, as the server's factory needs,
            and look-ups are then written down and the log advanced once a second, status lists read and fonts
            of pages cut ahead.
    """
    held = services or build(load_settings(os.environ, _SETTINGS_FILE))
    if services is None:
        held.lookup_chore.start()
        held.trust_material.read_ahead()
        held.log_chore.start()
    templates = held.settings.templates_dir / "web"
    app = APIFlask(
        "certsvc.web",
        title="certsvc",
        version="1",
        docs_path=None,
        static_folder=None,  # type: ignore[arg-type]  # Flask takes None: our static files have hashed names
        template_folder=str(templates.absolute()),
        json_errors=False,
    )
    app.url_map.converters["number"] = _NumberConverter
    # A slash too many is another address, not a redirect whose target repeats what was typed.
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    app.config.update(
        MAX_CONTENT_LENGTH=UPLOAD_LIMIT, MAX_FORM_PARTS=20, MAX_FORM_MEMORY_SIZE=_FORM_MEMORY_LIMIT
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    assets = Assets(templates, held.fonts, _common_data(held), desk_texts.everything())
    if services is None:
        assets.read_ahead()
    app.jinja_env.globals.update(asset=assets.url, page_font=assets.page_font)
    app.extensions[EXTENSION] = held
    app.extensions[ASSETS] = assets
    pages = app.extensions[REPORT_PAGES] = ReportPages(app.jinja_env, assets, held.settings)
    app.extensions[limits.EXTENSION] = limits.Limiter(held.limits, held.clock, held.keystore.registry_secret)
    app.extensions[readiness.EXTENSION] = readiness.Readiness()

    errors.register(app)
    observe.register(app)
    security.register(app)
    app.before_request(check_framing)
    openapi.configure(app)
    for module in (
        api_events,
        api_endorsements,
        api_holder_links,
        api_batches,
        api_verifications,
        api_photos,
        api_changes,
        public,
        photo_page,
        health,
        well_known,
        log,
        my,
    ):
        app.register_blueprint(module.bp)
    for bp in dict.fromkeys(module.bp for module in DESK_MODULES):
        app.register_blueprint(bp)
    door.register(app)
    # What a scanned symbol asks for is answered before it comes to the framework; all else passes through.
    app.wsgi_app = Scanned(app.wsgi_app, held, RecordPages(pages, assets))  # type: ignore[method-assign]
    return app


def _common_data(services: Services) -> str:
    """Return the data most pages show: issuer, address, titles, specialties, first characters of numbers."""
    policies = [kind.policy for kind in services.kinds.values()]
    return "".join(
        (
            services.settings.issuer_name,
            services.settings.public_url,
            *(policy.title + policy.profession for policy in policies),
            *(name for policy in policies for name in policy.specialty_names),
            *(policy.registration_number_pattern for policy in policies),
        )
    )
