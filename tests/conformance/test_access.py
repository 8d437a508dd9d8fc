"""Who may call what: every operation of the description, without a key, with a wrong one, with too little."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
import structlog

from certsvc.issuing.clients import SCOPES
from tests.drills import record
from tests.factories import FixedClock
from tests.web.site import Site, body_of
from tests.world import World, settings_in

OPEN: Final = {
    *("getHealth", "getReadiness", "getTrust", "getStatusList", "getTrustBundle"),
    *("getLogCheckpoint", "getLogTile", "getLogEntries", "getLogProof"),
}
"""The described operations that need no key."""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, dev_keys: Path) -> Site:
    """Make a site."""
    return Site(World(settings_in(tmp_path_factory.mktemp("guarded") / "var", dev_keys), FixedClock()))


def test_every_operation_asks_for_a_key_with_its_own_scope(guarded: Site) -> None:
    """The key is asked for before anything else, so that nothing can be learnt without one."""
    keys = {scope: guarded.world.services.clients.add(scope, [scope])[1] for scope in SCOPES}
    refused = operations = 0
    with structlog.testing.capture_logs():
        spec = body_of(guarded.client.get("/openapi.json"))
        for path, methods in spec["paths"].items():
            address = (
                path.replace("{number}", "%E4%BA%AC1")
                .replace("{endorsement_id}", "x")
                .replace("{batch_id}", "x")
            )
            for method, operation in methods.items():
                if operation["operationId"] in OPEN:
                    assert "security" not in operation
                    continue
                assert operation["security"] == [{"APIKey": []}]
                for key in (None, "", "x", keys["read"][:-1], "京"):
                    head = {} if key is None else {"X-API-Key": key.encode().decode("latin-1")}
                    answer = guarded.client.open(address, method=method, headers=head)
                    assert (answer.status_code, body_of(answer)["code"]) == (401, "UNAUTHENTICATED"), path
                    assert answer.headers["WWW-Authenticate"].startswith("ApiKey")
                    refused += 1
                operations += 1
                for scope, key in keys.items():
                    answer = guarded.client.open(address, method=method, headers={"X-API-Key": key})
                    allowed = scope in operation["x-certsvc-scope"].split(" or ")
                    assert (answer.status_code not in {401, 403}) is allowed, (path, scope)
                    refused += not allowed
    record("access", operations=operations, refused=refused)

    assert operations > 10 and refused > 7 * operations
