"""An OFD before its seal."""

from __future__ import annotations

from dataclasses import dataclass

from certsvc.ofd.container import write_container
from certsvc.ofd.document import DocInfo, ofd_xml
from certsvc.ofd.names import OFD
from certsvc.ofd.parts import Part, make_part


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Every part but OFD.xml, whose last line depends on whether there is a seal."""

    info: DocInfo
    parts: tuple[Part, ...]
    """In final order, OFD.xml not among them."""
    page_id: int
    """Id of the page object the stamp stands on."""

    def unsealed(self) -> bytes:
        """Return the whole file without a seal; equal drafts give equal bytes."""
        return write_container((make_part(OFD, ofd_xml(self.info, sealed=False)), *self.parts))
