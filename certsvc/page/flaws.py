"""What is wrong with a certificate type's folder, as far as reading its files tells."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from certsvc.domain.policy import policy_faults
from certsvc.errors import TemplateError
from certsvc.page.certificate_type import CertificateType, load_certificate_type
from certsvc.page.layout import Layout, Table
from certsvc.page.ornament import Art
from certsvc.page.wording import Wording

WARNED_BELOW: Final = 180
"""Days that the official sentence SPECIALTY_LT_180D names, whatever the policy says."""
_PAGE: Final = (("width_mm", 210.0), ("height_mm", 297.0))
"""A4, upright: what people print on. Source: domain.md, section 7."""
_MODELS: Final[tuple[tuple[str, type[Table]], ...]] = (
    ("layout.toml", Layout),
    ("wording.toml", Wording),
    ("art.toml", Art),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One thing that is wrong."""

    file: str
    """``policy.toml``, ``layout.toml``, ``wording.toml`` or ``art.toml``."""
    key: str
    """Where in it, dotted; empty for the file as a whole."""
    says: str
    mm: float | None = None
    """By how much, where it is a matter of length: missing, over the edge or covered twice."""

    def __str__(self) -> str:
        """Write it on one line."""
        by = "" if self.mm is None else f" [{self.mm:.2f} mm]"
        return f"{self.file} {self.key}: {self.says}{by}"


def read_folder(folder: Path) -> tuple[CertificateType | None, list[Flaw]]:
    """Read a certificate type, and everything that is wrong with what its files say.

    Returns:
        The type, None while a file cannot be used; what is wrong, in the order of the files.
    """
    flaws = [*_policy_flaws(folder / "policy.toml")]
    for name, model in _MODELS:
        # The only file that may be missing.
        if name != "art.toml" or (folder / name).exists():
            flaws += _file_flaws(folder / name, model)
    if flaws:
        return None, flaws
    try:
        kind = load_certificate_type(folder)
    except TemplateError as fault:
        cause = fault.__cause__
        if isinstance(cause, ValidationError):
            return None, [*_of_model("layout.toml", cause, "offline.instead.")]
        return None, [Flaw(file="policy.toml", key="offline_qr", says=fault.note)]
    return kind, [*_meaning(kind)]


def _table(path: Path) -> dict[str, Any] | Flaw:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as fault:
        return Flaw(file=path.name, key="", says=f"cannot be read: {fault.strerror}")
    except ValueError as fault:
        return Flaw(file=path.name, key="", says=f"is not TOML: {fault}")


def _policy_flaws(path: Path) -> Iterator[Flaw]:
    table = _table(path)
    if isinstance(table, Flaw):
        yield table
        return
    for key, says in policy_faults(table):
        yield Flaw(file=path.name, key=key, says=says)


def _file_flaws(path: Path, model: type[Table]) -> Iterator[Flaw]:
    table = _table(path)
    if isinstance(table, Flaw):
        yield table
        return
    try:
        model.model_validate(table)
    except ValidationError as fault:
        yield from _of_model(path.name, fault)


def _of_model(file: str, fault: ValidationError, under: str = "") -> Iterator[Flaw]:
    for item in fault.errors():
        yield Flaw(file=file, key=under + ".".join(map(str, item["loc"])), says=item["msg"])


def _meaning(kind: CertificateType) -> Iterator[Flaw]:
    """Find what each file alone allows, and the others do not."""
    policy, layout = kind.policy, kind.layout
    if policy.warn_below_days != WARNED_BELOW:
        says = f"must be {WARNED_BELOW}: the sentence people are warned with names that number"
        yield Flaw(file="policy.toml", key="warn_below_days", says=says)
    sample = layout.sample
    if not re.fullmatch(policy.registration_number_pattern, sample.registration_number, re.ASCII):
        says = "is no number of policy.toml's registration_number_pattern"
        yield Flaw(file="layout.toml", key="sample.registration_number", says=says)
    if unknown := [name for name in sample.specialties if name not in policy.specialty_names]:
        says = f"not in policy.toml: {'、'.join(unknown)}"
        yield Flaw(file="layout.toml", key="sample.specialties", says=says)
    for key, wanted in _PAGE:
        if (off_mm := abs(getattr(layout, key) - wanted)) > 0:
            says = f"a certificate is A4, upright: {wanted:g} mm"
            yield Flaw(file="layout.toml", key=key, says=says, mm=off_mm)
