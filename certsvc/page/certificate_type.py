"""A certificate type is a folder of data: policy.toml, layout.toml and wording.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from certsvc.domain.policy import Policy, policy_from
from certsvc.errors import TemplateError
from certsvc.page.layout import Layout, read_table
from certsvc.page.wording import Wording


@dataclass(frozen=True, eq=False)
class CertificateType:
    """One certificate type; compared by identity, so that what is drawn once for it can be kept."""

    policy: Policy
    layout: Layout
    wording: Wording
    folder: Path


def load_certificate_type(folder: Path) -> CertificateType:
    """Read a certificate type.

    Raises:
        TemplateError: a file is missing or says something it may not.
    """
    try:
        table = tomllib.loads((folder / "policy.toml").read_text("utf-8"))
    except (OSError, ValueError) as fault:
        raise TemplateError(f"policy.toml cannot be read: {fault}") from fault
    return CertificateType(
        policy=policy_from(table),
        layout=read_table(folder / "layout.toml", Layout),
        wording=read_table(folder / "wording.toml", Wording),
        folder=folder,
    )
