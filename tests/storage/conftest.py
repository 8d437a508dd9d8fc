"""Stores of both kinds, each empty."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from certsvc.storage.local import LocalStorage
from certsvc.storage.port import Storage
from tests.s3_proxy import Proxy, standing_before
from tests.s3_server import Moto


@dataclass(frozen=True, slots=True)
class Kept:
    """An empty store, another look at it, and what its keeper sees."""

    open: Callable[[], Storage]
    """Opens it as a fresh process would."""
    objects: Callable[[], dict[str, bytes]]
    """Everything in it, by place."""
    write: Callable[[str, bytes], None]
    """Puts bytes at a place behind the store's back."""


@pytest.fixture(params=["folder", "bucket"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    """Name an empty store of each kind."""
    if request.param == "folder":
        folder = tmp_path / "var" / "issued"
        return Kept(
            lambda: LocalStorage(folder), lambda: _files(folder), lambda at, of: _write(folder / at, of)
        )
    server: Moto = request.getfixturevalue("s3_server")
    prefix = f"test/{secrets.token_hex(8)}"
    return Kept(
        lambda: server.store(prefix),
        lambda: server.objects(prefix),
        lambda place, content: server.write(f"{prefix}/{place}", content),
    )


@pytest.fixture
def proxy(s3_server: Moto) -> Iterator[Proxy]:
    """Stand a proxy before the server."""
    with standing_before(s3_server.port) as proxy:
        yield proxy


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if not path.is_dir()
    }


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
