from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import core
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.x509.oid import NameOID

from certsvc.gm import der
from certsvc.gm.certificate import (
    SM2_WITH_SM3,
    der_of,
    issue_certificate,
    issued_by,
    pem_of,
    read_certificate,
)
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


def test_issued_by_wants_authority_name_key_and_signature() -> None:
    """A look-alike has all of these but the signature."""
    root, signer, maker = (read_certificate(content) for content in (ROOT, SIGNER, MAKER))
    lookalike = read_certificate(a_root(STRANGER_KEY))
    renamed = read_certificate(a_root(ROOT_KEY, "别的根 TEST ONLY"))
    same_key_no_authority = read_certificate(a_certificate(ROOT_KEY.public, common_name="根 TEST ONLY"))
    by_signer = read_certificate(a_certificate(issuer=SIGNER, issuer_key=SIGNER_KEY))
    forged = parts_of(a_certificate(STRANGER_KEY.public))
    unsigned = der.sequence(
        der.sequence(*forged), der.sequence(SM2_WITH_SM3), der.bit_string(maker.signature)
    )

    assert issued_by(root, root)
    assert issued_by(signer, root)
    assert issued_by(maker, root)
    assert not issued_by(signer, lookalike)
    assert not issued_by(signer, renamed)
    assert not issued_by(signer, same_key_no_authority)
    assert not issued_by(signer, maker)
    assert not issued_by(by_signer, signer)
    assert not issued_by(read_certificate(unsigned), root)


def test_self_signed_authority_may_leave_its_key_identifier_out() -> None:
    """RFC 5280, 4.2.1.1 allows it, and authorities do."""
    parts = parts_of(ROOT)
    extensions = der.Reader(der.Reader(parts[7]).content(0xA3)).sequence()
    kept = [extensions.element(der.SEQUENCE) for _ in range(3)]
    parts[7] = der.element(0xA3, der.sequence(*kept))
    root = read_certificate(assembled(parts))

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
