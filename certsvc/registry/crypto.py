"""What the registry's secret protects: row MACs, ID numbers, their index, API keys, what batches bring."""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from certsvc.domain.events import IdType
from certsvc.errors import DefectError, KeyMaterialError, RecordDamagedError

Value = str | int | bytes | None
"""What a column holds."""

SECRET_BYTES: Final = 32
NONCE_BYTES: Final = 12

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the rows of one table are written down for the MAC."""

    head: bytes
    """The table's name, length first."""
    columns: tuple[tuple[int, bytes], ...]
    """(place in the row, name with its length first), by name; without ``mac``."""
    names: tuple[str, ...]
    """Every column in the table's order."""
    mac_at: int


def storable(text: str) -> bool:
    """Tell whether every kind of database could hold *text*; what could not cannot be found either."""
    return _UNSTORABLE.search(text) is None


def _with_length(body: bytes) -> bytes:
    return _length(body) + body


def _length(body: bytes) -> bytes:
    return len(body).to_bytes(8, "big")


def _layout(table: sa.Table) -> _Layout:
    names = tuple(table.columns.keys())
    return _Layout(
        head=_with_length(table.name.encode()),
        columns=tuple(
            (names.index(name), _with_length(name.encode())) for name in sorted(names) if name != "mac"
        ),
        names=names,
        mac_at=names.index("mac"),
    )


def _canonical(layout: _Layout, row: Sequence[object]) -> bytes:
    """Write a row down unambiguously: the table, then name, type and length of every value.

    NULLs are left out, so a later migration may add a nullable column and leave the MACs already there
    as they are; names are in, so putting NULL in a column or moving a value still shows.
    """
    parts = [layout.head]
    for place, name in layout.columns:
        value = row[place]
        if value is None:
            continue
        if type(value) is str:
            body, kind = value.encode(), b"T"
        elif type(value) is int:
            body, kind = str(value).encode(), b"I"
        elif isinstance(value, bytes):
            body, kind = value, b"B"
        else:
            # A type no column was ever written with: somebody edited it, and no MAC may come out equal.
            body, kind = repr(value).encode(), b"?"
        parts += (name, kind, _length(body), body)
    return b"".join(parts)


class Vault:
    """Keeps the keys derived from the registry's secret; safe to share between threads."""

    def __init__(self, secret: bytes) -> None:
        """Derive one key per use from *secret* (32 bytes), so that no use can undo another.

        Raises:
            KeyMaterialError: *secret* has another length.
        """
        if len(secret) != SECRET_BYTES:
            raise KeyMaterialError(f"the registry secret must be {SECRET_BYTES} bytes long")
        self._mac_key = self._derive(secret, b"row mac")
        self._index_key = self._derive(secret, b"id number index")
        self._api_key_key = self._derive(secret, b"api key hash")
        self._cipher = AESGCM(self._derive(secret, b"id number cipher"))
        self._content_cipher = AESGCM(self._derive(secret, b"content cipher"))
        self._layouts: dict[str, _Layout] = {}

    @staticmethod
    def _derive(secret: bytes, use: bytes) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"certsvc registry 1: " + use).derive(
            secret
        )

    def _layout_of(self, table: sa.Table) -> _Layout:
        layout = self._layouts.get(table.name)
        if layout is None:
            layout = self._layouts[table.name] = _layout(table)
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
        return {**values, "mac": hmac.digest(self._mac_key, _canonical(layout, row), sha256)}

    def checked(self, table: sa.Table, row: Sequence[object]) -> dict[str, object]:
        """Return *row* (all columns in the table's order) by column name once its MAC held.

        Raises:
            RecordDamagedError: the row is not as it was written, or not in the place it was written to.
        """
        layout = self._layout_of(table)
        mac = row[layout.mac_at]
        expected = hmac.digest(self._mac_key, _canonical(layout, row), sha256)
        if not isinstance(mac, bytes) or not hmac.compare_digest(mac, expected):
            raise RecordDamagedError(f"a row of {table.name} fails its MAC")
        return dict(zip(layout.names, row, strict=True))

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

    def id_index(self, id_type: IdType, id_number: str) -> str:
        """Return the hex keyed hash a holder is found by."""
        message = _with_length(id_type.value.encode()) + _with_length(id_number.encode())
        return hmac.digest(self._index_key, message, sha256).hex()

    def api_key_hash(self, api_key: str) -> str:
        """Return the hex keyed hash an API client is found by."""
        return hmac.digest(self._api_key_key, api_key.encode(), sha256).hex()
