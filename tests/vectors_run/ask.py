"""Asks the Python verifiers what a vector asks, with nothing but what stands in samples/vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from certsvc.domain.report import Report
from certsvc.page.certificate_type import load_certificate_type
from certsvc.verification.offline import OfflineVerifier
from certsvc.verification.pool import ReaderPool
from certsvc.verification.question import Question
from certsvc.verification.trust_bundle import Bundle, read_bundle
from certsvc.verification.verify import Verifier
from samples.unpack_vectors import VECTORS, file_of, read_files
from tests.tools import ROOT
from tests.vectors_run.facts import registry_of

JSON = Mapping[str, Any]
THINGS: Final = ("qr", "code", "sha256", "number", "name")
"""Inputs that are texts."""


@dataclass(frozen=True, slots=True)
class VectorClock:
    """Stands where a vector says."""

    instant: datetime

    def now(self) -> datetime:
        """Return the vector's clock."""
        return self.instant


class Asking:
    """Both verifiers over one set of vectors; closed when done."""

    def __init__(self, vectors: JSON) -> None:
        """Take vectors.json."""
        self.vectors = vectors
        self._readers = {"there": ReaderPool(1), "busy": ReaderPool(1)}
        # A pool that takes no more work answers as one whose children are all taken.
        self._readers["busy"].close()
        self._bundles: dict[str, Bundle] = {}

    @cached_property
    def _files(self) -> JSON:
        return read_files()

    @cached_property
    def _kinds(self) -> Mapping[str, Any]:
        kind = load_certificate_type(ROOT / "templates" / "constructor-1")
        return {kind.policy.certificate_type: kind}

    def close(self) -> None:
        """End the reading child."""
        self._readers["there"].close()

    def bundle(self, name: str) -> Bundle:
        """Return one of the trust bundles."""
        if name not in self._bundles:
            self._bundles[name] = read_bundle((VECTORS / name).read_bytes())
        return self._bundles[name]

    def file(self, vector: JSON) -> bytes | None:
        """Return the file in hand, when it is one."""
        name = vector["input"].get("file")
        return None if name is None else file_of(self._files, name)

    def online(self, vector: JSON) -> Report:
        """Ask the verifier that has the register."""
        bundle = self.bundle(vector["trust"])
        verifier = Verifier(
            registry=registry_of(self.vectors["registry"], vector["register"]),
            kinds=self._kinds,
            pinned=bundle.pinned,
            pinned_seals=bundle.pinned_seals,
            receipt_keys=lambda: bundle.keys_for("receipt"),
            offline_keys=lambda: bundle.keys_for("offline"),
            readers=self._readers[vector["readers"]],
            clock=VectorClock(_instant(vector["clock"])),
            public_url=bundle.public_url,
        )
        as_of = vector.get("as_of")
        texts = {thing: vector["input"].get(thing) for thing in THINGS}
        return verifier.verify(
            Question(
                file=self.file(vector),
                as_of=None if as_of is None else _instant(as_of),
                specialty=vector.get("specialty"),
                **texts,
            )
        )

    def offline(self, vector: JSON) -> Report:
        """Ask the verifier that has a trust bundle alone."""
        verifier = OfflineVerifier(self.bundle(vector["trust"]), self._readers[vector["readers"]])
        now, specialty = _instant(vector["clock"]), vector.get("specialty")
        content = self.file(vector)
        if content is not None:
            return verifier.verify_file(content, now=now, specialty=specialty).report
        return verifier.verify_text(vector["input"]["qr"], now=now, specialty=specialty).report


def answer_of(report: Report) -> dict[str, Any]:
    """Return what a vector expects of a report."""
    return {
        "verdict": str(report.verdict),
        "status": str(report.status),
        "subject": report.subject,
        "changed_fields": list(report.changed_fields),
        "findings": [[str(one.check), str(one.result), one.code] for one in report.findings],
    }


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
