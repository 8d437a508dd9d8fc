"""Both directions against the openssl program, which shares no line with ours."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from certsvc.gm import der, pem
from certsvc.gm.certificate import der_of, issued_by, pem_of, read_certificate
from certsvc.gm.keys import KEY_ALGORITHM, read_private_key, write_private_key
from certsvc.gm.seal import read_seal
from certsvc.gm.sm2 import IDENTITY, PrivateKey, PublicKey
from certsvc.gm.sm3 import sm3
from tests.gm.parties import (
    MAKER,
    NOW,
    ROOT,
    SEAL,
    SIGNER,
    SIGNER_KEY,
    STRANGER_KEY,
    a_root,
    a_seal_signature,
)
from tests.tools import need

MESSAGE = "一级建造师 message digest".encode()
DISTID = f"distid:{IDENTITY.decode()}"


def openssl(place: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run openssl in *place*."""
    command = [str(need("openssl")), *arguments]
    return subprocess.run(command, cwd=place, capture_output=True, check=False, timeout=60)


def accepted(place: Path, *arguments: str) -> bytes:
    """Run openssl, which must be content, and return what it printed."""
    done = openssl(place, *arguments)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def verified_by_openssl(
    place: Path, public: PublicKey, message: bytes, signature: bytes, identity: bytes = IDENTITY
) -> bool:
    """Ask openssl whether a signature is good."""
    (place / "message").write_bytes(message)
    (place / "signature").write_bytes(signature)
    spki = der.sequence(KEY_ALGORITHM, der.bit_string(public.point))
    (place / "public.pem").write_bytes(pem.write_block("PUBLIC KEY", spki))
    done = openssl(
        place,
        *("pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-in", "message", "-sigfile", "signature"),
        *("-rawin", "-digest", "sm3", "-pkeyopt", f"distid:{identity.decode()}"),
    )
    return done.returncode == 0


def test_openssl_verifies_what_we_sign(tmp_path: Path) -> None:
    """Keys, digests and signatures as the rest of the world reads them."""
    for message in (b"", MESSAGE, bytes(5000)):
        assert verified_by_openssl(tmp_path, SIGNER_KEY.public, message, SIGNER_KEY.sign(message))


def test_openssl_refuses_what_we_refuse(tmp_path: Path) -> None:
    """A judge that says yes to everything would prove nothing."""
    signature = SIGNER_KEY.sign(MESSAGE)

    assert not verified_by_openssl(tmp_path, SIGNER_KEY.public, MESSAGE + b".", signature)
    assert not verified_by_openssl(tmp_path, STRANGER_KEY.public, MESSAGE, signature)
    assert not verified_by_openssl(tmp_path, SIGNER_KEY.public, MESSAGE, signature, b"8765432187654321")


@pytest.mark.parametrize("identity", [IDENTITY, b"ALICE123@YAHOO.COM"])
def test_we_verify_what_openssl_signs_with_its_own_key(tmp_path: Path, identity: bytes) -> None:
    """The other direction, from the making of the key on."""
    accepted(tmp_path, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", "key.pem")
    (tmp_path / "message").write_bytes(MESSAGE)
    accepted(
        tmp_path,
        *("pkeyutl", "-sign", "-inkey", "key.pem", "-in", "message", "-out", "signature"),
        *("-rawin", "-digest", "sm3", "-pkeyopt", f"distid:{identity.decode()}"),
    )
    signature = (tmp_path / "signature").read_bytes()
    public = read_private_key((tmp_path / "key.pem").read_bytes()).public

    assert public.verify(MESSAGE, signature, identity)
    assert not public.verify(MESSAGE, signature, b"8765432187654321")
    assert not public.verify(MESSAGE + b".", signature, identity)


def test_openssl_reads_our_private_key_and_writes_the_same_file(tmp_path: Path) -> None:
    """An operator must be able to look after keys with the usual tools."""
    content = write_private_key(SIGNER_KEY)
    (tmp_path / "key.pem").write_bytes(content)
    text = accepted(tmp_path, "pkey", "-in", "key.pem", "-check", "-noout", "-text").decode()

    assert "Key is valid" in text
    assert "ASN1 OID: SM2" in text
    assert re.sub(r"[\s:]", "", text).find(SIGNER_KEY.public.point.hex()) > 0
    assert accepted(tmp_path, "pkey", "-in", "key.pem") == content
    assert read_private_key(content).scalar == SIGNER_KEY.scalar


def chain_accepted(place: Path, root: bytes, certificate: bytes) -> subprocess.CompletedProcess[bytes]:
    """Ask openssl whether a certificate stands under a root, by the strict rules, at NOW."""
    (place / "root.pem").write_bytes(pem_of(root))
    (place / "certificate.pem").write_bytes(pem_of(certificate))
    return openssl(
        place,
        *("verify", "-x509_strict", "-vfyopt", DISTID),
        *("-attime", str(int(NOW.timestamp())), "-CAfile", "root.pem", "certificate.pem"),
    )


@pytest.mark.parametrize("certificate", [ROOT, MAKER, SIGNER], ids=["root", "maker", "signer"])
def test_openssl_accepts_the_chain(tmp_path: Path, certificate: bytes) -> None:
    """Names, identifiers, constraints, usages and signatures under the rules of RFC 5280."""
    done = chain_accepted(tmp_path, ROOT, certificate)

    assert done.returncode == 0, done.stderr.decode()


def test_openssl_verifies_the_roots_own_signature(tmp_path: Path) -> None:
    """In a chain openssl 3 gives the identity to the last certificate alone, so the root is asked apart."""
    root = read_certificate(ROOT)

    assert verified_by_openssl(tmp_path, root.public_key, root.signed, root.signature)


def test_openssl_refuses_a_chain_of_a_lookalike(tmp_path: Path) -> None:
    """Same names, another key."""
    done = chain_accepted(tmp_path, a_root(STRANGER_KEY), SIGNER)

    assert done.returncode != 0
    assert not issued_by(read_certificate(SIGNER), read_certificate(a_root(STRANGER_KEY)))


def test_openssl_shows_what_a_certificate_is_for(tmp_path: Path) -> None:
    """Validators refuse a document signer without nonRepudiation, and an authority without its usages."""
    shown = {}
    for name, content in (("root", ROOT), ("signer", SIGNER)):
        (tmp_path / "certificate.pem").write_bytes(pem_of(content))
        options = ("-noout", "-text", "-nameopt", "utf8,sep_comma_plus")
        text = accepted(tmp_path, "x509", "-in", "certificate.pem", *options).decode()
        shown[name] = re.sub(r"\s+", " ", text)

    assert "Signature Algorithm: SM2-with-SM3" in shown["signer"]
    assert "Basic Constraints: critical CA:FALSE" in shown["signer"]
    assert "Key Usage: critical Digital Signature, Non Repudiation" in shown["signer"]
    assert "Subject: C=CN,O=示例省（测试）,CN=签章 TEST ONLY" in shown["signer"]
    assert "Basic Constraints: critical CA:TRUE, pathlen:0" in shown["root"]
    assert "Key Usage: critical Certificate Sign, CRL Sign" in shown["root"]


def test_we_read_a_certificate_that_openssl_issued(tmp_path: Path) -> None:
    """A production key comes with a certificate that we did not make."""
    accepted(tmp_path, "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", "key.pem")
    accepted(
        tmp_path,
        *("req", "-x509", "-new", "-key", "key.pem", "-sm3", "-sigopt", DISTID, "-days", "30", "-utf8"),
        *("-subj", "/C=CN/O=示例省（测试）/CN=根 TEST ONLY", "-addext", "keyUsage=critical,keyCertSign"),
        *("-out", "certificate.pem"),
    )
    root = read_certificate(der_of((tmp_path / "certificate.pem").read_bytes()))

    assert root.subject == "CN=根 TEST ONLY,O=示例省（测试）,C=CN"
    assert root.is_ca
    assert root.usages == {"keyCertSign"}
    assert root.public_key == read_private_key((tmp_path / "key.pem").read_bytes()).public
    assert issued_by(root, root)


def test_openssl_hashes_alike(tmp_path: Path) -> None:
    """The digest comes from the library that Python is linked with, not from the program."""
    (tmp_path / "message").write_bytes(MESSAGE)

    assert accepted(tmp_path, "dgst", "-sm3", "-binary", "message") == sm3(MESSAGE)


def test_openssl_takes_a_seal_signature_apart_and_verifies_it(tmp_path: Path) -> None:
    """The bytes that were signed are found by openssl's own offsets."""
    content = a_seal_signature()
    (tmp_path / "signature.der").write_bytes(content)
    dump = accepted(tmp_path, "asn1parse", "-inform", "der", "-in", "signature.der").decode()
    outer = re.findall(r"^ *(\d+):d=1 +hl=(\d+) l= *(\d+) (?:prim|cons): (\S+)(.*)$", dump, re.MULTILINE)
    pieces = [content[int(at) : int(at) + int(head) + int(size)] for at, head, size, _, _ in outer]
    signature = pieces[3][int(outer[3][1]) + 1 :]

    assert [line[3] for line in outer] == ["SEQUENCE", "OCTET", "OBJECT", "BIT"]
    assert "SM2-with-SM3" in outer[2][4]
    assert pieces[1].endswith(SIGNER)
    assert verified_by_openssl(tmp_path, SIGNER_KEY.public, pieces[0], signature)
    assert read_seal(SEAL).info in pieces[0]


def test_new_keys_are_valid_to_openssl(tmp_path: Path) -> None:
    """A key outside its range would fail years later."""
    (tmp_path / "key.pem").write_bytes(write_private_key(PrivateKey.generate()))

    assert b"Key is valid" in accepted(tmp_path, "pkey", "-in", "key.pem", "-check", "-noout")
