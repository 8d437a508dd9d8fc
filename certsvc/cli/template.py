"""``template``: a certificate type is looked at, and measured, before anybody issues it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from certsvc.cli.exits import Exit
from certsvc.cli.place import load_place
from certsvc.cli.show import as_json, print_facts, print_json, write_out
from certsvc.errors import TemplateError

if TYPE_CHECKING:
    from certsvc.config import Settings
    from certsvc.page.certificate_type import CertificateType
    from certsvc.page.flaws import Flaw
    from certsvc.page.fonts import FontChain
    from certsvc.page.proof import Symbols

_FILES: Final = ("policy.toml", "layout.toml", "wording.toml")
_CODE_DIGITS: Final = "1234567890" * 90
"""As many as a usual offline code has; nothing here signs one."""
_HOST: Final = "https://verify.constructors.example.cn"
"""Of 30 characters: the longest for a symbol of the usual size."""

_folder = click.argument(
    "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)


@click.group("template")
def template() -> None:
    """Certificate types: folders of data."""


@template.command("check")
@_folder
@as_json
def template_check(folder: Path, json_: bool) -> None:
    """Tell what the certificate type in DIR says, and everything that is wrong with it.

    Each flaw names the file, the key and, where it is a matter of length, by how many millimetres: keys that
    are unknown, missing or wrong, places over the border, texts that do not fit, things that overlap, symbols
    too fine to be read, characters without a glyph, colours hard to read. The longest values a request may
    bring are tried, on the page with the second symbol too. Ends with 1 when there are flaws.
    """
    kind, flaws = _examine(folder, load_place())
    facts = None if kind is None else _facts(kind)
    if json_:
        print_json((facts or {}) | {"flaws": [_shown(flaw) for flaw in flaws]})
    else:
        if kind is not None and facts is not None:
            print_facts(facts | {"specialties": " ".join(kind.policy.specialty_names)})
        _print_flaws(flaws)
    raise click.exceptions.Exit(Exit.REFUSED if flaws else Exit.OK)


@template.command("preview")
@_folder
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write into, made when missing; by default one in the data folder.",
)
@as_json
def template_preview(folder: Path, out: Path | None, json_: bool) -> None:
    """Draw the certificate type in DIR in all its states, as PDF, as PNG and on one page, index.html.

    Placeholder data, no seal, and every page says 样本. Flaws are told as by ``check``; what can be drawn is
    drawn all the same. Ends with 1 when there are flaws.
    """
    from certsvc.cli.contact_sheet import draw_states, sheet

    settings = load_place()
    kind, flaws = _examine(folder, settings)
    if kind is None:
        _print_flaws(flaws)
        raise click.exceptions.Exit(Exit.REFUSED)
    out = out or settings.data_dir / "previews" / kind.policy.certificate_type
    faces: list[dict[str, str]] = []
    fonts = _fonts(settings)
    for state, pdf, png in draw_states(kind, fonts, _symbols()):
        name = f"{kind.policy.certificate_type}-{state.name}"
        files = {"pdf": f"{name}.pdf", "png": f"{name}.png"}
        for fmt, content in (("pdf", pdf), ("png", png)):
            path = write_out(out, files[fmt], content)
            if not json_:
                click.echo(path)
        faces.append({"state": state.name, "zh": state.zh, "en": state.en, **files})
    index = write_out(out, "index.html", sheet(kind.policy.title, faces, map(str, flaws), fonts).encode())
    if json_:
        print_json({"folder": str(out), "faces": faces, "flaws": [_shown(flaw) for flaw in flaws]})
    else:
        click.echo(index)
        _print_flaws(flaws)
    raise click.exceptions.Exit(Exit.REFUSED if flaws else Exit.OK)


def _examine(folder: Path, settings: Settings) -> tuple[CertificateType | None, Sequence[Flaw]]:
    from certsvc.page.flaws import read_folder
    from certsvc.page.proof import find_flaws

    if not any((folder / name).is_file() for name in _FILES):
        raise TemplateError(f"{folder} is no certificate type: it has none of {', '.join(_FILES)}")
    kind, flaws = read_folder(folder)
    if kind is None:
        return None, flaws
    return kind, [*flaws, *find_flaws(kind, _fonts(settings), _symbols())]


def _fonts(settings: Settings) -> FontChain:
    from certsvc.wiring.loading import font_folders, load_fonts

    return load_fonts(*font_folders(settings))


def _symbols() -> Symbols:
    from certsvc.page.proof import Symbols
    from certsvc.qr.encode import encode, encode_link
    from certsvc.qr.payload import offline_link, verify_url
    from certsvc.qr.token import new_token

    link = offline_link(_HOST, new_token())
    return Symbols(usual=encode(verify_url(_HOST, new_token())), offline=encode_link(link, _CODE_DIGITS))


def _facts(kind: CertificateType) -> dict[str, object]:
    policy = kind.policy
    return {
        "certificate_type": policy.certificate_type,
        "title": policy.title,
        "type_code": policy.type_code or None,
        "usage_days": policy.usage_days,
        "warn_below_days": policy.warn_below_days,
        "validity_years": policy.validity_years,
        "age_limit": policy.age_limit,
        "specialty_cap": policy.specialty_cap,
        "offline_qr": policy.offline_qr,
        "specialties": list(policy.specialty_names),
    }


def _shown(flaw: Flaw) -> dict[str, object]:
    mm = None if flaw.mm is None else round(flaw.mm, 2)
    return {"file": flaw.file, "key": flaw.key, "says": flaw.says, "mm": mm}


def _print_flaws(flaws: Sequence[Flaw]) -> None:
    for flaw in flaws:
        click.echo(str(flaw), err=True)
    if flaws:
        click.echo("1 flaw" if len(flaws) == 1 else f"{len(flaws)} flaws", err=True)
