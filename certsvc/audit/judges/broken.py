"""What a judge raises on a file it cannot read."""

from __future__ import annotations


class JudgeError(Exception):
    """A file is not what it should be, so far that nothing more can be told of it."""

    def __init__(self, why: str) -> None:
        """Take the reason; it quotes nothing of the file."""
        super().__init__(why)
        self.why = why
