"""A key for each holder: what is personal opens only with it, and stays shut once it is gone."""

from __future__ import annotations

import base64
import os
from binascii import a2b_base64
from collections.abc import Callable, Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from certsvc.errors import RecordDamagedError
from certsvc.registry.crypto import NONCE_BYTES, Vault
from certsvc.registry.tables_holders import HOLDER_KEY

Row = Sequence[object]

KEY_BYTES: Final = 32
_WRAPPED: Final = HOLDER_KEY.c.keys().index("wrapped")
_ERASED_AT: Final = HOLDER_KEY.c.keys().index("erased_at")


class HolderKey:
    """Encrypts and decrypts one holder's data (AES-256-GCM, nonce first)."""

    __slots__ = ("_cipher", "holder_id")

    def __init__(self, holder_id: str, key: bytes) -> None:
        """Take the key, KEY_BYTES long."""
        self.holder_id = holder_id
        self._cipher = AESGCM(key)

    def seal(self, content: bytes, place: str) -> bytes:
        """Encrypt *content* so that it opens only at *place*, e.g. ``event 17 holder``."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Return what was sealed at *place*.

        Raises:
            RecordDamagedError: it was changed, or sealed for another place or under another key.
        """
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise RecordDamagedError("a value does not open with its holder's key") from error

    def seal_text(self, text: str, place: str) -> str:
        """Encrypt *text*; Base64."""
        return base64.b64encode(self.seal(text.encode(), place)).decode("ascii")


class Opener:
    """Opens what rows hold of holders; each key is read and unwrapped once. Not for several threads."""

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
            key = HolderKey(holder_id, self._vault.unwrap(wrapped, holder_id))
        else:
            self._vault.check(HOLDER_KEY, row)
        self._keys[holder_id] = key
        return key

    def knows(self, holder_id: str) -> bool:
        """Tell whether the holder's key was read already."""
        return holder_id in self._keys

    def forget(self) -> None:
        """Read every key anew: what was read may have been undone."""
        self._keys.clear()

    def text(self, holder_id: str, sealed: str, place: str) -> str | None:
        """Return what was sealed at *place* under a holder's key; None once it was erased.

        Raises:
            RecordDamagedError: it does not open.
        """
        key = self.find(holder_id)
        if key is None:
            return None
        try:
            return key.open(a2b_base64(sealed), place).decode()
        except ValueError as error:
            raise RecordDamagedError("a value sealed for a holder cannot be read") from error

    def content(self, holder_id: str, sealed: bytes, place: str) -> bytes | None:
        """Return the bytes that were sealed at *place* under a holder's key; None once it was erased."""
        key = self.find(holder_id)
        return None if key is None else key.open(sealed, place)
