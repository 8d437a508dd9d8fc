"""Key folders with a seal, and the same folders spoiled one way each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from certsvc.gm import der
from certsvc.gm.certificate import Certificate, issue_certificate, pem_of, read_certificate
from certsvc.gm.keys import write_private_key
from certsvc.gm.seal import Picture, make_seal
from certsvc.gm.sm2 import PrivateKey
from certsvc.sealing.dev_seals import ensure_dev_seal
from certsvc.sealing.gm_pairs import Pair, read_gm_certificate, read_gm_key
from tests.sealing.samples import AT, PLAN

NAME = "示例省住房和城乡建设厅（测试）"
OTHER = "样例市住房和城乡建设局（测试）"
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000100000001010000000037"
    "6ef9240000000a4944415478016360000000020001737501180000000049454e44ae426082"
)
"""PNG, one pixel."""
SEAL = "seal-sm2-001.esl"
SUBJECT = {"country": "CN", "common_name": "certsvc 示例 TEST ONLY"}
YEAR = timedelta(days=365)

Damage = Callable[[Path], None]


def add_seal(folder: Path, plan: Path, name: str = NAME, now: datetime = AT) -> None:
    """Make the seal of an issuer."""
    ensure_dev_seal(folder, plan, name=name, picture=PICTURE, size_mm=38, now=now)


def pair_in(folder: Path, stem: str) -> Pair:
    """Read certificate and key of one part of the PKI."""
    certificate = read_gm_certificate(folder / f"{stem}.pem")
    return certificate, read_gm_key(folder / f"{stem}.key.pem", certificate)


def a_certificate(
    issuer: Pair | None = None, key: PrivateKey | None = None, path_length: int | None = None, like: str = ""
) -> Pair:
    """Issue a certificate valid around AT; *like* is the common name of the one it imitates."""
    key = key or PrivateKey.generate()
    above, above_key = issuer or (None, key)
    made = issue_certificate(
        subject=SUBJECT | ({"common_name": like} if like else {}),
        public=key.public,
        issuer=above,
        issuer_key=above_key,
        not_before=AT - YEAR,
        not_after=AT + YEAR,
        path_length=path_length,
    )
    return read_certificate(made), key


def put_seal(
    folder: Path,
    *,
    maker: Pair | None = None,
    certificates: Sequence[Certificate] = (),
    created_at: datetime = AT,
    valid_from: datetime = AT - timedelta(hours=1),
) -> None:
    """Put another seal of NAME in the place of the one there is."""
    made_by, maker_key = maker or pair_in(folder, "sm2-maker")
    seal = make_seal(
        seal_id="TEST-ONLY",
        name=NAME,
        certificates=[one.der for one in certificates or [read_gm_certificate(folder / "sm2-001.pem")]],
        created_at=created_at,
        valid_from=valid_from,
        valid_to=valid_from + YEAR,
        picture=Picture(content=PICTURE, width_mm=38, height_mm=38),
        maker=made_by.der,
        key=maker_key,
    )
    (folder / SEAL).write_bytes(seal)


def put_signer(folder: Path, signer: Pair) -> None:
    """Put another signer in the place of the one there is, with a seal for it."""
    certificate, key = signer
    (folder / "sm2-001.pem").write_bytes(pem_of(certificate.der))
    (folder / "sm2-001.key.pem").write_bytes(write_private_key(key))
    put_seal(folder)


def _a_lookalike_root(folder: Path) -> Pair:
    """A root with the name of ours and another key."""
    name = read_gm_certificate(folder / "sm2-root.pem").common_name
    return a_certificate(path_length=0, like=name)


def _seal_of_another(folder: Path) -> None:
    add_seal(folder, PLAN, OTHER)
    (folder / SEAL).write_bytes((folder / "seal-sm2-002.esl").read_bytes())


def _picture_edited(folder: Path) -> None:
    content = (folder / SEAL).read_bytes()
    (folder / SEAL).write_bytes(content.replace(PICTURE, PICTURE[:-1] + b"\x00"))


def _one_byte_more(folder: Path) -> None:
    with (folder / SEAL).open("ab") as file:
        file.write(b"\0")


def _seal_listing_digests(folder: Path) -> None:
    """Seals may list digests of certificates; ours have to carry the certificates themselves."""
    whole = der.Reader((folder / SEAL).read_bytes()).sequence()
    info, rest = der.Reader(whole.element(der.SEQUENCE)).sequence(), whole.element(der.OCTET_STRING)
    parts = [info.element(der.SEQUENCE), info.element(der.IA5_STRING)]
    about, picture = info.sequence(), info.element(der.SEQUENCE)
    kept = [about.element(der.INTEGER), about.element(der.UTF8_STRING)]
    about.integer()
    about.sequence()
    listed = der.sequence(der.sequence(der.element(0x13, b"SM3"), der.octet_string(bytes(32))))
    times = [about.element(der.GENERALIZED_TIME) for _ in range(3)]
    parts += [der.sequence(*kept, der.integer(2), listed, *times), picture]
    tail = whole.element(der.OBJECT_IDENTIFIER) + whole.element(der.BIT_STRING)
    (folder / SEAL).write_bytes(der.sequence(der.sequence(*parts), rest, tail))


def _write(name: str, content: bytes) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes(content)

    return damage


def _copy(source: str, target: str) -> Damage:
    return lambda folder: _write(target, (folder / source).read_bytes())(folder)


DAMAGES: dict[str, tuple[Damage, str]] = {
    "seal_of_another_signer": (_seal_of_another, r"not a seal for sm2-001\.pem"),
    "seal_missing": (lambda folder: (folder / SEAL).unlink(), "a seal is missing"),
    "seal_no_der": (_write(SEAL, b"hello"), "is not a seal"),
    "seal_with_a_byte_more": (_one_byte_more, "is not a seal"),
    "seal_edited": (_picture_edited, "not as its maker signed"),
    "seal_of_digests": (_seal_listing_digests, "lists digests"),
    "seal_made_before_its_maker": (
        lambda folder: put_seal(folder, created_at=AT - 2 * YEAR),
        "maker's certificate was not valid",
    ),
    "seal_after_its_certificate": (
        lambda folder: put_seal(folder, valid_from=AT + 6 * YEAR),
        "never valid at the same time",
    ),
    "maker_under_no_root": (
        lambda folder: put_seal(folder, maker=a_certificate()),
        "the maker of .* was not certified",
    ),
    "maker_under_a_lookalike": (
        lambda folder: put_seal(folder, maker=a_certificate(_a_lookalike_root(folder))),
        "the maker of .* was not certified",
    ),
    "signer_under_a_lookalike": (
        lambda folder: put_signer(folder, a_certificate(_a_lookalike_root(folder))),
        "the signer of .* was not certified",
    ),
    "signer_not_for_signing": (
        lambda folder: put_signer(folder, a_certificate(pair_in(folder, "sm2-root"), path_length=0)),
        "not for signing",
    ),
    "root_missing": (lambda folder: (folder / "sm2-root.pem").unlink(), "root of the seals is missing"),
    "root_without_certificate": (_write("sm2-root.pem", b"hello"), "no certificate of a CA"),
    "root_damaged": (
        _write("sm2-root.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        "damaged certificate",
    ),
    "root_that_is_no_authority": (_copy("sm2-maker.pem", "sm2-root.pem"), "no certificate of a CA"),
    "root_for_pdf": (_copy("root.pem", "sm2-root.pem"), "damaged certificate"),
    "certificate_damaged": (_write("sm2-001.pem", b"hello"), "no SM2 certificate"),
    "certificate_for_pdf": (_copy("p256-001.pem", "sm2-001.pem"), "no SM2 certificate"),
    "key_of_another": (_copy("sm2-maker.key.pem", "sm2-001.key.pem"), "does not belong to its certificate"),
    "key_for_pdf": (_copy("p256-001.key.pem", "sm2-001.key.pem"), "no usable SM2 key"),
    "key_damaged": (_write("sm2-001.key.pem", b"hello"), "no usable SM2 key"),
    "key_missing": (lambda folder: (folder / "sm2-001.key.pem").unlink(), "a private key is missing"),
    "key_for_the_group": (lambda folder: (folder / "sm2-001.key.pem").chmod(0o640), "chmod 600"),
}
"""By name: what is wrong with the folder, and what the refusal says."""
