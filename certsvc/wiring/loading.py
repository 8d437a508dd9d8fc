"""What a process loads once and never changes: fonts, types, renderers, readers; and its clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from certsvc.config import Settings
from certsvc.errors import SettingsError, TemplateError
from certsvc.page.certificate_type import CertificateType, CertificateTypes, load_certificate_type
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


def load_kinds(settings: Settings) -> Mapping[str, CertificateType]:
    """Load every folder under the templates that holds a policy: a certificate type is data.

    Each has its type code: of CERTSVC_TYPE_CODES, else of its policy.toml, else CERTSVC_TYPE_CODE.

    Raises:
        TemplateError: a folder is damaged, or two types have one name or one type code.
        SettingsError: CERTSVC_TYPE_CODES names a type that is not there.
    """
    folders = [file.parent for file in sorted(settings.templates_dir.glob("*/policy.toml"))]
    if not folders:
        raise TemplateError(f"no certificate type under {settings.templates_dir.name}")
    codes = settings.codes_by_type
    kinds = CertificateTypes()
    for folder in folders:
        kind = load_certificate_type(folder)
        name = kind.policy.certificate_type
        if name in kinds:
            raise TemplateError(f"{folder.name} and {kinds[name].folder.name} are both {name}")
        kinds[name] = _coded(kind, codes.get(name) or kind.policy.type_code or settings.type_code)
    if unknown := sorted(codes.keys() - kinds.keys()):
        raise SettingsError(f"CERTSVC_TYPE_CODES names {', '.join(unknown)}; there are {', '.join(kinds)}")
    by_code: dict[str, str] = {}
    for name, kind in kinds.items():
        if (other := by_code.setdefault(kind.policy.type_code, name)) != name:
            raise TemplateError(f"{other} and {name} have one type code: set it for each, CERTSVC_TYPE_CODES")
    return kinds


def _coded(kind: CertificateType, code: str) -> CertificateType:
    policy = replace(kind.policy, type_code=code)
    offline = kind.with_offline
    return replace(
        kind,
        policy=policy,
        with_offline=offline and replace(offline, policy=policy),
    )


def sample_coded(settings: Settings, kinds: Mapping[str, CertificateType]) -> frozenset[str]:
    """Name the types that may not be issued here: in production, those whose type code is a made-up one."""
    made_up = str(Settings.model_fields["issuer_uscc"].default)
    if settings.env != "production":
        return frozenset()
    return frozenset(name for name, kind in kinds.items() if kind.policy.type_code.startswith(made_up))
