"""``audit``: re-check everything issued, with other code than that which issued it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Final

import click

from certsvc.cli.exits import Exit
from certsvc.cli.gauge import Gauge
from certsvc.cli.instant import Instant
from certsvc.cli.parent import die_with_parent
from certsvc.cli.place import load_place
from certsvc.cli.show import as_json, print_facts, print_table

if TYPE_CHECKING:
    from certsvc.audit.defect import Finding
    from certsvc.audit.run import Summary

_PERCENT: Final = 100


class Sample(click.ParamType[int | Fraction]):
    """How many copies to open: a number, or a part of them such as 5%."""

    name = "sample"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | Fraction:
        """Read ``500`` or ``2.5%``."""
        text = str(value)
        try:
            read = Fraction(text.removesuffix("%")) / _PERCENT if text.endswith("%") else int(text)
        except (ValueError, ZeroDivisionError):
            self.fail("a number of copies such as 500, or a part of them such as 5%", param, ctx)
        if read <= 0 or (isinstance(read, Fraction) and read > 1):
            self.fail("more than nothing, and no more than all", param, ctx)
        return read


@click.command("audit")
@click.option("--sample", type=Sample(), metavar="N|P%", help="Open so many of the copies, or such a part.")
@click.option(
    "--seed", default="", help="What a drawing by lot depends on; the same seed draws the same copies."
)
@click.option("--since", type=Instant(), help="Only what was made or changed at this instant or later.")
@click.option("--thorough", is_flag=True, help="Read every QR symbol, ask openssl about every signature.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes; as many as processors unless given.")
@click.option(
    "--former-url", multiple=True, metavar="URL", help="A public URL of older copies that still leads here."
)
@as_json
def audit(
    sample: int | Fraction | None,
    seed: str,
    since: datetime | None,
    thorough: bool,
    workers: int | None,
    former_url: tuple[str, ...],
    json_: bool,
) -> None:
    """Re-check everything ever issued; nothing is changed, and the service may go on.

    Rows, numbers, dates, files, signatures, texts and symbols are checked by separate code and by programs of
    others. Every defect has a code (docs/audit.md), a place and a remedy. With --json one object a line, the
    last of which is the summary.

    Ends with 0 when all is sound, 1 when there are defects, 3 when something could not be checked.
    """
    from certsvc.audit.run import Wish, processors
    from certsvc.audit.run import audit as run
    from certsvc.cli.logs import configure_logs
    from certsvc.wiring import SystemClock
    from certsvc.wiring.auditing import open_bench

    configure_logs("CRITICAL")
    wish = Wish(since=since, sample=sample, seed=seed, thorough=thorough)
    with Gauge("registrations", quiet=json_) as gauge:
        summary = run(
            partial(open_bench, load_place(), former_url),
            wish,
            now=SystemClock().now(),
            workers=workers or processors(),
            tell=partial(_tell, json_=json_),
            step=gauge.show,
            in_each=_settle,
        )
    _end(summary, json_=json_)


def _settle() -> None:
    """Make a process of the audit's own: what readers log about files they refuse is told as defects."""
    from certsvc.cli.logs import configure_logs

    die_with_parent()
    configure_logs("CRITICAL")


def _tell(finding: Finding, *, json_: bool) -> None:
    """Print one finding: what, where, what to do."""
    body = _body(finding)
    if json_:
        click.echo(json.dumps(body, ensure_ascii=False))
        return
    where = " ".join(str(body[name]) for name in ("kind", "id", "form") if body.get(name))
    click.secho(
        f"{body['code']}  {where}", fg="yellow" if body["finding"] == "unchecked" else "red", bold=True
    )
    for name in ("says", "detail", "remedy"):
        said = body.get(name)
        if isinstance(said, Mapping):
            click.echo(f"  {said['zh']}\n  {said['en']}")
        elif said:
            click.echo(f"  ({said})")


def _body(finding: Finding) -> dict[str, object]:
    from certsvc.audit.defect import Defect

    says = {"zh": finding.says.zh, "en": finding.says.en}
    if not isinstance(finding, Defect):
        return {"finding": "unchecked", "code": finding.code, "detail": finding.detail, "says": says}
    return {
        "finding": "defect",
        "code": finding.code,
        "kind": finding.kind,
        "id": finding.id,
        "form": finding.form or None,
        "detail": finding.detail,
        "says": says,
        "remedy": {"zh": finding.remedy.zh, "en": finding.remedy.en},
    }


def _end(summary: Summary, *, json_: bool) -> None:
    looked_at = dict(sorted(summary.counts.items()))
    defects, unchecked = dict(sorted(summary.defects.items())), dict(sorted(summary.unchecked.items()))
    total = sum(defects.values())
    if json_:
        body = {
            "finding": "summary",
            "looked_at": looked_at,
            "defects": total,
            "places": len(summary.places),
            "by_code": defects,
            "unchecked": unchecked,
        }
        click.echo(json.dumps(body, ensure_ascii=False))
    else:
        print_facts({**looked_at, "defects": total, "places with defects": len(summary.places)})
        if defects or unchecked:
            rows = [(code, str(count)) for code, count in (*defects.items(), *unchecked.items())]
            print_table(("code", "count"), rows)
    context = click.get_current_context()
    if total:
        context.exit(Exit.REFUSED)
    context.exit(Exit.CANNOT_TELL if unchecked else Exit.OK)
