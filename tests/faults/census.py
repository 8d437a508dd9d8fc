"""After a fault: is the database sound, does every row read, and does every file belong to a copy?"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from certsvc.domain.endorsement import FORMATS
from certsvc.domain.report import FileOutcome
from certsvc.errors import RecordDamagedError
from certsvc.registry.crypto import Vault
from certsvc.registry.tables import METADATA
from certsvc.sealing.check_ofd import check_ofd
from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.keystore import Keystore
from tests.packs import unpacked

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Census:
    """Everything an instance holds: rows whose MAC held, files by name."""

    rows: Mapping[str, Sequence[Row]]
    """By table."""
    files: Mapping[str, bytes]
    temporaries: Sequence[str]

    def copies(self, state: str) -> list[Row]:
        """List the copies in one state."""
        return [row for row in self.rows["copy"] if row["state"] == state]


def take_census(data: Path, keystore: Keystore) -> Census:
    """Read the whole instance under *data*.

    Raises:
        RecordDamagedError: the database or a row is not as it was written.
    """
    vault = Vault(keystore.registry_secret)
    rows: dict[str, Sequence[Row]] = {}
    with closing(sqlite3.connect(data / "registry.db")) as connection:
        faults = connection.execute("PRAGMA integrity_check").fetchall()
        faults += connection.execute("PRAGMA foreign_key_check").fetchall()
        if faults != [("ok",)]:
            raise RecordDamagedError(str(faults))
        for table in METADATA.sorted_tables:
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            found = connection.execute(f'SELECT {columns} FROM "{table.name}"').fetchall()
            rows[table.name] = [vault.checked(table, row) for row in found]
    files, temporaries = unpacked(data / "issued")
    return Census(rows=rows, files=files, temporaries=temporaries)


def faults_of(census: Census, acknowledged: Collection[object], keystore: Keystore) -> Counter[str]:
    """Count what must never be in an instance that recovery has settled.

    Args:
        census: what there is.
        acknowledged: event ids and tokens of copies that callers were told of.
        keystore: whose seals count.
    """
    done = census.copies("DONE")
    takes = [(row["holder_id"], row["day"]) for row in done if row["kind"] == "endorsement"]
    takes += [(row["version_id"], row["reissue"]) for row in done if row["kind"] == "original"]
    takes += [(row["source_id"], "") for row in census.rows["event"]]
    known = {f"{row['copy_id']}.{fmt}": row[f"{fmt}_sha256"] for row in done for fmt in FORMATS}
    found = {name: hashlib.sha256(content).hexdigest() for name, content in census.files.items()}
    kept = {row["event_id"] for row in census.rows["event"]} | {row["token"] for row in done}
    sealed = [
        check_ofd(content, keystore.pinned_seals)
        if name.endswith(".ofd")
        else check_pdf(content, keystore.pinned)
        for name, content in census.files.items()
    ]
    return Counter(
        doubles=len(takes) - len(set(takes)),
        # A copy whose file is gone is lost as much as one whose row is gone.
        lost=len(set(acknowledged) - kept) + len(known.items() - found.items()),
        unknown_files=len(found.items() - known.items()) + len(census.temporaries),
        damaged=sum(check.outcome is not FileOutcome.INTACT for check in sealed),
        unsettled=len(census.copies("PENDING")),
    )
