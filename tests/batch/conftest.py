"""The world on each kind of database, as the flows have it."""

from __future__ import annotations

from tests.flows.conftest import anywhere

__all__ = ["anywhere"]
