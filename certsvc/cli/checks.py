"""``photo`` and ``template``: checks somebody makes before sending or changing something."""

from __future__ import annotations

from pathlib import Path

import click

from certsvc.cli.show import as_json, print_facts, print_json


@click.group("photo")
def photo() -> None:
    """The one-inch photo and the signature image."""


@photo.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--signature", is_flag=True, help="FILE is a signature image.")
@as_json
def photo_check(file: Path, signature: bool, json_: bool) -> None:
    """Tell whether FILE would be accepted, and what would be kept of it."""
    import io

    from PIL import Image

    from certsvc.photo import normalise_photo, normalise_signature

    content = file.read_bytes()
    kept = (
        normalise_signature(content, pointer="/holder/signature")
        if signature
        else normalise_photo(content, pointer="/holder/photo")
    )
    with Image.open(io.BytesIO(kept)) as image:
        facts = {"format": image.format, "width": image.width, "height": image.height, "bytes": len(kept)}
    if json_:
        print_json(facts)
    else:
        print_facts(facts)


@click.group("template")
def template() -> None:
    """Certificate types: folders of data."""


@template.command("check")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@as_json
def template_check(folder: Path, json_: bool) -> None:
    """Read the certificate type in DIR and tell what it says, or what is wrong with it."""
    from certsvc.page.certificate_type import load_certificate_type

    policy = load_certificate_type(folder).policy
    facts = {
        "certificate_type": policy.certificate_type,
        "title": policy.title,
        "usage_days": policy.usage_days,
        "warn_below_days": policy.warn_below_days,
        "validity_years": policy.validity_years,
        "age_limit": policy.age_limit,
        "specialties": list(policy.specialty_names),
    }
    if json_:
        print_json(facts)
    else:
        print_facts(facts | {"specialties": " ".join(policy.specialty_names)})
