"""Copies on their way through the press, some abreast, each step taken for all of them before the next.

What all steps need, their code and their tables, is several times what the processor keeps close at hand. A
copy taken through all at once finds next to nothing there at each; the second of a group finds everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from certsvc.domain.certificate import CertificateVersion
from certsvc.domain.endorsement import Copy
from certsvc.domain.events import IdType
from certsvc.domain.registration import Specialty
from certsvc.domain.timestamps import FileTimestamp
from certsvc.errors import CertsvcError
from certsvc.issuing.orders import reason
from certsvc.issuing.stamping import Stamping
from certsvc.ofd.draft import Draft as OFDDraft
from certsvc.page.model import DocumentFacts, Page
from certsvc.pdf.draft import Draft as PDFDraft
from certsvc.pdf.layout import Body
from certsvc.qr.encode import Modules
from certsvc.rendering.plan import Plan

ABREAST: Final = 16
"""Copies in a group. The files of more push out of the processor's cache what the steps left there."""


@dataclass(slots=True, kw_only=True, eq=False)
class Work:
    """One reserved row, and what the steps taken so far have made of it."""

    place: int
    """Of its order among those taken together."""
    copy: Copy
    version: CertificateVersion
    specialties: tuple[Specialty, ...]
    photo: bytes | None
    signature: bytes | None
    id_type: IdType | None
    symbol: str = field(init=False)
    """What the QR symbol says."""
    modules: Modules = field(init=False)
    page: Page = field(init=False)
    facts: DocumentFacts = field(init=False)
    plan: Plan = field(init=False)
    """Which glyphs both files take from where."""
    pdf: PDFDraft = field(init=False)
    pdf_body: Body | None = field(init=False)
    """What preflight read of the PDF: the sealed file must begin with it, or is read from the start."""
    ofd: OFDDraft = field(init=False)
    files: dict[str, bytes] = field(init=False, default_factory=dict)
    """By format: ``pdf`` and ``ofd``, sealed."""
    stamping: Stamping | None = field(init=False, default=None)
    """Its time stamps on their way, where the policy wants some."""
    timestamps: tuple[FileTimestamp, ...] = field(init=False, default=())
    """What is to be written down of them."""


Step = Callable[[Work], None]
"""Adds to a work what the next steps need, or raises."""
Tell = Callable[[Work, CertsvcError], None]
"""Takes the reason why a work goes no further."""


def take_steps(
    steps: Iterable[Step], works: Iterable[Work], tell: Tell, before: Callable[[], None] | None = None
) -> list[Work]:
    """Take each step for all of *works* before the next one; returns those that took all of them.

    Args:
        steps: in their order.
        works: ABREAST at most, if it is to be quick.
        tell: is told what went wrong with one; the others go on.
        before: called before each step of each work.
    """
    going = list(works)
    for step in steps:
        left: list[Work] = []
        for work in going:
            with reason(partial(tell, work)):
                if before is not None:
                    before()
                step(work)
                left.append(work)
        going = left
    return going
