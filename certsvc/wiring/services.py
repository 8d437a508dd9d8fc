"""The only place that picks implementations and hands them to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypedDict

from certsvc.batch.announce import Announcer, Bell
from certsvc.batch.office import Batches
from certsvc.batch.queue import Queue
from certsvc.config import Settings
from certsvc.domain.clock import Clock
from certsvc.domain.policy import Issuer
from certsvc.issuing.anchor import Anchor
from certsvc.issuing.changes import ChangeFeed
from certsvc.issuing.clients import Clients
from certsvc.issuing.counter import Counter
from certsvc.issuing.desk import Desk
from certsvc.issuing.discretion import BodyDigest
from certsvc.issuing.draft import Drafter
from certsvc.issuing.enquiry import Enquiry
from certsvc.issuing.erasure import Eraser
from certsvc.issuing.key_chronicle import KeyChronicle
from certsvc.issuing.press import Press
from certsvc.issuing.record import Recorder
from certsvc.issuing.recover import Recovery
from certsvc.issuing.rehearsal import Rehearsal
from certsvc.issuing.sequencer import Sequencer
from certsvc.issuing.stamp_queue import StampQueue
from certsvc.page.certificate_type import CertificateType
from certsvc.page.fonts import FontChain
from certsvc.registry.limits import LimitStore, open_limits
from certsvc.registry.port import Registry
from certsvc.registry.sql import open_registry
from certsvc.rendering.ofd import OFDRenderer
from certsvc.rendering.pdf import PDFRenderer
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.port import PinnedKey, PinnedSeal, SealSigner, Signer
from certsvc.storage.erasure_list import FILE_NAME, ErasureList
from certsvc.storage.port import Storage
from certsvc.translog.checkpoint import origin_of
from certsvc.verification.log_book import LogBook
from certsvc.verification.lookups import LookUps
from certsvc.verification.receipt import Receipts
from certsvc.verification.receipt_pdf import ReportPress
from certsvc.verification.trust_material import TrustMaterial
from certsvc.verification.verify import Verifier
from certsvc.wiring.chore import Chore
from certsvc.wiring.doors import Doors, open_doors
from certsvc.wiring.holders import Holders, open_holders
from certsvc.wiring.keys import open_keystore
from certsvc.wiring.loading import (
    SystemClock,
    font_folders,
    load_fonts,
    load_kinds,
    make_ofd_renderer,
    make_reference_renderer,
    make_renderer,
    open_readers,
    sample_coded,
)
from certsvc.wiring.storage import open_storage
from certsvc.wiring.timestamps import load_tsa_roots, make_stamper, open_authority


class _MadeOf(TypedDict):
    """What the press is made of, and its rehearsal too."""

    kinds: Mapping[str, CertificateType]
    fonts: FontChain
    renderer: PDFRenderer
    ofd_renderer: OFDRenderer
    issuer: Issuer
    signer: Callable[[], Signer]
    seal_signer: Callable[[], SealSigner]
    pinned: Sequence[PinnedKey]
    pinned_seals: Sequence[PinnedSeal]
    public_url: str


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
    counter: Counter
    batches: Batches
    queue: Queue | None
    """Where workers hear of batches; None on SQLite."""
    bell: Bell
    announcer: Announcer
    enquiry: Enquiry
    eraser: Eraser
    verifier: Verifier
    receipts: Receipts
    report_press: ReportPress
    clients: Clients
    doors: Doors
    holders: Holders
    trust_material: TrustMaterial
    lookups: LookUps
    lookup_chore: Chore
    """Writes counted look-ups down once a second; not started."""
    changes: ChangeFeed
    limits: LimitStore
    stamp_queue: StampQueue | None
    """Fetches wanted time stamps; None where no authority is set."""
    sequencer: Sequencer
    log_chore: Chore
    """Advances the log once a second; not started."""
    key_chronicle: KeyChronicle
    log_book: LogBook
    rehearsal: Rehearsal
    """Makes ready what the first copies would wait for."""


def build(settings: Settings, clock: Clock | None = None) -> Services:
    """Wire the service.

    The database is connected to only when it is asked something: one that is away does not stop the start.

    Raises:
        KeyMaterialError: keys are missing, or development keys in production.
        TemplateError: a certificate type or a font is damaged.
    """
    clock = clock or SystemClock()
    keystore = open_keystore(settings)
    fonts = load_fonts(*font_folders(settings))
    kinds = load_kinds(settings)
    not_issued = sample_coded(settings, kinds)
    issuer = Issuer(name=settings.issuer_name, uscc=settings.issuer_uscc, type_code=settings.type_code)
    registry = open_registry(settings.database_url, keystore.registry_secret)
    storage = open_storage(settings)
    authority = open_authority(settings, clock)
    stamper = make_stamper(settings, authority, keystore, clock)
    made_of = _MadeOf(
        kinds=kinds,
        fonts=fonts,
        renderer=make_renderer(fonts),
        ofd_renderer=make_ofd_renderer(fonts),
        issuer=issuer,
        signer=lambda: keystore.signer(settings.signature, clock.now()),
        seal_signer=lambda: keystore.seal_signer(settings.issuer_name, clock.now()),
        pinned=keystore.live_pinned,
        pinned_seals=keystore.live_pinned_seals,
        public_url=settings.public_url,
    )
    press = Press(
        **made_of,
        offline_signer=lambda: keystore.service_signer("offline", clock.now()),
        stamper=stamper,
    )
    receipts = Receipts(
        signer=lambda: keystore.service_signer("receipt", clock.now()),
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
        stamper=stamper,
    )
    recorder = Recorder(
        registry=registry,
        kinds=kinds,
        drafter=Drafter(fonts),
        issuer=issuer,
        clock=clock,
        body_digest=BodyDigest(keystore.registry_secret),
        not_issued=not_issued,
    )
    desk = Desk(
        registry=registry,
        storage=storage,
        press=press,
        recovery=recovery,
        kinds=kinds,
        fonts=fonts,
        clock=clock,
        public_url=settings.public_url,
        key_daily_cap=settings.key_daily_cap,
    )
    counter = Counter(desk, recorder)
    key_chronicle = KeyChronicle(registry=registry, keys=lambda: keystore.keys, clock=clock)
    log_book = LogBook(
        registry=registry,
        keys=lambda: keystore.service_keys("log"),
        origin=origin_of(settings.public_url),
    )
    lookups = LookUps(registry=registry, kinds=kinds, clock=clock)
    sequencer = Sequencer(
        registry=registry,
        signer=lambda: keystore.service_signer("log", clock.now()),
        origin=origin_of(settings.public_url),
        clock=clock,
        anchor=Anchor(settings.data_dir / "log" / "checkpoint"),
        before=key_chronicle.note,
    )
    bell = Bell(settings.data_dir / "batches" / "wanted")
    queue = None if settings.database_url.startswith("sqlite") else Queue(settings.database_url)
    return Services(
        settings=settings,
        clock=clock,
        registry=registry,
        storage=storage,
        fonts=fonts,
        kinds=kinds,
        keystore=keystore,
        recorder=recorder,
        desk=desk,
        counter=counter,
        batches=Batches(
            registry=registry,
            storage=storage,
            counter=counter,
            clock=clock,
            secret=keystore.registry_secret,
            public_url=settings.public_url,
        ),
        queue=queue,
        bell=bell,
        announcer=Announcer(bell, queue),
        enquiry=Enquiry(
            registry=registry, storage=storage, kinds=kinds, clock=clock, public_url=settings.public_url
        ),
        eraser=Eraser(
            registry=registry,
            purge=registry.purge,
            storage=storage,
            kinds=kinds,
            clock=clock,
            erasures=ErasureList(settings.keys_dir / FILE_NAME, keystore.registry_secret),
            retention_days=settings.retention_days,
        ),
        verifier=Verifier(
            registry=registry,
            kinds=kinds,
            pinned=keystore.live_pinned,
            pinned_seals=keystore.live_pinned_seals,
            receipt_keys=receipts.known_keys,
            offline_keys=lambda: keystore.service_keys("offline"),
            readers=open_readers(settings.scan_processes),
            clock=clock,
            public_url=settings.public_url,
            tsa_roots=load_tsa_roots(settings),
            level=stamper.inside if stamper is not None else None,
            log_book=log_book,
        ),
        receipts=receipts,
        report_press=ReportPress(
            receipts=receipts,
            fonts=fonts,
            renderer=partial(make_reference_renderer, fonts),
            issuer_name=settings.issuer_name,
            public_url=settings.public_url,
        ),
        clients=Clients(registry, clock, settings.client_cert),
        doors=open_doors(settings, registry, kinds, clock, keystore.registry_secret),
        holders=open_holders(settings, registry, clock, kinds),
        trust_material=TrustMaterial(
            registry=registry,
            kinds=kinds,
            keystore=keystore,
            clock=clock,
            issuer_name=settings.issuer_name,
            public_url=settings.public_url,
        ),
        lookups=lookups,
        lookup_chore=Chore("look-ups", lookups.take_turn, lookups.take_last_turn),
        changes=ChangeFeed(registry=registry, kinds=kinds, clock=clock, secret=keystore.registry_secret),
        limits=open_limits(registry),
        stamp_queue=StampQueue(registry=registry, authority=authority, clock=clock)
        if authority is not None
        else None,
        sequencer=sequencer,
        log_chore=Chore("log", lambda ends: sequencer.take_turn(), sequencer.take_turn),
        key_chronicle=key_chronicle,
        log_book=log_book,
        rehearsal=Rehearsal(**made_of, left_out=not_issued),
    )
