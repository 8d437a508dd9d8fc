"""What a process loads once and never changes: fonts, types, renderers, readers; and its clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from certsvc.config import Settings
from certsvc.errors import TemplateError
from certsvc.page.certificate_type import CertificateType, load_certificate_type
from certsvc.page.fonts import FontChain
from certsvc.rendering.ofd import OFDRenderer
from certsvc.rendering.pdf import PDFRenderer
from certsvc.rendering.pdf_reference import ReferenceRenderer
from certsvc.rendering.plan import Planner
from certsvc.verification.pool import ReaderPool


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)


def font_folders(settings: Settings) -> tuple[Path, Path]:
    """Return where the packed fonts are and where they are unpacked; two ways to one folder are one."""
    return (settings.templates_dir / "fonts").resolve(), (settings.data_dir / "cache").resolve()


@cache
def load_fonts(folder: Path, unpacked: Path) -> FontChain:
    """Load the fonts once per process: they are large and never change."""
    return FontChain.load(folder, unpacked)


@cache
def open_readers(processes: int) -> ReaderPool:
    """Keep one pool per process: its children know nothing of the services they read for."""
    return ReaderPool(processes)


@cache
def make_planner(fonts: FontChain) -> Planner:
    """Make it once per process: both renderers take their glyphs from the same cuts."""
    return Planner(fonts)


@cache
def make_renderer(fonts: FontChain) -> PDFRenderer:
    """Make it once per process: it compiles each template once, and keeps nothing of a page."""
    return PDFRenderer(make_planner(fonts))


@cache
def make_ofd_renderer(fonts: FontChain) -> OFDRenderer:
    """Make it once per process too."""
    return OFDRenderer(make_planner(fonts))


@cache
def make_reference_renderer(fonts: FontChain) -> ReferenceRenderer:
    """Make the renderer of reports once per process: it parses every font table."""
    return ReferenceRenderer(fonts)


def load_kinds(templates: Path) -> Mapping[str, CertificateType]:
    """Load every folder under *templates* that holds a policy: a certificate type is data."""
    kinds = [load_certificate_type(file.parent) for file in sorted(templates.glob("*/policy.toml"))]
    if not kinds:
        raise TemplateError(f"no certificate type under {templates.name}")
    return {kind.policy.certificate_type: kind for kind in kinds}
