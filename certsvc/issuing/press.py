"""Steps 3 to 7 of the issuing cycle: from a reserved row to checked, sealed bytes (docs/issuing-cycle.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.endorsement import Copy, CopyKind
from certsvc.domain.policy import Issuer
from certsvc.domain.registration import Specialty
from certsvc.errors import (
    CertsvcError,
    DefectError,
    HSMUnavailableError,
    KeyMaterialError,
    KeyWithdrawnError,
    TimestampUnavailableError,
)
from certsvc.issuing.document_facts import document_facts, is_specimen
from certsvc.issuing.offline_symbol import make_offline_symbol
from certsvc.issuing.orders import shared
from certsvc.issuing.preflight import preflight
from certsvc.issuing.preflight_ofd import preflight_ofd
from certsvc.issuing.stamping import Stamper, inspector_for
from certsvc.issuing.work import Step, Tell, Work, take_steps
from certsvc.page.certificate_type import CertificateType
from certsvc.page.compose import Subject, compose
from certsvc.page.fonts import FontChain
from certsvc.qr.encode import Modules, encode
from certsvc.qr.payload import verify_url
from certsvc.qr.token import show_code
from certsvc.rendering.ofd import OFDRenderer
from certsvc.rendering.pdf import PDFRenderer
from certsvc.sealing.ofd import seal_ofd
from certsvc.sealing.pdf import seal_draft
from certsvc.sealing.port import PinnedKey, PinnedSeal, SealSigner, Signer


class Press:
    """Makes the files of copies, some abreast; keeps nothing and stores nothing."""

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
        stamper: Stamper | None = None,
    ) -> None:
        """Take everything that is the same for all copies.

        *signer* and *seal_signer* are asked at each use: a service whose keys were withdrawn verifies on.
        Without a *stamper* copies get no time stamp.
        """
        self._kinds = kinds
        self._fonts = fonts
        self._issuer = issuer
        self._issuers = {name: kind.policy.issuer(issuer) for name, kind in kinds.items()}
        self._signer = signer
        self._seal_signer = seal_signer
        self._stamper = stamper
        self._inspector = inspector_for(pinned, pinned_seals, stamper)
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
        self, works: Sequence[Work], tell: Tell, *, before: Callable[[], None] | None = None
    ) -> list[Work]:
        """Compose each page, render and preflight it in both formats (steps 3 to 5), as take_steps() does.

        No private key is used but the one of the second symbol, where the type wants it.

        Returns:
            Those that passed. *tell* hears KeyMaterialError: there is no key in use for the second symbol;
            InvalidFieldError: a text does not fit or has no glyph; DefectError: one of our own files does not
            read back as it should.
        """
        steps: Sequence[Step] = (
            self.compose,
            self._render_pdf,
            self._preflight_pdf,
            self._render_ofd,
            self._preflight_ofd,
        )
        return take_steps(steps, works, tell, before)

    def compose(self, work: Work) -> None:
        """Make the symbol, the page and what the files say of themselves (step 3); errors as prepare()."""
        copy, version = work.copy, work.version
        kind, issuer = self._kinds[copy.certificate_type], self._issuers[copy.certificate_type]
        work.symbol = verify_url(self._public_url, copy.token)
        work.modules = encode(work.symbol)
        work.page = compose(
            kind,
            Subject(
                version=version,
                specialties=work.specialties,
                copy=copy,
                issuer=issuer,
                photo=work.photo,
                signature=work.signature,
                modules=work.modules,
                host=self._host,
                code=show_code(copy.code),
                specimen=is_specimen((copy.key_id, copy.seal_key_id), (*self._pinned, *self._pinned_seals)),
                offline=self._offline(kind, copy, version, work.specialties),
            ),
            self._fonts,
        )
        work.facts = document_facts(
            copy, version, work.specialties, issuer=issuer, policy=kind.policy, id_type=work.id_type
        )

    def _render_pdf(self, work: Work) -> None:
        # Planned once: both files hold the same cuts of the fonts.
        work.plan = self._renderer.plan(work.page)
        work.pdf = self._renderer.render(work.page, work.facts, work.plan)

    def _preflight_pdf(self, work: Work) -> None:
        work.pdf_body = preflight(work.pdf.unsealed(), work.page, work.modules, work.symbol)

    def _render_ofd(self, work: Work) -> None:
        work.ofd = self._ofd_renderer.render(work.page, work.facts, work.plan)

    def _preflight_ofd(self, work: Work) -> None:
        preflight_ofd(work.ofd, work.page)

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

    def seal(self, works: Sequence[Work], tell: Tell, begin: Step | None = None) -> list[Work]:
        """Seal each copy in both formats, stamp where the policy wants it, and check (steps 6 and 7).

        Args:
            works: rendered, and passed by preflight.
            tell: hears KeyWithdrawnError: a key the row names is not the one in use any more, and was not
                used; HSMUnavailableError: the hardware with the key is away; TimestampUnavailableError: a
                time stamp is wanted and not to be had; DefectError: a sealed file fails our own checks, or is
                not sealed by the key the row names. Such a file is handed to nobody.
            begin: taken first for a copy that is to be stamped: those before it may have taken seconds.

        Returns:
            Those whose sealed files passed their strict checkers.
        """
        away: list[CertsvcError] = []

        def hear(work: Work, why: CertsvcError) -> None:
            if isinstance(why, HSMUnavailableError | TimestampUnavailableError):
                away.append(why)
            tell(work, why)

        def seal_pdf(work: Work) -> None:
            if away:
                # Each would wait as long as the first one to hear the same.
                raise shared(away[0])
            self._seal_pdf(work)

        steps: Sequence[Step] = (seal_pdf, self._seal_ofd, self._check_pdf, self._check_ofd)
        if self._stamper is None:
            return take_steps(steps, works, hear)
        sealed: list[Work] = []
        for work in works:
            # One copy after the other: its tokens share a deadline with nobody else's.
            work.stamping = self._stamper.begin()
            first = () if begin is None else (begin,)
            sealed += take_steps((*first, *steps, self._write_stamps), [work], hear)
        return sealed

    def _seal_pdf(self, work: Work) -> None:
        signer, seal_signer, stamping = self._signer(), self._seal_signer(), work.stamping
        if (signer.key_id, seal_signer.key_id) != (work.copy.key_id, work.copy.seal_key_id):
            raise _withdrawn(work.copy, signer.key_id, seal_signer.key_id)
        pdf = seal_draft(
            work.pdf,
            signer=signer,
            at=work.copy.reserved_at,
            reason="电子证照签发",
            location=self._issuer.name,
            stamp=stamping.of_signature if stamping is not None else None,
        )
        work.files["pdf"] = stamping.lasting(pdf, signer) if stamping is not None else pdf

    def _seal_ofd(self, work: Work) -> None:
        seal_signer = self._seal_signer()
        if seal_signer.key_id != work.copy.seal_key_id:
            raise _withdrawn(work.copy, work.copy.key_id, seal_signer.key_id)
        work.files["ofd"] = seal_ofd(
            work.ofd,
            signer=seal_signer,
            stamp=work.page.stamp,
            at=work.copy.reserved_at,
            # By the strict check, from the bytes of the file, before anything of it leaves seal().
            verified_later=True,
        )

    def _check_pdf(self, work: Work) -> None:
        self._check(work, "pdf")

    def _check_ofd(self, work: Work) -> None:
        self._check(work, "ofd")

    def _check(self, work: Work, fmt: str) -> None:
        body = work.pdf_body if fmt == "pdf" else None
        found = self._inspector.inspect(work.copy, fmt, work.files[fmt], body)
        if found.fault is not None:
            raise DefectError(f"the sealed {fmt} of {work.copy.copy_id} may not be handed out: {found.fault}")
        if found.sha256:
            work.sha256[fmt] = found.sha256

    def _write_stamps(self, work: Work) -> None:
        if work.stamping is not None:
            work.timestamps = work.stamping.written(work.copy, work.files)


def _withdrawn(copy: Copy, key_id: str, seal_key_id: str) -> KeyWithdrawnError:
    return KeyWithdrawnError(
        f"reserved for {copy.key_id} and {copy.seal_key_id}, in use are now {key_id} and {seal_key_id}"
    )
