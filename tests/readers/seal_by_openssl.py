"""Checks the seal of an OFD with the openssl program alone; nothing of certsvc is imported here.

    python tests/readers/seal_by_openssl.py certificate.ofd root.pem

Prints one line for each check and ends with 0 only when all hold. The DER structures are GB/T 38540's,
version 4; they are found in what `openssl asn1parse` prints and cut out of the file by its offsets.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

OFD = "{http://www.ofdspec.org/2016}"
IDENTITY = "distid:1234567812345678"
"""Everybody's identity in GM/T 0009; openssl takes an empty one unless told."""
SM2_WITH_SM3 = "SM2-with-SM3"
SM3 = "1.2.156.10197.1.401"
ELEMENT = re.compile(r" *(\d+):d=(\d+) +hl=(\d+) +l= *(\d+) +(?:cons|prim): +([^:]+?) *(?::(.*))?")


@dataclass
class Element:
    """One line of `openssl asn1parse`, with the lines below it."""

    kind: str
    value: str
    whole: bytes
    content: bytes
    children: list[Element] = field(default_factory=list)

    def __getitem__(self, index: int) -> Element:
        return self.children[index]

    @property
    def bits(self) -> bytes:
        """Content of a BIT STRING of whole octets."""
        assert self.kind == "BIT STRING" and self.content[:1] == b"\0"
        return self.content[1:]

    @property
    def at(self) -> datetime:
        """Value of a GENERALIZEDTIME."""
        assert self.kind == "GENERALIZEDTIME"
        return datetime.strptime(self.value, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


class Bench:
    """A folder with the pieces, and openssl to try them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, content: bytes) -> str:
        """Write a piece; returns its path."""
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    def openssl(self, *words: str) -> tuple[bool, bytes]:
        """Run openssl; returns whether it ended with 0, and what it said."""
        done = subprocess.run(["openssl", *words], capture_output=True, check=False, timeout=60)
        return done.returncode == 0, done.stdout

    def parse(self, name: str, content: bytes) -> Element:
        """Dump DER and build the tree of what the dump says."""
        _, said = self.openssl("asn1parse", "-inform", "DER", "-in", self.put(name, content))
        root = Element("", "", content, content)
        open_at: list[Element] = [root]
        for line in said.decode("utf-8", "replace").splitlines():
            match = ELEMENT.fullmatch(line)
            assert match is not None, line
            offset, depth, header, length = map(int, match.groups()[:4])
            start, end = offset + header, offset + header + length
            element = Element(match[5], match[6] or "", content[offset:end], content[start:end])
            del open_at[depth + 1 :]
            open_at[depth].children.append(element)
            open_at.append(element)
        assert len(root.children) == 1 and root[0].whole == content, f"{name} is not one DER value"
        return root[0]

    def signed(self, certificate: bytes, message: bytes, signature: bytes) -> bool:
        """Verify an SM2 signature with the key of *certificate* (DER)."""
        known, key = self.openssl(
            "x509", "-inform", "DER", "-in", self.put("signer", certificate), "-noout", "-pubkey"
        )
        held, _ = self.openssl(
            "dgst", "-sm3", "-sigopt", IDENTITY, "-verify", self.put("key", key),
            "-signature", self.put("signature", signature), self.put("message", message),
        )  # fmt: skip
        return known and held

    def issued(self, certificate: bytes, root: str, at: datetime) -> bool:
        """Verify *certificate* (DER) up to *root* as of *at*."""
        _, pem = self.openssl("x509", "-inform", "DER", "-in", self.put("certificate", certificate))
        held, _ = self.openssl(
            "verify", "-vfyopt", IDENTITY, "-attime", str(int(at.timestamp())), "-no-CApath", "-no-CAstore",
            "-x509_strict", "-CAfile", root, self.put("certificate.pem", pem),
        )  # fmt: skip
        return held

    def digests(self, contents: Sequence[bytes]) -> list[bytes]:
        """Return the SM3 digest of each."""
        paths = [self.put(f"part-{index}", content) for index, content in enumerate(contents)]
        _, said = self.openssl("dgst", "-sm3", "-r", *paths)
        return [bytes.fromhex(line.split()[0]) for line in said.decode("ascii").splitlines()]


def check(ofd: Path, root: str) -> Mapping[str, bool]:
    """Return what was checked and whether it held."""
    with zipfile.ZipFile(ofd) as package, tempfile.TemporaryDirectory() as folder:
        parts = {name: package.read(name) for name in package.namelist()}
        return dict(_checks(parts, Bench(Path(folder)), root))


def _checks(parts: Mapping[str, bytes], bench: Bench, root: str) -> list[tuple[str, bool]]:
    listed = ElementTree.fromstring(parts["Doc_0/Signs/Signatures.xml"]).findall(f"{OFD}Signature")
    (path,) = (one.get("BaseLoc", "") for one in listed)
    described = parts[path[1:]]
    signature = ElementTree.fromstring(described)
    value = parts[signature.findtext(f"{OFD}SignedValue", "")[1:]]
    info = signature.find(f"{OFD}SignedInfo")
    assert info is not None
    references = info.find(f"{OFD}References")
    assert references is not None
    seal_file = parts[info.findtext(f"{OFD}Seal/{OFD}BaseLoc", "")[1:]]

    signed = bench.parse("SignedValue.dat", value)
    to_sign, signer = signed[0], signed[1].content
    seal, sealed_at, data_hash, property_info = to_sign[1], to_sign[2].at, to_sign[3], to_sign[4]
    seal_info, maker = seal[0], seal[1].content
    about = seal_info[2]
    wanted = {
        reference.get("FileRef", "")[1:]: base64.b64decode(reference.findtext(f"{OFD}CheckValue", ""))
        for reference in references
    }
    names = sorted(parts)
    found = dict(zip(names, bench.digests([parts[name] for name in names]), strict=True))
    (own_digest,) = bench.digests([described])
    covered = {name for name in parts if not name.endswith(("/Signature.xml", "/SignedValue.dat"))}
    return [
        ("versions are 4", to_sign[0].value == seal_info[0][1].value == "04" and len(to_sign.children) == 5),
        ("algorithms are SM2 and SM3", {signed[2].value, seal[2].value} <= {SM2_WITH_SM3}
         and references.get("CheckMethod") == SM3),
        ("every digest", all(found.get(name) == digest for name, digest in wanted.items())),
        ("list is every file", set(wanted) == covered and len(wanted) == len(references)),
        ("dataHash", data_hash.bits == own_digest),
        ("propertyInfo", property_info.value == path),
        ("signer's signature", bench.signed(signer, to_sign.whole, signed[3].bits)),
        ("maker's signature", bench.signed(maker, seal_info.whole, seal[3].bits)),
        ("signer's chain", bench.issued(signer, root, sealed_at)),
        ("maker's chain", bench.issued(maker, root, about[4].at)),
        ("signer is in the seal", signer in [one.content for one in about[3].children]),
        ("seal is valid", about[5].at <= sealed_at <= about[6].at),
        ("Seal.esl is the seal", seal_file == seal.whole),
    ]  # fmt: skip


if __name__ == "__main__":
    results = check(Path(sys.argv[1]), sys.argv[2])
    print(json.dumps(results, indent=1))
    sys.exit(0 if all(results.values()) else 1)
