"""Calls about registrations and issued copies."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from certsvc.client.address import segment
from certsvc.client.answers import (
    Endorsement,
    Expiring,
    ExpiringItem,
    History,
    HistoryItem,
    HolderLink,
    IssuedFile,
    Original,
    Recorded,
    Registration,
)
from certsvc.client.errors import AnswerError, ClientError, DigestError, UnreachableError
from certsvc.client.question import check_instant, json_bytes
from certsvc.client.transport import AgainError, Call, Transport, reader

_KEY_MAX: Final = 200
_PROOF_MAX: Final = 100_000
"""Bytes; one is about 2 KB."""
_PICTURE_MAX: Final = 10_000_000
"""Bytes; one is about 150 KB."""
_MEDIA: Final = {".pdf": "application/pdf", ".ofd": "application/ofd"}


_recorded: Final = reader(Recorded)
_registration: Final = reader(Registration)
_history: Final = reader(History)
_original: Final = reader(Original)
_holder_link: Final = reader(HolderLink)
_endorsement: Final = reader(Endorsement)
_expiring: Final = reader(Expiring)


class IssuingCalls:
    """The part of the client for those who record and issue."""

    _transport: Transport

    def record_event(self, event: Mapping[str, object]) -> Recorded:
        """Record one registration event (scope issue).

        Sent again as often as needed: the service knows it by its ``source_id``.

        Args:
            event: JSON values as docs/api.md has them; ``source_id`` is the caller's own and must be there.
        """
        if not isinstance(source_id := event.get("source_id"), str) or not source_id:
            raise ValueError("an event needs its source_id: without it a repetition would be recorded twice")
        return self._transport.send(
            Call(method="POST", path="/api/v1/events", content=json_bytes(dict(event))), _recorded
        )

    def registration(self, number: str, *, as_of: datetime | None = None) -> Registration:
        """Return a registration now or at an instant, by any number it ever had (scope read)."""
        check_instant(as_of)
        query = {"as_of": as_of.isoformat()} if as_of is not None else {}
        return self._transport.send(
            Call(method="GET", path=_registration_path(number), query=query), _registration
        )

    def history(self, number: str) -> tuple[HistoryItem, ...]:
        """Return the events of a registration in the order of recording (scope read)."""
        call = Call(method="GET", path=f"{_registration_path(number)}/history")
        return self._transport.send(call, _history).items

    def issue_original(self, number: str) -> Original:
        """Issue the original of the version in force, or return the one there is (scope issue).

        A version has one original, so that a repetition finds the first one's.
        """
        call = Call(method="POST", path=f"{_registration_path(number)}/original")
        return self._transport.send(call, _original)

    def original_picture(self, number: str) -> bytes:
        """Return a picture of the original of the version in force, for a preview: PNG bytes (scope read)."""
        path = f"{_registration_path(number)}/original.png"
        call = Call(method="GET", path=path, media="image/png", limit=_PICTURE_MAX)
        return self._transport.send(call, bytes)

    def endorse(self, number: str, purpose: str, *, idempotency_key: str | None = None) -> Endorsement:
        """Issue one endorsed copy (scope endorse).

        Every repetition within this call carries one key, so that at most one copy is made. For a repetition
        after this process has died, bring a key of your own, such as the number of the order.

        Args:
            number: any number of the registration.
            purpose: printed on the copy, up to 200 characters.
            idempotency_key: 1 to 200 visible ASCII characters; made up when left out. It is kept for ever and
                must not contain personal data.

        Raises:
            ClientError: its ``idempotency_key`` is the one that was sent.
        """
        key = f"py-{secrets.token_hex(16)}" if idempotency_key is None else idempotency_key
        if not 1 <= len(key) <= _KEY_MAX or not key.isascii() or not key.isprintable() or key != key.strip():
            raise ValueError(f"an idempotency key has 1 to {_KEY_MAX} visible ASCII characters")
        call = Call(
            method="POST",
            path=f"{_registration_path(number)}/endorsements",
            content=json_bytes({"purpose": purpose}),
            headers={"Idempotency-Key": key},
        )
        try:
            return self._transport.send(call, _endorsement)
        except ClientError as error:
            error.idempotency_key = key
            raise

    def holder_link(self, number: str) -> HolderLink:
        """Make a link that lets the holder of a registration in to 我的证书, once (scope issue).

        Hand its address to the holder, over a way that reaches nobody else, and keep it nowhere. A repetition
        within this call makes another link; one that nobody uses ends by itself.
        """
        call = Call(method="POST", path=f"{_registration_path(number)}/holder-links")
        return self._transport.send(call, _holder_link)

    def endorsement(self, endorsement_id: str) -> Endorsement:
        """Return the record of one endorsed copy (scope read)."""
        path = f"/api/v1/endorsements/{segment(endorsement_id, 'endorsement id')}"
        return self._transport.send(Call(method="GET", path=path), _endorsement)

    def download(self, file: IssuedFile) -> bytes:
        """Return the bytes of one issued file, PDF or OFD (scope read).

        Args:
            file: from ``files`` of an original or an endorsed copy.

        Raises:
            DigestError: what came is not what the service named; nothing of it is handed out.
        """
        path, media = file.url, _MEDIA.get(file.url[-4:])
        if not path.startswith("/api/v1/") or media is None:
            raise AnswerError("the file's address is not one of the service's own")

        def check(body: bytes) -> bytes:
            if len(body) < file.size:
                raise AgainError(UnreachableError("the file is not whole"))
            return body

        body = self._transport.send(Call(method="GET", path=path, media=media, limit=file.size), check)
        if hashlib.sha256(body).hexdigest() != file.sha256:
            raise DigestError("the file that came is not the one the service named")
        return body

    def endorsement_proof(self, endorsement_id: str) -> bytes:
        """Return the proof that an endorsed copy was logged: a text to keep with the file (scope read).

        In the seconds before its checkpoint is signed the service asks to come again, which is done.
        """
        return self._proof(f"/api/v1/endorsements/{segment(endorsement_id, 'endorsement id')}.proof")

    def original_proof(self, number: str) -> bytes:
        """Return the proof that the original of the version in force was logged (scope read)."""
        return self._proof(f"{_registration_path(number)}/original.proof")

    def _proof(self, path: str) -> bytes:
        call = Call(method="GET", path=path, media="text/plain", limit=_PROOF_MAX)
        return self._transport.send(call, bytes)

    def expiring(self, within_days: int = 180) -> Iterator[ExpiringItem]:
        """Yield the specialties with fewer days left than *within_days*, page by page (scope read)."""
        query = {"within_days": str(within_days)}
        while True:
            page = self._transport.send(Call(method="GET", path="/api/v1/expiring", query=query), _expiring)
            yield from page.items
            if page.next_cursor is None:
                return
            if page.next_cursor == query.get("cursor"):
                raise AnswerError("the list does not go on")
            query["cursor"] = page.next_cursor


def _registration_path(number: str) -> str:
    return f"/api/v1/registrations/{segment(number, 'registration number')}"
