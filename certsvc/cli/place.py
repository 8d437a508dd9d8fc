"""Where a command works: the settings of this process and the services built from them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from certsvc.config import Settings
    from certsvc.wiring import Services

SETTINGS_FILE: Final = Path("certsvc.toml")
"""Read from the folder a command is started in; environment variables win over it."""


def load_place() -> Settings:
    """Read the settings. SettingsError when one is unknown or makes no sense."""
    from certsvc.config import load_settings

    return load_settings(os.environ, SETTINGS_FILE)


def open_services() -> Services:
    """Build everything a flow needs from the settings."""
    from certsvc.cli.logs import configure_logs
    from certsvc.wiring import build

    configure_logs("WARNING")
    return build(load_place())
