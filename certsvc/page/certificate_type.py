"""A certificate type is a folder of data: policy.toml, layout.toml, wording.toml and perhaps art.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from certsvc.domain.policy import Policy, policy_from
from certsvc.errors import TemplateError, UnavailableError
from certsvc.page.layout import Layout, read_table, template_fault
from certsvc.page.model import Path as Outline
from certsvc.page.ornament import load_art
from certsvc.page.wording import Wording


@dataclass(frozen=True, eq=False)
class CertificateType:
    """One certificate type; compared by identity, so that what is drawn once for it can be kept."""

    policy: Policy
    layout: Layout
    wording: Wording
    folder: Path
    art: tuple[Outline, ...] = ()
    """Drawn on every page of the type."""
    with_offline: CertificateType | None = None
    """The same type as it prints the second symbol; None where layout.toml has no place for it."""


class CertificateTypes(dict[str, CertificateType]):
    """The types a process has, by name.

    Asked for one that is not there it raises UnavailableError: where people hold certificates of a type whose
    folder was taken away, nothing can be said of them until it is back.
    """

    def __missing__(self, name: str) -> CertificateType:
        """Say which folder is wanted."""
        raise UnavailableError(f"certificate type {name}: no folder of it under the templates, put it back")


def load_certificate_type(folder: Path) -> CertificateType:
    """Read a certificate type.

    Raises:
        TemplateError: a file is missing or says something it may not.
    """
    try:
        table = tomllib.loads((folder / "policy.toml").read_text("utf-8"))
    except (OSError, ValueError) as fault:
        raise TemplateError(f"policy.toml cannot be read: {fault}") from fault
    layout, offline = _read_layouts(folder / "layout.toml")
    kind = CertificateType(
        policy=policy_from(table),
        layout=layout,
        wording=read_table(folder / "wording.toml", Wording),
        folder=folder,
        art=load_art(folder / "art.toml"),
    )
    if offline is not None:
        return replace(kind, with_offline=replace(kind, layout=offline))
    if kind.policy.offline_qr:
        raise TemplateError("policy.toml asks for the offline symbol and layout.toml has no [offline]")
    return kind


def _read_layouts(path: Path) -> tuple[Layout, Layout | None]:
    """Read layout.toml: the page as it is, and as it is with the second symbol, when there is such a page.

    Raises:
        TemplateError: names every key that is unknown, missing or wrong.
    """
    layout = read_table(path, Layout)
    if layout.offline is None:
        return layout, None
    plain = layout.model_copy(update={"offline": None})
    try:
        return plain, Layout.model_validate(_merged(layout.model_dump(), layout.offline.instead))
    except ValidationError as fault:
        raise template_fault(path, fault, "offline.instead.") from fault


def _merged(table: Mapping[str, Any], instead: Mapping[str, Any]) -> dict[str, Any]:
    """Return *table* with what *instead* says; tables are merged key by key, all else is replaced."""
    merged = dict(table)
    for key, value in instead.items():
        old = table.get(key)
        tables = isinstance(old, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(table[key], value) if tables else value
    return merged
