"""The only place that picks implementations and hands them to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Final

from certsvc.config import Settings
from certsvc.domain.clock import Clock
from certsvc.domain.policy import Issuer
from certsvc.errors import KeyMaterialError, TemplateError
from certsvc.issuing.changes import ChangeFeed
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
from certsvc.page.stamp import draw_stamp
from certsvc.registry.limits import LimitStore, open_limits
from certsvc.registry.port import Registry
from certsvc.registry.sql import migrate, open_registry
from certsvc.rendering.ofd import OFDRenderer
from certsvc.rendering.pdf import PDFRenderer
from certsvc.rendering.stamp import stamp_picture
from certsvc.sealing.dev_keys import init_dev_keys, rotate_dev_key
from certsvc.sealing.dev_seals import ensure_dev_seal, has_seal, rotate_dev_seal
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.pki import SM2
from certsvc.sealing.trust import TrustedKey
from certsvc.storage.local import LocalStorage
from certsvc.storage.port import Storage
from certsvc.verification.lookups import LookUps
from certsvc.verification.pool import ReaderPool
from certsvc.verification.receipt import Receipts
from certsvc.verification.receipt_pdf import ReportPress
from certsvc.verification.trust_material import TrustMaterial
from certsvc.verification.verify import Verifier

_DRAWING: Final = Lock()


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
    receipts: Receipts
    report_press: ReportPress
    clients: Clients
    trust_material: TrustMaterial
    lookups: LookUps
    changes: ChangeFeed
    limits: LimitStore


def initialise(settings: Settings, *, dev: bool, clock: Clock | None = None) -> None:
    """Make a fresh place to work: folders, schema, with *dev* the test PKI; safe to run again.

    Raises:
        KeyMaterialError: *dev* in production.
    """
    if dev:
        make_dev_keys(settings, clock)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    Path(settings.storage_url).mkdir(parents=True, exist_ok=True)
    migrate(settings.database_url)


def make_dev_keys(settings: Settings, clock: Clock | None = None) -> None:
    """Make the test PKI and a seal for the issuer; safe to run again, at once, and after a crash.

    Raises:
        KeyMaterialError: in production, or something in the key folder is not usable.
    """
    plan, now = _dev_plan(settings), (clock or SystemClock()).now()
    init_dev_keys(settings.keys_dir, plan, now)
    name = settings.issuer_name
    # Fonts are loaded and a picture is drawn only when there is no seal yet; pdfium draws one at a time.
    with _DRAWING:
        if not has_seal(settings.keys_dir, name):
            picture, size_mm = _draw_seal(settings)
            ensure_dev_seal(settings.keys_dir, plan, name=name, picture=picture, size_mm=size_mm, now=now)


def rotate_key(settings: Settings, name: str, clock: Clock | None = None) -> TrustedKey:
    """Make the next test key of an algorithm or use, for ``sm2`` with its seal, and retire those before it.

    Raises:
        KeyMaterialError: in production, or the plan has no such key, or the folder is not usable.
    """
    plan, now = _dev_plan(settings), (clock or SystemClock()).now()
    if not Keystore.open(settings.keys_dir).is_development:
        raise KeyMaterialError("these are real keys: bring the next one yourself, see keys/README.md")
    if name != SM2:
        return rotate_dev_key(settings.keys_dir, plan, name, now)
    with _DRAWING:
        picture, size_mm = _draw_seal(settings)
    return rotate_dev_seal(
        settings.keys_dir, plan, name=settings.issuer_name, picture=picture, size_mm=size_mm, now=now
    )


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
        ofd_renderer=_make_ofd_renderer(fonts),
        issuer=issuer,
        signer=lambda: keystore.signer(settings.signature),
        seal_signer=lambda: keystore.seal_signer(settings.issuer_name, clock.now()),
        pinned=keystore.live_pinned,
        pinned_seals=keystore.live_pinned_seals,
        public_url=settings.public_url,
        offline_signer=lambda: keystore.service_signer("offline"),
    )
    receipts = Receipts(
        signer=lambda: keystore.service_signer("receipt"),
        keys=lambda: keystore.service_keys("receipt"),
        specialties=[name for kind in kinds.values() for name in kind.policy.specialty_names],
        issuer_name=settings.issuer_name,
        public_url=settings.public_url,
    )
    recovery = Recovery(
        registry=registry,
        storage=storage,
        pinned=keystore.live_pinned,
        pinned_seals=keystore.live_pinned_seals,
    )
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
            pinned=keystore.live_pinned,
            pinned_seals=keystore.live_pinned_seals,
            receipt_keys=receipts.known_keys,
            offline_keys=lambda: keystore.service_keys("offline"),
            readers=_open_readers(settings.scan_processes),
            clock=clock,
            public_url=settings.public_url,
        ),
        receipts=receipts,
        report_press=ReportPress(
            receipts=receipts,
            fonts=fonts,
            renderer=_make_renderer(fonts),
            issuer_name=settings.issuer_name,
            public_url=settings.public_url,
        ),
        clients=Clients(registry, clock),
        trust_material=TrustMaterial(
            registry=registry,
            kinds=kinds,
            keystore=keystore,
            clock=clock,
            issuer_name=settings.issuer_name,
            public_url=settings.public_url,
        ),
        lookups=LookUps(registry=registry, kinds=kinds, clock=clock),
        changes=ChangeFeed(registry=registry, kinds=kinds, clock=clock, secret=keystore.registry_secret),
        limits=open_limits(registry),
    )


def _dev_plan(settings: Settings) -> Path:
    """Return where the test PKI is declared. KeyMaterialError in production, which may have none."""
    if settings.env == "production":
        raise KeyMaterialError("development keys cannot be made with CERTSVC_ENV=production")
    return settings.templates_dir.parent / "keys" / "pki.toml"


def _draw_seal(settings: Settings) -> tuple[bytes, int]:
    """Draw a specimen of the issuer's seal as the first certificate type has it: PNG, and its size in mm."""
    fonts = _load_fonts(settings.templates_dir / "fonts", (settings.data_dir / "cache").resolve())
    kind = next(iter(_load_kinds(settings.templates_dir).values()))
    stamp = draw_stamp(settings.issuer_name, kind.wording.seal_specimen, kind.layout.stamp, fonts)
    return stamp_picture(stamp), round(stamp.width_mm)


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


@cache
def _make_ofd_renderer(fonts: FontChain) -> OFDRenderer:
    """Make it once per process too: it compiles each template once."""
    return OFDRenderer(fonts)


def _load_kinds(templates: Path) -> Mapping[str, CertificateType]:
    """Load every folder under *templates* that holds a policy: a certificate type is data."""
    kinds = [load_certificate_type(file.parent) for file in sorted(templates.glob("*/policy.toml"))]
    if not kinds:
        raise TemplateError(f"no certificate type under {templates.name}")
    return {kind.policy.certificate_type: kind for kind in kinds}
