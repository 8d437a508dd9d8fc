"""Writes every file of samples/vectors out whole, for programs of others: needs Python alone.

    python samples/unpack_vectors.py [--out FOLDER]

Most files differ from a good one by a few bytes and are kept as that: a list of pieces, each either a stretch
of another file or bytes of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

VECTORS: Final = Path(__file__).resolve().parent / "vectors"


def read_files() -> dict[str, Any]:
    """Return samples/vectors/files.json: by name, sha256 and, unless it is kept whole, base and pieces."""
    read: dict[str, Any] = json.loads((VECTORS / "files.json").read_text(encoding="utf-8"))
    return read


def file_of(files: Mapping[str, Any], name: str) -> bytes:
    """Return one file.

    Args:
        files: what read_files() returned.
        name: of one of them.

    Raises:
        ValueError: what came out is not the file the vectors speak of.
    """
    made = files[name]
    if "pieces" in made:
        base = file_of(files, made["base"])
        parts = [b64decode(one) if isinstance(one, str) else base[one[0] : one[1]] for one in made["pieces"]]
        content = b"".join(parts)
    else:
        content = (VECTORS / "files" / name).read_bytes()
    if hashlib.sha256(content).hexdigest() != made["sha256"]:
        raise ValueError(f"{name} is not the file the vectors speak of")
    return content


def main() -> None:
    """Write them."""
    parser = argparse.ArgumentParser(description="Write the files of samples/vectors out whole.")
    parser.add_argument("--out", type=Path, default=VECTORS.parent / "built" / "vectors")
    out: Path = parser.parse_args().out
    files = read_files()
    out.mkdir(parents=True, exist_ok=True)
    for name in files:
        (out / name).write_bytes(file_of(files, name))
    print(f"{len(files)} files in {out}")


if __name__ == "__main__":
    main()
