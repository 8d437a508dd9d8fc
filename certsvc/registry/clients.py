"""API clients and the certificates bound to them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy import bindparam

from certsvc.errors import RecordDamagedError, UnavailableError
from certsvc.registry.crypto import Value, storable
from certsvc.registry.database import Query
from certsvc.registry.port_clients import APIClient
from certsvc.registry.rows import Record, instant_text
from certsvc.registry.session import Session, insert_row, insert_unless_taken, select_rows
from certsvc.registry.tables import CLIENT
from certsvc.registry.tables_access import CLIENT_CERTIFICATE

_bound = CLIENT_CERTIFICATE.c
CLIENT_BY_KEY: Final = select_rows(CLIENT, CLIENT.c.key_hash == bindparam("key_hash"))
CLIENTS: Final = select_rows(CLIENT, order_by=[CLIENT.c.created_at, CLIENT.c.client_id])
HOLD_CLIENT: Final = select_rows(CLIENT, CLIENT.c.client_id == bindparam("client_id"), hold=True)
CERTIFICATES_OF: Final = select_rows(CLIENT_CERTIFICATE, _bound.client_id == bindparam("client_id"))
ADD_CLIENT: Final = insert_row(CLIENT)
CHANGE_CLIENT: Final = Query(
    sa.update(CLIENT)
    .where(CLIENT.c.client_id == bindparam("its_client"))
    .values(scopes=bindparam("new_scopes"), key_hash=bindparam("new_key_hash"), mac=bindparam("new_mac"))
)
BIND: Final = insert_unless_taken(CLIENT_CERTIFICATE, "client_id", "sha256")
UNBIND: Final = Query(
    sa.delete(CLIENT_CERTIFICATE).where(
        _bound.client_id == bindparam("its_client"), _bound.sha256 == bindparam("its_sha256")
    )
)

_MARK: Final = "+certificate"
"""Stands among the scopes of a client with certificates: one whose rows of client_certificate were deleted by
hand is then no client whose key is enough."""


class ClientRows(Session):
    """Look-ups; the port says what each promises."""

    def find_client(self, api_key: str) -> APIClient | None:
        """Find a client by its API key (looked up by keyed hash)."""
        if not storable(api_key):
            return None
        record = self._first(CLIENT_BY_KEY, key_hash=self._vault.api_key_hash(api_key))
        return None if record is None else self._client_from(record)

    def clients(self) -> Sequence[APIClient]:
        """List every client, those added first first."""
        return [self._client_from(record) for record in self._all(CLIENTS)]

    def _client_from(self, record: Record) -> APIClient:
        client_id = record.text("client_id")
        bound = self._all(CERTIFICATES_OF, client_id=client_id)
        scopes = set(record.text("scopes").split())
        if (_MARK in scopes) != bool(bound):
            raise RecordDamagedError("certificates of a client are missing, or too many")
        return APIClient(
            client_id=client_id,
            name=record.text("name"),
            scopes=frozenset(scopes - {_MARK}),
            certificates=frozenset(one.text("sha256") for one in bound),
        )


class ClientChanges(ClientRows):
    """Changes; the port says what each promises."""

    def add_client(self, name: str, scopes: frozenset[str], api_key: str, at: datetime) -> APIClient:
        """Add an API client; only a keyed hash of the key is stored."""
        # 128 random bits: ids can be neither counted nor guessed.
        client = APIClient(client_id=secrets.token_hex(16), name=name, scopes=scopes)
        values: dict[str, Value] = {
            "client_id": client.client_id,
            "name": name,
            "scopes": " ".join(sorted(scopes)),
            "key_hash": self._vault.api_key_hash(api_key),
            "created_at": instant_text(at),
        }
        self._insert(ADD_CLIENT, CLIENT, values)
        return client

    def bind_certificate(self, client_id: str, sha256: str, at: datetime) -> bool:
        """Bind a certificate to a client; False when it is bound already."""
        values: dict[str, Value] = {
            "client_id": client_id,
            "sha256": sha256,
            "added_at": instant_text(at),
        }
        with self._changing(client_id):
            return self._insert_unless_taken(BIND, CLIENT_CERTIFICATE, values)

    def unbind_certificate(self, client_id: str, sha256: str) -> bool:
        """Take a certificate from a client; False when it was not bound."""
        with self._changing(client_id):
            return self._change(UNBIND, {"its_client": client_id, "its_sha256": sha256}) == 1

    def change_api_key(self, client_id: str, api_key: str) -> None:
        """Give a client another key; the one before is nobody's from the commit on."""
        with self._changing(client_id) as changed:
            changed["key_hash"] = self._vault.api_key_hash(api_key)

    @contextmanager
    def _changing(self, client_id: str) -> Iterator[dict[str, Value]]:
        """Hold a client while its certificates change, then mark it as one that has some or none.

        What is put into the values handed out is changed in its row.
        """
        held = self._first(HOLD_CLIENT, client_id=client_id)
        if held is None:
            raise UnavailableError("a client vanished")
        changed: dict[str, Value] = {}
        yield changed
        scopes = set(held.text("scopes").split()) - {_MARK}
        if self._all(CERTIFICATES_OF, client_id=client_id):
            scopes.add(_MARK)
        values = held.values() | changed | {"scopes": " ".join(sorted(scopes))}
        mac = self._vault.sealed(CLIENT, values)["mac"]
        given = {"its_client": client_id, "new_mac": mac}
        given |= {f"new_{name}": values[name] for name in ("scopes", "key_hash")}
        self._change(CHANGE_CLIENT, given)
