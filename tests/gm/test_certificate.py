from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asn1crypto import core
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.x509.oid import NameOID

from certsvc.gm import der
from certsvc.gm.certificate import (
    SM2_WITH_SM3,
    Certificate,
    der_of,
    issue_certificate,
    issued_by,
    pem_of,
    read_certificate,
)
from certsvc.gm.extensions import read_extensions, write_extensions
from tests.gm.cutting import CRITICAL_UNKNOWN, HARMLESS_UNKNOWN, assembled, parts_of, with_extension
from tests.gm.parties import (
    MAKER,
    NOW,
    ROOT,
    ROOT_KEY,
    SIGNER,
    SIGNER_KEY,
    STRANGER_KEY,
    YEAR,
    a_certificate,
    a_root,
)


def test_everything_issued_is_read_back() -> None:
    """Keys, names and instants decide whose seal it is, and when."""
    signer, root = read_certificate(SIGNER), read_certificate(ROOT)

    assert signer.der == SIGNER
    assert signer.public_key == SIGNER_KEY.public
    assert signer.common_name == "签章 TEST ONLY"
    assert signer.subject == "CN=签章 TEST ONLY,O=示例省（测试）,C=CN"
    assert (signer.not_before, signer.not_after) == (NOW - YEAR, NOW + YEAR)
    assert (signer.is_ca, signer.path_length) == (False, None)
    assert signer.usages == {"digitalSignature", "nonRepudiation"}
    assert signer.issuer_name == root.subject_name == root.issuer_name
    assert signer.issuer_key_id == root.key_id == root.issuer_key_id
    assert len({signer.key_id, root.key_id}) == 2
    assert (root.is_ca, root.path_length) == (True, 0)
    assert root.usages == {"keyCertSign", "cRLSign"}


def test_serial_numbers_are_long_and_never_the_same() -> None:
    """Certificates are told apart by them."""
    serials = [read_certificate(a_certificate()).serial for _ in range(10)]

    assert len(set(serials)) == 10
    assert min(serials).bit_length() > 64 and max(serials).bit_length() < 160


@pytest.mark.parametrize("year", [2049, 2050])
def test_validity_is_written_as_x509_wants_it_on_both_sides_of_2050(year: int) -> None:
    """Two digits mean 1950 from 2050 on."""
    until = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    content = a_certificate(not_after=until)
    validity = asn1.Certificate.load(content)["tbs_certificate"]["validity"]

    assert read_certificate(content).not_after == until
    assert validity["not_after"].name == ("utc_time" if year < 2050 else "general_time")


def test_names_may_come_ready_made() -> None:
    """The plan of the test PKI holds names, not tables."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "根 TEST ONLY")])
    content = issue_certificate(
        subject=name,
        public=ROOT_KEY.public,
        issuer=None,
        issuer_key=ROOT_KEY,
        not_before=NOW,
        not_after=NOW + YEAR,
        path_length=None,
    )

    assert read_certificate(content).subject_name == name.public_bytes()


def test_nothing_is_issued_that_could_not_be_used() -> None:
    """Better no certificate than one that fails at the first reader."""
    with pytest.raises(ValueError, match="issuer"):
        a_certificate(issuer_key=STRANGER_KEY)
    with pytest.raises(ValueError, match="never valid"):
        a_certificate(not_after=NOW - YEAR)
    with pytest.raises(ValueError, match="unknown parts"):
        issue_certificate(
            subject={"common_name": "TEST ONLY", "shoe_size": "42"},
            public=ROOT_KEY.public,
            issuer=None,
            issuer_key=ROOT_KEY,
            not_before=NOW,
            not_after=NOW + timedelta(days=1),
            path_length=None,
        )


def with_extensions(certificate: bytes, **changes: Any) -> Certificate:
    """Read a certificate after changing its extensions and signing it again."""
    parts = parts_of(certificate)
    extensions = read_extensions(der.Reader(parts[7]).content(0xA3))
    parts[7] = der.element(0xA3, write_extensions(replace(extensions, **changes)))
    return read_certificate(assembled(parts))


def test_issued_by_wants_authority_name_key_and_signature() -> None:
    """A look-alike has all of these but the signature."""
    root, signer, maker = (read_certificate(content) for content in (ROOT, SIGNER, MAKER))
    lookalike = read_certificate(a_root(STRANGER_KEY))
    renamed = read_certificate(a_root(ROOT_KEY, "别的根 TEST ONLY"))
    no_authority = with_extensions(ROOT, is_ca=False, path_length=None)
    no_signer_of_certificates = with_extensions(ROOT, usages=frozenset({"cRLSign"}))
    another_key_id = with_extensions(ROOT, key_id=b"another")
    forged = replace(signer, signature=maker.signature)

    assert issued_by(root, root)
    assert issued_by(signer, root)
    assert issued_by(maker, root)
    assert issued_by(signer, with_extensions(ROOT))
    assert not issued_by(signer, lookalike)
    assert not issued_by(signer, renamed)
    assert not issued_by(signer, no_authority)
    assert not issued_by(signer, no_signer_of_certificates)
    assert not issued_by(signer, another_key_id)
    assert not issued_by(signer, maker)
    assert not issued_by(forged, root)


def test_self_signed_authority_may_leave_its_key_identifier_out() -> None:
    """RFC 5280, 4.2.1.1 allows it, and authorities do."""
    root = with_extensions(ROOT, issuer_key_id=b"")

    assert root.issuer_key_id == b""
    assert issued_by(root, root)


def test_algorithm_may_have_null_parameters_if_both_places_agree() -> None:
    """Some authorities write them; a difference between the two places is a forger's."""
    with_null = der.sequence(SM2_WITH_SM3, b"\x05\x00")
    parts = parts_of(SIGNER)
    mixed = assembled(parts, with_null)
    parts[2] = with_null

    assert issued_by(read_certificate(assembled(parts, with_null)), read_certificate(ROOT))
    with pytest.raises(ValueError, match="another value"):
        read_certificate(mixed)


def test_extensions_nobody_knows_count_only_when_critical() -> None:
    """X.509's rule: what is critical and not understood makes the certificate unusable."""
    assert read_certificate(with_extension(HARMLESS_UNKNOWN)).public_key == SIGNER_KEY.public
    with pytest.raises(ValueError, match="critical"):
        read_certificate(with_extension(CRITICAL_UNKNOWN))


def test_another_library_reads_what_is_issued() -> None:
    """The tree of ASN.1 types that asn1crypto knows, without ours."""
    signed = asn1.Certificate.load(SIGNER, strict=True)["tbs_certificate"]
    extensions = {part["extn_id"].native: part for part in signed["extensions"]}

    assert signed["version"].native == "v3"
    assert signed["signature"]["algorithm"].dotted == "1.2.156.10197.1.501"
    assert signed["subject_public_key_info"]["algorithm"]["algorithm"].native == "ec"
    assert signed["subject"].native["common_name"] == "签章 TEST ONLY"
    assert extensions["key_usage"]["critical"].native and extensions["basic_constraints"]["critical"].native
    assert extensions["key_usage"]["extn_value"].parsed.native == {"digital_signature", "non_repudiation"}
    assert core.Sequence.load(SIGNER, strict=True)[1].dump() == der.sequence(SM2_WITH_SM3)


def test_pem_holds_one_certificate_and_gives_it_back() -> None:
    """Text around it is nobody's business; two certificates are a bundle and a mistake here."""
    assert der_of(b"subject: \xe7\xad\xbe\n" + pem_of(SIGNER) + b"\n") == SIGNER
    assert der_of(pem_of(MAKER).replace(b"\n", b"\r\n")) == MAKER
    for content in (b"", SIGNER, pem_of(SIGNER) + pem_of(MAKER), pem_of(SIGNER)[:-30]):
        with pytest.raises(ValueError, match="CERTIFICATE"):
            der_of(content)
