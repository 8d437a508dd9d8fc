"""One instance with a history that ends now: whatever a person may hold, and a real server for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from certsvc.domain.offline_claims import claims_of
from certsvc.qr.offline import encode_claims
from certsvc.sealing.keystore import Keystore
from tests.factories import FixedClock
from tests.flows.server import Server, serving, settings_of
from tests.sealing.samples import an_unsigned_pdf
from tests.world import JSON, World, settings_in

RARE: Final = ("龙𬭎", "张𫖯", "刘䶮", "陈𠅤", "买买提·艾力")
"""Names that phones without our font show as boxes."""
HOLDER: Final = "样本甲"
CHANGING: Final = ("superseded", "suspended", "cancelled", "revoked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One certificate as its holder shows it."""

    name: str
    number: str
    token: str
    code: str
    file: bytes
    """PDF bytes, sealed."""
    ofd: bytes
    """The same copy as OFD bytes, sealed."""
    offline: str
    """Text of an offline symbol of the copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A running server and what there is to verify at it."""

    server: Server
    public_url: str
    """What the symbols carry: the address at which they were issued, not the port of this run."""
    valid: Held
    original: str
    """Token of an original."""
    superseded: Held
    use_expired: Held
    suspended: Held
    cancelled: Held
    revoked: Held
    expired: Held
    """Its one specialty has ended, and with it the use of the copy."""
    damaged: Held
    """Its row in the register was changed behind our back."""
    rare: tuple[Held, ...]
    unsigned: bytes
    """A PDF nobody signed."""
    bundle: bytes
    """The trust bundle of a minute ago. Since then a damaged row keeps the status list from being told."""

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.server.port}"


@contextmanager
def living(folder: Path, font_cache: Path) -> Iterator[Instance]:
    """Make the history, then serve it on the machine's own time until the block ends."""
    data = folder / "var"
    data.mkdir()
    (data / "cache").symlink_to(font_cache)
    keys = folder / "keys"
    clock = FixedClock(datetime.now(UTC) - timedelta(days=200))
    world = World(settings_in(data, keys), clock)
    people = _people(world)
    use_expired, expired = (_issue(world, people[what]) for what in ("use_expired", "expired"))
    clock.instant = datetime.now(UTC) - timedelta(days=10)
    changing = {what: _issue(world, people[what]) for what in CHANGING}
    world.jump(days=5)
    _change(world, people)
    clock.instant = datetime.now(UTC) - timedelta(minutes=1)
    fresh = {what: _issue(world, people[what]) for what in ("valid", "damaged", *RARE)}
    original = str(world.original(people["valid"][1])["token"])
    bundle = world.services.trust_material.bundle().body
    _damage(data, fresh["damaged"].token)
    # The symbols name the address at which they were issued, not the port of this run.
    public_url = {"CERTSVC_PUBLIC_URL": world.settings.public_url}
    with serving(settings_of(data, keys) | public_url, workers=1) as server:
        yield Instance(
            server=server,
            public_url=world.settings.public_url,
            valid=fresh["valid"],
            original=original,
            use_expired=use_expired,
            expired=expired,
            damaged=fresh["damaged"],
            rare=tuple(fresh[name] for name in RARE),
            unsigned=an_unsigned_pdf(),
            bundle=bundle,
            **changing,
        )


def _people(world: World) -> dict[str, tuple[str, str]]:
    """Register everybody, 200 days ago; returns (name, number) by what becomes of them."""
    fates = ("valid", "use_expired", "expired", "damaged", *CHANGING, *RARE)
    long_ago = world.today - timedelta(days=3 * 365 - 30)
    people = {}
    for order, fate in enumerate(fates, 1):
        number = f"京11120202022{order:05d}"
        name = fate if fate in RARE else HOLDER
        world.initial(
            number, order=order, name=name, granted_on=long_ago if fate == "expired" else world.today
        )
        people[fate] = (name, number)
    return people


def _change(world: World, people: dict[str, tuple[str, str]]) -> None:
    """Let what was issued be overtaken by events."""
    reason = {"code": "OTHER", "text": "样本"}
    employer = {"name": "示例城建有限公司", "uscc": "91990000MA0000015Q"}
    world.record(world.event("change_employer", people["superseded"][1], employer=employer))
    world.record(world.event("suspend", people["suspended"][1], reason=reason))
    world.record(world.event("cancel", people["cancelled"][1], reason=reason))
    world.record(world.event("revoke", people["revoked"][1], reason=reason))


def _issue(world: World, person: tuple[str, str]) -> Held:
    """Issue one endorsed copy."""
    name, number = person
    copy: JSON = world.endorse(number)
    return Held(
        name=name,
        number=number,
        token=copy["token"],
        code=copy["code"],
        file=world.file(copy),
        ofd=world.file(copy, "ofd"),
        offline=_offline_text(world, copy["token"]),
    )


def _offline_text(world: World, token: str) -> str:
    """Write the offline code that the copy would carry if its type had one."""
    with world.services.registry.reading() as session:
        copy = session.find_copy_by_token(token)
        assert copy is not None and copy.grant is not None
        version = session.get_version(copy.version_id)
    claims = claims_of(copy, version, copy.grant.specialties, profession="一级建造师")
    signer = Keystore.open(world.settings.keys_dir).service_signer("offline")
    return encode_claims(claims, signer, public_url=world.settings.public_url)


def _damage(data: Path, token: str) -> None:
    """Change one row of the register without its key."""
    with closing(sqlite3.connect(data / "registry.db")) as database, database:
        changed = database.execute("UPDATE copy SET purpose = purpose || '！' WHERE token = ?", (token,))
        assert changed.rowcount == 1
