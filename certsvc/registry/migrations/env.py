"""Run by Alembic; the connection and its transaction come from migrate()."""

from __future__ import annotations

from alembic import context

import certsvc.registry.tables_access
import certsvc.registry.tables_batches
import certsvc.registry.tables_entries
import certsvc.registry.tables_feed
import certsvc.registry.tables_holders
import certsvc.registry.tables_names
import certsvc.registry.tables_timestamps  # noqa: F401  # their tables belong to the same METADATA
from certsvc.registry.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
