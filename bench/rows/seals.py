"""The structure around an SM2 signature: electronic seal and signature value of GB/T 38540."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from bench.measure import timed
from bench.row import Row
from bench.stage import Stage
from certsvc.gm.seal import maker_signed, read_seal
from certsvc.gm.seal_signature import make_seal_signature, read_seal_signature
from certsvc.ofd.names import SIGNATURE

TITLE: Final = "Seal structure"
PLACE: Final = 30


def rows(stage: Stage) -> Sequence[Row]:
    """Write and read; the signature itself is in the rows of SM2."""
    signer = stage.seal_signer
    ready = signer.sign(b"")

    def write(digest: bytes) -> bytes:
        return make_seal_signature(
            seal=signer.seal,
            certificate=signer.certificate,
            at=stage.at,
            digest=digest,
            property_info=f"/{SIGNATURE}",
            sign=lambda _: ready,
        )

    def written() -> bytes:
        return write(os.urandom(32))

    def check_maker(seal: bytes) -> None:
        if not maker_signed(read_seal(seal)):
            raise ValueError("the maker's signature does not verify")

    return [
        Row(
            name="seal signature, write",
            includes="SES_Signature as DER around a signature made beforehand",
            turn=timed(lambda: os.urandom(32), write),
        ),
        Row(
            name="seal signature, read",
            includes="SES_Signature from DER, nothing verified",
            turn=timed(written, read_seal_signature),
        ),
        Row(
            name="seal, read and verify",
            includes="SESeal from DER, its maker's certificate read, the maker's signature verified",
            turn=timed(lambda: signer.seal, check_maker),
        ),
    ]
