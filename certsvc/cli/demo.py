"""``demo``: what ``make run`` shows. Everything in it is made up, and every file says 样本 SPECIMEN."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from certsvc.cli.exits import tell
from certsvc.cli.place import load_place
from certsvc.cli.register import fetch_endorsement
from certsvc.cli.requests import read_events
from certsvc.cli.runner import carrying_out
from certsvc.cli.serve import check_free, host_option, port_option, run_server, workers_option
from certsvc.cli.timestamps import fetching
from certsvc.domain.clock import beijing_day, first_instant
from certsvc.errors import CertsvcError, EndorsedTodayError, ExpiredError, SettingsError, UnauthenticatedError

if TYPE_CHECKING:
    from certsvc.wiring import Services

REQUESTS: Final = Path(__file__).resolve().parents[2] / "samples" / "requests"
PURPOSE: Final = "示例工程项目投标（演示）"
DEMO: Final = "demo"
FIRST_TYPE: Final = "constructor-1"
SECOND_TYPE: Final = "constructor-2"
DEMO_OPERATOR: Final = "演示员"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What ``make run`` has to show."""

    number: str
    verify_url: str
    code: str
    files: Mapping[str, Path]
    """By format."""


@click.command("demo")
@host_option
@port_option
@workers_option
@click.option("--no-serve", is_flag=True, help="Make the data and print what there is, without a server.")
def demo(host: str, port: int, workers: int | None, no_serve: bool) -> None:
    """Make test keys and made-up certificates, then serve them. Safe and quick to run again."""
    from certsvc.wiring import build, initialise

    settings = load_place()
    if settings.env == "production":
        raise SettingsError(
            "CERTSVC_ENV is production: the demo would write made-up people into the register"
        )
    if not no_serve:
        check_free(host, port)
    initialise(settings, dev=True)
    services = build(settings)
    numbers = record_samples(services)
    shown, second = (
        issue_one(services, [one for one in numbers if numbers[one] == kind], settings.data_dir / DEMO)
        for kind in (FIRST_TYPE, SECOND_TYPE)
    )
    api_key = _demo_key(services, settings.data_dir / DEMO / "api-key")
    password = demo_operator(services, settings.data_dir / DEMO / "operator-password")
    link = None if shown is None else services.holders.links.make(shown.number, made_by="").url
    _print_shown(settings.public_url, shown, second, api_key, password, link)
    if not no_serve:
        with carrying_out(services, 1), fetching(services.stamp_queue):
            run_server(host, port, workers)


def record_samples(services: Services) -> dict[str, str]:
    """Record the sample events, a second time without effect; returns the type of each number they begin."""
    numbers: dict[str, str] = {}
    for file in sorted(REQUESTS.glob("*.json")):
        for place, body in read_events(file):
            assert isinstance(body, Mapping)
            try:
                services.recorder.record(body)
            except CertsvcError as error:
                click.echo(f"{place} was not recorded:", err=True)
                tell(error)
                continue
            if body["type"] == "initial":
                numbers[str(body["registration_number"])] = str(body.get("certificate_type", FIRST_TYPE))
    return numbers


def issue_one(services: Services, numbers: Iterable[str], out: Path) -> Shown | None:
    """Endorse the first registration that may be endorsed today; None when none may."""
    refused: CertsvcError | None = None
    for number in numbers:
        try:
            copy_id = _endorse(services, number)
            body = services.enquiry.endorsement(copy_id)
            return Shown(
                number=number,
                verify_url=str(body["verify_url"]),
                code=str(body["code"]),
                files=fetch_endorsement(services.enquiry, copy_id, out),
            )
        except CertsvcError as error:
            refused = error
    if refused is not None:
        click.echo("No sample can be endorsed today; the last one was refused:", err=True)
        tell(refused)
    return None


def _endorse(services: Services, number: str) -> str:
    """Endorse *number*, or name the endorsement its holder already has today."""
    day = beijing_day(services.clock.now()).isoformat()
    key = f"{DEMO}-{day}-{_ascii(number)}"
    try:
        answer = services.desk.endorse(number, {"purpose": PURPOSE}, client_id=DEMO, key=key)
    except EndorsedTodayError as error:
        if not error.existing_id:
            raise
        return error.existing_id
    except ExpiredError:
        # The samples' days are absolute and run out one day; the demo shall not.
        _renew(services, number, day)
        answer = services.desk.endorse(number, {"purpose": PURPOSE}, client_id=DEMO, key=key)
    return str(answer.body["endorsement_id"])


def _renew(services: Services, number: str, day: str) -> None:
    """Record a renewal (延续注册) of the first specialty of *number*, granted on *day*."""
    registration = services.enquiry.registration(number, None)
    specialties = registration["specialties"]
    assert isinstance(specialties, list)
    services.recorder.record(
        {
            "source_id": f"{DEMO}-renew-{day}-{number}",
            "type": "renew",
            "effective_at": first_instant(date.fromisoformat(day)).isoformat(),
            "registration_number": number,
            "certificate_type": registration["certificate_type"],
            "specialties": [{"name": specialties[0]["name"], "granted_on": day}],
        }
    )


def _ascii(number: str) -> str:
    """Write a number for an Idempotency-Key, which is ASCII: the first character as its code point."""
    return "".join(character if character.isascii() else f"{ord(character):X}" for character in number)


def _demo_key(services: Services, kept: Path) -> str:
    """Return an API key with every scope: the one kept from the last run while it is good, else a new one."""
    from certsvc.issuing.clients import SCOPES

    if kept.is_file():
        api_key: str = kept.read_text(encoding="ascii").strip()
        try:
            services.clients.authenticate(api_key, SCOPES[0])
        except UnauthenticatedError:
            kept.unlink()
        else:
            return api_key
    _, api_key = services.clients.add(DEMO, SCOPES)
    _keep(kept, api_key)
    return api_key


def demo_operator(services: Services, kept: Path) -> str:
    """Return the password of an operator with every role: the one kept while it is good, else a new one."""
    from certsvc.access.operators import at_the_machine
    from certsvc.access.passwords import one_time
    from certsvc.access.roles import ROLES

    operators, by = services.doors.operators, at_the_machine("make run")
    if kept.is_file():
        password: str = kept.read_text(encoding="ascii").strip()
        if operators.recognise(DEMO_OPERATOR, password) is not None:
            return password
    if any(one.name == DEMO_OPERATOR for one in operators.everybody()):
        once = operators.enable(DEMO_OPERATOR, by)
    else:
        _, once = operators.add(DEMO_OPERATOR, ROLES, by)
    password = one_time()
    operators.change_password(operators.require(DEMO_OPERATOR), once, password)
    _keep(kept, password)
    return password


def _keep(file: Path, secret: str) -> None:
    """Write a secret so that only its owner reads it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(
        os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii"
    ) as opened:
        opened.write(secret)


def _print_shown(
    url: str,
    shown: Shown | None,
    second: Shown | None,
    api_key: str,
    password: str,
    link: str | None,
) -> None:
    lines = [
        ("verify page", f"{url}/verify"),
        ("desk", f"{url}/desk/login"),
        ("  its operator", DEMO_OPERATOR),
        ("  password", password),
        ("API documentation", f"{url}/docs"),
        ("demo API key", api_key),
    ]
    if shown is not None:
        lines[1:1] = [("demo certificate", shown.verify_url), ("  its code", shown.code)]
        lines += [
            ("holder's page", f"{link} (once, 15 minutes)"),
            *((f"endorsed {fmt.upper()}", str(path)) for fmt, path in shown.files.items()),
            ("try", f"curl -H 'X-API-Key: {api_key}' {url}/api/v1/registrations/{shown.number}"),
            (
                "try",
                f"curl -H 'X-API-Key: {api_key}' -F file=@{shown.files['pdf']} {url}/api/v1/verifications",
            ),
        ]
    if second is not None:
        lines += [(f"second class {fmt.upper()}", str(path)) for fmt, path in second.files.items()]
    click.echo()
    click.secho("  certsvc demo: made-up people, test keys, no legal effect", bold=True)
    for name, value in lines:
        click.echo(f"  {name:18} {value}")
    click.echo()
