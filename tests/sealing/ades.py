"""Two opinions on a stamped file, for a clock that a program may have set: ours and pyHanko's AdES check.

``python -m tests.sealing.ades KEYS TSA_ROOT LEVEL=FILE ...`` prints both as JSON; LEVEL is b, t or lta.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from asn1crypto import pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import ades
from pyhanko.sign.validation.policy_decl import PdfSignatureValidationSpec, SignatureValidationSpec
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.registry import SimpleTrustManager

from certsvc.sealing.check_pdf import check_pdf
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.tsa_chain import read_roots


def pyhanko_says(content: bytes, root_pem: bytes, tsa_root_pem: bytes, level: str) -> dict[str, Any]:
    """Return pyHanko's indication at *level*, and what it says of everything after the seal."""
    policy, stamps = _policy(root_pem), _policy(tsa_root_pem)
    spec = SignatureValidationSpec(cert_validation_policy=policy, ts_cert_validation_policy=stamps)
    seal = PdfFileReader(BytesIO(content)).embedded_regular_signatures[0]
    if level == "lta":
        result: Any = asyncio.run(ades.ades_lta_validation(seal, PdfSignatureValidationSpec(spec)))
    else:
        check = ades.ades_with_time_validation if level == "t" else ades.ades_basic_validation
        seal.compute_integrity_info()
        result = asyncio.run(check(seal.signed_data, spec, raw_digest=seal.compute_digest()))
    status = result.api_status
    told = {"indication": str(result.ades_subindic.status.name), "sub": str(result.ades_subindic.name)}
    if level == "lta" and status is not None:
        told |= {
            "bottom_line": status.bottom_line,
            "changes": status.modification_level.name,
            "docmdp_ok": status.docmdp_ok,
            "stamped": result.best_signature_time.astimezone(UTC).isoformat(),
        }
    return told


def _policy(root_pem: bytes) -> CertValidationPolicySpec:
    # Strict where a past instant is judged: without a list for each certificate pyHanko finds no proof.
    rule = RevocationCheckingRule.CHECK_IF_DECLARED
    return CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=[x509.Certificate.load(pem.unarmor(root_pem)[2])]),
        revinfo_policy=CertRevTrustPolicy(RevocationCheckingPolicy(rule, rule)),
    )


def ours(content: bytes, keys: Path, tsa_root_pem: bytes) -> dict[str, Any]:
    """Return what the strict checker says."""
    check = check_pdf(content, Keystore.open(keys).pinned, read_roots(tsa_root_pem))
    return {
        "outcome": str(check.outcome),
        "level": str(check.timestamp),
        "stamped": check.stamped_at.isoformat() if check.stamped_at else None,
    }


def main() -> None:
    """Print both opinions, and what the clock says."""
    logging.disable()
    keys, tsa_root, *asked = sys.argv[1:]
    root, pinned = (Path(keys) / "root.pem").read_bytes(), Path(tsa_root).read_bytes()
    answer: dict[str, Any] = {"now": datetime.now(UTC).isoformat()}
    for level, _, file in (one.partition("=") for one in asked):
        content = Path(file).read_bytes()
        answer[level] = {
            "pyhanko": pyhanko_says(content, root, pinned, level),
            "ours": ours(content, Path(keys), pinned),
        }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
