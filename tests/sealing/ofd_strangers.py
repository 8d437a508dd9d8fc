"""OFDs that are not ours: look-alikes of our seal, and honest files as other vendors write them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from certsvc.gm import der
from certsvc.gm.certificate import SM2_WITH_SM3, read_certificate
from certsvc.gm.keys import KeyProvider
from certsvc.gm.seal import read_seal
from certsvc.gm.seal_signature import make_seal_signature
from certsvc.gm.sm2 import PrivateKey, PublicKey, digest_of, sign_digest_unchecked
from certsvc.gm.sm3 import sm3
from tests.sealing.ofd_samples import SealKeys, a_seal, a_stranger_with_seal
from tests.sealing.samples import AT

_DEFAULT: Final = 'xmlns="http://www.ofdspec.org/2016"'
_PREFIXED: Final = 'xmlns:ofd="http://www.ofdspec.org/2016"'


@dataclass(frozen=True, slots=True)
class PassingKey:
    """A key used a few times and forgotten: nothing is prepared for it that would stay in memory."""

    key: PrivateKey

    @property
    def public(self) -> PublicKey:
        """The public key that belongs to it."""
        return self.key.public

    def sign(self, message: bytes) -> bytes:
        """Sign with SM2 and SM3."""
        return sign_digest_unchecked(self.key, digest_of(self.key.public, message))


def a_lookalike(genuine: SealKeys) -> SealKeys:
    """Return keys and a seal that copy ours: names, serials, key identifiers, dates, picture; other keys."""
    root, maker, signer = (PassingKey(PrivateKey.generate()) for _ in range(3))
    copy = replace(
        genuine,
        key_id="look-alike",
        root=_copied(genuine.root, root, root),
        maker=_copied(genuine.maker, maker, root),
        maker_key=maker,
        certificate=_copied(genuine.certificate, signer, root),
        key=signer,
    )
    return replace(copy, seal=a_seal(copy))


def _copied(certificate: bytes, key: KeyProvider, authority: KeyProvider) -> bytes:
    ours = read_certificate(certificate)
    signed = ours.signed.replace(ours.public_key.point, key.public.point)
    return der.sequence(signed, der.sequence(SM2_WITH_SM3), der.bit_string(authority.sign(signed)))


def a_digest_seal(keys: SealKeys) -> bytes:
    """Return a seal that lists digests of its signers' certificates, as some vendors make them."""
    info = der.Reader(read_seal(keys.seal).info).sequence()
    header, seal_id, about = info.element(der.SEQUENCE), info.element(der.IA5_STRING), info.sequence()
    kept = about.element(der.INTEGER), about.element(der.UTF8_STRING)
    about.integer(), about.sequence()
    entry = der.sequence(der.element(0x13, b"SM3"), der.octet_string(sm3(keys.certificate)))
    times = [about.element(der.GENERALIZED_TIME) for _ in range(3)]
    listed = der.sequence(*kept, der.integer(2), der.sequence(entry), *times)
    signed = der.sequence(header, seal_id, listed, info.element(der.SEQUENCE))
    return der.sequence(
        signed, der.octet_string(keys.maker), SM2_WITH_SM3, der.bit_string(keys.maker_key.sign(signed))
    )


def honest_files(*, prefix: bool = True, value: bytes | None = None) -> dict[str, bytes]:
    """Return a small OFD of another vendor, by name.

    Args:
        prefix: with ``ofd:`` before each element, or with a default namespace.
        value: content of SignedValue.dat; None for a file nobody signed.
    """
    signed = "" if value is None else "<Signatures>Doc_0/Signs/Signatures.xml</Signatures>"
    files = {
        "OFD.xml": f'<OFD {_DEFAULT} Version="1.1" DocType="OFD"><DocBody><DocInfo><DocID>7</DocID></DocInfo>'
        f"<DocRoot>Doc_0/Document.xml</DocRoot>{signed}</DocBody></OFD>",
        "Doc_0/Document.xml": f"<Document {_DEFAULT}><CommonData><MaxUnitID>9</MaxUnitID><PageArea>"
        "<PhysicalBox>0 0 210 297</PhysicalBox></PageArea><PublicRes>PublicRes.xml</PublicRes></CommonData>"
        '<Pages><Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></Pages>'
        "<Annotations>Annots.xml</Annotations></Document>",
        "Doc_0/PublicRes.xml": f'<Res {_DEFAULT} BaseLoc="Res"><Fonts>'
        '<Font ID="2" FontName="宋体"/></Fonts></Res>',
        "Doc_0/Annots.xml": f"<Annotations {_DEFAULT}/>",
        "Doc_0/Pages/Page_0/Content.xml": f"<Page {_DEFAULT}><Content/></Page>",
    }
    if value is not None:
        files["Doc_0/Signs/Signatures.xml"] = (
            f'<Signatures {_DEFAULT}><Signature ID="s001" Type="Seal" BaseLoc="Sign_0/Signature.xml"/>'
            "</Signatures>"
        )
        files["Doc_0/Signs/Sign_0/Signature.xml"] = (
            f"<Signature {_DEFAULT}><SignedInfo><References/><Seal><BaseLoc>Seal.esl</BaseLoc></Seal>"
            "</SignedInfo><SignedValue>SignedValue.dat</SignedValue></Signature>"
        )
    written = {name: (_prefixed(text) if prefix else text).encode() for name, text in files.items()}
    if value is not None:
        written["Doc_0/Signs/Sign_0/SignedValue.dat"] = value
    return written


def _prefixed(text: str) -> str:
    text = text.replace("</", "\0").replace("<", "<ofd:").replace("\0", "</ofd:")
    return text.replace(_DEFAULT, _PREFIXED)


def zipped(files: Mapping[str, bytes], *, stored: bool = False) -> bytes:
    """Pack as ordinary programs do: with dates, attributes and a data descriptor after each entry."""
    out = _Unseekable()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as package:
        package.writestr(zipfile.ZipInfo("Doc_0/", (2026, 11, 20, 1, 2, 4)), b"")
        for name, content in files.items():
            package.writestr(name, content)
    return out.getvalue()


class _Unseekable(io.BytesIO):
    """A stream that makes zipfile write data descriptors."""

    def seekable(self) -> bool:
        return False

    def seek(self, offset: int, whence: int = 0) -> int:
        raise io.UnsupportedOperation

    def tell(self) -> int:
        raise io.UnsupportedOperation


def value_version_4() -> bytes:
    """Return a signature as we make them, by a stranger."""
    stranger = a_stranger_with_seal()
    return make_seal_signature(
        seal=stranger.seal,
        certificate=stranger.certificate,
        at=AT,
        digest=sm3(b"theirs"),
        property_info="/Doc_0/Signs/Sign_0/Signature.xml",
        sign=stranger.sign,
    )


def value_version_1() -> bytes:
    """Return a signature in the layout of GM/T 0031-2014: certificate and algorithm inside, UTCTime."""
    stranger = a_stranger_with_seal()
    signed = der.sequence(
        der.integer(1),
        der.sequence(der.sequence(der.ia5_string("ES"), der.integer(1), der.ia5_string("vendor"))),
        der.bit_string(b"261120030405Z"),
        der.bit_string(sm3(b"theirs")),
        der.ia5_string("/Doc_0/Signs/Sign_0/Signature.xml"),
        der.octet_string(stranger.certificate),
        SM2_WITH_SM3,
    )
    return der.sequence(signed, der.bit_string(stranger.sign(signed)))


def value_version_5() -> bytes:
    """Return a signature of version 5: version 4 with another number and a time stamp behind."""
    four = der.Reader(value_version_4()).sequence()
    signed = four.element(der.SEQUENCE).replace(der.integer(4), der.integer(5), 1)
    rest = four.element(der.OCTET_STRING), SM2_WITH_SM3, der.bit_string(bytes(64))
    return der.sequence(signed, *rest, der.element(0xA0, der.bit_string(b"a time stamp")))


def value_raw() -> bytes:
    """Return what one vendor writes: the signature as 64 raw bytes."""
    four = der.Reader(value_version_4()).sequence()
    signed, certificate = four.element(der.SEQUENCE), four.element(der.OCTET_STRING)
    return der.sequence(signed, certificate, SM2_WITH_SM3, der.bit_string(bytes(range(64))))


def value_pkcs7() -> bytes:
    """Return a signature without a seal (Type="Sign"): a CMS container."""
    return der.sequence(der.object_identifier("1.2.840.113549.1.7.2"), der.element(0xA0, der.sequence()))


VALUES: Final[Mapping[str, Callable[[], bytes]]] = {
    "version_4": value_version_4,
    "version_1": value_version_1,
    "version_5": value_version_5,
    "raw_signature": value_raw,
    "pkcs7": value_pkcs7,
    "empty": lambda: b"",
}
