"""Showing how far a batch is: a bar on a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

import click

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from certsvc.batch.office import Batches
    from certsvc.batch.progress import Progress

_LOOK_S: Final = 0.5
"""A look reads every portion of the batch; more of them would cost more than they show."""
_LOOK_SHARE: Final = 20
"""A look that takes long is taken so many times its length later."""
_LINE_S: Final = 10


class Follower:
    """Looks at a batch and shows it on stderr."""

    def __init__(self, batches: Batches, batch_id: str, *, quiet: bool) -> None:
        """Follow one batch; *quiet* shows nothing."""
        self._batches = batches
        self._batch_id = batch_id
        self._quiet = quiet
        self._bar: Bar | None = None
        self._task: TaskID | None = None
        self._seen: Progress | None = None
        self._look_at = 0.0
        self._line_at = 0.0

    def __enter__(self) -> Self:
        """Show the bar where there is a terminal."""
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.description}"),
                console=Console(stderr=True),
            )
            self._bar.start()
            self._task = self._bar.add_task("", total=None)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take the bar down."""
        if self._bar is not None:
            self._bar.stop()

    def look(self) -> Progress:
        """Return how far the batch is, as of about now, and show it."""
        began = time.monotonic()
        if self._seen is None or began >= self._look_at:
            self._seen = self._batches.progress(self._batch_id)
            took = time.monotonic() - began
            self._look_at = began + max(_LOOK_S, _LOOK_SHARE * took)
            self._show(self._seen, began)
        return self._seen

    def _show(self, progress: Progress, now: float) -> None:
        settled = progress.total - progress.left
        words = [f"failed {progress.failed}"] if progress.failed else []
        words += [f"{progress.rate}/s"] if progress.rate is not None else []
        words += [f"{progress.eta_s} s left"] if progress.eta_s is not None else []
        if self._bar is not None and self._task is not None:
            self._bar.update(
                self._task, total=progress.total, completed=settled, description=", ".join(words)
            )
        elif not self._quiet and now - self._line_at >= _LINE_S:
            self._line_at = now
            click.echo(", ".join([f"{settled} of {progress.total}", *words]), err=True)
