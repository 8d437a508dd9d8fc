"""Backups of the register and of everything issued, taken while the service works, and put back.

A folder of backups holds ``packs/<2 hex>/<sha256>.pack``, each kept once however many backups name it, and
``backups/<instant>/`` with ``register``, ``packs.jsonl`` and ``manifest.json``. The manifest is written last:
without it there is no backup.
"""
