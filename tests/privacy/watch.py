"""A watch over the whole run: no test may leave an identity number of ours in what is logged or stored.

Every number the tests make has an area code no real one has (990000, or 830000 for permits), so one pattern
meets them all. Looked at are the output and logs pytest captured of each test, and the files the service
leaves in the folders of the tests: databases, issued files, logs. Requests that tests write down are theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.drills import record
from tests.privacy.traces import holds_made_up

KINDS: Final = frozenset(
    {".db", ".db-wal", ".db-journal", ".pack", ".pdf", ".ofd", ".png", ".log", ".tmp", ".part"}
)
"""What the service writes. Its names end in these; tests hand in .json and .jsonl."""


@dataclass(eq=False)
class Watch:
    """What was looked at, and where a number was."""

    texts: int = 0
    files: int = 0
    size: int = 0
    found: list[str] = field(default_factory=list)

    def look_at(self, place: str, content: bytes) -> None:
        """Look at one thing; the number itself is not told again."""
        self.size += len(content)
        if holds_made_up(content):
            self.found.append(place)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at what one step of one test printed and logged."""
        for name, text in report.sections:
            self.texts += 1
            self.look_at(f"{report.nodeid} {report.when}: {name}", text.encode("utf-8", "surrogatepass"))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Look at what is left when every test is done, and fail the run when a number was anywhere."""
        factory = getattr(session.config, "_tmp_path_factory", None)  # pytest has no public way to ask
        if isinstance(factory, pytest.TempPathFactory):
            self.look_into(factory.getbasetemp())
        record("identity numbers", texts=self.texts, files=self.files, bytes=self.size, found=len(self.found))
        if self.found:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name the places."""
        if self.found:
            terminalreporter.section("identity numbers where none may be", red=True)
            for place in self.found:
                terminalreporter.write_line(place)

    def look_into(self, folder: Path) -> None:
        """Look at every file of ours below *folder*."""
        for path in folder.rglob("*"):
            if path.suffix in KINDS and path.is_file() and not path.is_symlink():
                self.files += 1
                self.look_at(str(path), path.read_bytes())
