"""Made-up copies taken through steps 3 to 5 before a process says it is ready, so that real ones are quick.

What all copies share is made when it is first needed: tables of symbols, compiled templates, outlines, tables
of keys. A batch's first chunk would pay for all of it, and take half as long again as the next. Nothing here
touches the register, the store or the log, no private key seals, and what was made is thrown away. A key in
hardware signs its usual probe when it is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import structlog

from certsvc.domain.characters import EVERYDAY
from certsvc.domain.endorsement import CopyKind
from certsvc.domain.policy import Issuer
from certsvc.errors import CertsvcError
from certsvc.issuing.document_facts import document_facts, is_specimen
from certsvc.issuing.preflight import preflight
from certsvc.issuing.preflight_ofd import preflight_ofd
from certsvc.issuing.preflight_symbol import covers
from certsvc.page.certificate_type import CertificateType
from certsvc.page.compose import Subject, compose
from certsvc.page.fonts import FontChain
from certsvc.page.model import Page, Symbol, TextRun
from certsvc.page.sample import sample_subject
from certsvc.qr.encode import encode, encode_link
from certsvc.qr.payload import offline_link, verify_url
from certsvc.qr.token import new_code, new_token, show_code
from certsvc.rendering.ofd import OFDRenderer
from certsvc.rendering.ofd_shapes import blocks_of
from certsvc.rendering.pdf import PDFRenderer
from certsvc.rendering.pdf_sheet import Sheet
from certsvc.sealing.check_seal import prepare
from certsvc.sealing.port import PinnedKey, PinnedSeal, SealSigner, Signer

SYMBOLS: Final = 96
"""QR symbols drawn in advance: they show nine in ten of the blocks that any other is put together from."""
_DIGITS: Final = "1234567890" * 90
"""As many as a usual offline code has."""

_log = structlog.get_logger("certsvc.rehearsal")


class Rehearsal:
    """Makes everything ready that the first copies of a process would wait for."""

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
        left_out: Collection[str] = (),
    ) -> None:
        """Take what the press is made of; nothing is rehearsed of the types *left_out*."""
        self._kinds = {name: kind for name, kind in kinds.items() if name not in left_out}
        self._fonts = fonts
        self._renderer = renderer
        self._ofd_renderer = ofd_renderer
        self._issuer = issuer
        self._signer = signer
        self._seal_signer = seal_signer
        self._pinned = pinned
        self._pinned_seals = pinned_seals
        self._public_url = public_url

    def run(self) -> None:
        """Do it all; what fails is logged and left to the first copy, which has its own coded reason."""
        self._try("keys", self._keys)
        for kind in self._kinds.values():
            for copy_kind in CopyKind:
                what = f"{kind.policy.certificate_type} {copy_kind}"
                self._try(what, partial(self._take, kind, copy_kind))

    def _try(self, what: str, take: Callable[[], None]) -> None:
        try:
            take()
        except CertsvcError as error:
            _log.warning("rehearsal_failed", what=what, code=error.code, note=str(error))
        except Exception as error:  # noqa: BLE001  # a defect in making up must keep no process from verifying
            _log.error("rehearsal_failed", what=what, error=type(error).__name__)

    def _keys(self) -> None:
        """Load both private keys, and make the tables of the keys that are verified with."""
        self._signer()
        self._seal_signer()
        prepare(self._pinned_seals)

    def _take(self, kind: CertificateType, copy_kind: CopyKind) -> None:
        """Take one made-up copy as far as a key would be used, and draw the symbols of others."""
        subject, symbol = self._subject(kind, copy_kind)
        page = compose(kind, subject, self._fonts)
        self._learn(page)
        facts = document_facts(
            subject.copy,
            subject.version,
            subject.specialties,
            issuer=subject.issuer,
            policy=kind.policy,
            id_type=None,
        )
        plan = self._renderer.plan(page)
        preflight(self._renderer.render(page, facts, plan).unsealed(), page, subject.modules, symbol)
        preflight_ofd(self._ofd_renderer.render(page, facts, plan), page)
        place = next(item for item in page.variable if isinstance(item, Symbol))
        for _ in range(SYMBOLS):
            other = replace(place, modules=encode(verify_url(self._public_url, new_token())))
            Sheet(page.height_mm).rows(other)
            covers(blocks_of(other), other)

    def _learn(self, page: Page) -> None:
        """Take the outlines of everyday characters out of the fonts that fields are set in."""
        self._fonts.check("".join(EVERYDAY), pointer="")
        for font in {item.font for item in page.variable if isinstance(item, TextRun) and item.field}:
            self._renderer.glyphs[font].learn(EVERYDAY)

    def _subject(self, kind: CertificateType, copy_kind: CopyKind) -> tuple[Subject, str]:
        """Make a copy up, with what all copies of this issuer show; and what its symbol says."""
        symbol = verify_url(self._public_url, new_token())
        keys = {self._signer().key_id, self._seal_signer().key_id}
        offline = None
        if copy_kind is CopyKind.ENDORSEMENT and kind.policy.offline_qr:
            # A code is signed by a key; here its place alone is filled.
            offline = encode_link(offline_link(self._public_url, new_token()), _DIGITS)
        subject = replace(
            sample_subject(kind, encode(symbol), copy_kind),
            issuer=kind.policy.issuer(self._issuer),
            host=urlsplit(self._public_url).netloc,
            code=show_code(new_code()),
            specimen=is_specimen(keys, (*self._pinned, *self._pinned_seals)),
            offline=offline,
        )
        return subject, symbol
