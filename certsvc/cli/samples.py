"""``samples``: files to try a verification with, genuine and forged, each named by its defect."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import click

from certsvc.cli.demo import issue_one, record_samples
from certsvc.cli.exits import Exit
from certsvc.cli.place import load_place
from certsvc.cli.show import print_table, write_out
from certsvc.errors import SettingsError

if TYPE_CHECKING:
    from certsvc.cli.defects import Good
    from certsvc.domain.report import Report, Status
    from certsvc.verification.verify import Verifier
    from certsvc.wiring import Services

BUILT: Final = Path("samples") / "built"
_FORMATS: Final = ("pdf", "ofd")
_COLUMNS: Final = ("file", "what was done", "verdict", "status", "finding")
_FIELDS: Final = ("file", "defect", "verdict", "status", "finding")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One file and what verification must answer to it."""

    path: str
    """Under the folder of the samples: ``bad/cut.pdf``."""
    says: str
    status: Status
    code: str
    """A finding that must be in the answer."""
    content: bytes

    @property
    def verdict(self) -> str:
        """The word that goes with the status."""
        from certsvc.domain.judge import verdict_of

        return str(verdict_of(self.status))

    def row(self) -> tuple[str, ...]:
        """Return the sample's line of the table."""
        return self.path, self.says, self.verdict, str(self.status), self.code

    def check_answer(self, report: Report) -> str | None:
        """Say what is wrong with an answer; None when it is as it must be."""
        codes = {finding.code for finding in report.findings}
        if (report.verdict, report.status) == (self.verdict, self.status) and self.code in codes:
            return None
        return (
            f"{self.path}: {self.verdict} {self.status} with {self.code} expected, answered {report.verdict} "
            f"{report.status} with {', '.join(sorted(codes))}"
        )


@click.group("samples")
def samples() -> None:
    """Files to try a verification with."""


@samples.command("build")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=BUILT,
    show_default=True,
    help="Folder to write into; made when missing.",
)
def samples_build(out: Path) -> None:
    """Make genuine and forged files of this instance, and check that it tells them apart.

    A made-up holder is registered and gets an original and an endorsed copy, sealed with test keys; each bad
    file is one of these with a single defect. Ends with 1 when a file is not judged as the table says.
    """
    from certsvc.wiring import build, initialise

    # Forged files are made out of plain ones.
    settings = load_place().model_copy(update={"timestamp": "none"})
    if settings.env == "production":
        raise SettingsError("CERTSVC_ENV is production: samples would write made-up people into the register")
    initialise(settings, dev=True)
    services = build(settings)
    good = issue_good(services)
    if good is None:
        raise click.exceptions.Exit(Exit.REFUSED)
    built = list(all_samples(good))
    write_samples(built, out)
    print_table(_COLUMNS, (sample.row() for sample in built))
    wrong = wrong_answers(built, services.verifier)
    for line in wrong:
        click.echo(line, err=True)
    click.echo(f"{len(built)} files in {out}, {len(built) - len(wrong)} of them judged as the table says")
    raise click.exceptions.Exit(Exit.REFUSED if wrong else Exit.OK)


def issue_good(services: Services) -> Good | None:
    """Issue an original and an endorsed copy to one made-up holder; None, told why, when nobody may."""
    from certsvc.cli.defects import Good

    with TemporaryDirectory() as folder:
        shown = issue_one(services, record_samples(services), Path(folder))
        if shown is None:
            return None
        endorsed = {fmt: shown.files[fmt].read_bytes() for fmt in _FORMATS}
    services.desk.original(shown.number)
    original = {fmt: services.enquiry.original_file(shown.number, fmt).content for fmt in _FORMATS}
    return Good(
        original_pdf=original["pdf"],
        original_ofd=original["ofd"],
        endorsed_pdf=endorsed["pdf"],
        endorsed_ofd=endorsed["ofd"],
    )


def all_samples(good: Good) -> Iterator[Sample]:
    """Yield the good files, then every bad one, made from them."""
    from certsvc.cli import defects_ofd, defects_pdf
    from certsvc.domain.report import Status

    genuine = {
        "original.pdf": good.original_pdf,
        "original.ofd": good.original_ofd,
        "endorsed.pdf": good.endorsed_pdf,
        "endorsed.ofd": good.endorsed_ofd,
    }
    for name, content in genuine.items():
        yield Sample(
            path=f"good/{name}", says="as issued", status=Status.VALID, code="FILE_KNOWN", content=content
        )
    for fmt, defects in (("pdf", defects_pdf.DEFECTS), ("ofd", defects_ofd.DEFECTS)):
        for defect in defects:
            yield Sample(
                path=f"bad/{defect.name}.{fmt}",
                says=defect.says,
                status=defect.status,
                code=defect.code,
                content=defect.made(good),
            )


def write_samples(built: Iterable[Sample], out: Path) -> None:
    """Write the files, and beside them the table for people (README.md) and for programs (expected.json)."""
    expected: list[Mapping[str, str]] = []
    lines = [
        "# Samples, good and bad",
        "",
        "Made by `certsvc samples build`, for the instance that made them: its test keys sealed them, and "
        "another instance knows none. Each bad file is a good one but for one defect.",
        "",
        f"| {' | '.join(_COLUMNS)} |",
        "|---" * len(_COLUMNS) + "|",
    ]
    for sample in built:
        folder, _, name = sample.path.rpartition("/")
        write_out(out / folder, name, sample.content)
        expected.append(dict(zip(_FIELDS, sample.row(), strict=True)))
        lines.append(f"| {' | '.join(sample.row())} |")
    write_out(out, "expected.json", json.dumps(expected, ensure_ascii=False, indent=2).encode() + b"\n")
    write_out(out, "README.md", "\n".join(lines).encode() + b"\n")


def wrong_answers(built: Iterable[Sample], verifier: Verifier) -> list[str]:
    """Verify every sample; returns a line for each that is not judged as it must be."""
    from certsvc.verification.question import Question

    answers = (sample.check_answer(verifier.verify(Question(file=sample.content))) for sample in built)
    return [answer for answer in answers if answer is not None]
