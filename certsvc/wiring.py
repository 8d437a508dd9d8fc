"""The only place that picks implementations and hands them to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from certsvc.config import Settings
from certsvc.domain.clock import Clock
from certsvc.domain.policy import Issuer
from certsvc.errors import KeyMaterialError, TemplateError
from certsvc.issuing.clients import Clients
from certsvc.issuing.desk import Desk
from certsvc.issuing.discretion import BodyDigest
from certsvc.issuing.draft import Drafter
from certsvc.issuing.enquiry import Enquiry
from certsvc.issuing.press import Press
from certsvc.issuing.record import Recorder
from certsvc.issuing.recover import Recovery
from certsvc.page.certificate_type import CertificateType, load_certificate_type
from certsvc.page.fonts import FontChain
from certsvc.registry.port import Registry
from certsvc.registry.sql import migrate, open_registry
from certsvc.rendering.pdf import PDFRenderer
from certsvc.sealing.keystore import Keystore, init_dev_keys
from certsvc.storage.local import LocalStorage
from certsvc.storage.port import Storage
from certsvc.verification.pool import ReaderPool
from certsvc.verification.verify import Verifier


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a server or a command needs; safe to share between threads."""

    settings: Settings
    clock: Clock
    registry: Registry
    storage: Storage
    fonts: FontChain
    kinds: Mapping[str, CertificateType]
    keystore: Keystore
    recorder: Recorder
    desk: Desk
    enquiry: Enquiry
    verifier: Verifier
    clients: Clients


def initialise(settings: Settings, *, dev: bool, clock: Clock | None = None) -> None:
    """Make a fresh place to work: folders, schema, with *dev* the test PKI; safe to run again.

    Raises:
        KeyMaterialError: *dev* in production.
    """
    if dev and settings.env == "production":
        raise KeyMaterialError("development keys cannot be made with CERTSVC_ENV=production")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    Path(settings.storage_url).mkdir(parents=True, exist_ok=True)
    if dev:
        plan = settings.templates_dir.parent / "keys" / "pki.toml"
        init_dev_keys(settings.keys_dir, plan, (clock or SystemClock()).now())
    migrate(settings.database_url)


def build(settings: Settings, clock: Clock | None = None) -> Services:
    """Wire the service.

    The database is connected to only when it is asked something: one that is away does not stop the start.

    Raises:
        KeyMaterialError: keys are missing, or development keys in production.
        TemplateError: a certificate type or a font is damaged.
    """
    clock = clock or SystemClock()
    keystore = Keystore.open(settings.keys_dir)
    if settings.env == "production" and keystore.is_development:
        raise KeyMaterialError("development keys in production: set CERTSVC_KEYS_DIR to the real ones")
    fonts = _load_fonts(settings.templates_dir / "fonts", (settings.data_dir / "cache").resolve())
    kinds = _load_kinds(settings.templates_dir)
    issuer = Issuer(name=settings.issuer_name, uscc=settings.issuer_uscc, type_code=settings.type_code)
    registry = open_registry(settings.database_url, keystore.registry_secret)
    storage = LocalStorage(Path(settings.storage_url))
    press = Press(
        kinds=kinds,
        fonts=fonts,
        renderer=_make_renderer(fonts),
        issuer=issuer,
        signer=lambda: keystore.signer(settings.signature),
        pinned=keystore.pinned,
        public_url=settings.public_url,
    )
    recovery = Recovery(registry=registry, storage=storage, pinned=keystore.pinned)
    return Services(
        settings=settings,
        clock=clock,
        registry=registry,
        storage=storage,
        fonts=fonts,
        kinds=kinds,
        keystore=keystore,
        recorder=Recorder(
            registry=registry,
            kinds=kinds,
            drafter=Drafter(fonts),
            issuer=issuer,
            clock=clock,
            body_digest=BodyDigest(keystore.registry_secret),
        ),
        desk=Desk(
            registry=registry,
            storage=storage,
            press=press,
            recovery=recovery,
            kinds=kinds,
            fonts=fonts,
            clock=clock,
            public_url=settings.public_url,
        ),
        enquiry=Enquiry(
            registry=registry, storage=storage, kinds=kinds, clock=clock, public_url=settings.public_url
        ),
        verifier=Verifier(
            registry=registry,
            kinds=kinds,
            pinned=keystore.pinned,
            readers=_open_readers(settings.scan_processes),
            clock=clock,
            public_url=settings.public_url,
        ),
        clients=Clients(registry, clock),
    )


@cache
def _load_fonts(folder: Path, unpacked: Path) -> FontChain:
    """Load the fonts once per process: they are large and never change."""
    return FontChain.load(folder, unpacked)


@cache
def _open_readers(processes: int) -> ReaderPool:
    """Keep one pool per process: its children know nothing of the services they read for."""
    return ReaderPool(processes)


@cache
def _make_renderer(fonts: FontChain) -> PDFRenderer:
    """Make the renderer once per process: it parses every font table, and keeps nothing of a page."""
    return PDFRenderer(fonts)


def _load_kinds(templates: Path) -> Mapping[str, CertificateType]:
    """Load every folder under *templates* that holds a policy: a certificate type is data."""
    kinds = [load_certificate_type(file.parent) for file in sorted(templates.glob("*/policy.toml"))]
    if not kinds:
        raise TemplateError(f"no certificate type under {templates.name}")
    return {kind.policy.certificate_type: kind for kind in kinds}
