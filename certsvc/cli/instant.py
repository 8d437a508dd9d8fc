"""Instants on the command line."""

from __future__ import annotations

from datetime import datetime

import click


class Instant(click.ParamType[datetime]):
    """An RFC 3339 instant with offset."""

    name = "instant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the instant; a usage error for anything else."""
        from certsvc.domain.bodies import parse_instant

        try:
            return parse_instant(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
