"""A real server with a client to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from certsvc.client import Client
from tests.client.chaos import Chaos
from tests.client.service import Pauses, Service, running_service


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path) -> Iterator[Service]:
    """Start the server once for all of them."""
    with running_service(tmp_path_factory.mktemp("service"), dev_keys, font_cache) as running:
        yield running


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    """Connect straight to the server."""
    with service.client() as connected:
        yield connected


@pytest.fixture
def chaos(service: Service) -> Chaos:
    """Take the proxy with an empty plan."""
    service.chaos.plan()
    return service.chaos


@pytest.fixture
def pauses() -> Pauses:
    """Wait for nothing and remember."""
    return Pauses()


@pytest.fixture
def behind(service: Service, chaos: Chaos, pauses: Pauses) -> Iterator[Client]:
    """Connect through the proxy."""
    with service.client(chaos.url, pauses=pauses) as connected:
        yield connected
