"""Programs of other people judge stamped files, today and when the seal's own certificate is long over."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import pdfa

from certsvc.sealing.cms import read_cms
from certsvc.sealing.cms_token import without_token
from certsvc.sealing.der import first_element
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.tsa_messages import response_of
from tests.sealing.samples import cms_of, covered_of
from tests.sealing.stamped import stamped
from tests.tools import ROOT, need
from tests.tsa import an_authority

_HOLE = re.compile(rb"/Contents <([0-9A-F]+)>")


@dataclass(frozen=True)
class Judged:
    """Files on disk, sealed now, and who is trusted."""

    folder: Path
    keys: Path
    signer_until: datetime

    def path(self, level: str) -> Path:
        """Return where the file of a level lies."""
        return self.folder / f"{level}.pdf"


@pytest.fixture(scope="module")
def judged(judged_keystore: Keystore, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """Both levels."""
    folder = tmp_path_factory.mktemp("stamped")
    # Its time stamps come some seconds later, and nobody believes one of the future.
    made = stamped(judged_keystore, at=datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=10))
    (folder / "t.pdf").write_bytes(made.b_t)
    (folder / "lta.pdf").write_bytes(made.b_lta)
    (folder / "tsa.pem").write_bytes(an_authority().root_pem)
    signer = judged_keystore.signer("p256")
    pinned = next(key for key in judged_keystore.pinned if key.key_id == signer.key_id)
    return Judged(folder, judged_keystore.root_pem.parent, pinned.valid_to)


def opinions(judged: Judged, clock: str = "", **files: Path) -> dict[str, Any]:
    """Ask ours and pyHanko about a file for each level, in a process whose clock stands at *clock*."""
    command = [
        *([str(need("faketime")), clock] if clock else []),
        *(sys.executable, "-m", "tests.sealing.ades", str(judged.keys), str(judged.folder / "tsa.pem")),
        *(f"{level}={path}" for level, path in files.items()),
    ]
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TZ": "UTC", "NO_FAKE_STAT": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_pyhanko_says_each_level_is_passed(judged: Judged) -> None:
    """And that nothing was changed behind the seal but what makes it last."""
    told = opinions(judged, t=judged.path("t"), lta=judged.path("lta"))

    for level in ("t", "lta"):
        assert told[level]["pyhanko"]["indication"] == "PASSED", told
        assert (told[level]["ours"]["outcome"], told[level]["ours"]["level"]) == ("INTACT", f"b-{level}")
    lasting = told["lta"]["pyhanko"]
    assert (lasting["bottom_line"], lasting["changes"], lasting["docmdp_ok"]) == (True, "LTA_UPDATES", True)
    assert lasting["stamped"] == told["lta"]["ours"]["stamped"]


def test_a_lasting_file_verifies_after_its_signer_expired(judged: Judged) -> None:
    """The clock of the whole process stands a year later: by ours, and by pyHanko's AdES check.

    The seal taken by itself is indeterminate to pyHanko then: that is what the stamps are for.
    """
    clock = judged.signer_until.replace(year=judged.signer_until.year + 1).strftime("%Y-%m-%d %H:%M:%S")
    told = opinions(judged, clock, lta=judged.path("lta"), b=judged.path("lta"))
    lasting = told["lta"]

    assert datetime.fromisoformat(told["now"]) > judged.signer_until
    assert lasting["pyhanko"]["indication"] == "PASSED", lasting
    assert (lasting["pyhanko"]["bottom_line"], lasting["pyhanko"]["changes"]) == (True, "LTA_UPDATES")
    assert (lasting["ours"]["outcome"], lasting["ours"]["level"]) == ("INTACT", "b-lta")
    assert told["b"]["pyhanko"]["indication"] == "INDETERMINATE"


def _ran(*command: object, cwd: Path) -> str:
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, check=False)
    return f"{(done.stdout + done.stderr).decode('utf-8', 'replace')}\nexit {done.returncode}"


def test_openssl_believes_both_tokens_and_the_seal_around_one(judged: Judged) -> None:
    """Taken out of the file: each is about what it stands for."""
    openssl, folder = need("openssl"), judged.folder
    sealed, lasting = (judged.path(level).read_bytes() for level in ("t", "lta"))
    container, token = without_token(cms_of(sealed))
    behind = _HOLE.findall(lasting)[-1]
    opening = lasting.rindex(behind) - 1
    covered = lasting[:opening] + lasting[opening + len(behind) + 2 :]
    about = {
        "signature": (read_cms(container).signature, token),
        "document": (covered, first_element(bytes.fromhex(behind.decode()))),
    }
    for name, (data, stamp) in about.items():
        (folder / name).write_bytes(data)
        (folder / f"{name}.tsr").write_bytes(response_of(stamp))
        words = _ran(
            openssl, "ts", "-verify", "-in", f"{name}.tsr", "-data", name, "-CAfile", "tsa.pem", cwd=folder
        )
        assert "Verification: OK" in words, words
    (folder / "cms.der").write_bytes(cms_of(sealed))
    (folder / "covered").write_bytes(covered_of(sealed))
    words = _ran(
        openssl, "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-purpose", "any",
        "-in", "cms.der", "-content", "covered", "-out", os.devnull, "-CAfile", judged.keys / "root.pem",
        cwd=folder,
    )  # fmt: skip
    assert "Verification successful" in words, words
    assert hashlib.sha256(covered).digest() != hashlib.sha256(lasting).digest()


def test_poppler_finds_the_seal_valid_and_the_time_stamp_over_everything(
    judged: Judged, tmp_path: Path
) -> None:
    """What a viewer of a free desktop shows; this one does not judge document time stamps."""
    pdfsig, certutil, store = need("pdfsig"), need("certutil"), f"sql:{tmp_path}"
    _ran(certutil, "-N", "-d", store, "--empty-password", cwd=tmp_path)
    for name, file in (("root", judged.keys / "root.pem"), ("tsa", judged.folder / "tsa.pem")):
        _ran(certutil, "-A", "-d", store, "-n", name, "-t", "CT,CT,CT", "-i", file, cwd=tmp_path)

    words = _ran(pdfsig, "-nssdir", store, judged.path("lta"), cwd=tmp_path)

    seal, stamp = words.split("Signature #2:")
    assert "Signature Validation: Signature is Valid." in seal, words
    assert "Certificate Validation: Certificate is Trusted." in seal
    assert "CertsvcTime" in stamp and "Total document signed" in stamp


@pytest.mark.parametrize("level", ["t", "lta"])
def test_the_structure_is_sound_and_still_pdf_a_2b(judged: Judged, level: str, tmp_path: Path) -> None:
    """Qpdf follows every object; what the PDF/A checker refuses by principle is taken out of the copy."""
    words = _ran(need("qpdf"), "--check", judged.path(level), cwd=tmp_path)
    assert "No syntax or stream encoding errors found" in words and "warning" not in words.lower()
    copy = tmp_path / "copy.pdf"
    with pikepdf.open(judged.path(level)) as pdf:
        assert ("/DSS" in pdf.Root) == (level == "lta")
        for field in pdf.Root.AcroForm.Fields:
            assert int(field.F) == 132
        for key in ("/AcroForm", "/Perms", "/DSS"):
            if key in pdf.Root:
                del pdf.Root[key]
        del pdf.pages[0].obj.Annots
        pdf.save(copy, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    with pikepdf.open(copy) as pdf:
        report = pdfa.check(pdf, "2b")
    assert report.verdict == "pass", [str(finding) for finding in report.findings]
