"""What happened to the people of the vectors within ten days: registered, endorsed, overtaken by events."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from certsvc.domain.endorsement import Copy
from certsvc.domain.offline_claims import Claims, claims_of
from certsvc.qr.offline import encode_claims
from certsvc.sealing.jws import compact, flattened, sign_jws, unchecked_payload
from certsvc.sealing.port import Signer
from certsvc.verification.question import Question
from certsvc.verification.trust_bundle import STATUS_TYP, TRUST_TYP
from certsvc.wiring import Services
from tests.offline import a_world_with_codes
from tests.vectors_run.facts import Record, record_of
from tests.world import World

REASON: Final = {"code": "TEST", "text": "样本"}
PEOPLE: Final = (
    "main", "second", "late", "twice", "moved", "suspended", "cancelled", "revoked", "penalised", "expiring",
)  # fmt: skip
"""Names of the records, in the order of registration."""


def number_of(name: str) -> str:
    """Return the registration number of one of PEOPLE; nobody's: 99 stands where a province's digits do."""
    return f"京19920152025{PEOPLE.index(name) + 1:05d}"


class Story:
    """An instance in which all of it has happened; its keys live in a folder that is thrown away."""

    def __init__(self, folder: Path) -> None:
        """Let it happen."""
        fonts = folder / "fonts"
        fonts.mkdir()
        self.world: World = a_world_with_codes(folder, folder / "secret", fonts)
        self.began = self.world.clock.now()
        self.names = {name: f"样本{sign}" for name, sign in zip(PEOPLE, "甲乙丙丁戊己庚辛壬癸", strict=True)}
        self.endorsed: dict[str, dict[str, Any]] = {}
        self._codes: dict[tuple[Claims, str], str] = {}
        for order, name in enumerate(PEOPLE, 1):
            self.world.initial(
                number_of(name), order=order, name=self.names[name], specialties=self._specialties(name)
            )
        for name in PEOPLE:
            if name != "late":
                self.endorsed[name] = self.world.endorse(number_of(name))
        self.original = self.world.original(number_of("main"))
        self._overtake()
        self.ended = self.world.clock.now()

    @property
    def services(self) -> Services:
        """The wired services."""
        return self.world.services

    def _specialties(self, name: str) -> list[dict[str, str]]:
        building = {"name": "建筑工程", "granted_on": "2025-06-10"}
        if name == "main":
            return [building, {"name": "机电工程", "granted_on": "2024-03-01"}]
        if name == "expiring":
            return [{"name": "建筑工程", "granted_on": "2023-12-05"}]
        return [building]

    def _overtake(self) -> None:
        world = self.world
        world.jump(days=1)
        self.endorsed["twice again"] = world.endorse(number_of("twice"))
        world.jump(days=2)
        employer = {"name": "示例城建有限公司", "uscc": "91990000MA0000015Q"}
        world.record(world.event("change_employer", number_of("moved"), employer=employer))
        self.leaked = world.clock.now() + timedelta(hours=1)
        """From here on a thief may have had the keys, in the bundle that says so."""
        world.jump(days=1)
        self.endorsed["late"] = world.endorse(number_of("late"))
        world.jump(days=6)
        for kind, name in (
            ("suspend", "suspended"), ("cancel", "cancelled"), ("revoke", "revoked"),
            ("revoke_penalty", "penalised"),
        ):  # fmt: skip
            world.record(world.event(kind, number_of(name), reason=REASON))
        world.jump(seconds=60)

    def file(self, name: str, fmt: str = "pdf") -> bytes:
        """Return an endorsed file."""
        return self.world.file(self.endorsed[name], fmt)

    def original_file(self, fmt: str) -> bytes:
        """Return the original of the first holder."""
        return bytes(self.services.enquiry.original_file(number_of("main"), fmt).content)

    def report_page(self) -> bytes:
        """Return a verification report about the first file: sealed by us, and no certificate."""
        asked = Question(file=self.file("main"))
        return bytes(self.services.report_press.make(self.services.verifier.verify(asked), asked, lang="zh"))

    def copy(self, name: str) -> Copy:
        """Return the copy of one of the endorsed."""
        with self.services.registry.reading() as session:
            found = session.find_copy_by_token(str(self.endorsed[name]["token"]))
        assert isinstance(found, Copy)
        return found

    def claims(self, whose: str, **changes: object) -> Claims:
        """Return what the offline code of a copy says, with changes."""
        copy = self.copy(whose)
        assert copy.grant is not None
        with self.services.registry.reading() as session:
            version = session.get_version(copy.version_id)
        claims = claims_of(copy, version, copy.grant.specialties, profession="一级建造师")
        return replace(claims, **changes)  # type: ignore[arg-type]  # names and values are the caller's

    def code(self, claims: Claims, signer: Signer | None = None) -> str:
        """Write an offline code down, signed by our key or another; once, for no two signatures are equal."""
        signer = signer or self.services.keystore.service_signer("offline")
        place = claims, signer.key_id
        if place not in self._codes:
            self._codes[place] = encode_claims(claims, signer, public_url=self.world.settings.public_url)
        return self._codes[place]

    def signed(self, content: bytes, spoil: Callable[[int, int], tuple[int, int]] | None = None) -> str:
        """Let our key sign any content behind the link of the first copy.

        Args:
            content: the format's byte and the claims, or what stands in their place.
            spoil: what to make of the two numbers of the signature.
        """
        link = self.code(self.claims("main")).partition("#")[0] + "#"
        signer = self.services.keystore.service_signer("offline")
        r, s = decode_dss_signature(signer.sign(link.encode() + content))
        r, s = (r, s) if spoil is None else spoil(r, s)
        return link + str(int.from_bytes(content + r.to_bytes(32, "big") + s.to_bytes(32, "big"), "big"))

    def records(self) -> Mapping[str, Record]:
        """Return the registry's facts, by the name of the record."""
        found: dict[str, Record] = {}
        with self.services.registry.reading() as session:
            for name in PEOPLE:
                registration_id = session.find_registration(number_of(name))
                copies = list(session.endorsements_between(registration_id, registration_id))
                original = session.find_original(session.latest_version(registration_id).version_id, 0)
                copies += [original] if original is not None else []
                found[name] = record_of(session, registration_id, copies)
        return found

    def bundle(self, *, lists: bool = True, **keys: str) -> bytes:
        """Return the trust bundle.

        Args:
            lists: whether the status lists are in it.
            keys: what the signed list of keys says of every key but the one that signs it, instead.
        """
        said = json.loads(self.services.trust_material.bundle().body)
        if keys:
            payload = dict(unchecked_payload(compact(said["trust"])))
            payload["keys"] = [key if key["use"] == "trust" else {**key, **keys} for key in payload["keys"]]
            signer = self.services.keystore.service_signer("trust")
            said["trust"] = flattened(sign_jws(payload, signer, typ=TRUST_TYP))
        if not lists:
            said["status"] = []
        return json.dumps(said, indent=1).encode() + b"\n"

    def bundles(self) -> Mapping[str, bytes]:
        """Return every bundle a vector may name."""
        return {
            "bundle.json": self.bundle(),
            "bundle-without-lists.json": self.bundle(lists=False),
            "bundle-keys-leaked.json": self.bundle(compromised_since=self.leaked.isoformat()),
            "bundle-keys-too-young.json": self.bundle(
                valid_from=(self.ended - timedelta(seconds=1)).isoformat()
            ),
        }

    def broken_bundles(self) -> Mapping[str, tuple[str, bytes]]:
        """Return bundles that no verifier may rely on: by file, what is wrong, and the bytes."""
        good = json.loads(self.bundle())
        keystore = self.services.keystore
        (listed,) = good["status"]
        said = dict(unchecked_payload(compact(listed)))

        def listing(by: Signer, **changes: object) -> dict[str, object]:
            return {**good, "status": [flattened(sign_jws({**said, **changes}, by, typ=STATUS_TYP))]}

        trust, receipt = keystore.service_signer("trust"), keystore.service_signer("receipt")
        late = datetime.fromisoformat(str(said["issued_at"])) + timedelta(hours=1, seconds=1)
        edited = {**good["trust"], "payload": good["trust"]["payload"][:-8] + "AAAAAAAA"}
        made: dict[str, tuple[str, object]] = {
            "broken-keys-edited.json": ("the list of keys was edited", {**good, "trust": edited}),
            "broken-list-by-a-receipt-key.json": (
                "a key of ours for another use signed the status list", listing(receipt),
            ),
            "broken-list-of-other-bits.json": (
                "a status list of one bit for each copy", listing(trust, bits=1),
            ),
            "broken-list-twice.json": ("one status list stands twice", {**good, "status": [listed, listed]}),
            "broken-keys-older-than-lists.json": (
                "the list of keys is an hour and a second older than the status list",
                listing(trust, issued_at=late.isoformat()),
            ),
            "broken-trust-as-list.json": (
                "the list of keys stands in the place of a status list", {**good, "status": [good["trust"]]},
            ),
        }  # fmt: skip
        files = {
            name: (says, json.dumps(one, indent=1).encode() + b"\n") for name, (says, one) in made.items()
        }
        twice = self.bundle().replace(b'"format": 1,', b'"format": 1,\n "format": 1,', 1)
        return files | {"broken-member-twice.json": ("a member stands twice", twice)}

    def at(self, **later: float) -> datetime:
        """Return an instant counted from the end."""
        return self.ended + timedelta(**later)
