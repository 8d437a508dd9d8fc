"""In which order the files of tests are handed out: the long ones first.

A worker of a run takes a whole file at a time, so that what the file needs is made once. Were a long one
begun last, the other workers would end and wait for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

LONG: Final = {
    "tests/topology/test_topology.py": 90,
    "tests/browser/test_pages.py": 67,
    "tests/browser/test_offline.py": 33,
    "tests/browser/test_ways.py": 30,
    "tests/flows/test_race.py": 29,
    "tests/bench/test_run.py": 24,
    "tests/browser/test_scripts.py": 21,
    "tests/faults/test_kill.py": 19,
    "tests/faults/test_chunk.py": 17,
    "tests/flows/test_postgres.py": 17,
    "tests/flows/test_bucket.py": 17,
    "tests/storage/test_s3_faults.py": 17,
    "tests/bench/test_served.py": 16,
    "tests/readers/test_one_face.py": 16,
    "tests/conformance/test_schemathesis.py": 15,
    "tests/faults/test_batches.py": 15,
    "tests/verification/test_hostile_files.py": 15,
    "tests/backup/test_restore.py": 14,
    "tests/flows/test_key_drill.py": 14,
    "tests/story/test_story.py": 14,
    "tests/browser/test_my.py": 15,
    "tests/web/my/test_page.py": 20,
    "tests/web/desk/test_attacks.py": 14,
    "tests/web/desk/test_deeds.py": 14,
    "tests/flows/test_trust_drill.py": 14,
    "tests/verification/test_photos.py": 14,
    "tests/verification/test_pool.py": 14,
    "tests/conformance/test_codes.py": 12,
    "tests/readers/test_ofdjs.py": 12,
    "tests/verification/test_lookups.py": 12,
    "tests/conformance/test_timezones.py": 11,
    "tests/audit/test_planted.py": 10,
    "tests/audit/test_run.py": 10,
    "tests/cli/test_keys.py": 10,
    "tests/flows/test_rivals.py": 10,
    "tests/faults/test_power_cut.py": 9,
    "tests/privacy/test_canary.py": 9,
    "tests/verification/test_pictures_on_the_web.py": 9,
    "tests/cli/test_batch.py": 7,
    "tests/faults/test_disk_error.py": 7,
    "tests/flows/test_database_stopped.py": 7,
    "tests/registry/test_race.py": 7,
    "tests/rendering/test_one_look.py": 7,
    "tests/cli/test_trust.py": 6,
    "tests/client/test_address.py": 6,
    "tests/conformance/test_naughty.py": 6,
    "tests/faults/test_connections.py": 6,
    "tests/flows/test_offline_code.py": 6,
    "tests/registry/test_copies.py": 6,
    "tests/registry/test_limits.py": 6,
    "tests/registry/test_records.py": 6,
    "tests/verification/test_mutations.py": 6,
    "tests/web/test_bad_ofd.py": 6,
    "tests/web/test_public.py": 6,
    "tests/flows/test_log.py": 5,
    "tests/readers/test_easyofd.py": 5,
    "tests/rendering/test_ofd.py": 5,
    "tests/web/test_well_known.py": 5,
}
"""Seconds of processor time, of those that take five or more; the short ones follow as they were found."""


def put_long_ones_first(items: list[pytest.Item], root: Path) -> None:
    """Order *items* by what their files cost; the tests of a file, and the short files, stay as they are."""
    items.sort(key=lambda item: -LONG.get(str(item.path.relative_to(root)), 0))
