"""The second symbol of an endorsed copy: what the page shows, signed, for checking without a connection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.endorsement import Copy
from certsvc.domain.offline_claims import claims_of
from certsvc.domain.registration import Specialty
from certsvc.errors import DefectError, TemplateError
from certsvc.page.certificate_type import CertificateType
from certsvc.qr.decode import read_modules
from certsvc.qr.encode import Modules, encode_link
from certsvc.qr.offline import decode, encode_claims, fitted, signature_holds
from certsvc.sealing.port import Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineSymbol:
    """The symbol that goes on the page."""

    text: str
    modules: Modules


def make_offline_symbol(
    kind: CertificateType,
    copy: Copy,
    version: CertificateVersion,
    specialties: Sequence[Specialty],
    *,
    signer: Signer,
    public_url: str,
) -> OfflineSymbol:
    """Sign what an endorsed copy shows, as far as its place has room, and draw the symbol.

    Raises:
        TemplateError: layout.toml has no place for it, or too small a one.
        DefectError: the copy has no place in the status lists, or the symbol does not read back as signed.
    """
    place = kind.with_offline.layout.offline if kind.with_offline is not None else None
    if place is None:
        raise TemplateError("layout.toml has no place for the offline symbol")
    try:
        whole = claims_of(copy, version, specialties, profession=kind.policy.profession)
    except ValueError as fault:
        raise DefectError(str(fault)) from fault
    try:
        claims = fitted(whole, signer.key_id, public_url=public_url, most_modules=place.symbol.most_modules)
    except ValueError as fault:
        raise TemplateError(f"layout.toml: [offline.symbol]: {fault}") from fault
    text = encode_claims(claims, signer, public_url=public_url)
    link, mark, digits = text.partition("#")
    modules = encode_link(link + mark, digits)
    # A symbol that a stranger cannot check is worse than none: it would pass for a forged one.
    if read_modules(modules) != text:
        raise DefectError("the offline symbol does not read back as its text")
    code = decode(text)
    if code.claims != claims or not signature_holds(code, signer.certificate):
        raise DefectError("the offline symbol does not say what was signed")
    return OfflineSymbol(text=text, modules=modules)
