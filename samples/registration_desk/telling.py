"""How the story is told: step by step in words, as JSON lines, and kept for the page."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from certsvc.client import ClientError, ProblemError
from registration_desk.instance import StartError
from registration_desk.words import Language, Words


class OtherwiseError(Exception):
    """A step did not go as the tale tells it."""


@dataclass(slots=True, kw_only=True)
class Told:
    """One step of the tale as it went."""

    name: str
    title: Words
    asked: str
    """The call, as docs/client.md has it."""
    lines: list[Words] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)
    pictures: list[tuple[str, bytes]] = field(default_factory=list)
    """Caption in the story's language, and PNG bytes."""
    files: list[str] = field(default_factory=list)
    """Names in the folder of files."""
    ok: bool = False
    seconds: float = 0.0

    def say(self, zh: str, en: str) -> None:
        """Tell one line."""
        self.lines.append(Words(zh, en))

    def expect(self, what: str, got: object, wanted: object) -> None:
        """Keep a fact; end the tale when it is another one.

        Raises:
            OtherwiseError: naming both.
        """
        self.facts[what] = got if isinstance(got, str | int | bool | list) else str(got)
        if got != wanted:
            raise OtherwiseError(f"{what}: {got!r}, not {wanted!r}")


class Teller:
    """Prints each step when it is over, and counts."""

    def __init__(self, language: Language, print_: Callable[[str], None], *, as_json: bool) -> None:
        """Print by *print_*, in words or as JSON lines."""
        self.language = language
        self.steps: list[Told] = []
        self._print = print_
        self._as_json = as_json

    @contextmanager
    def step(self, name: str, zh: str, en: str, asked: str = "") -> Iterator[Told]:
        """Play one step; whatever goes wrong in it is told before it ends the tale."""
        told = Told(name=name, title=Words(zh, en), asked=asked)
        self.steps.append(told)
        began = time.monotonic()
        try:
            yield told
            told.ok = True
        except (OtherwiseError, ClientError, StartError) as error:
            told.facts["failed"] = error.code if isinstance(error, ProblemError) else type(error).__name__
            told.say(f"没有照预期进行：{error}", f"did not go as told: {error}")
            raise
        finally:
            told.seconds = round(time.monotonic() - began, 2)
            self._print(self.line(told) if self._as_json else self.words(told))

    def line(self, told: Told) -> str:
        """Return a step as one line of JSON."""
        return json.dumps(
            {
                "step": told.name,
                "title": told.title.spoken(self.language),
                "asked": told.asked,
                "answered": [line.spoken(self.language) for line in told.lines],
                "facts": told.facts,
                "files": told.files,
                "seconds": told.seconds,
                "ok": told.ok,
            },
            ensure_ascii=False,
        )

    def words(self, told: Told) -> str:
        """Return a step in words."""
        mark = "✓" if told.ok else "✗"
        head = f"{mark} {len(self.steps):>2}  {told.title.spoken(self.language)}  ({told.seconds:.1f} s)"
        asked = [f"       → {told.asked}"] if told.asked else []
        return "\n".join([head, *asked, *(f"       {line.spoken(self.language)}" for line in told.lines)])
