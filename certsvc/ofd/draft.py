"""An OFD before its seal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from certsvc.ofd.container import write_container
from certsvc.ofd.document import DocInfo, ofd_xml
from certsvc.ofd.names import OFD
from certsvc.ofd.parts import Part, make_part


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Every part but those of the seal; OFD.xml stands apart, as its last line tells whether there is one."""

    info: DocInfo
    parts: tuple[Part, ...]
    """In final order, OFD.xml not among them."""
    page_id: int
    """Id of the page object the stamp stands on."""
    symbols: tuple[tuple[str, ...], ...] = ()
    """Of each QR symbol the outlines of its blocks, which in a row are its outline: for who reads it back."""

    @cached_property
    def entrance(self) -> Part:
        """OFD.xml as it stands in the sealed file: it names the list of signatures."""
        return make_part(OFD, ofd_xml(self.info, sealed=True))

    def unsealed(self) -> bytes:
        """Return the whole file without a seal; equal drafts give equal bytes."""
        return write_container((make_part(OFD, ofd_xml(self.info, sealed=False)), *self.parts))
