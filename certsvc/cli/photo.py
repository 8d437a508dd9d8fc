"""``photo check`` and ``photo fix``: the photo tool (照片处理工具) before somebody sends a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from certsvc.cli.exits import Exit, worst
from certsvc.cli.show import as_json, print_facts, print_json, print_table, safe_text, write_out

if TYPE_CHECKING:
    from certsvc.photo import Fixed, PhotoReport

_EXIT: Final = {
    "passed": Exit.OK,
    "advice": Exit.OK,
    "refused": Exit.REFUSED,
    "cannot_tell": Exit.CANNOT_TELL,
}
_COLOUR: Final = {"passed": "green", "advice": "yellow", "refused": "red", "cannot_tell": "yellow"}
_SIGN: Final = {"passed": "✔", "advice": "✔", "refused": "✘", "cannot_tell": "?"}
_MARK: Final = {"passed": "✔", "failed": "✘", "cannot_tell": "?"}

_file: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_signature: Final = click.option("--signature", is_flag=True, help="The picture is a signature image.")


@click.group("photo")
def photo() -> None:
    """The one-inch photo and the signature image: what the register takes, and what can be put right."""


@photo.command("check")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_file)
@_signature
@as_json
def photo_check(files: tuple[Path, ...], signature: bool, json_: bool) -> None:
    """Judge pictures by every rule at once: those that refuse, and advice.

    Ends with 0 when all would be taken, 1 when one would be refused, 3 when some rule cannot be told. Several
    files: 1 wins over 3, and 3 over 0.
    """
    from certsvc.photo import check_photo, check_signature
    from certsvc.photo.answers import photo_body

    bodies: list[Mapping[str, object]] = []
    ends: list[Exit] = []
    for file in files:
        report = (check_signature if signature else check_photo)(file.read_bytes())
        bodies.append({"file": safe_text(str(file)), **photo_body(report, lang="zh")})
        ends.append(_EXIT[report.conclusion])
        if not json_:
            _print_report(safe_text(str(file)), report)
    if json_:
        print_json(bodies[0] if len(bodies) == 1 else {"reports": bodies})
    click.get_current_context().exit(worst(ends))


@photo.command("fix")
@click.argument("file", metavar="FILE", type=_file)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Where to write the fixed picture; the same bytes when nothing had to be changed.",
)
@_signature
@as_json
def photo_fix(file: Path, out: Path, signature: bool, json_: bool) -> None:
    """Put right what can be: turn, strip, crop, make smaller, whiten a nearly white ground.

    A face is never retouched and nothing is ever enlarged. Writes nothing when no picture that would be taken
    can be made. Ends as check does, by what was written.
    """
    from certsvc.photo import fix_photo, fix_signature
    from certsvc.photo.answers import fixed_body

    fixed = (fix_signature if signature else fix_photo)(file.read_bytes())
    if fixed.content is not None:
        write_out(out.parent, out.name, fixed.content)
    if json_:
        body = fixed_body(fixed, lang="zh")
        # The file is on the disk.
        print_json({name: value for name, value in body.items() if name != "file"})
    else:
        _print_fixed(safe_text(str(out)), fixed)
    click.get_current_context().exit(_EXIT[(fixed.after or fixed.before).conclusion])


def _print_fixed(place: str, fixed: Fixed) -> None:
    from certsvc.domain.texts_photo import CHANGES

    if fixed.content is None:
        click.secho("✘ 无法修正，没有写出文件  Nothing that would be taken can be made", bold=True)
    else:
        done = [f"{CHANGES[change].zh} {CHANGES[change].en}" for change in fixed.changes]
        facts = {"written": place, "bytes": len(fixed.content)}
        print_facts(facts | {"changes": "; ".join(done) or "无须修改 nothing had to be changed"})
    _print_report(place, fixed.after or fixed.before)


def _print_report(place: str, report: PhotoReport) -> None:
    """Print the conclusion first, then every rule with what was measured, then what to do."""
    from certsvc.domain.texts_photo import CONCLUSIONS, OUTCOMES, SEVERITIES
    from certsvc.photo.answers import finding_body

    conclusion = str(report.conclusion)
    heading = CONCLUSIONS[conclusion]
    click.echo(place)
    click.secho(f"{_SIGN[conclusion]} {heading.zh}  {heading.en}", fg=_COLOUR[conclusion], bold=True)
    rows = []
    told = []
    for finding in report.findings:
        zh, en = (finding_body(finding, report.kind, lang=lang) for lang in ("zh", "en"))
        outcome = OUTCOMES[finding.outcome]
        rows.append(
            [
                f"{_MARK[finding.outcome]} {zh['name']} {en['name']}",
                f"{outcome.zh} {outcome.en}",
                SEVERITIES[finding.severity].zh,
                f"{finding.value} {finding.unit}".strip() if finding.value else "",
                finding.wanted,
            ]
        )
        if zh["reason"] is not None:
            told.append(f"  {zh['name']}：{zh['reason']}{zh['remedy']}\n    {en['reason']} {en['remedy']}")
    print_table(("规则 rule", "结果 result", "", "实测 measured", "要求 wanted"), rows)
    for sentence in told:
        click.echo(sentence)
