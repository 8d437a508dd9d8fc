"""A certificate type is a folder of data: policy.toml, layout.toml and wording.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from certsvc.domain.policy import Policy, policy_from
from certsvc.errors import TemplateError
from certsvc.page.layout import Layout, read_layouts, read_table
from certsvc.page.wording import Wording


@dataclass(frozen=True, eq=False)
class CertificateType:
    """One certificate type; compared by identity, so that what is drawn once for it can be kept."""

    policy: Policy
    layout: Layout
    wording: Wording
    folder: Path
    with_offline: CertificateType | None = None
    """The same type as it prints the second symbol; None where layout.toml has no place for it."""


def load_certificate_type(folder: Path) -> CertificateType:
    """Read a certificate type.

    Raises:
        TemplateError: a file is missing or says something it may not.
    """
    try:
        table = tomllib.loads((folder / "policy.toml").read_text("utf-8"))
    except (OSError, ValueError) as fault:
        raise TemplateError(f"policy.toml cannot be read: {fault}") from fault
    layout, offline = read_layouts(folder / "layout.toml")
    kind = CertificateType(
        policy=policy_from(table),
        layout=layout,
        wording=read_table(folder / "wording.toml", Wording),
        folder=folder,
    )
    if offline is not None:
        return replace(kind, with_offline=replace(kind, layout=offline))
    if kind.policy.offline_qr:
        raise TemplateError("policy.toml asks for the offline symbol and layout.toml has no [offline]")
    return kind
