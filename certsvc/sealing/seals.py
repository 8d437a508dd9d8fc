"""Our seals (印章): which there are, and the keys that use them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from certsvc.errors import KeyMaterialError
from certsvc.gm.certificate import Certificate, issued_by, read_certificate
from certsvc.gm.seal import Seal, maker_signed, read_seal
from certsvc.gm.sm2 import PrivateKey
from certsvc.sealing import files
from certsvc.sealing.gm_pairs import read_authorities, read_gm_certificate, read_gm_key
from certsvc.sealing.key_choice import able, may_sign
from certsvc.sealing.port import PinnedSeal, SealSigner
from certsvc.sealing.trust import TrustedKey

SM2_ROOT: Final = "sm2-root"
_MAY_SEAL: Final = "digitalSignature"
_BRING: Final = "bring one as keys/README.md says, or for tests run: certsvc init --dev"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSeal:
    """One seal of the trust list, read."""

    key: TrustedKey
    seal: Seal
    pinned: PinnedSeal


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSealSigner:
    """An SM2 key in the key folder and the seal it uses."""

    key_id: str
    certificate: bytes
    seal: bytes
    private_key: PrivateKey

    def sign(self, message: bytes) -> bytes:
        """Sign with SM2 and SM3: DER SEQUENCE of r and s."""
        return self.private_key.sign(message)

    def sign_unverified(self, message: bytes) -> bytes:
        """Sign the same, not verified."""
        return self.private_key.sign_unverified(message)


def read_own_seals(folder: Path, keys: Sequence[TrustedKey]) -> tuple[OwnSeal, ...]:
    """Read the seals of a trust list, oldest first; keys without a seal are left out.

    Raises:
        KeyMaterialError: a file is missing or damaged, or a seal is not for the key it stands beside.
    """
    return tuple(_read_own(folder, key, key.seal) for key in keys if key.seal is not None)


def newest_seal(seals: Sequence[OwnSeal], name: str, at: datetime | None) -> OwnSeal:
    """Return the newest seal of an issuer that may seal at *at*; None as for ``may_sign``.

    Raises:
        KeyMaterialError: there is none; the note says which there are.
    """
    keys = able([one.key for one in seals if one.seal.name == name], at)
    if keys:
        return next(one for one in seals if one.key == keys[-1])
    if any(one.seal.name == name for one in seals):
        raise KeyMaterialError(
            f"every seal of {name} is retired; bring the next one as keys/README.md says, "
            "or for tests run: certsvc keys rotate sm2"
        )
    if not seals:
        raise KeyMaterialError(f"there is no seal for {name}; {_BRING}")
    known = ", ".join(sorted({one.seal.name for one in seals if may_sign(one.key, at)})) or "nobody"
    raise KeyMaterialError(
        f"there is no seal for {name}, only for {known}; set CERTSVC_ISSUER_NAME to the name in the seal, "
        f"or {_BRING}"
    )


def check_valid_at(own: OwnSeal, at: datetime) -> None:
    """Refuse a seal that may not be used at *at*. KeyMaterialError says since when or until when it may."""
    pinned = own.pinned
    if pinned.valid_from <= at <= pinned.valid_to:
        return
    told = (
        f"ended at {pinned.valid_to}; bring the next one as keys/README.md says"
        if at > pinned.valid_to
        else f"begins at {pinned.valid_from}; wait, or set the clock right"
    )
    raise KeyMaterialError(f"the seal {own.key.key_id} of {own.seal.name}, or its certificate, {told}")


def load_seal_signer(folder: Path, own: OwnSeal) -> SealSigner:
    """Load a seal's private key, and check that key, certificates, maker and root agree.

    Raises:
        KeyMaterialError: the key is missing, damaged, readable by others or not its; or the seal is not what
            its maker made, or the maker or the signer does not stand under the root.
    """
    signer = read_certificate(own.pinned.certificate)
    key = read_gm_key(folder / f"{Path(own.key.certificate).stem}.key.pem", signer)
    if _MAY_SEAL not in signer.usages:
        raise KeyMaterialError(f"the certificate {own.key.certificate} is not for signing; ask for another")
    where = f"{folder / (own.key.seal or '')}"
    if not maker_signed(own.seal):
        raise KeyMaterialError(f"{where} is not as its maker signed it; restore it from your backup")
    maker = read_certificate(own.seal.maker)
    if not maker.not_before <= own.seal.created_at <= maker.not_after:
        raise KeyMaterialError(f"{where} was made when its maker's certificate was not valid; ask the maker")
    authorities = read_authorities(folder / f"{SM2_ROOT}.pem")
    for part, certificate in (("maker", maker), ("signer", signer)):
        if not _stands_under(certificate, authorities):
            raise KeyMaterialError(
                f"the {part} of {where} was not certified by {SM2_ROOT}.pem; "
                "put the certificate of the CA that did into that file"
            )
    return FileSealSigner(
        key_id=own.key.key_id,
        certificate=own.pinned.certificate,
        seal=own.pinned.seal,
        private_key=key,
    )


def _stands_under(certificate: Certificate, authorities: Sequence[Certificate]) -> bool:
    return any(issued_by(certificate, authority) for authority in authorities)


def _read_own(folder: Path, key: TrustedKey, file: str) -> OwnSeal:
    certificate = read_gm_certificate(folder / key.certificate)
    path = folder / file
    der = files.read_public(path, "a seal")
    try:
        seal = read_seal(der)
    except ValueError as fault:
        raise KeyMaterialError(f"{path} is not a seal ({fault}); restore it from your backup") from fault
    if seal.digests:
        raise KeyMaterialError(
            f"{path} lists digests of certificates; ask its maker for one with certificates"
        )
    if certificate.der not in seal.certificates:
        raise KeyMaterialError(
            f"{path} is not a seal for {key.certificate}; restore both from one backup or ask its maker"
        )
    valid_from, valid_to = max(key.valid_from, seal.valid_from), min(key.valid_to, seal.valid_to)
    if valid_from >= valid_to:
        raise KeyMaterialError(
            f"{path} and {key.certificate} are never valid at the same time; ask its maker"
        )
    pinned = PinnedSeal(
        key_id=key.key_id,
        certificate=certificate.der,
        seal=der,
        valid_from=valid_from,
        valid_to=valid_to,
        retired_at=key.retired_at,
        compromised_since=key.compromised_since,
        development=key.development,
    )
    return OwnSeal(key=key, seal=seal, pinned=pinned)
