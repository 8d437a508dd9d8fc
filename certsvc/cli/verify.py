"""``verify``: the report of the API, for people and for scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from certsvc.cli.exits import Exit, worst
from certsvc.cli.instant import Instant
from certsvc.cli.place import open_services
from certsvc.cli.show import as_json, print_facts, print_json, print_table, safe_text
from certsvc.cli.trust import trust_key
from certsvc.cli.verify_offline import OfflineTrust, open_bundle, verify_offline

if TYPE_CHECKING:
    from certsvc.domain.report import Report
    from certsvc.verification.question import Question

_EXIT: Final = {"VALID": Exit.OK, "INVALID": Exit.REFUSED, "INDETERMINATE": Exit.CANNOT_TELL}
_COLOUR: Final = {"VALID": "green", "INVALID": "red", "INDETERMINATE": "yellow"}
_SIGN: Final = {"VALID": "✔", "INVALID": "✘", "INDETERMINATE": "?"}


@click.command("verify")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--qr", multiple=True, metavar="TEXT", help="The text a QR symbol carries.")
@click.option("--code", multiple=True, metavar="TEXT", help="The code printed beside the QR symbol.")
@click.option("--sha256", multiple=True, metavar="HEX", help="The sha256 of a file.")
@click.option("--number", metavar="TEXT", help="A registration number; needs --name.")
@click.option("--name", metavar="TEXT", help="The holder's full name, to --number.")
@click.option("--as-of", type=Instant(), help="State at this instant, e.g. 2026-11-20T09:30:00+08:00.")
@click.option("--specialty", metavar="TEXT", help="This specialty must be valid.")
@click.option("--offline", is_flag=True, help="Ask no register: a trust bundle decides. Wants --trust.")
@click.option(
    "--trust",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The trust bundle (/.well-known/certsvc/bundle.json), for --offline.",
)
@trust_key
@as_json
def verify(
    files: tuple[Path, ...],
    qr: tuple[str, ...],
    code: tuple[str, ...],
    sha256: tuple[str, ...],
    number: str | None,
    name: str | None,
    as_of: datetime | None,
    specialty: str | None,
    offline: bool,
    trust: Path | None,
    trust_key: str | None,
    json_: bool,
) -> None:
    """Check PDF and OFD files, pictures, QR texts, codes, hashes, or a number with a name.

    With --offline only files, pictures of the symbol 离线核验 and --qr are taken; the answer is as of the day
    of the status list in the bundle, which it names.

    Ends with 0 when all are valid, 1 when one is not, 3 when one cannot be told. Several inputs: 1 wins over
    3, and 3 over 0.
    """
    if offline:
        if code or sha256 or number or name or as_of:
            raise click.UsageError("--offline takes files and --qr; the rest needs the register")
        if trust is None or not (files or qr):
            raise click.UsageError("--offline wants --trust BUNDLE, and a file or --qr")
        _verify_offline(OfflineTrust(bundle=trust, key=trust_key), files, qr, specialty, json_=json_)
        return
    if trust is not None or trust_key is not None:
        raise click.UsageError("--trust and --trust-key go with --offline")
    from certsvc.verification.answers import may_show_full, report_body
    from certsvc.verification.question import Question, parse_question

    asked = [
        *(("qr", text) for text in qr),
        *(("code", text) for text in code),
        *(("sha256", text) for text in sha256),
        *(("registration_number", text) for text in (number,) if text is not None),
    ]
    if not files and not asked:
        raise click.UsageError("name a file, or give --qr, --code, --sha256, or --number with --name")
    as_text = as_of.isoformat() if as_of else None

    def questions() -> Iterator[tuple[str, Question]]:
        for file in files:
            yield str(file), Question(file=file.read_bytes(), as_of=as_of, specialty=specialty)
        for thing, text in asked:
            body = {thing: text, "as_of": as_text, "specialty": specialty}
            if thing == "registration_number":
                body["name"] = name
            yield text, parse_question({key: value for key, value in body.items() if value is not None})

    services = open_services()
    bodies: list[Mapping[str, object]] = []
    ends: list[Exit] = []
    for place, question in questions():
        report = services.verifier.verify(replace(question, log=True))
        body = report_body(
            report,
            issuer_name=services.settings.issuer_name,
            lang="zh",
            full=may_show_full(report, name),
        )
        bodies.append(body)
        ends.append(_EXIT[str(report.verdict)])
        if not json_:
            _print_report(safe_text(place), report, body)
    _end(bodies, ends, json_=json_)


def _verify_offline(
    trust: OfflineTrust, files: Sequence[Path], texts: Sequence[str], specialty: str | None, *, json_: bool
) -> None:
    from certsvc.verification.offline_body import offline_body

    bundle = open_bundle(trust)
    bodies: list[Mapping[str, object]] = []
    ends: list[Exit] = []
    for place, answer in verify_offline(bundle, files, texts, specialty):
        body = offline_body(answer, bundle, lang="zh")
        bodies.append(body)
        ends.append(_EXIT[str(answer.report.verdict)])
        if not json_:
            _print_report(safe_text(place), answer.report, body)
    _end(bodies, ends, json_=json_)


def _end(bodies: Sequence[Mapping[str, object]], ends: Iterable[Exit], *, json_: bool) -> None:
    if json_:
        print_json(bodies[0] if len(bodies) == 1 else {"reports": bodies})
    click.get_current_context().exit(worst(ends))


def _print_report(place: str, report: Report, body: Mapping[str, object]) -> None:
    """Print the verdict first, then what to do, then the checks, then the data."""
    from certsvc.domain.wording import report_advice, report_heading

    verdict = str(report.verdict)
    heading, advice = report_heading(report), report_advice(report)
    # A record in force is not a verified file: it gets another colour and sign.
    compare = verdict == "VALID" and report.subject == "record"
    sign, colour = ("≈", "cyan") if compare else (_SIGN[verdict], _COLOUR[verdict])
    click.echo(place)
    click.secho(f"{sign} {heading.zh}  {heading.en} [{report.status}]", fg=colour, bold=True)
    click.echo(f"  {advice.zh}\n  {advice.en}")
    facts = {name: body[name] for name in ("as_of", "checked_at", "state_now")}
    facts["changed_fields"] = ", ".join(report.changed_fields) or None
    print_facts(
        facts | _flat(body["certificate"]) | _flat(body["endorsement"]) | _offline_facts(body.get("offline"))
    )
    findings = body["findings"]
    assert isinstance(findings, list)
    columns = ("check", "result", "code", "message")
    print_table(columns, [[str(finding[column]) for column in columns] for finding in findings])


def _offline_facts(part: object) -> dict[str, object]:
    """Return what an answer without the register rests on: the list's date first, always."""
    if not isinstance(part, Mapping):
        return {}
    return {
        "status list of": part["list_issued_at"] or "no list speaks of this copy",
        "trust bundle of": part["bundle_issued_at"],
        "trust key": part["trust_key"],
        "not in the code": ", ".join(part["left_out"]) or None,
    }


def _flat(part: object) -> dict[str, object]:
    """Return a part of the report as lines: specialties one each."""
    if not isinstance(part, Mapping):
        return {}
    facts = {str(name): value for name, value in part.items() if name != "specialties"}
    for line in part.get("specialties", ()):
        facts[f"specialty {line['name']}"] = f"{line['valid_from']} .. {line['valid_to']} {line['status']}"
    return facts
