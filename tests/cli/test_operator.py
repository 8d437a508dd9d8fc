"""``operator``: how the first admin comes in."""

from __future__ import annotations

import json

from tests.cli.conftest import Run


def test_an_operator_is_added_shown_and_disabled(run: Run) -> None:
    """The password is shown once and lies nowhere; the last admin stays."""
    run("init")
    made = json.loads(run("operator", "add", "李示例", "--role", "admin,reader", "--json").stdout)
    assert made["operator"] == "李示例" and made["roles"] == ["admin", "reader"]
    again = json.loads(run("operator", "password", "李示例", "--json").stdout)
    assert again["password"] != made["password"]
    assert "/name" in run("operator", "add", "李示例", "--role", "reader", code=1).output
    assert "/roles" in run("operator", "add", "b", "--role", "king", code=1).output
    run("operator", "disable", "李示例", code=1)
    run("operator", "add", "b", "--role", "admin")
    run("operator", "disable", "李示例", "--reason", "离职")

    listed = run("operator", "list", "--json").stdout

    rows = {row["operator"]: row for row in json.loads(listed)}
    assert rows["李示例"]["disabled_at"] and not rows["b"]["disabled_at"]
    assert made["password"] not in listed and again["password"] not in listed
    assert "李示例" in run("operator", "list").stdout
    run("operator", "disable", "nobody", code=1)
