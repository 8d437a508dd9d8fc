"""The description of the API: complete, whole, and of the version promised."""

from __future__ import annotations

from collections.abc import Iterator

from certsvc.web.texts_health import PARTS
from tests.web.site import Site, body_of
from tests.world import JSON

METHODS = {"get", "post", "put", "patch", "delete"}


def operations(spec: JSON) -> Iterator[tuple[str, str, JSON]]:
    """Yield every operation."""
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def references(node: object) -> Iterator[str]:
    """Yield every $ref."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                assert isinstance(value, str)
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_description_is_openapi_3_1_0_and_every_reference_is_there(standing_site: Site) -> None:
    """A dangling reference breaks every generator."""
    spec = body_of(standing_site.client.get("/openapi.json"))
    found = set(references(spec))

    assert spec["openapi"] == "3.1.0"
    assert len(found) > 10
    for reference in found:
        assert reference.removeprefix("#/components/schemas/") in spec["components"]["schemas"], reference


def test_every_api_route_is_described(standing_site: Site) -> None:
    """A call nobody can read of is one nobody tests."""
    spec = body_of(standing_site.client.get("/openapi.json"))
    described = {(path, method) for path, method, _ in operations(spec)}
    routes = {
        (rule.rule.replace("<number:", "{").replace(">", "}"), method.lower())
        for rule in standing_site.app.url_map.iter_rules()
        for method in rule.methods or ()
        if rule.rule.startswith("/api/") and method.lower() in METHODS
    }

    assert routes and routes <= described


def test_calls_declare_bodies_problems_and_the_key(standing_site: Site) -> None:
    """What a client must send and may get back, each call says itself."""
    spec = body_of(standing_site.client.get("/openapi.json"))

    for path, method, operation in operations(spec):
        responses = operation["responses"]
        assert "500" in responses and any(status.startswith("2") for status in responses), path
        for status, response in responses.items():
            if (status.startswith(("4", "5")) and status != "404") or "problem" in str(response):
                assert "application/problem+json" in response["content"], (path, status)
        if path.startswith("/api/"):
            assert operation["security"] == [{"APIKey": []}]
            assert {"400", "401", "403", "422"} <= set(responses)
        if "requestBody" in operation:
            assert operation["requestBody"]["required"] is True
            assert {"413", "415"} <= set(responses)
        for parameter in operation["parameters"]:
            assert parameter["schema"], (path, method)
    assert spec["components"]["securitySchemes"]["APIKey"]["name"] == "X-API-Key"


def test_operations_have_names_of_their_own(standing_site: Site) -> None:
    """Generated clients name their methods after them."""
    names = [
        operation["operationId"]
        for _, _, operation in operations(body_of(standing_site.client.get("/openapi.json")))
    ]

    assert len(names) == len(set(names))


def test_alive_ready_and_counted(standing_site: Site) -> None:
    """What an operator's tools ask."""
    ready = body_of(standing_site.client.get("/readyz"))
    counted = standing_site.get("/metrics")

    assert body_of(standing_site.client.get("/healthz")) == {"status": "ok"}
    assert ready == {
        "status": "ok",
        "parts": dict.fromkeys(PARTS, "ok"),
    }
    assert "certsvc_requests_total{" in counted.text
    assert counted.mimetype == "text/plain"
