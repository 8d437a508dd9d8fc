"""What is wrong with a log, a proof or a checkpoint."""

from __future__ import annotations


class LogFaultError(ValueError):
    """A checkpoint, tile or proof that does not hold; the text says what was found."""


class BrokenPromiseError(LogFaultError):
    """The log contradicts what it signed before: rolled back, forked or altered; the text says how."""


class StrangeKeyError(LogFaultError):
    """A note that no key on hand signed: of somebody else, or by a key that is not known here yet."""
