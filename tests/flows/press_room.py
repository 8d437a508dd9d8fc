"""Desks and presses with one part of their world exchanged, and copies that died half way."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from certsvc.domain.endorsement import Copy, CopyId, grant
from certsvc.domain.policy import Issuer
from certsvc.errors import CertsvcError, StorageFullError
from certsvc.issuing.desk import Desk
from certsvc.issuing.press import Press
from certsvc.issuing.recover import Recovery
from certsvc.issuing.reserve import Reserved, get_case, reserve
from certsvc.issuing.work import Step, Tell, Work
from certsvc.registry.port import Registry
from certsvc.rendering.ofd import OFDRenderer
from certsvc.rendering.pdf import PDFRenderer
from certsvc.rendering.plan import Planner
from certsvc.sealing.port import SealSigner, Signer
from certsvc.storage.local import LocalStorage
from certsvc.storage.port import Storage
from tests.packs import unpacked
from tests.world import NUMBER, World


@dataclass(frozen=True)
class OtherSigner:
    """A key for PDF files that names itself otherwise, or signs other bytes than it is given."""

    genuine: Signer
    key_id: str
    added: bytes = b""

    @property
    def certificate(self) -> bytes:
        """The genuine one's."""
        return self.genuine.certificate

    @property
    def chain(self) -> tuple[bytes, ...]:
        """The genuine one's."""
        return self.genuine.chain

    @property
    def algorithm(self) -> str:
        """The genuine one's."""
        return self.genuine.algorithm

    def sign(self, message: bytes) -> bytes:
        """Sign, with something added."""
        return self.genuine.sign(message + self.added)


@dataclass(frozen=True)
class OtherSealSigner:
    """The same for OFD files."""

    genuine: SealSigner
    key_id: str
    added: bytes = b""

    @property
    def certificate(self) -> bytes:
        """The genuine one's."""
        return self.genuine.certificate

    @property
    def seal(self) -> bytes:
        """The genuine one's."""
        return self.genuine.seal

    def sign(self, message: bytes) -> bytes:
        """Sign, with something added."""
        return self.genuine.sign(message + self.added)

    def sign_unverified(self, message: bytes) -> bytes:
        """Do the same."""
        return self.sign(message)


class PickyStorage(LocalStorage):
    """A store that has no room for one format."""

    def __init__(self, folder: Path, refused: str) -> None:
        """Refuse names that end in *refused*."""
        super().__init__(folder)
        self._refused = refused

    def put(self, files: Mapping[str, bytes]) -> Mapping[str, str]:
        """Store, or have no room."""
        if any(name.endswith(self._refused) for name in files):
            raise StorageFullError(f"no room for {self._refused}")
        return super().put(files)


class WatchedPress(Press):
    """A press before whose work something happens."""

    def __init__(self, genuine: Press, before: Callable[[int], None]) -> None:
        """Work as *genuine* does; *before* is told which copy is next, from 1, and may raise."""
        vars(self).update(vars(genuine))
        self._before = before
        self._prepared = 0
        self.sealed = 0
        """How many copies the keys were used for."""

    def compose(self, work: Work) -> None:
        """Begin with one copy."""
        self._prepared += 1
        self._before(self._prepared)
        super().compose(work)

    def seal(self, works: Sequence[Work], tell: Tell, begin: Step | None = None) -> list[Work]:
        """Use the keys."""
        self.sealed += len(works)
        return super().seal(works, tell, begin)


def a_press(world: World, *, signer: Signer | None = None, seal_signer: SealSigner | None = None) -> Press:
    """Make a press for *world* that seals with its keys or with others."""
    services, settings = world.services, world.settings
    pdf = signer or services.keystore.signer(settings.signature)
    ofd = seal_signer or services.keystore.seal_signer(settings.issuer_name)
    return Press(
        kinds=services.kinds,
        fonts=services.fonts,
        renderer=PDFRenderer(Planner(services.fonts)),
        ofd_renderer=OFDRenderer(Planner(services.fonts)),
        issuer=Issuer(name=settings.issuer_name, uscc=settings.issuer_uscc, type_code=settings.type_code),
        signer=lambda: pdf,
        seal_signer=lambda: ofd,
        pinned=services.keystore.pinned,
        pinned_seals=services.keystore.pinned_seals,
        public_url=settings.public_url,
    )


def a_desk(
    world: World,
    *,
    press: Press | None = None,
    storage: Storage | None = None,
    registry: Registry | None = None,
) -> Desk:
    """Make a second desk on *world*, with another press, another store or another way to the register."""
    services = world.services
    kept = storage or services.storage
    return Desk(
        registry=registry or services.registry,
        storage=kept,
        press=press or a_press(world),
        recovery=Recovery(
            registry=services.registry,
            storage=kept,
            pinned=services.keystore.pinned,
            pinned_seals=services.keystore.pinned_seals,
        ),
        kinds=services.kinds,
        fonts=services.fonts,
        clock=world.clock,
        public_url=world.settings.public_url,
    )


def reserved(
    world: World,
    press: Press,
    *,
    who: str = NUMBER,
    chunk: str = "",
    key_id: str | None = None,
    seal_key_id: str | None = None,
) -> Reserved:
    """Reserve today's copy for a worker who then dies; copies of one *chunk*, 16 characters, share a pack."""
    now = world.clock.now()
    with world.services.registry.writing() as session:
        case = get_case(session, world.services.kinds, who, now)
        row = reserve(
            session,
            case,
            now,
            copy_id=CopyId((chunk or secrets.token_hex(8)) + secrets.token_hex(8)),
            worker="dead",
            key_id=key_id or press.key_id,
            seal_key_id=seal_key_id or press.seal_key_id,
            issuer_name=press.issuer_name,
            allowed=grant(case.registration, world.today, case.policy),
            purpose="投标使用",
        )
    assert row is not None
    return row


def images_of(world: World, row: Reserved) -> tuple[bytes, bytes]:
    """Return the photo and the signature that go on a copy."""
    face = row.version.face
    assert face.photo_sha256 is not None and face.signature_sha256 is not None
    with world.services.registry.reading() as session:
        return session.get_image(face.photo_sha256), session.get_image(face.signature_sha256)


def a_work(row: Reserved, images: tuple[bytes | None, bytes | None], *, place: int = 0) -> Work:
    """Put a reserved row before the press."""
    photo, signature = images
    return Work(
        place=place,
        copy=row.copy,
        version=row.version,
        specialties=row.specialties,
        photo=photo,
        signature=signature,
        id_type=row.id_type,
    )


def prepared(press: Press, row: Reserved, images: tuple[bytes | None, bytes | None]) -> Work:
    """Take one row through the press up to its seals; raises what went wrong with it."""
    work = a_work(row, images)
    press.prepare([work], raised)
    return work


def sealed(world: World, press: Press, row: Reserved) -> tuple[Copy, Mapping[str, bytes]]:
    """Make the files of a reserved row, as its worker did before he died; returns them by name."""
    work = prepared(press, row, images_of(world, row))
    press.seal([work], raised)
    return row.copy, {row.copy.file_name(fmt): content for fmt, content in work.files.items()}


def raised(_work: Work, why: CertsvcError) -> None:
    """Let what went wrong with a copy end the test."""
    raise why


def stored(world: World) -> list[str]:
    """List the issued files the store holds, and temporary files."""
    files, temporaries = unpacked(Path(world.settings.storage_url))
    return sorted([*files, *temporaries])
