"""Signature.xml is read as strictly as it is written."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime, timedelta, timezone
from typing import Final

import pytest

from certsvc.ofd.names import SEAL, SIGNATURE, SIGNATURES, SIGNED_VALUE, SM2_WITH_SM3, SM3
from certsvc.ofd.parts import BrokenOFDError, reference_xml
from certsvc.ofd.signature import StampAnnot, read_signature, signature_xml, signatures_xml
from certsvc.ofd.xml import parse_xml
from tests.ofd.samples import AT

STAMP: Final = StampAnnot(id="1", page_id=2, boundary=(130.5, 200, 42, 42))
REFERENCES: Final = (("OFD.xml", bytes(range(32))), ("Doc_0/Document.xml", bytes(32)))
LINES: Final = tuple(reference_xml(*reference) for reference in REFERENCES)
GOOD: Final = signature_xml(LINES, at=AT, stamp=STAMP).decode()
TWICE: Final = f'</ofd:References><ofd:References CheckMethod="{SM3}"></ofd:References>'
ZEROS: Final = b64encode(bytes(32)).decode()
REFERENCE: Final = f'<ofd:Reference FileRef="/a"><ofd:CheckValue>{ZEROS}</ofd:CheckValue></ofd:Reference>'
DIGEST: Final = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def test_what_is_written_is_read() -> None:
    """Seal and check must mean the same."""
    read = read_signature(GOOD.encode())

    assert read.provider == "certsvc"
    assert (read.method, read.check_method) == (SM2_WITH_SM3, SM3)
    assert read.at == AT
    assert read.references == REFERENCES
    assert read.stamp == STAMP
    assert (read.seal_path, read.signed_value_path) == (SEAL, SIGNED_VALUE)


def test_the_time_is_written_in_utc() -> None:
    """It must equal the time in the seal's signature, which is UTC."""
    beijing = AT.astimezone(timezone(timedelta(hours=8)))

    assert signature_xml(LINES, at=beijing, stamp=STAMP) == GOOD.encode()
    assert "<ofd:SignatureDateTime>20261101020304Z<" in GOOD


def test_the_list_names_one_seal_by_digits() -> None:
    """Readers parse signature ids as numbers."""
    root = parse_xml(signatures_xml())

    assert root.text_of("MaxSignId") == "1"
    assert [dict(child.attributes) for child in root.all("Signature")] == [
        {"ID": "1", "Type": "Seal", "BaseLoc": f"/{SIGNATURE}"}
    ]
    assert SIGNATURES == "Doc_0/Signs/Signatures.xml"


def test_elements_stand_in_the_order_of_the_schema() -> None:
    """Some readers find them by place."""
    root = parse_xml(GOOD.encode())

    assert [child.name for child in root.children] == ["SignedInfo", "SignedValue"]
    assert [child.name for child in root.children[0].children] == [
        "Provider",
        "SignatureMethod",
        "SignatureDateTime",
        "References",
        "StampAnnot",
        "Seal",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (SM3, "MD5"),
        (f' CheckMethod="{SM3}"', ""),
        (DIGEST, DIGEST[:-4]),
        (DIGEST, DIGEST[:-1]),
        (DIGEST, " " + DIGEST),
        (DIGEST, DIGEST[:4] + "\n" + DIGEST[4:]),
        (DIGEST, "é" + DIGEST[1:]),
        (DIGEST, ""),
        ("<ofd:CheckValue>", "<ofd:CheckValue/><ofd:CheckValue>"),
        ("<ofd:References", "<ofd:References/><ofd:References"),
        ("</ofd:References>", TWICE),
        ("</ofd:References>", "<ofd:Other/></ofd:References>"),
        ("</ofd:References>", f"{REFERENCE.replace('Reference', 'Other')}</ofd:References>"),
        ("</ofd:CheckValue>", "</ofd:CheckValue><ofd:Other/>"),
        ('"/OFD.xml"', '"OFD.xml"'),
        ('"/OFD.xml"', '"//OFD.xml"'),
        ('"/OFD.xml"', '"/Doc_0/../OFD.xml"'),
        ('"/OFD.xml"', '"/Doc_0/Document.xml"'),
        ('"/OFD.xml"', '"/\\OFD.xml"'),
        ('"/OFD.xml"', '"/"'),
        ("FileRef", "fileRef"),
        ("20261101020304Z", "2026-11-01 10:03:04"),
        ("20261101020304Z", "20261101020364Z"),
        ("20261101020304Z", "2026110120304Z"),
        ("20261101020304Z", " 20261101020304Z"),
        ("<ofd:SignatureMethod>", "<ofd:SignatureMethod/><ofd:SignatureMethod>"),
        ("<ofd:StampAnnot", '<ofd:StampAnnot ID="2" PageRef="2" Boundary="1 1 1 1"/><ofd:StampAnnot'),
        ('Boundary="130.5 200 42 42"', 'Boundary="130.5 200 42"'),
        ('Boundary="130.5 200 42 42"', 'Boundary="130.5 200 42 nan"'),
        ('Boundary="130.5 200 42 42"', 'Boundary="130.5 200 42 x"'),
        ('PageRef="2"', 'PageRef="two"'),
        ('PageRef="2"', 'PageRef="-2"'),
        ('PageRef="2"', ""),
        ("/Doc_0/Signs/Sign_0/Seal.esl", "Seal.esl"),
        ("<ofd:SignedValue>", "<ofd:SignedValue>/a</ofd:SignedValue><ofd:SignedValue>"),
        ("/Doc_0/Signs/Sign_0/SignedValue.dat", "SignedValue.dat"),
        ("ofd:SignedInfo>", "ofd:Info>"),
        ("ofd:Provider", "ofd:Prov"),
        ("ofd:Signature>", "ofd:Signed>"),
    ],
)
def test_any_deviation_is_refused(old: str, new: str) -> None:
    """Whatever could be read in two ways is read in none."""
    changed = GOOD.replace(old, new)
    if old == "ofd:Signature>":
        changed = changed.replace("<ofd:Signature xmlns", "<ofd:Signed xmlns")
    assert changed != GOOD

    with pytest.raises(BrokenOFDError) as refused:
        read_signature(changed.encode())

    assert refused.value.code == "REFERENCES_WRONG"


def test_an_empty_list_is_refused() -> None:
    """A seal over nothing covers nothing."""
    with pytest.raises(BrokenOFDError, match="no reference"):
        read_signature(signature_xml((), at=AT, stamp=STAMP))


def test_the_instant_read_is_aware() -> None:
    """A naive one would mean another hour on another machine."""
    at = read_signature(GOOD.encode()).at

    assert isinstance(at, datetime)
    assert at.utcoffset() == timedelta(0)
