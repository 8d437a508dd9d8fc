"""A desk with a real certificate service, reached straight or through a proxy that loses answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from registration_desk import office
from registration_desk.book import Book

from tests.client.service import Service, running_service

CONTRACT = {"contract_from": "2020-01-01", "contract_to": "2039-12-31"}
INITIAL = {"employer": "e1", "specialty": "建筑工程", "qualification": "样本资格证书", **CONTRACT}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> Iterator[Service]:
    """Start the server once for a file of tests: each may register the same made-up people."""
    with running_service(tmp_path_factory.mktemp("service"), dev_keys, font_cache) as running:
        yield running


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """Begin an empty desk."""
    return Book(tmp_path / "desk.db")


def approved(book: Book, kind: str, person: str, said: dict[str, str], granted_on: date | None = None) -> int:
    """Take an application as far as the outbox; returns its number."""
    number = office.apply(book, kind, person, said)
    office.confirm(book, number)
    office.accept(book, number)
    office.approve(book, number, granted_on=granted_on)
    return number
