"""The only place that picks implementations and hands them to each other."""

from certsvc.wiring.loading import SystemClock
from certsvc.wiring.services import Services, build
from certsvc.wiring.setup import initialise, make_dev_keys, rotate_key

__all__ = ["Services", "SystemClock", "build", "initialise", "make_dev_keys", "rotate_key"]
