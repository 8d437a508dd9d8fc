"""PDF seals by a key in a PKCS#11 token beside those by a key in a file."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from bench.measure import timed
from bench.row import Row
from bench.softhsm import LABELS, is_here, make_hsm
from bench.stage import ROOT, Stage
from certsvc.pdf.draft import Draft
from certsvc.sealing.dev_keys import rotate_dev_key
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.pdf import seal_draft
from certsvc.sealing.port import Signer

TITLE: Final = "Keys in hardware: SoftHSM2 by PKCS#11, one session"
PLACE: Final = 45


def rows(stage: Stage) -> Sequence[Row]:
    """One seal each, by a file and by the token; none where SoftHSM2 is not on this machine."""
    if not is_here():
        print("left out: keys in hardware (apt-get install softhsm2)", file=sys.stderr)
        return []
    folder = stage.settings.data_dir / "hardware"
    keys = Path(shutil.copytree(stage.keystore.folder, folder / "keys"))
    hsm = make_hsm(folder / "token")
    found = []
    for algorithm, shown in (("p256", "P-256"), ("rsa2048", "RSA-2048")):
        by_file = stage.keystore.signer(algorithm)
        rotate_dev_key(
            keys,
            ROOT / "keys" / "pki.toml",
            algorithm,
            stage.at + timedelta(seconds=1),
            hsm_label=LABELS[algorithm],
            hsm=hsm,
        )
        by_token = Keystore.open(keys, hsm=hsm).signer(algorithm)
        reference = f"PDF seal by a file, {shown}"
        found += [
            _row(stage, reference, by_file, "digest, CMS, signature, the file put together; key in memory"),
            _row(stage, f"PDF seal by SoftHSM2, {shown}", by_token, "the same; key in the token", reference),
        ]
    return found


def _row(stage: Stage, name: str, signer: Signer, includes: str, reference: str | None = None) -> Row:
    def draft() -> Draft:
        return stage.pdf_renderer.render(*stage.page())

    def seal(work: Draft) -> bytes:
        return seal_draft(work, signer=signer, at=stage.at, reason="电子证照签发", location="示例")

    return Row(name=name, includes=includes, turn=timed(draft, seal), reference=reference)
