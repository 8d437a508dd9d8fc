"""Reading children that misbehave on purpose; a pool starts them in place of the real one.

``python -m tests.verification.children WAY PARENT``
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

from certsvc.verification import child
from certsvc.verification.child import Opener

NOTHING: Final[Mapping[str, object]] = {"texts": []}


def _hang(asked: Mapping[str, Any], content: bytes) -> Mapping[str, object]:
    time.sleep(60)
    return NOTHING


def _spin(asked: Mapping[str, Any], content: bytes) -> Mapping[str, object]:
    child._allow(0)
    while True:
        pass


def _abort(asked: Mapping[str, Any], content: bytes) -> Mapping[str, object]:
    os.abort()


def _eat(asked: Mapping[str, Any], content: bytes) -> Mapping[str, object]:
    return {"texts": [str(len(bytearray(2 << 30)))]}


def _take_a_while(asked: Mapping[str, Any], content: bytes) -> Mapping[str, object]:
    time.sleep(1)
    return NOTHING


def _babble(asked: Mapping[str, Any], content: bytes) -> Mapping[str, object]:
    print("a library prints", flush=True)
    os.write(1, b"and writes")
    return {"texts": [content.decode()]}


def _answer_much(asked: Mapping[str, Any], content: bytes) -> Mapping[str, object]:
    return {"texts": ["x" * 1_000_000]}


def _lie(asked: Mapping[str, Any], content: bytes) -> Mapping[str, object]:
    finding = {"check": "signature", "result": "pass", "code": content.decode(), "detail": ""}
    return {"check": {"outcome": "INTACT", "findings": [finding], "key_id": None}}


def _be_poisoned(asked: Mapping[str, Any], content: bytes) -> Mapping[str, object]:
    """Answer the first file; every later one meets what the first left behind."""
    if _seen:
        os.abort()
    _seen.append(content)
    return {"texts": [content.decode()]}


_seen: Final[list[bytes]] = []

OPENERS: Final[Mapping[str, Opener]] = {
    "hang": _hang,
    "spin": _spin,
    "abort": _abort,
    "eat": _eat,
    "take-a-while": _take_a_while,
    "babble": _babble,
    "answer-much": _answer_much,
    "lie": _lie,
    "be-poisoned": _be_poisoned,
}


def command(way: str) -> tuple[str, ...]:
    """Return what starts a child of this way."""
    return (sys.executable, "-s", "-P", "-m", "tests.verification.children", way)


def main() -> None:
    """As the real child's main, with another opener."""
    way = sys.argv.pop(1)
    child.confine(int(sys.argv[1]))
    child.serve(OPENERS[way])


if __name__ == "__main__":
    main()
