"""Time stamps of copies while they are made: what the policy wants is in the files before a row is DONE.

No token is asked for inside a database transaction, and none of them takes longer than the lease of the chunk
allows: all tokens of one copy share one deadline. docs/timestamps.md says what each policy gives.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from certsvc.domain.clock import Clock
from certsvc.domain.endorsement import FORMATS, Copy
from certsvc.domain.timestamps import FileTimestamp, TimestampLevel, TimestampPolicy
from certsvc.errors import DefectError
from certsvc.issuing.inspection import Inspector
from certsvc.pdf.update import Evidence
from certsvc.sealing.port import PinnedKey, PinnedSeal, Signer
from certsvc.sealing.revocation import lists_for, read_lists
from certsvc.sealing.stamps_pdf import add_document_stamp
from certsvc.sealing.tokens import Token
from certsvc.sealing.tsa import Deadline, TimestampAuthority

_INSIDE: Final = {TimestampPolicy.B_T: TimestampLevel.B_T, TimestampPolicy.B_LTA: TimestampLevel.B_LTA}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """The finished files of one copy, by format, with what is to be written down of their time stamps."""

    files: Mapping[str, bytes]
    timestamps: tuple[FileTimestamp, ...] = ()


class Stamper:
    """What a policy asks of each copy; safe to share between threads."""

    def __init__(
        self,
        policy: TimestampPolicy,
        authority: TimestampAuthority,
        *,
        clock: Clock,
        root: Callable[[], bytes],
        lists: Path,
    ) -> None:
        """Take what stamps.

        Args:
            policy: not ``none``: then there is nothing to do.
            authority: who is asked.
            clock: when a token that is wanted may be asked for.
            root: returns the root above the document signers, DER.
            lists: folder of revocation lists, for ``b-lta``.
        """
        self.policy = policy
        self.authority = authority
        self._clock = clock
        self._root = root
        self._lists = lists

    @property
    def inside(self) -> TimestampLevel | None:
        """The level a PDF must have before it is handed out; None when it needs none."""
        return _INSIDE.get(self.policy)

    def begin(self) -> Stamping:
        """Begin with one copy: its time runs from now."""
        return Stamping(self)

    def evidence(self, signer: Signer, token: Token) -> Evidence:
        """Gather what a lasting PDF carries: both chains with their roots, and a list for each certificate.

        Raises:
            TimestampUnavailableError: a certificate has no revocation list that is in force.
            KeyMaterialError: a certificate is revoked, or a list cannot be read.
        """
        lists, now = read_lists(self._lists), self._clock.now()
        ours = (signer.certificate, *signer.chain, self._root())
        theirs = tuple(dict.fromkeys((*token.chain, *((token.root,) if token.root is not None else ()))))
        clear = (*lists_for(ours, lists, now), *lists_for(theirs, lists, now))
        return Evidence(
            certificates=tuple(dict.fromkeys((*ours, *theirs))), lists=tuple(dict.fromkeys(clear))
        )

    def row(
        self,
        copy: Copy,
        fmt: str,
        content: bytes,
        level: TimestampLevel,
        *,
        stamped_at: datetime | None = None,
        token: bytes | None = None,
    ) -> FileTimestamp:
        """Return what is written down of one file; without an instant its time stamp is wanted."""
        return FileTimestamp(
            copy_id=copy.copy_id,
            fmt=fmt,
            sha256=hashlib.sha256(content).hexdigest(),
            level=level,
            stamped_at=stamped_at,
            token=token,
            not_before=self._clock.now(),
        )


class Stamping:
    """The time stamps of one copy: one deadline for all of them."""

    def __init__(self, stamper: Stamper) -> None:
        """Begin to count."""
        self._stamper = stamper
        self._deadline = Deadline()
        self._of_signature: Token | None = None

    @property
    def of_signature(self) -> Callable[[bytes], bytes] | None:
        """What stamps a signature, where the policy wants that: SHA-256 -> token."""
        return self._stamp_signature if self._stamper.inside is not None else None

    def lasting(self, sealed: bytes, signer: Signer) -> bytes:
        """Return a sealed PDF at the level the policy wants.

        Raises:
            TimestampUnavailableError: a token or a fresh revocation list is not to be had.
            KeyMaterialError: a certificate is revoked.
        """
        if self._stamper.inside is not TimestampLevel.B_LTA:
            return sealed
        if self._of_signature is None:
            raise DefectError("a lasting file begins with the time stamp of its signature")
        evidence = self._stamper.evidence(signer, self._of_signature)
        return add_document_stamp(sealed, evidence, lambda digest: self._stamp(digest).der)

    def written(
        self, copy: Copy, files: Mapping[str, bytes], stamped_at: datetime | None = None
    ) -> tuple[FileTimestamp, ...]:
        """Return what is to be written down of the finished files; the OFD's token is fetched now, if wanted.

        Args:
            copy: whose files they are.
            files: by format.
            stamped_at: what the time stamp in the PDF states, where it was made by somebody else.

        Raises:
            TimestampUnavailableError: the authority is away.
        """
        inside, row = self._stamper.inside, self._stamper.row
        if inside is None:
            return tuple(row(copy, fmt, files[fmt], TimestampLevel.DETACHED) for fmt in FORMATS)
        if self._of_signature is not None:
            stamped_at = self._of_signature.gen_time
        if stamped_at is None:
            raise DefectError("a stamped file without an instant")
        beside = self._stamp(hashlib.sha256(files["ofd"]).digest())
        return (
            row(copy, "pdf", files["pdf"], inside, stamped_at=stamped_at),
            row(
                copy,
                "ofd",
                files["ofd"],
                TimestampLevel.DETACHED,
                stamped_at=beside.gen_time,
                token=beside.der,
            ),
        )

    def _stamp_signature(self, digest: bytes) -> bytes:
        self._of_signature = self._stamp(digest)
        return self._of_signature.der

    def _stamp(self, digest: bytes) -> Token:
        return self._stamper.authority.stamp(digest, self._deadline)


def inspector_for(
    pinned: Sequence[PinnedKey], pinned_seals: Sequence[PinnedSeal], stamper: Stamper | None
) -> Inspector:
    """Return the inspector that demands what *stamper* puts into files."""
    if stamper is None:
        return Inspector(pinned, pinned_seals)
    return Inspector(pinned, pinned_seals, roots=stamper.authority.roots, level=stamper.inside)
