"""An instance with four copies of different fates, and its codes put to both verifiers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from certsvc.domain.offline_claims import Claims, claims_of
from certsvc.qr.offline import SIGNATURE_BYTES, encode_claims
from certsvc.sealing.port import Signer
from certsvc.verification.offline import OfflineReport, OfflineVerifier
from certsvc.verification.pool import ReaderPool
from certsvc.verification.trust_bundle import read_bundle
from tests.browser.node import ask_node, findings_of
from tests.offline import SampleSigner
from tests.world import World

READERS: Final = ReaderPool(1)
"""Needed for files; no test here hands one in, so none is ever opened."""
FATES: Final = ("usable", "cancel", "suspend", "change_employer")
VERIFY: Final = """async one => {
  const bundle = await ours.readBundle(one.bundle);
  const asked = {now: Date.parse(one.now), specialty: one.specialty};
  const report = await ours.verifyOffline(one.texts, bundle, asked);
  return {...report, code: report.code && {name: report.code.name, digits: report.code.statusIndex}};
}"""


class Desk:
    """An instance with four copies that met different fates, its bundle, and its offline key."""

    def __init__(self, world: World) -> None:
        """Issue the copies; a day later let three of them be overtaken."""
        self.world = world
        numbers = [f"京11120202022{order:05d}" for order in range(1, len(FATES) + 1)]
        for order, number in enumerate(numbers, 1):
            world.initial(number, order=order)
        tokens = [str(world.endorse(number)["token"]) for number in numbers]
        world.jump(days=1)
        reason = {"code": "X", "text": "样本"}
        employer = {"name": "示例城建有限公司", "uscc": "91990000MA0000015Q"}
        for fate, number in zip(FATES[1:], numbers[1:], strict=True):
            if fate == "change_employer":
                world.record(world.event(fate, number, employer=employer))
            else:
                world.record(world.event(fate, number, reason=reason))
        world.jump(seconds=60)
        self.bundle = world.services.trust_material.bundle().body
        self.signer: Signer = world.services.keystore.service_signer("offline")
        self.url = world.settings.public_url
        self.claims = dict(zip(FATES, map(self._said, tokens), strict=True))
        self.codes = {fate: self.code(claims) for fate, claims in self.claims.items()}
        self.now = world.clock.now()

    def _said(self, token: str) -> Claims:
        with self.world.services.registry.reading() as session:
            copy = session.find_copy_by_token(token)
            assert copy is not None and copy.grant is not None
            version = session.get_version(copy.version_id)
        return claims_of(copy, version, copy.grant.specialties, profession="一级建造师")

    def content_of(self, fate: str) -> bytes:
        """Return what is signed in a code, without the link."""
        return body_of(self.codes[fate])[:-SIGNATURE_BYTES]

    def text_of(self, content: bytes, spoil: Callable[[int, int], tuple[int, int]] | None = None) -> str:
        """Return a text in which our own key signed any content, behind the link of the usable copy.

        Args:
            content: whatever shall stand in it.
            spoil: what to make of r and s afterwards.
        """
        link = self.codes["usable"].partition("#")[0] + "#"
        r, s = decode_dss_signature(self.signer.sign(link.encode() + content))
        r, s = (r, s) if spoil is None else spoil(r, s)
        body = content + r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return link + str(int.from_bytes(body, "big"))

    def code(self, claims: Claims, signer: Signer | SampleSigner | None = None) -> str:
        """Write a code down."""
        return encode_claims(claims, signer or self.signer, public_url=self.url)


def body_of(text: str) -> bytes:
    """Return the bytes that the digits of a code stand for."""
    number = int(text.partition("#")[2])
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def ask_both(
    desk: Desk, questions: Sequence[tuple[str, datetime, str | None]]
) -> list[tuple[OfflineReport, dict[str, Any]]]:
    """Ask Python and JavaScript the same (text, now, specialty); returns both answers to each."""
    verifier = OfflineVerifier(read_bundle(desk.bundle), READERS)
    cases = [
        {"bundle": desk.bundle.decode(), "texts": text, "now": now.isoformat(), "specialty": specialty}
        for text, now, specialty in questions
    ]
    theirs = ask_node("offline.js", VERIFY, cases)
    ours = [verifier.verify_text(text, now=now, specialty=wanted) for text, now, wanted in questions]
    return list(zip(ours, theirs, strict=True))


def check_equal(answers: Sequence[tuple[OfflineReport, dict[str, Any]]]) -> None:
    """Demand one verdict, one status and the same findings in the same order."""
    for ours, theirs in answers:
        report = ours.report
        assert findings_of(theirs) == [
            (str(one.check), str(one.result), one.code, one.detail) for one in report.findings
        ]
        assert (theirs["verdict"], theirs["status"]) == (str(report.verdict), str(report.status))
        assert (theirs["subject"], theirs["kind"]) == (report.subject, str(report.kind))
        assert (theirs["code"] is None) == (ours.claims is None)
