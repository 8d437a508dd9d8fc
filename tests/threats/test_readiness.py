"""An instance that cannot seal says so before anybody asks it to, and goes on verifying."""

from __future__ import annotations

import pytest

from certsvc.errors import KeyMaterialError
from certsvc.web.app import create_app
from certsvc.wiring import build
from tests.world import NUMBER, World


def test_an_issuer_renamed_without_a_seal_is_not_ready_and_verifies_on(world: World) -> None:
    """The name stands in the seal: under another name there is none, and the day must stay free."""
    world.initial()
    copy = world.endorse()
    files = [world.file(copy, fmt) for fmt in ("pdf", "ofd")]
    world.jump(days=1)
    before, genuine = world.services, world.settings
    world.services = build(genuine.model_copy(update={"issuer_name": "另一省住房和城乡建设厅"}), world.clock)

    ready = create_app(world.services).test_client().get("/readyz")
    assert ready.status_code == 503
    assert ready.get_json()["parts"] == {
        "registry": "ok",
        "storage": "ok",
        "keys": "ok",
        "log": "ok",
        "seal": "KEY_MATERIAL",
        "clock": "ok",
        "decoders": "ok",
        "chores": "ok",
        "workers": "ok",
    }
    assert {str(world.verify(file=file).status) for file in files} == {"VALID"}
    with pytest.raises(KeyMaterialError, match="no seal for"):
        world.endorse()
    with pytest.raises(KeyMaterialError):
        world.services.desk.original(NUMBER)

    world.services = before
    assert world.endorse()["token"] != copy["token"]
