"""A real endorsed certificate, judged by programs we did not write, and its forgeries by ours."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import date
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from pikepdf import pdfa

from certsvc.config import Settings
from certsvc.domain.report import Report
from certsvc.pdf.grammar import without_signature
from certsvc.qr.decode import readers
from certsvc.sealing.keystore import Keystore
from tests.factories import FixedClock
from tests.page.sample import SIX, TEN
from tests.rendering.test_pdf import stripped
from tests.sealing.samples import cms_of, covered_of
from tests.sealing.strangers import a_lookalike, a_stranger, signed_by_pyhanko
from tests.sealing.test_attacks import GROWN
from tests.tools import need
from tests.world import JSON, NUMBER, SECOND_NUMBER, World, settings_in

NAME = "买买提·𬭎𫖯䶮𠅤"
EMPLOYER = "示例第一建筑工程有限责任公司（䶮）"
PURPOSE = "示例大桥工程施工总承包投标使用"
NUMBERS = {"constructor-1": NUMBER, "constructor-2": SECOND_NUMBER}
OF_EACH_TYPE = pytest.mark.parametrize("issued", NUMBERS, indirect=True)


@pytest.fixture(scope="module")
def issued(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, dev_keys: Path, font_cache: Path
) -> tuple[World, JSON, Path]:
    """Issue one copy with everything that is hard: rare characters and all specialties of its type."""
    kind = getattr(request, "param", "constructor-1")
    folder = tmp_path_factory.mktemp("issued")
    (folder / "var").mkdir()
    (folder / "var" / "cache").symlink_to(font_cache)
    settings: Settings = settings_in(folder / "var", dev_keys)
    world = World(settings, FixedClock())
    specialties = world.services.kinds[kind].policy.specialty_names
    world.initial(
        NUMBERS[kind],
        certificate_type=kind,
        name=NAME,
        employer={"name": EMPLOYER, "uscc": "91990000MA0000015Q"},
        specialties=[{"name": name, "granted_on": world.today.isoformat()} for name in specialties],
    )
    copy = world.endorse(NUMBERS[kind], purpose=PURPOSE)
    path = folder / "certificate.pdf"
    path.write_bytes(world.file(copy))
    return world, copy | {"number": NUMBERS[kind]}, path


def told(*command: object) -> str:
    """Run a program and return all it says, with its exit code."""
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        check=False,
        timeout=60,
        env={**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"},
    )
    return f"{(done.stdout + done.stderr).decode('utf-8', 'replace')}\nexit {done.returncode}"


@OF_EACH_TYPE
def test_pdfsig_and_openssl_accept_the_certificate(issued: tuple[World, JSON, Path], tmp_path: Path) -> None:
    """Whoever has the root certificate can check our seal without our software."""
    world, _, path = issued
    root = world.services.keystore.root_pem
    store = f"sql:{tmp_path}"
    told(need("certutil"), "-N", "-d", store, "--empty-password")
    told(need("certutil"), "-A", "-d", store, "-n", "root", "-t", "CT,CT,CT", "-i", root)
    (tmp_path / "cms").write_bytes(cms_of(path.read_bytes()))
    (tmp_path / "covered").write_bytes(covered_of(path.read_bytes()))

    words = told(need("pdfsig"), "-nssdir", store, path)
    openssl = told(
        need("openssl"), "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any",
        "-in", tmp_path / "cms", "-content", tmp_path / "covered", "-out", os.devnull, "-CAfile", root,
    )  # fmt: skip

    assert words.count("Signature Validation: Signature is Valid.") == 1
    assert "Certificate Validation: Certificate is Trusted." in words
    assert "Total document signed" in words
    assert "Verification successful" in openssl and openssl.endswith("exit 0")


@OF_EACH_TYPE
def test_qpdf_finds_nothing_and_the_archive_check_passes(
    issued: tuple[World, JSON, Path], tmp_path: Path
) -> None:
    """A repaired file may look otherwise in the next reader, and an archive keeps no other than PDF/A."""
    _, _, path = issued

    assert "No syntax or stream encoding errors found" in told(need("qpdf"), "--check", path)
    with stripped(path.read_bytes()) as document:
        document.save(tmp_path / "copy.pdf", object_stream_mode=pikepdf.ObjectStreamMode.disable)
    with pikepdf.open(tmp_path / "copy.pdf") as document:
        report = pdfa.check(document, "2b")
    assert report.verdict == "pass", [str(finding) for finding in report.findings]


@OF_EACH_TYPE
def test_every_field_extracts_exactly(issued: tuple[World, JSON, Path]) -> None:
    """A platform that reads the text must get the name, not a look-alike of it."""
    _, copy, path = issued
    number = copy["number"]
    specialties = TEN if number == NUMBERS["constructor-1"] else SIX
    today = date.fromisoformat(copy["use_from"])

    text = re.sub(r"\s+", "", told(need("pdftotext"), "-layout", path, "-"))

    fields = [NAME, EMPLOYER, PURPOSE, number, copy["certificate"]["licence_id"], copy["code"]]
    fields += [f"{today.year}年{today.month:02d}月{today.day:02d}日", *specialties]
    assert [field for field in fields if field not in text] == []


@OF_EACH_TYPE
def test_symbol_on_the_rendered_page_leads_to_the_copy(issued: tuple[World, JSON, Path]) -> None:
    """Both readers read the page at several scales, all agree, and the link finds this copy."""
    world, copy, path = issued
    document = pypdfium2.PdfDocument(path)
    pages = [document[0].render(scale=dpi / 72).to_pil() for dpi in (100, 150, 300)]
    document.close()

    found = {name: {text for page in pages for text in read(page)} for name, read in readers().items()}

    payload = f"HTTP://127.0.0.1:8000/V/{copy['token']}"
    assert found == {reader: {payload} for reader in found}
    report = world.verify(qr=payload)
    assert report.entry is not None and report.entry.copy is not None
    assert report.entry.copy.copy_id == copy["endorsement_id"]
    assert (report.status, report.subject) == ("VALID", "record")


def test_no_id_number_in_the_file(issued: tuple[World, JSON, Path]) -> None:
    """It is never printed and never in the metadata, compressed or not."""
    world, _, path = issued
    with world.services.registry.reading() as session:
        registration_id = session.find_registration("京1112020202200001")
        assert registration_id is not None
        (event,) = [item.event for item in session.history(registration_id)]
    assert event.holder is not None and event.holder.id_number is not None
    number = event.holder.id_number.encode()

    with pikepdf.open(path) as document:
        streams = [one.read_bytes() for one in document.objects if isinstance(one, pikepdf.Stream)
                   and "/DCTDecode" not in str(one.get("/Filter"))]  # fmt: skip

    assert number not in path.read_bytes()
    assert not any(number in stream for stream in streams)


@pytest.mark.parametrize("attack", GROWN)
def test_certificate_that_grew_is_altered(issued: tuple[World, JSON, Path], attack: str) -> None:
    """Whole-file coverage or nothing: what others call valid with changes is altered here."""
    world, _, path = issued

    forged = GROWN[attack](path.read_bytes())
    assert forged != path.read_bytes()

    report = world.verify(file=forged)

    assert (report.status, report.verdict) == ("ALTERED", "INVALID")
    assert report.state_at_as_of is None and report.face is None


def test_flipped_and_truncated_bytes_are_never_valid(issued: tuple[World, JSON, Path]) -> None:
    """Every region of the file is covered: header, page, fonts, seal, hole, trailer."""
    world, _, path = issued
    genuine = path.read_bytes()
    statuses = set()
    for position in range(0, len(genuine), len(genuine) // 150):
        forged = bytearray(genuine)
        forged[position] ^= 0x01
        statuses.add(str(world.verify(file=bytes(forged)).status))
        statuses.add(str(world.verify(file=genuine[:position]).status))

    assert statuses <= {"ALTERED", "UNREADABLE", "NO_SIGNATURE"}
    assert "ALTERED" in statuses


def test_strangers_and_lookalikes_are_not_ours_and_never_forged(
    issued: tuple[World, JSON, Path], dev_keys: Path
) -> None:
    """Somebody else's signature says nothing about us; only the exact certificate is ours."""
    world, _, _ = issued
    unsigned = _unsigned(world)
    genuine = Keystore.open(dev_keys).signer("p256")

    stranger = world.verify(file=signed_by_pyhanko(unsigned, a_stranger()))
    lookalike = world.verify(file=signed_by_pyhanko(unsigned, a_lookalike(genuine)))

    assert stranger.status == lookalike.status == "NOT_OURS"
    assert _codes(lookalike) >= {"SIGNER_LOOKALIKE"}
    assert world.verify(file=unsigned).status == "NO_SIGNATURE"


def test_sealed_by_us_but_never_handed_out_is_unknown(
    issued: tuple[World, JSON, Path], font_cache: Path
) -> None:
    """A seal made by a stolen key, or a file the register lost, is not VALID for being intact."""
    world, copy, path = issued
    (path.parent / "other").mkdir()
    (path.parent / "other" / "cache").symlink_to(font_cache)
    other = World(settings_in(path.parent / "other", world.settings.keys_dir), FixedClock())

    report = other.verify(file=path.read_bytes())

    assert (report.status, report.verdict) == ("UNKNOWN", "INVALID")
    assert world.verify(sha256=copy["files"]["pdf"]["sha256"]).status == "VALID"


def _unsigned(world: World) -> bytes:
    """Take the signature out of a real certificate."""
    copy = world.original()
    content = world.services.enquiry.original_file("京1112020202200001", "pdf").content
    assert copy["files"]["pdf"]["size"] == len(content)
    return without_signature(content)


def _codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}
