"""The seal judged by the openssl program, through a script that knows nothing of certsvc."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.readers import seal_by_openssl
from tests.readers.cases import HOLDINGS, Certificate
from tests.readers.packages import PAGE, SEAL, SIGNATURE, SIGNED_VALUE, TEMPLATE, edited, packed, parts_of
from tests.tools import need

Parts = Mapping[str, bytes]

CHECKS = {
    "versions are 4",
    "algorithms are SM2 and SM3",
    "every digest",
    "list is every file",
    "dataHash",
    "propertyInfo",
    "signer's signature",
    "maker's signature",
    "signer's chain",
    "maker's chain",
    "signer is in the seal",
    "seal is valid",
    "Seal.esl is the seal",
}


def _flipped(parts: Parts, name: str, position: int) -> Parts:
    content = bytearray(parts[name])
    content[position] ^= 1
    return {**parts, name: bytes(content)}


def _earlier(parts: Parts) -> Parts:
    """Write another year of sealing into what the signer signed, long before the seal was made."""
    (sealed_at,) = set(re.findall(rb"\x18\x0f(20261120\d{6}Z)\x03", parts[SIGNED_VALUE]))
    return edited(parts, SIGNED_VALUE, sealed_at, b"1999" + sealed_at[4:])


def _renamed(parts: Parts) -> Parts:
    """Write another name into the seal, not into the certificates, whose subjects begin alike."""
    name = "示例省住房和城乡建设厅（测试）".encode()
    head = b"\x0c" + bytes([len(name)])
    return edited(parts, SIGNED_VALUE, head + name, head + name.replace("示例".encode(), "样例".encode()))


def _shortened(parts: Parts) -> Parts:
    """Take the template out of list and package."""
    entry = re.search(
        rb'<ofd:Reference FileRef="/%s">.*?</ofd:Reference>' % TEMPLATE.encode(), parts[SIGNATURE]
    )
    assert entry is not None
    rest = {name: content for name, content in parts.items() if name != TEMPLATE}
    return edited(rest, SIGNATURE, entry[0], b"")


FORGERIES: dict[str, tuple[Callable[[Parts], Parts], set[str]]] = {
    "another name on the page": (
        lambda parts: edited(parts, PAGE, "样本甲".encode(), "样本乙".encode()),
        {"every digest"},
    ),
    "an edited template": (lambda parts: {**parts, TEMPLATE: parts[TEMPLATE] + b" "}, {"every digest"}),
    "one more file": (lambda parts: {**parts, "Doc_0/Attachs/a.txt": b"a"}, {"list is every file"}),
    "a shortened list": (_shortened, {"dataHash"}),
    "an edited list": (lambda parts: {**parts, SIGNATURE: parts[SIGNATURE] + b"\n"}, {"dataHash"}),
    "another signature": (lambda parts: _flipped(parts, SIGNED_VALUE, -1), {"signer's signature"}),
    "another time": (
        _earlier,
        {"signer's signature", "signer's chain", "seal is valid"},
    ),
    "another propertyInfo": (
        lambda parts: edited(parts, SIGNED_VALUE, f"/{SIGNATURE}".encode(), f"/{SIGNATURE[:-1]}x".encode()),
        {"signer's signature", "propertyInfo"},
    ),
    "another name in the seal": (
        _renamed,
        {"signer's signature", "maker's signature", "Seal.esl is the seal"},
    ),
    "an edited Seal.esl": (
        lambda parts: _flipped(parts, SEAL, -1),
        {"every digest", "Seal.esl is the seal"},
    ),
}
"""What is done to a copy, and the checks that must fail: these and no others."""


@pytest.fixture(autouse=True)
def _openssl() -> None:
    need("openssl")


@pytest.mark.parametrize("case", HOLDINGS)
def test_every_seal_holds(certificates: dict[str, Certificate], root: Path, case: str) -> None:
    """Whoever has the root certificate and openssl can check our seal without our software."""
    results = seal_by_openssl.check(certificates[case].ofd, str(root))

    assert results == dict.fromkeys(results, True)
    assert set(results) == CHECKS


def test_script_needs_nothing_but_python_and_openssl(
    certificates: dict[str, Certificate], root: Path
) -> None:
    """Without the packages of the environment certsvc cannot be imported, by accident or otherwise."""
    script = Path(seal_by_openssl.__file__)
    done = subprocess.run(
        [sys.executable, "-I", "-S", script, certificates["endorsed"].ofd, root],
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert all(json.loads(done.stdout).values())


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forgeries_fail_the_checks_that_concern_them(
    certificates: dict[str, Certificate], root: Path, tmp_path: Path, forgery: str
) -> None:
    """A script that says true to all would be no witness."""
    forge, expected = FORGERIES[forgery]
    (tmp_path / "forged.ofd").write_bytes(packed(forge(parts_of(certificates["endorsed"].ofd))))

    results = seal_by_openssl.check(tmp_path / "forged.ofd", str(root))

    assert {name for name, held in results.items() if not held} == expected


def test_seal_of_ours_does_not_stand_under_another_root(
    certificates: dict[str, Certificate], dev_keys: Path
) -> None:
    """The chain is checked against the root given, not against what the file brings along."""
    results = seal_by_openssl.check(certificates["endorsed"].ofd, str(dev_keys / "root.pem"))

    assert {name for name, held in results.items() if not held} == {"signer's chain", "maker's chain"}
