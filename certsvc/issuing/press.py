"""Steps 3 to 7 of the issuing cycle: from a reserved row to checked, sealed bytes (docs/issuing-cycle.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import urlsplit

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.elicence import licence_metadata
from certsvc.domain.endorsement import Copy, CopyKind
from certsvc.domain.events import IdType
from certsvc.domain.policy import Issuer
from certsvc.domain.registration import Specialty
from certsvc.errors import DefectError, KeyMaterialError, KeyWithdrawnError
from certsvc.issuing.inspection import Inspector
from certsvc.issuing.offline_symbol import make_offline_symbol
from certsvc.issuing.preflight import preflight
from certsvc.issuing.preflight_ofd import preflight_ofd
from certsvc.ofd.draft import Draft as OFDDraft
from certsvc.page.certificate_type import CertificateType
from certsvc.page.compose import Subject, compose
from certsvc.page.fonts import FontChain
from certsvc.page.model import DocumentFacts, Stamp
from certsvc.pdf.draft import Draft as PDFDraft
from certsvc.qr.encode import Modules, encode
from certsvc.qr.payload import verify_url
from certsvc.qr.token import show_code
from certsvc.rendering.ofd import OFDRenderer
from certsvc.rendering.pdf import PDFRenderer
from certsvc.sealing.ofd import seal_ofd
from certsvc.sealing.pdf import seal_draft
from certsvc.sealing.port import PinnedKey, PinnedSeal, SealSigner, Signer


@dataclass(frozen=True, slots=True)
class Prepared:
    """A copy rendered in both formats that passed preflight and waits for its seals."""

    copy: Copy
    pdf: PDFDraft
    ofd: OFDDraft
    stamp: Stamp


class Press:
    """Makes the files of one copy; keeps nothing and stores nothing."""

    def __init__(
        self,
        *,
        kinds: Mapping[str, CertificateType],
        fonts: FontChain,
        renderer: PDFRenderer,
        ofd_renderer: OFDRenderer,
        issuer: Issuer,
        signer: Callable[[], Signer],
        seal_signer: Callable[[], SealSigner],
        pinned: Sequence[PinnedKey],
        pinned_seals: Sequence[PinnedSeal],
        public_url: str,
        offline_signer: Callable[[], Signer] | None = None,
    ) -> None:
        """Take everything that is the same for all copies.

        *signer* and *seal_signer* are asked at each use: a service whose keys were withdrawn verifies on.
        """
        self._kinds = kinds
        self._fonts = fonts
        self._issuer = issuer
        self._signer = signer
        self._seal_signer = seal_signer
        self._inspector = Inspector(pinned, pinned_seals)
        self._pinned = pinned
        self._pinned_seals = pinned_seals
        self._public_url = public_url
        self._offline_signer = offline_signer
        self._host = urlsplit(public_url).netloc
        self._renderer = renderer
        self._ofd_renderer = ofd_renderer

    @property
    def key_id(self) -> str:
        """The key that signs PDF files. KeyMaterialError when there is none in use."""
        return self._signer().key_id

    @property
    def seal_key_id(self) -> str:
        """The SM2 key that seals OFD files. KeyMaterialError when there is none in use."""
        return self._seal_signer().key_id

    def code_key_id(self, certificate_type: str) -> str | None:
        """Return the key that signs the second symbol of endorsed copies; None where the type wants none.

        Raises:
            KeyMaterialError: there is no key in use for it; no such copy may be begun.
        """
        wanted = self._kinds[certificate_type].policy.offline_qr
        return self._signer_of_codes().key_id if wanted else None

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
        """Compose one page, render and preflight it in both formats (steps 3 to 5).

        No private key is used but the one of the second symbol, where the type wants it.

        Raises:
            KeyMaterialError: there is no key in use for the second symbol.
            InvalidFieldError: a text does not fit or has no glyph.
            DefectError: one of our own files does not read back as it should.
        """
        kind = self._kinds[copy.certificate_type]
        test_keys = {key.key_id for key in self._pinned if key.development}
        test_keys |= {seal.key_id for seal in self._pinned_seals if seal.development}
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
                specimen=not test_keys.isdisjoint({copy.key_id, copy.seal_key_id}),
                offline=self._offline(kind, copy, version, specialties),
            ),
            self._fonts,
        )
        facts = DocumentFacts(
            title=f"{kind.policy.title} {version.face.registration_number}",
            document_id=copy.copy_id,
            created_at=copy.reserved_at.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z",
            metadata=licence_metadata(self._issuer, kind.policy, version, copy, specialties, id_type=id_type),
            author=copy.issuer_name,
            use_from=copy.grant.use_from if copy.grant is not None else None,
            use_until=copy.grant.use_until if copy.grant is not None else None,
        )
        # Planned once: both files hold the same cuts of the fonts.
        plan = self._renderer.plan(page)
        pdf = self._renderer.render(page, facts, plan)
        preflight(pdf.unsealed(), page, modules, symbol)
        ofd = self._ofd_renderer.render(page, facts, plan)
        preflight_ofd(ofd.unsealed(), page)
        return Prepared(copy, pdf, ofd, page.stamp)

    def _offline(
        self,
        kind: CertificateType,
        copy: Copy,
        version: CertificateVersion,
        specialties: Sequence[Specialty],
    ) -> Modules | None:
        """Make the second symbol of an endorsed copy, when the policy of its type wants one."""
        if copy.kind is not CopyKind.ENDORSEMENT or not kind.policy.offline_qr:
            return None
        symbol = make_offline_symbol(
            kind, copy, version, specialties, signer=self._signer_of_codes(), public_url=self._public_url
        )
        return symbol.modules

    def _signer_of_codes(self) -> Signer:
        if self._offline_signer is None:
            raise KeyMaterialError("there is no key for offline codes")
        return self._offline_signer()

    def seal(self, prepared: Prepared) -> Mapping[str, bytes]:
        """Seal and check one copy in both formats (steps 6 and 7).

        Returns:
            By format: ``pdf`` and ``ofd``, sealed bytes that passed their strict checkers.

        Raises:
            KeyWithdrawnError: a key the row names is not the one in use any more; none was used.
            DefectError: a sealed file fails our own checks, or is not sealed by the key the row names.
        """
        copy = prepared.copy
        signer, seal_signer = self._signer(), self._seal_signer()
        if (signer.key_id, seal_signer.key_id) != (copy.key_id, copy.seal_key_id):
            raise KeyWithdrawnError(
                f"reserved for {copy.key_id} and {copy.seal_key_id}, in use are now "
                f"{signer.key_id} and {seal_signer.key_id}"
            )
        sealed = {
            "pdf": seal_draft(
                prepared.pdf,
                signer=signer,
                at=copy.reserved_at,
                reason="电子证照签发",
                location=self._issuer.name,
            ),
            "ofd": seal_ofd(prepared.ofd, signer=seal_signer, stamp=prepared.stamp, at=copy.reserved_at),
        }
        for fmt, content in sealed.items():
            fault = self._inspector.fault(copy, fmt, content)
            if fault is not None:
                raise DefectError(f"the sealed {fmt} of {copy.copy_id} may not be handed out: {fault}")
        return sealed
