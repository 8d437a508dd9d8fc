"""``operator``: people at the desk, from the machine itself; how the first admin comes in."""

from __future__ import annotations

import click

from certsvc.cli.place import open_services
from certsvc.cli.show import as_json, print_facts, print_json, print_table

_REASON = "command line"
reason_option = click.option(
    "--reason", default=_REASON, show_default=True, help="Why; kept in the history with the action."
)


@click.group("operator")
def operator() -> None:
    """People who work at the desk (docs/desk.md)."""


@operator.command("add")
@click.argument("name")
@click.option(
    "--role", "roles", required=True, help="Comma-separated: reader, issuer, registrar, auditor, admin."
)
@reason_option
@as_json
def operator_add(name: str, roles: str, reason: str, json_: bool) -> None:
    """Add an operator and print a one-time password, this once; it has to be changed at the first login."""
    from certsvc.access.operators import at_the_machine

    wanted = {part.strip() for part in roles.split(",") if part.strip()}
    made, password = open_services().doors.operators.add(name, wanted, at_the_machine(reason))
    facts: dict[str, object] = {"operator": made.name, "password": password, "roles": sorted(made.roles)}
    _print(facts, json_)


@operator.command("list")
@as_json
def operator_list(json_: bool) -> None:
    """List the operators, disabled ones too."""
    rows = [
        {
            "operator": one.name,
            "roles": sorted(one.roles),
            "created_at": one.created_at.isoformat(),
            "disabled_at": None if one.disabled_at is None else one.disabled_at.isoformat(),
            "one_time_password": one.password_once,
        }
        for one in open_services().doors.operators.everybody()
    ]
    if json_:
        print_json(rows)
    else:
        print_table(
            ("operator", "roles", "disabled", "password"),
            [
                (
                    str(row["operator"]),
                    ", ".join(map(str, row["roles"] if isinstance(row["roles"], list) else ())),
                    str(row["disabled_at"] or ""),
                    "one-time" if row["one_time_password"] else "",
                )
                for row in rows
            ],
        )


@operator.command("disable")
@click.argument("name")
@reason_option
def operator_disable(name: str, reason: str) -> None:
    """Let an operator in no more and end every login, at once."""
    from certsvc.access.operators import at_the_machine

    open_services().doors.operators.disable(name, at_the_machine(reason))
    click.echo(f"{name} is disabled")


@operator.command("password")
@click.argument("name")
@reason_option
@as_json
def operator_password(name: str, reason: str, json_: bool) -> None:
    """Give an operator a new one-time password, printed this once, and end every login."""
    from certsvc.access.operators import at_the_machine

    password = open_services().doors.operators.reset_password(name, at_the_machine(reason))
    _print({"operator": name, "password": password}, json_)


def _print(facts: dict[str, object], json_: bool) -> None:
    if json_:
        print_json(facts)
    else:
        roles = facts.get("roles")
        shown = {"roles": ", ".join(map(str, roles))} if isinstance(roles, list) else {}
        print_facts(facts | shown)
