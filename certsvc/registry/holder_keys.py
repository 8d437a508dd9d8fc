"""A key for each holder: what is personal opens only with it, and stays shut once it is gone."""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Callable, Sequence
from typing import Final

from cryptography.exceptions import InvalidTag

from certsvc.errors import RecordDamagedError
from certsvc.registry.crypto import NONCE_BYTES, HolderKey, Vault
from certsvc.registry.tables_holders import HOLDER_KEY

Row = Sequence[object]

_WRAPPED: Final = HOLDER_KEY.c.keys().index("wrapped")
_ERASED_AT: Final = HOLDER_KEY.c.keys().index("erased_at")


class Opener:
    """Opens what rows hold of holders; each key is read once. Not for several threads."""

    __slots__ = ("_keys", "_row_of", "_vault")

    def __init__(self, vault: Vault, row_of: Callable[[str], Row | None]) -> None:
        """Unwrap with *vault* what *row_of* gives: the whole row of a holder in holder_key, unchecked."""
        self._vault = vault
        self._row_of = row_of
        self._keys: dict[str, HolderKey | None] = {}

    def find(self, holder_id: str) -> HolderKey | None:
        """Return a holder's key; None once it was erased.

        Raises:
            RecordDamagedError: there is none, or it is not as it was written.
        """
        try:
            return self._keys[holder_id]
        except KeyError:
            row = self._row_of(holder_id)
            if row is None:
                raise RecordDamagedError("a holder's key is missing") from None
            return self.take(row)

    def take(self, row: Row) -> HolderKey | None:
        """Prove a row of holder_key and keep what it holds; None once it was erased.

        A key that opens for this holder is its own proof, without the row's MAC; that there is none is
        proved by the MAC.
        """
        holder_id, wrapped = str(row[0]), row[_WRAPPED]
        key = None
        if isinstance(wrapped, bytes) and row[_ERASED_AT] is None:
            key = self._vault.holder_key(holder_id, wrapped)
        else:
            self._vault.check(HOLDER_KEY, row)
        self._keys[holder_id] = key
        return key

    def take_wrapped(self, holder_id: str, wrapped: object) -> None:
        """Keep a holder's key, where it comes without the rest of its row; what is none is not kept."""
        if isinstance(wrapped, bytes):
            self._keys[holder_id] = self._vault.holder_key(holder_id, wrapped)

    def knows(self, holder_id: str) -> bool:
        """Tell whether the holder's key was read already."""
        return holder_id in self._keys

    def forget(self) -> None:
        """Read every key anew: what was read may have been undone."""
        self._keys.clear()

    def text(self, sealed: str, place: str) -> str | None:
        """Return what HolderKey.seal_text() sealed at *place*; None once the holder was erased.

        Raises:
            RecordDamagedError: it does not open.
        """
        holder_id, _, written = sealed.partition(" ")
        key = self._keys.get(holder_id) or self.find(holder_id)
        if key is None:
            return None
        try:
            # As HolderKey.open() does, without the call: each page of a certificate comes here three times.
            content = a2b_base64(written)
            return key.cipher.decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], place.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise RecordDamagedError("a value sealed for a holder does not open") from error

    def content(self, holder_id: str, sealed: bytes, place: str) -> bytes | None:
        """Return the bytes that were sealed at *place* under a holder's key; None once it was erased."""
        key = self.find(holder_id)
        return None if key is None else key.open(sealed, place)

    def written(self, sealed: str, place: str) -> bytes | None:
        """Return what HolderKey.seal_content() sealed at *place*; None once the holder was erased.

        Raises:
            RecordDamagedError: it does not open.
        """
        holder_id, _, written = sealed.partition(" ")
        try:
            return self.content(holder_id, a2b_base64(written), place)
        except ValueError as error:
            raise RecordDamagedError("a value sealed for a holder cannot be read") from error
