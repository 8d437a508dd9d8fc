"""What the registry's secret protects: row MACs, ID numbers, their index, API keys, holders' keys."""

from __future__ import annotations

import base64
import hmac
import os
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from certsvc.domain.events import IdType
from certsvc.errors import DefectError, KeyMaterialError, RecordDamagedError
from certsvc.registry.canonical import Layout, layout_of, with_length

Value = str | int | bytes | None
"""What a column holds."""

SECRET_BYTES: Final = 32
NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32
KEPT: Final = 4_096
"""Holders' keys that a process keeps unwrapped: a few hundred bytes each."""

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> bool:
    """Tell whether every kind of database could hold *text*; what could not cannot be found either."""
    return _UNSTORABLE.search(text) is None


class HolderKey:
    """Encrypts and decrypts one holder's data (AES-256-GCM, nonce first); safe between threads."""

    __slots__ = ("cipher", "holder_id")

    def __init__(self, holder_id: str, key: bytes) -> None:
        """Take the key, KEY_BYTES long."""
        self.holder_id = holder_id
        self.cipher = AESGCM(key)

    def seal(self, content: bytes, place: str) -> bytes:
        """Encrypt *content* so that it opens only at *place*, e.g. ``event 17 holder``."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self.cipher.encrypt(nonce, content, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Return what was sealed at *place*.

        Raises:
            RecordDamagedError: it was changed, or sealed for another place or under another key.
        """
        try:
            return self.cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise RecordDamagedError("a value does not open with its holder's key") from error

    def seal_content(self, content: bytes, place: str) -> str:
        """Encrypt *content* for a column of text: the holder's id, a blank, and Base64."""
        return f"{self.holder_id} {base64.b64encode(self.seal(content, place)).decode('ascii')}"

    def seal_text(self, text: str, place: str) -> str:
        """Encrypt *text* as seal_content() does."""
        return self.seal_content(text.encode(), place)


class Vault:
    """Keeps the keys derived from the registry's secret; safe to share between threads."""

    def __init__(self, secret: bytes) -> None:
        """Derive one key per use from *secret* (32 bytes), so that no use can undo another.

        Raises:
            KeyMaterialError: *secret* has another length.
        """
        if len(secret) != SECRET_BYTES:
            raise KeyMaterialError(f"the registry secret must be {SECRET_BYTES} bytes long")
        self._row_mac = HMAC(self._derive(secret, b"row mac"), SHA256())
        self._index_key = self._derive(secret, b"id number index")
        self._api_key_key = self._derive(secret, b"api key hash")
        self._name_key = self._derive(secret, b"name index")
        self._session_key = self._derive(secret, b"session hash")
        self._entry_key = self._derive(secret, b"entry hash")
        self._cipher = AESGCM(self._derive(secret, b"id number cipher"))
        self._content_cipher = AESGCM(self._derive(secret, b"content cipher"))
        self._key_cipher = AESGCM(self._derive(secret, b"holder key cipher"))
        self._layouts: dict[str, Layout] = {}
        self._keys: dict[bytes, HolderKey] = {}

    @staticmethod
    def _derive(secret: bytes, use: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"certsvc registry 1: " + use).derive(
            secret
        )

    def _layout_of(self, table: sa.Table) -> Layout:
        layout = self._layouts.get(table.name)
        if layout is None:
            layout = self._layouts[table.name] = layout_of(table)
        return layout

    def sealed(self, table: sa.Table, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return *values*, which must name every column but ``mac``, with their MAC added.

        Raises:
            DefectError: a text is none that a column can hold; who called should have refused it.
        """
        layout = self._layout_of(table)
        row = [None if name == "mac" else values[name] for name in layout.names]
        if not storable("".join([value for value in row if isinstance(value, str)])):
            raise DefectError(f"a text for {table.name} holds NUL or half a character")
        return {**values, "mac": self._mac_of(layout, row).finalize()}

    def checked(self, table: sa.Table, row: Sequence[object]) -> dict[str, object]:
        """Return *row* (all columns in the table's order) by column name once its MAC held.

        Raises:
            RecordDamagedError: the row is not as it was written, or not in the place it was written to.
        """
        self.check(table, row)
        return dict(zip(self._layout_of(table).names, row, strict=True))

    def check(self, table: sa.Table, row: Sequence[object]) -> None:
        """Prove that *row*, all columns in the table's order, holds what was written, types included.

        Raises:
            RecordDamagedError: the row is not as it was written, or not in the place it was written to.
        """
        layout = self._layouts.get(table.name) or self._layout_of(table)
        mac = row[layout.mac_at]
        if isinstance(mac, bytes):
            proof = self._row_mac.copy()
            proof.update(layout.write(row))
            try:
                proof.verify(mac)
                return
            except InvalidSignature:
                pass
        raise RecordDamagedError(f"a row of {table.name} fails its MAC")

    def _mac_of(self, layout: Layout, row: Sequence[object]) -> HMAC:
        # A copy of one that has taken the key in already: that is half of what a short MAC costs.
        mac = self._row_mac.copy()
        mac.update(layout.write(row))
        return mac

    def encrypt(self, text: str, place: str) -> bytes:
        """Encrypt *text* (AES-256-GCM, nonce first) so that it opens only at *place*, e.g. ``event 17``."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), place.encode())

    def decrypt(self, sealed: bytes, place: str) -> str:
        """Return what was encrypted at *place*.

        Raises:
            RecordDamagedError: it was changed, or encrypted for another place.
        """
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise RecordDamagedError("an encrypted value does not open") from error

    def seal_content(self, content: bytes, place: str) -> bytes:
        """Encrypt *content* (AES-256-GCM, nonce first) so that it opens only at *place*."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._content_cipher.encrypt(nonce, content, place.encode())

    def open_content(self, sealed: bytes, place: str) -> bytes:
        """Return what was sealed at *place*.

        Raises:
            RecordDamagedError: it was changed, or sealed for another place.
        """
        try:
            return self._content_cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise RecordDamagedError("an encrypted value does not open") from error

    def wrap(self, key: bytes, holder_id: str) -> bytes:
        """Encrypt a holder's *key* (AES-256-GCM, nonce first); it opens for *holder_id* alone."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._key_cipher.encrypt(nonce, key, holder_id.encode())

    def holder_key(self, holder_id: str, wrapped: bytes) -> HolderKey:
        """Return a holder's key, unwrapped or as it was kept from before.

        It is found only with the wrapped bytes in hand: once the register holds them no more nothing leads to
        it, however long it is kept here.

        Raises:
            RecordDamagedError: *wrapped* was changed, or is another holder's.
        """
        key = self._keys.get(wrapped)
        if key is not None and key.holder_id == holder_id:
            return key
        try:
            opened = self._key_cipher.decrypt(
                wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], holder_id.encode()
            )
        except (InvalidTag, ValueError) as error:
            raise RecordDamagedError("a holder's key does not open") from error
        if len(self._keys) >= KEPT:
            # All at once: to know which was used last would cost more than to unwrap it again.
            self._keys.clear()
        key = self._keys[wrapped] = HolderKey(holder_id, opened)
        return key

    def id_index(self, id_type: IdType, id_number: str) -> str:
        """Return the hex keyed hash a holder is found by."""
        message = with_length(id_type.value.encode()) + with_length(id_number.encode())
        return hmac.digest(self._index_key, message, sha256).hex()

    def name_index(self, name: str) -> str:
        """Return the hex keyed hash a registration is found by when somebody knows its holder's name."""
        return hmac.digest(self._name_key, name.encode(), sha256).hex()

    def session_hash(self, secret: str) -> str:
        """Return the hex keyed hash a login is found by."""
        return hmac.digest(self._session_key, secret.encode(), sha256).hex()

    def entry_hash(self, kind: str, *parts: str) -> str:
        """Return the hex keyed hash that a holder's one-time link or a used assertion is found by."""
        message = b"".join(with_length(part.encode()) for part in (kind, *parts))
        return hmac.digest(self._entry_key, message, sha256).hex()

    def api_key_hash(self, api_key: str) -> str:
        """Return the hex keyed hash an API client is found by."""
        return hmac.digest(self._api_key_key, api_key.encode(), sha256).hex()
