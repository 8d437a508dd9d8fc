"""How a command ends: exit codes, and errors told as one sentence."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from enum import IntEnum
from typing import Final

import click

from certsvc.errors import (
    CertsvcError,
    DefectError,
    InvalidFieldError,
    MalformedError,
    OperatorError,
    SettingsError,
    UnavailableError,
)


class Exit(IntEnum):
    """The exit codes every command keeps to (docs/operating.md)."""

    OK = 0
    REFUSED = 1
    """Refused by a rule, or not valid."""
    USAGE = 2
    CANNOT_TELL = 3
    """The answer could not be found out. Never to be read as "not valid"."""


_WORST_FIRST: Final = (Exit.REFUSED, Exit.USAGE, Exit.CANNOT_TELL, Exit.OK)


def worst(codes: Iterable[Exit]) -> Exit:
    """Return the code several inputs end with together; OK for none."""
    return min(codes, key=_WORST_FIRST.index, default=Exit.OK)


def exit_for(error: CertsvcError) -> Exit:
    """Return the exit code an error ends a command with."""
    match error:
        case SettingsError():
            return Exit.USAGE
        case UnavailableError() | OperatorError():
            return Exit.CANNOT_TELL
        case _:
            return Exit.REFUSED


def tell(error: CertsvcError) -> Exit:
    """Print an error's code and sentence on stderr, without a traceback, and return its exit code."""
    from certsvc.domain.wording import error_text

    text = error_text(error.code)
    click.echo(f"{error.code}: {text.zh}\n  {text.en}", err=True)
    for fault in error.faults if isinstance(error, InvalidFieldError | MalformedError) else ():
        click.echo(f"  {fault.pointer or '/'}: {fault.zh} ({fault.en})", err=True)
    if error.note not in {"", error.code} and not isinstance(error, InvalidFieldError):
        click.echo(f"  {error.note}", err=True)
    return exit_for(error)


class Program(click.Group):
    """The root command. Turns what was raised on purpose into a sentence and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the chosen command; a defect of ours ends as "cannot tell", never as "not valid"."""
        try:
            return super().invoke(ctx)
        except DefectError as error:
            _print_traceback()
            ctx.exit(tell(error))
        except CertsvcError as error:
            ctx.exit(tell(error))
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except OSError as error:
            click.echo(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "), err=True)
            ctx.exit(Exit.CANNOT_TELL)
        except Exception:  # noqa: BLE001  # a defect of ours must not exit 1, which scripts read as "not valid"
            _print_traceback()
            ctx.exit(Exit.CANNOT_TELL)


def _print_traceback() -> None:
    """Print where it broke; the message of an unforeseen error may repeat what was in a file."""
    from certsvc.cli.logs import without_id_numbers

    click.echo(without_id_numbers(traceback.format_exc()), err=True)
