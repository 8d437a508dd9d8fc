"""``photo``: what somebody checks before sending it."""

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
