"""A picture that many holders share is read once, not once for each of them."""

from __future__ import annotations

from hashlib import sha256

import pytest

from certsvc.registry.crypto import Vault
from tests.world import World


def test_a_shared_picture_is_read_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many hold it: a batch over all of them would otherwise take the square of its size."""
    for order in range(1, 6):
        world.initial(f"京1112020{2020_00000 + order:09d}", order=order)
    tables: list[str] = []
    checked = Vault.checked

    def counted(vault: Vault, table, row):  # type: ignore[no-untyped-def]
        tables.append(table.name)
        return checked(vault, table, row)

    with world.services.registry.reading() as session:
        version = session.latest_version(session.registrations_with("京1112020202000001")[0])
        monkeypatch.setattr(Vault, "checked", counted)
        content = session.get_image(str(version.face.photo_sha256))

    assert sha256(content).hexdigest() == version.face.photo_sha256
    assert tables.count("holder_image") == 1
