"""A reading child: ``python -m certsvc.verification.child PARENT`` opens strangers' files for the server.

It is given bytes and the certificates to look for, and says what it saw. It has no key, no database and no
secret in its environment; once it is up it can open no file and no connection, and it ends with its parent.
"""

from __future__ import annotations

import base64
import codecs
import ctypes
import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from certsvc.verification import frames

MEMORY: Final = 1 << 30
"""Bytes of address space."""
CPU_S: Final = 8
"""Processor seconds for one message; the server stops waiting earlier, this is for when it is gone."""
_MOST: Final = 16 << 20
"""Bytes of one question: the largest file and the certificates."""
_TEXT: Final = 5_000
"""Characters told of one QR text; ours is under a hundred, and what is longer than a symbol holds is cut."""
_TEXTS: Final = 16
_ENCODINGS: Final = ("ascii", "utf-8", "latin-1", "gb18030", "utf-16-be")
"""Of names in packages and certificates."""
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38

Opener = Callable[[Mapping[str, Any], bytes], Mapping[str, object]]
"""Question, file -> what was seen (reading.Reading as JSON values)."""


def main() -> None:
    """Answer until the parent closes the pipe."""
    confine(int(sys.argv[1]))
    serve(_load())


def confine(parent: int) -> None:
    """Take away what opening files does not need; before anything large is imported."""
    # Ctrl-C is for the parent; this process ends with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if os.getppid() != parent:
        # It died before the signal was asked for.
        raise SystemExit(0)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # 0 would still let a core be piped to a collector, with a stranger's certificate in it; 1 does not.
    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))


def serve(opener: Opener) -> None:
    """Say that the child is up, then answer one question after the other."""
    # What a library prints must not get between our answers.
    asked, answers = 0, os.dup(1)
    os.dup2(2, 1)
    _open_nothing_more(answers)
    frames.write(answers, frames.READY)
    while True:
        try:
            words, content = frames.receive(asked, most=_MOST)
        except EOFError:
            return
        _allow(CPU_S)
        said = _answer(opener, json.loads(words), content)
        del words, content
        frames.send(answers, said)


def _load() -> Opener:
    """Import the openers and everything they would import later, when no file can be opened any more."""
    from cryptography.hazmat.backends.openssl import backend  # noqa: F401  # loaded at the first signature
    from PIL import Image, MpoImagePlugin, TiffImagePlugin  # noqa: F401  # loaded by some photos

    from certsvc.qr.decode import readers
    from certsvc.sealing.check_ofd import check_ofd
    from certsvc.sealing.check_pdf import check_pdf
    from certsvc.sealing.port import PinnedKey, PinnedSeal
    from certsvc.verification import opening, photos

    scans = {"pdf": opening.read_scan, "ofd": opening.read_ofd_scan}
    Image.preinit()
    readers()
    # The first instant that is read imports the reader of instants, the first odd name its encoding.
    datetime.strptime("+0000", "%z")
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)

    def open_file(asked: Mapping[str, Any], content: bytes) -> Mapping[str, object]:
        if asked["do"] == "check":
            told = map(_pinned, asked["pinned"])
            if asked["kind"] == "ofd":
                return {"check": asdict(check_ofd(content, [PinnedSeal(**one) for one in told]))}
            roots = [base64.b64decode(one) for one in asked["roots"]]
            return {"check": asdict(check_pdf(content, [PinnedKey(**one) for one in told], roots))}
        if asked["do"] == "photo":
            return photos.judge(asked["kind"], content, fix=asked["fix"])
        try:
            texts = scans[asked["kind"]](content) if asked["do"] == "scan" else opening.read_picture(content)
        except opening.TooManyPixelsError:
            return {"fault": "pixels"}
        except opening.DamagedError:
            return {"fault": "damaged"}
        return {"texts": [text[:_TEXT] for text in texts[:_TEXTS]]}

    return open_file


def _pinned(told: Mapping[str, str]) -> dict[str, Any]:
    """Read back the fields of a key or seal as pool.py writes them."""
    read: Mapping[str, Callable[[str], object]] = {
        "certificate": base64.b64decode,
        "seal": base64.b64decode,
        "valid_from": datetime.fromisoformat,
        "valid_to": datetime.fromisoformat,
    }
    return {name: read.get(name, str)(value) for name, value in told.items()}


def _answer(opener: Opener, asked: Mapping[str, Any], content: bytes) -> Mapping[str, object]:
    try:
        return opener(asked, content)
    except MemoryError:
        return {"fault": "memory"}
    except Exception:  # noqa: BLE001  # a stranger's file may raise anything; the server ends this child then
        return {"fault": "crash"}


def _open_nothing_more(last: int) -> None:
    """Let no file and no socket be opened from here on: every number a descriptor may have is taken."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (last + 1, last + 1))
    try:
        while True:
            os.open(os.devnull, os.O_RDONLY)
    except OSError:
        pass


def _allow(seconds: int) -> None:
    """Move the limit of processor time *seconds* ahead."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + seconds, most))


if __name__ == "__main__":
    main()
