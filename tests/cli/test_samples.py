"""The samples: what they claim is what the service answers, and a wrong claim is noticed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from certsvc.cli.defects import Good
from certsvc.cli.forge_ofd import changed
from certsvc.cli.samples import Sample, all_samples, issue_good, wrong_answers
from certsvc.domain.report import Status
from certsvc.ofd.names import PAGE
from tests.cli.conftest import Run
from tests.test_config import PRODUCTION
from tests.world import World

DEFECTS_ASKED_FOR = {
    "changed-text",
    "template-edited",
    "extra-file",
    "duplicate-entry-forged-first",
    "duplicate-entry-forged-last",
    "hidden-entry",
    "stripped-signature",
    "replaced-seal",
    "changed-property-info",
    "trailing-bytes",
    "leading-bytes",
    "case-twin",
    "doctype",
    "two-documents",
    "encrypted-entry",
    "not-an-ofd",
    "bomb",
}


@pytest.fixture
def built(world: World) -> list[Sample]:
    """All samples of a fresh instance."""
    good = issue_good(world.services)
    assert good is not None
    return list(all_samples(good))


def test_command_writes_files_that_verify_as_its_table_says(run: Run, tmp_path: Path) -> None:
    """Somebody hands each file to the service and looks the answer up: both must agree."""
    out = tmp_path / "samples"
    ended = run("samples", "build", "--out", out)

    expected = json.loads((out / "expected.json").read_text(encoding="utf-8"))
    files = {str(file.relative_to(out)) for file in (*out.glob("good/*"), *out.glob("bad/*"))}
    assert files == {one["file"] for one in expected}
    assert f"{len(files)} files" in ended.stdout
    table = (out / "README.md").read_text(encoding="utf-8")
    reports = json.loads(run("verify", *(out / one["file"] for one in expected), "--json", code=1).stdout)
    for one, report in zip(expected, reports["reports"], strict=True):
        assert (report["verdict"], report["status"]) == (one["verdict"], one["status"]), one["file"]
        assert one["finding"] in {finding["code"] for finding in report["findings"]}, one["file"]
        assert f"| {one['file']} | {one['defect']} | {one['verdict']} |" in table


def test_no_bad_sample_is_valid_and_every_asked_for_defect_is_there(built: list[Sample]) -> None:
    """A defect that went in is worth nothing when the file is what it was before."""
    bad = [sample for sample in built if sample.path.startswith("bad/")]
    good = {sample.content for sample in built if sample.path.startswith("good/")}

    assert {f"bad/{name}.ofd" for name in DEFECTS_ASKED_FOR} <= {sample.path for sample in bad}
    assert all(sample.status is not Status.VALID and sample.content not in good for sample in bad)
    assert len({sample.content for sample in built}) == len(built)
    assert len({sample.path for sample in built}) == len(built)
    assert {sample.path for sample in built} - {sample.path for sample in bad} == {
        "good/original.pdf",
        "good/original.ofd",
        "good/endorsed.pdf",
        "good/endorsed.ofd",
    }


def test_forging_changes_nothing_by_itself(built: list[Sample]) -> None:
    """Each bad file is to differ by its defect alone, not by the hand that laid it down."""
    by_path = {sample.path: sample.content for sample in built}
    good = Good(
        original_pdf=b"", original_ofd=b"", endorsed_pdf=b"", endorsed_ofd=by_path["good/endorsed.ofd"]
    )

    assert changed(PAGE, lambda content: content)(good) == good.endorsed_ofd
    assert by_path["bad/end-cut.ofd"] == good.endorsed_ofd[: len(by_path["bad/end-cut.ofd"])]
    assert by_path["bad/extra-file.ofd"].startswith(by_path["bad/end-cut.ofd"])


def test_a_wrong_claim_is_named(built: list[Sample], world: World) -> None:
    """The command's exit code is only as good as its comparison."""
    endorsed = next(sample for sample in built if sample.path == "good/endorsed.pdf")
    cut = next(sample for sample in built if sample.path == "bad/cut.pdf")
    claims = [
        replace(endorsed, path="status", status=Status.ALTERED),
        replace(endorsed, path="finding", code="LATER_REVISION"),
        replace(cut, path="content", content=endorsed.content),
        endorsed,
        cut,
    ]

    wrong = wrong_answers(claims, world.services.verifier)

    assert [line.partition(":")[0] for line in wrong] == ["status", "finding", "content"]


def test_samples_can_be_built_again(run: Run, tmp_path: Path) -> None:
    """The holder's copy of the day is taken by the first run; the second shows the same files."""
    run("samples", "build", "--out", tmp_path / "one")
    run("samples", "build", "--out", tmp_path / "two")

    for name in ("good/endorsed.ofd", "good/original.pdf"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_production_is_refused(run: Run, tmp_path: Path) -> None:
    """Made-up people have no place in a real register."""
    ended = run("samples", "build", "--out", tmp_path / "samples", settings=PRODUCTION, code=2)

    assert "made-up people" in ended.stderr
    assert not (tmp_path / "samples").exists()
