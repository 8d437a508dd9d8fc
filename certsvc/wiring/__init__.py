"""The only place that picks implementations and hands them to each other."""

from certsvc.wiring.keys import compromise, open_keystore, retire, rotate_key
from certsvc.wiring.loading import SystemClock
from certsvc.wiring.services import Services, build
from certsvc.wiring.setup import initialise, make_dev_keys

__all__ = [
    "Services",
    "SystemClock",
    "build",
    "compromise",
    "initialise",
    "make_dev_keys",
    "open_keystore",
    "retire",
    "rotate_key",
]
