"""The small certificate, sealed and stamped at each level, and the parts to do it with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certsvc.pdf.update import Evidence
from certsvc.sealing.keystore import Keystore
from certsvc.sealing.pdf import seal_draft
from certsvc.sealing.port import Signer
from certsvc.sealing.revocation import lists_for
from certsvc.sealing.stamps_pdf import add_document_stamp
from tests.sealing.compiled import a_draft
from tests.sealing.samples import AT, LOCATION, REASON
from tests.tsa import Authority, an_authority, lists_of


@dataclass(frozen=True, kw_only=True)
class Stamped:
    """One certificate at level B-T, and the same at level B-LTA."""

    b_t: bytes
    b_lta: bytes
    evidence: Evidence
    roots: tuple[bytes, ...]


def stamped(
    keystore: Keystore, *, algorithm: str = "p256", at: datetime = AT, authority: Authority | None = None
) -> Stamped:
    """Seal and stamp the small page with the keys of *keystore*, at *at*."""
    signer, trusted = keystore.signer(algorithm), authority or an_authority()
    b_t = a_b_t(signer, at, trusted)
    evidence = evidence_of(signer, keystore.root_pem, trusted, at)
    return Stamped(
        b_t=b_t,
        b_lta=add_document_stamp(
            b_t, evidence, lambda digest: trusted.token(digest, at + timedelta(seconds=3))
        ),
        evidence=evidence,
        roots=(trusted.root_der,),
    )


def a_b_t(signer: Signer, at: datetime, authority: Authority, *, twist: str = "") -> bytes:
    """The small page at level B-T, its token made with *twist*."""
    return seal_draft(
        a_draft(),
        signer=signer,
        at=at,
        reason=REASON,
        location=LOCATION,
        stamp=lambda digest: authority.token(digest, at + timedelta(seconds=2), twist=twist),
    )


def evidence_of(signer: Signer, root_pem: Path, authority: Authority, at: datetime) -> Evidence:
    """Both chains up to their roots, and a list for each certificate below."""
    root = x509.load_pem_x509_certificate(root_pem.read_bytes()).public_bytes(Encoding.DER)
    ours = [signer.certificate, *signer.chain, root]
    theirs = [
        one.public_bytes(Encoding.DER) for one in (authority.certificate, authority.issuing, authority.root)
    ]
    lists = lists_of(root_pem.parent, authority, at)
    return Evidence(
        certificates=(*ours, *theirs),
        lists=(*lists_for(ours, lists, at), *lists_for(theirs, lists, at)),
    )
