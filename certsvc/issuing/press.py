"""Steps 3 to 7 of the issuing cycle: from a reserved row to checked, sealed bytes (docs/issuing-cycle.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import urlsplit

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.elicence import licence_metadata
from certsvc.domain.endorsement import Copy
from certsvc.domain.events import IdType
from certsvc.domain.policy import Issuer
from certsvc.domain.registration import Specialty
from certsvc.domain.report import FileOutcome
from certsvc.errors import DefectError
from certsvc.issuing.preflight import preflight
from certsvc.page.certificate_type import CertificateType
from certsvc.page.compose import Subject, compose
from certsvc.page.fonts import FontChain
from certsvc.page.model import DocumentFacts, Stamp
from certsvc.qr.encode import encode
from certsvc.qr.payload import verify_url
from certsvc.qr.token import show_code
from certsvc.rendering.pdf import PDFRenderer
from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.pdf import seal_pdf
from certsvc.sealing.port import PinnedKey, Signer


@dataclass(frozen=True, slots=True)
class Prepared:
    """A rendered copy that passed preflight and waits for its seal."""

    copy: Copy
    unsigned: bytes
    """PDF/A-2b bytes without signature."""
    stamp: Stamp


class Press:
    """Makes the files of one copy; keeps nothing and stores nothing."""

    def __init__(
        self,
        *,
        kinds: Mapping[str, CertificateType],
        fonts: FontChain,
        renderer: PDFRenderer,
        issuer: Issuer,
        signer: Callable[[], Signer],
        pinned: tuple[PinnedKey, ...],
        public_url: str,
    ) -> None:
        """Take everything that is the same for all copies.

        *signer* is asked at each use: a service whose key was withdrawn can still verify.
        """
        self._kinds = kinds
        self._fonts = fonts
        self._issuer = issuer
        self._signer = signer
        self._pinned = pinned
        self._public_url = public_url
        self._host = urlsplit(public_url).netloc
        self._renderer = renderer

    @property
    def key_id(self) -> str:
        """The key that seals. KeyMaterialError when there is none in use."""
        return self._signer().key_id

    @property
    def issuer_name(self) -> str:
        """颁发机构 as it is printed."""
        return self._issuer.name

    def prepare(
        self,
        copy: Copy,
        version: CertificateVersion,
        specialties: tuple[Specialty, ...],
        photo: bytes | None,
        signature: bytes | None,
        id_type: IdType | None,
    ) -> Prepared:
        """Compose, render and preflight one copy (steps 3 to 5); no private key is used.

        Raises:
            InvalidFieldError: a text does not fit or has no glyph.
            DefectError: our own file does not read back as it should.
        """
        kind = self._kinds[copy.certificate_type]
        symbol = verify_url(self._public_url, copy.token)
        modules = encode(symbol)
        page = compose(
            kind,
            Subject(
                version=version,
                specialties=specialties,
                copy=copy,
                issuer=self._issuer,
                photo=photo,
                signature=signature,
                modules=modules,
                host=self._host,
                code=show_code(copy.code),
                # A certificate made with a test key must never pass for a real one on paper.
                specimen=any(key.development for key in self._pinned if key.key_id == copy.key_id),
            ),
            self._fonts,
        )
        facts = DocumentFacts(
            title=f"{kind.policy.title} {version.face.registration_number}",
            document_id=copy.copy_id,
            created_at=copy.reserved_at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z",
            metadata=licence_metadata(self._issuer, kind.policy, version, copy, specialties, id_type=id_type),
        )
        unsigned = self._renderer.render(page, facts)
        preflight(unsigned, page, modules, symbol)
        return Prepared(copy, unsigned, page.stamp)

    def seal(self, prepared: Prepared) -> Mapping[str, bytes]:
        """Seal and check one copy (steps 6 and 7).

        Returns:
            By format: ``pdf``, sealed bytes that passed the strict checker (its lint included).

        Raises:
            DefectError: the sealed file fails our own checks.
        """
        sealed = seal_pdf(
            prepared.unsigned,
            signer=self._signer(),
            stamp=prepared.stamp,
            at=prepared.copy.reserved_at,
            reason="电子证照签发",
            location=self._issuer.name,
        )
        check = check_pdf(sealed, self._pinned)
        if check.outcome is not FileOutcome.INTACT:
            codes = ", ".join(finding.code for finding in check.findings)
            raise DefectError(f"the sealed PDF of {prepared.copy.copy_id} is {check.outcome}: {codes}")
        return {"pdf": sealed}
